"""Pages of the rows that wait: the list, one row with its correction, looking, trying again."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bankos.platform.requests import StaffRequest
from sentinel.actions import NotPossible
from sentinel.authority import NotPermitted

from . import looking, overview, rejected
from .access import may_run
from .rejected import RowView
from .views import place


class CorrectionForm(forms.Form):
    """One field a column, filled with what the row says now; a correction names all of them."""

    def __init__(self, row: RowView, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.columns = [cell.column for cell in row.cells if cell.known]
        for number, cell in enumerate(cell for cell in row.cells if cell.known):
            attrs = {"class": "input", "autocomplete": "off", "spellcheck": "false"}
            self.fields[f"cell-{number}"] = forms.CharField(
                label=cell.column,
                initial=cell.now,
                required=False,
                strip=False,
                max_length=rejected.LONGEST_CELL,
                widget=forms.TextInput(attrs=attrs | ({"aria-describedby": "reason"} if cell.named else {})),
            )

    def cells(self) -> dict[str, str]:
        return {column: self.cleaned_data[f"cell-{number}"] for number, column in enumerate(self.columns)}


@require_safe
@login_required
def rejected_rows(request: StaffRequest, code: str) -> HttpResponse:
    """The rows of a source that wait, by file and reason."""
    asked = {"file": place(request.GET.get("file", "")), "why": request.GET.get("why", "")[:40]}
    page = rejected.rows(code, actor=request.actor, at=request.now, after=place(request.GET.get("after", "")), **asked)  # type: ignore[arg-type]
    kept = {name: str(value) for name, value in asked.items() if value}
    context = {
        "source": overview.source(code, actor=request.actor, at=request.now),
        "reasons": overview.reasons(code, actor=request.actor),
        "page": page,
        "why": asked["why"],
        "file": asked["file"],
        "next_url": f"?{urlencode({**kept, 'after': str(page.next_after)})}" if page.next_after else "",
        "here": request.get_full_path(),
        "may_run": may_run(request.actor),
    }
    return render(request, "customers/sources/rejected.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def row(request: StaffRequest, code: str, row_id: UUID) -> HttpResponse:
    """One row: where it stands, why it waits, what it says; corrected here."""
    found = rejected.row(row_id, actor=request.actor, at=request.now)
    if found.system != code:
        raise Http404
    form = CorrectionForm(found, request.POST or None)
    status = 200
    if request.method == "POST":
        if not may_run(request.actor):
            raise Http404
        if form.is_valid():
            try:
                if rejected.correct(row_id, form.cells(), actor=request.actor, at=request.now):
                    messages.success(request, f"Line {found.line} of {found.file_name} is in.")
                    return redirect(f"{reverse('source-rejected', args=[code])}?{urlencode({'file': str(found.file)})}")
                found = rejected.row(row_id, actor=request.actor, at=request.now)
            except (NotPermitted, NotPossible) as error:
                form.add_error(None, str(error))
        status = 422
    context = {"row": found, "form": form, "pairs": _pairs(found, form), "here": request.path, "may_run": may_run(request.actor)}
    return render(request, "customers/sources/row.html", {**context, "tried": status == 422}, status=status)


@require_POST
@login_required
def look(request: StaffRequest, code: str, file_id: UUID) -> HttpResponse:
    """Say why, then see what the rows of a file say."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        back = reverse("source-rejected", args=[code])
    if looking.file_for(file_id, actor=request.actor).system_id != code:
        raise Http404
    try:
        looking.look(file_id, reason=request.POST.get("reason", ""), actor=request.actor, at=request.now)
    except (NotPermitted, NotPossible) as error:
        messages.error(request, str(error))
    return redirect(back)


@require_POST
@login_required
def again(request: StaffRequest, code: str) -> HttpResponse:
    """Try all rows that wait again, of the source or of one file."""
    try:
        rejected.rerun(code, file=place(request.POST.get("file", "")), actor=request.actor, at=request.now)
    except (NotPermitted, NotPossible) as error:
        messages.error(request, str(error))
        return redirect("source-rejected", code)
    return redirect(f"{reverse('source', args=[code])}#jobs")


def _pairs(found: RowView, form: CorrectionForm) -> list[tuple[rejected.Cell, forms.BoundField | None]]:
    """Each column of the row with its field; what the row has too much has none."""
    fields = iter(form)
    return [(cell, next(fields) if cell.known else None) for cell in found.cells]
