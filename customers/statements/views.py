"""The page on which staff write down what a customer states of themselves."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from bankos.platform.requests import StaffRequest
from sentinel.authority import NotPermitted

from .. import state
from ..attributes import STATED_BY_CUSTOMERS
from ..models import PartyFact
from ..rights import correcting
from .forms import StatementForm
from .stating import NotStatable, Stated, ask_sources, state_fact


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def statement(request: StaffRequest, party_id: UUID, attribute: str = "") -> HttpResponse:
    """What sources say of one thing, and what the customer says; or of whatever the customer speaks of."""
    person = state.state_of(party_id, actor=request.actor, at=request.now)
    if attribute and attribute not in STATED_BY_CUSTOMERS:
        raise Http404
    form = StatementForm(request.POST or None, attribute=attribute)
    if request.method == "POST" and form.is_valid():
        try:
            state_fact(party_id, said=form.said(), actor=request.actor, at=request.now)
        except (NotStatable, NotPermitted) as error:
            form.add_error(None, str(error))
        else:
            _tell(request, party_id, form.said(), asks=form.cleaned_data["ask_sources"])
            return redirect("customer", party_id)
    context = {
        "state": person,
        "form": form,
        "label": PartyFact.Attribute(attribute).label.capitalize() if attribute else "",
        "stated": [one for one in correcting.stated_of(party_id, actor=request.actor, at=request.now) if one.attribute == attribute],
    }
    return render(request, "customers/statement.html", context, status=422 if form.errors else 200)


def _tell(request: StaffRequest, party_id: UUID, said: Stated, *, asks: bool) -> None:
    messages.success(request, "Recorded as stated by the customer.")
    try:
        asked = ask_sources(party_id, said=said, actor=request.actor, at=request.now) if asks else 0
    except NotPermitted as refusal:
        messages.warning(request, f"The sources were not asked. {refusal}")
    else:
        if asked:
            messages.info(request, f"{'One source is' if asked == 1 else f'{asked} sources are'} asked to put it right.")
