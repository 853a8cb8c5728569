"""The customer page: put together from panels of every floor."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bankos.platform.requests import StaffRequest
from customers import state
from customers.views import timeline_of
from insights import outlook, recommendations
from insights.views import answer_forms


@require_safe
@login_required
def customer(request: StaffRequest, party_id: UUID) -> HttpResponse:
    """Who this is, what needs attention, what to do."""
    card = recommendations.open_for(party_id, actor=request.actor, at=request.now)
    context = {
        "state": state.state_of(party_id, actor=request.actor, at=request.now),
        "outlook": outlook.outlook_of(party_id, actor=request.actor, at=request.now),
        "card": card,
        **(answer_forms(card, request) if card else {}),
        **timeline_of(request, party_id),
    }
    return render(request, "console/customer.html", context)
