"""The customer page: put together from panels of every floor."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from bankos.platform import clock
from bankos.platform.requests import StaffRequest
from customers import members, state
from customers.care import emergencies, revealing
from customers.forms import LookBackForm
from customers.life.reading import life_of
from customers.rights import correcting
from customers.views import timeline_of
from insights import outlook, recommendations
from insights.views import answer_forms


@require_safe
@login_required
def customer(request: StaffRequest, party_id: UUID) -> HttpResponse:
    """Who this is, what needs attention, what to do; or, with `known_at`, what was known at the end of a day, with nothing to do."""
    look_back = LookBackForm(request.GET if "known_at" in request.GET else None, today=clock.bank_date(request.now))
    if look_back.is_bound and look_back.is_valid():
        return _as_known(request, party_id, look_back)
    with members.asked_once():
        return _as_now(request, party_id, look_back)


def _as_now(request: StaffRequest, party_id: UUID, look_back: LookBackForm) -> HttpResponse:
    uncovered = revealing.in_force(party_id, actor=request.actor, at=request.now)
    found = state.state_of(party_id, actor=request.actor, at=request.now, uncovered=uncovered)
    if found.party_id != party_id:
        # An address kept from before a merge.
        return redirect("customer", found.party_id)
    card = recommendations.open_for(party_id, actor=request.actor, at=request.now)
    context = {
        "state": found,
        "emergency": emergencies.through(party_id, actor=request.actor),
        "life": life_of(party_id, actor=request.actor, at=request.now),
        "outlook": outlook.outlook_of(party_id, actor=request.actor, at=request.now),
        "card": card,
        "corrections": correcting.being_corrected(party_id, actor=request.actor),
        "look_back": look_back,
        **(answer_forms(card, request) if card else {}),
        **timeline_of(request, party_id),
    }
    return render(request, "console/customer.html", context, status=422 if look_back.errors else 200)


def _as_known(request: StaffRequest, party_id: UUID, look_back: LookBackForm) -> HttpResponse:
    moment = clock.end_of_day(look_back.cleaned_data["known_at"])
    try:
        found = state.state_of(party_id, actor=request.actor, at=request.now, known_at=moment)
    except state.NotKnownThen:
        found = None
    # Ages are told as of that day.
    context = {"state": found, "party_id": party_id, "look_back": look_back, "known_at": moment, "now": moment}
    return render(request, "console/customer_as_known.html", context)
