"""Two requests that wait for a second person, so that the inbox of approvals has something to look at: asked through the real door."""

from datetime import datetime

from bankos.platform import actors
from bankos.platform.actors import Actor
from bankos.platform.models import User
from customers import search, state
from customers.state import AccountView, CustomerState
from journeys.acts.fee import WAIVE_FEE
from journeys.acts.transfer import MOVE_MONEY
from sentinel import actions, approvals

BRID = "Bríd Ní Dhomhnaill"


def open_requests(at: datetime) -> None:
    """Ask for them, unless the same people wait for something already.

    Both are about the customer of the adviser's branch: the contact centre reaches others of her name, for whom no team lead here decides.
    """
    adviser, centre = (actors.employee(User.objects.get(username=username)) for username in ("siobhan", "jonas"))
    found = search.find(BRID, actor=adviser, limit=1)
    for actor, ask in ((adviser, _move_savings), (centre, _waive_fee)):
        if found and not approvals.asked_by(actor, at=at):
            ask(state.state_of(found[0].party_id, actor=actor, at=at), actor, at)


def _move_savings(customer: CustomerState, actor: Actor, at: datetime) -> None:
    savings, current = _account(customer, "savings"), _account(customer, "current")
    if savings is None or current is None:
        return
    parameters = {
        "from_arrangement": str(savings.id),
        "to_arrangement": str(current.id),
        "amount": "1200.00",
        "currency": savings.currency,
    }
    note = "Move €1,200 from savings for a new boiler"
    actions.run(MOVE_MONEY, actor=actor, resource_id=str(customer.party_id), parameters=parameters, at=at, note=note)


def _waive_fee(customer: CustomerState, actor: Actor, at: datetime) -> None:
    current = _account(customer, "current")
    if current is None:
        return
    parameters = {"arrangement": str(current.id), "amount": "60.00", "currency": current.currency, "reason": "goodwill"}
    note = "Waive €60 of account fees"
    actions.run(WAIVE_FEE, actor=actor, resource_id=str(customer.party_id), parameters=parameters, at=at, note=note)


def _account(customer: CustomerState, kind: str) -> AccountView | None:
    return next((account for account in customer.accounts if account.kind == kind and account.status == "active"), None)
