"""Parts of the customer page that change by themselves: timeline and permissions."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from bankos.platform.requests import StaffRequest

from . import consents, state, timeline
from .consents import ConsentRefused
from .forms import ConsentForm

KINDS = (
    ("", "All"),
    ("contact", "Contacts"),
    ("money", "Money"),
    ("decision", "Decisions"),
    ("consent", "Consents"),
    ("signal", "Signals"),
)


def timeline_of(request: StaffRequest, party_id: UUID) -> dict[str, Any]:
    """The page of the timeline a request asks for, with its filter."""
    kind = request.GET.get("kind", "")
    kinds = (kind,) if kind in dict(KINDS) and kind else ()
    before = request.GET.get("before") or None
    page = timeline.entries_of(party_id, actor=request.actor, kinds=kinds, before=before)
    return {"timeline": page, "kinds": KINDS, "kind": kinds[0] if kinds else "", "party_id": party_id}


@require_safe
@login_required
def timeline_part(request: StaffRequest, party_id: UUID) -> HttpResponse:
    """The timeline alone, or the entries after a cursor."""
    if not request.htmx:
        return redirect(f"{reverse('customer', args=[party_id])}?{request.GET.urlencode()}#timeline")
    part = "customers/_entries.html" if "before" in request.GET else "customers/_timeline.html"
    return render(request, part, timeline_of(request, party_id))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def consent(request: StaffRequest, party_id: UUID, purpose: str) -> HttpResponse:
    """Record what the customer says about one use of their data."""
    person = state.state_of(party_id, actor=request.actor, at=request.now)
    now = next((one for one in person.consents if one.purpose == purpose), None)
    if now is None:
        raise Http404
    form = ConsentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            consents.change_consent(party_id, purpose=purpose, actor=request.actor, at=request.now, **form.cleaned_data)
        except ConsentRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("customer", party_id)
    context = {"state": person, "consent": now, "form": form}
    return render(request, "customers/consent.html", context, status=422 if form.errors else 200)
