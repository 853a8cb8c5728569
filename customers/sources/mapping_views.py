"""Pages of the mappings: begun from a file, written with a preview beside, tried, put in force."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bankos.platform.requests import StaffRequest
from sentinel.actions import NotPossible
from sentinel.authority import NotPermitted

from ..ingestion import mapping
from . import looking, mappings
from .access import may_run, system_for
from .mapping_form import PLACES, definition_of, lines_of
from .mappings import MappingView
from .preview import preview


class BeginForm(forms.Form):
    code = forms.RegexField(
        r"^[a-z][a-z0-9_]{1,29}$",
        label="What such files are called",
        max_length=30,
        help_text="Small letters, digits and underscores, such as card_turnover.",
        error_messages={"invalid": "Begin with a letter; then small letters, digits and underscores."},
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off", "spellcheck": "false"}),
    )
    kind = forms.ChoiceField(
        label="What a row of it is",
        choices=[(kind.code, kind.title) for kind in mapping.KINDS.values()],
        widget=forms.Select(attrs={"class": "input"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def begin(request: StaffRequest, code: str, file_id: UUID) -> HttpResponse:
    """Say what the rows of a file are, and begin a mapping for files like it."""
    file = looking.file_for(file_id, actor=request.actor)
    if file.system_id != code or not may_run(request.actor):
        raise Http404
    form = BeginForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = mappings.begin(file_id, actor=request.actor, at=request.now, **form.cleaned_data)
        except NotPossible as error:
            form.add_error(None, str(error))
        else:
            return redirect("source-mapping", code, made)
    context = {"form": form, "file": file, "system": file.system}
    return render(request, "customers/sources/begin.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request: StaffRequest, code: str, mapping_id: UUID) -> HttpResponse:
    """The mapping's fields, what the first rows become, how its dry run went."""
    found = _found(request, code, mapping_id)
    if request.method == "POST":
        definition = definition_of(mapping.kind_of(found.kind), request.POST)
        try:
            errors = mappings.save(mapping_id, definition, actor=request.actor, at=request.now)
        except NotPossible as error:
            messages.error(request, str(error))
            return redirect("source-mapping", code, mapping_id)
        if errors:
            return render(
                request, "customers/sources/mapping.html", _context(request, mappings.view(mapping_id, actor=request.actor)), status=422
            )
        messages.success(request, "Kept. Below is what the first rows become.")
        return redirect(f"{reverse('source-mapping', args=[code, mapping_id])}#preview")
    return render(request, "customers/sources/mapping.html", _context(request, found))


@require_POST
@login_required
def try_out(request: StaffRequest, code: str, mapping_id: UUID) -> HttpResponse:
    """Read the whole sample by it, keeping nothing."""
    _found(request, code, mapping_id)
    try:
        mappings.try_out(mapping_id, actor=request.actor, at=request.now)
    except NotPossible as error:
        messages.error(request, str(error))
    return redirect(f"{reverse('source-mapping', args=[code, mapping_id])}#dry-run")


@require_safe
@login_required
def dry_run(request: StaffRequest, code: str, mapping_id: UUID) -> HttpResponse:
    """How far the dry run is: the page's panel again."""
    found = _found(request, code, mapping_id)
    if not request.htmx:
        return redirect(f"{reverse('source-mapping', args=[code, mapping_id])}#dry-run")
    return render(request, "customers/sources/_dry_run.html", {"mapping": found, "may_run": may_run(request.actor)})


@require_POST
@login_required
def activate(request: StaffRequest, code: str, mapping_id: UUID) -> HttpResponse:
    """Put it in force as it stands."""
    _found(request, code, mapping_id)
    try:
        feed = mappings.activate(mapping_id, actor=request.actor, at=request.now)
    except (NotPermitted, NotPossible) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"In force as {feed}. Files that wait for it can be read now, on the page of the source.")
    return redirect("source-mapping", code, mapping_id)


@require_POST
@login_required
def retire(request: StaffRequest, code: str, mapping_id: UUID) -> HttpResponse:
    """Let it read no further file."""
    _found(request, code, mapping_id)
    try:
        mappings.retire(mapping_id, actor=request.actor, at=request.now)
    except (NotPermitted, NotPossible) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Out of force. Files with these columns wait from now on.")
    return redirect("source-mapping", code, mapping_id)


def _found(request: StaffRequest, code: str, mapping_id: UUID) -> MappingView:
    found = mappings.view(mapping_id, actor=request.actor)
    if found.system != code:
        raise Http404
    return found


def _context(request: StaffRequest, found: MappingView) -> dict[str, Any]:
    try:
        rows, unreadable = preview(found.id, actor=request.actor, at=request.now), ""
    except NotPossible as error:
        rows, unreadable = None, str(error)
    return {
        "mapping": found,
        "source": system_for(found.system, actor=request.actor),
        "lines": lines_of(mapping.kind_of(found.kind), found.definition, found.errors),
        "places": range(1, PLACES),
        "rows": rows,
        "unreadable": unreadable,
        "shown_until": looking.files_read_by(request.actor, at=request.now).get(found.sample),
        "versions": mappings.versions(found.id, actor=request.actor),
        "here": request.path,
        "may_run": may_run(request.actor),
    }
