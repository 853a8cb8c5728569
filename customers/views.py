"""Parts of the customer page that change by themselves: timeline and permissions."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from bankos.platform.requests import StaffRequest
from sentinel.authority import NotPermitted

from . import consents, state, timeline
from .consents import NotSayable
from .forms import ConsentForm
from .models import ConsentNotice
from .values import CustomerState

KINDS = (
    ("", "All"),
    ("contact", "Contacts"),
    ("money", "Money"),
    ("decision", "Decisions"),
    ("consent", "Consents"),
    ("signal", "Signals"),
    ("life", "Life"),
)


def timeline_of(request: StaffRequest, party_id: UUID) -> dict[str, Any]:
    """The page of the timeline a request asks for, with its filter."""
    kind = request.GET.get("kind", "")
    kinds = (kind,) if kind in dict(KINDS) and kind else ()
    before, text = request.GET.get("before") or None, request.GET.get("text", "")[: timeline.LONGEST_TEXT]
    page = timeline.entries_of(party_id, actor=request.actor, kinds=kinds, text=text, before=before)
    return {"timeline": page, "kinds": KINDS, "kind": kinds[0] if kinds else "", "text": text, "party_id": party_id}


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
    wordings = consents.notices_of(purpose, at=request.now)
    notice = _wording_for(request, person, wordings)
    form = ConsentForm(request.POST or None, by_channel=now.by_channel, initial={"notice_id": notice.pk if notice else None})
    if request.method == "POST" and form.is_valid():
        try:
            record = consents.change_consent(party_id, purpose=purpose, actor=request.actor, at=request.now, **form.said())
        except (NotPermitted, NotSayable) as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Recorded. The customer may have a receipt.")
            return redirect("consent-receipt", record)
    context = {"state": person, "consent": now, "form": form, "notice": notice, "wordings": wordings}
    return render(request, "customers/consent.html", context, status=422 if form.errors else 200)


def _wording_for(request: StaffRequest, person: CustomerState, wordings: Sequence[ConsentNotice]) -> ConsentNotice | None:
    """The one that was asked for, that lies in the form, that the customer prefers, or the bank's own language: the first there is."""
    if request.method == "POST":
        return next((one for one in wordings if str(one.pk) == request.POST.get("notice_id")), None)
    preferred = [request.GET.get("language"), person.language_code, settings.LANGUAGE_CODE[:2]]
    by_language = {one.language: one for one in wordings}
    return next((by_language[one] for one in preferred if one in by_language), wordings[0] if wordings else None)
