"""The pages of the sources: which there are, and each one. To whom sources are nothing, the pages do not exist."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bankos.platform.requests import StaffRequest
from sentinel.actions import NotPossible
from sentinel.authority import NotPermitted

from . import drifts, jobs, lag, mappings, overview, registering
from .access import may_run, system_for
from .forms import AcknowledgementForm, NewSourceForm, SourceForm

HOUR = timedelta(hours=1)


@require_safe
@login_required
def sources(request: StaffRequest) -> HttpResponse:
    """Every source, those with trouble first."""
    found = overview.sources(actor=request.actor, at=request.now)
    context = {"sources": found, "events": lag.of_events(), "may_run": may_run(request.actor)}
    return render(request, "customers/sources/sources.html", context)


@require_safe
@login_required
def source(request: StaffRequest, code: str) -> HttpResponse:
    """One source: freshness, lag, files, what went wrong."""
    return render(request, "customers/sources/source.html", source_context(request, code))


def source_context(request: StaffRequest, code: str) -> dict[str, Any]:
    page = overview.files(code, actor=request.actor, before=place(request.GET.get("before", "")))
    return {
        "source": overview.source(code, actor=request.actor, at=request.now),
        "page": page,
        "reasons": overview.reasons(code, actor=request.actor),
        "drifts": drifts.drifts(code, actor=request.actor),
        "watermarks": overview.watermarks(code, actor=request.actor),
        "mappings": mappings.of_source(code, actor=request.actor),
        "jobs": jobs.latest(code, actor=request.actor),
        "may_run": may_run(request.actor),
        "next_url": f"?before={page.next_before}#files" if page.next_before else "",
    }


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def register(request: StaffRequest) -> HttpResponse:
    """Let the bank read a system it did not read before."""
    if not may_run(request.actor):
        raise Http404
    form = NewSourceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        code = form.cleaned_data["code"]
        try:
            registering.register(code, form.entry(), actor=request.actor, at=request.now)
        except (NotPermitted, NotPossible) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Registered. Its files can be handed in.")
            return redirect("source", code)
    return render(request, "customers/sources/register.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def change(request: StaffRequest, code: str) -> HttpResponse:
    """Say something else of a source."""
    system = system_for(code, actor=request.actor)
    if not may_run(request.actor):
        raise Http404
    initial = {
        "name": system.name,
        "promise_hours": round(system.freshness_promise / HOUR, 2),
        "rank": system.rank,
        "owner": system.owner_id,
    }
    form = SourceForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            registering.change(code, form.entry(), actor=request.actor, at=request.now)
        except (NotPermitted, NotPossible) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Changed.")
            return redirect("source", code)
    return render(request, "customers/sources/register.html", {"form": form, "system": system}, status=422 if form.errors else 200)


@require_POST
@login_required
def acknowledge(request: StaffRequest, code: str, drift_id: UUID) -> HttpResponse:
    """Say that the files of a source are so from now on."""
    form = AcknowledgementForm(request.POST)
    if form.is_valid():
        try:
            drifts.acknowledge(drift_id, code, form.cleaned_data["reason"], actor=request.actor, at=request.now)
        except (NotPermitted, NotPossible) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Acknowledged.")
            return redirect(f"{reverse('source', args=[code])}#drift")
    return render(
        request, "customers/sources/source.html", {**source_context(request, code), "acknowledging": drift_id, "form": form}, status=422
    )


def place(text: str) -> UUID | None:
    """Where a list goes on; from its beginning if that is no place."""
    try:
        return UUID(text)
    except ValueError:
        return None
