"""A customer with what the acts are about: a current account, savings, and rent by standing order."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from bankos.platform.actors import Actor, ActorKind, employee
from bankos.platform.models import User
from sentinel import actions
from sentinel.actions import Ask, Permitted, Ran
from sentinel.authority import Decision, Outcome, Resource, consume
from sentinel.models import Decision as DecisionRow
from tests.bank import Account, Bank, Branch, Customer, Held

RENT_DAY = 27


@dataclass(frozen=True)
class Household:
    customer: Customer
    current: Account
    savings: Account
    rent: Held

    @property
    def party_id(self) -> UUID:
        return self.customer.id

    @property
    def name(self) -> str:
        return self.customer.name

    @property
    def branch(self) -> str:
        return self.customer.branch.code

    @property
    def in_savings(self) -> Decimal:
        assert self.savings.balance is not None
        return self.savings.balance

    def transfer(self, amount: str = "120.00", **changed: Any) -> dict[str, Any]:
        """From savings to the current account, as keywords for `perform`, `propose` and `execute`."""
        parameters = {
            "from_arrangement": self.savings.id,
            "to_arrangement": self.current.id,
            "amount": amount,
            "currency": "EUR",
            **changed,
        }
        return self._act("transfer.between_own_accounts", parameters)

    def move_rent(self, **changed: Any) -> dict[str, Any]:
        return self._act("payment.move_date", {"arrangement": self.rent.id, "from_day": RENT_DAY, "to_day": 3, **changed})

    def _act(self, action: str, parameters: dict[str, Any]) -> dict[str, Any]:
        plain = {name: str(value) if isinstance(value, UUID) else value for name, value in parameters.items()}
        return {"action": action, "party_id": self.party_id, "parameters": plain}


def household(bank: Bank, name: str, branch: Branch, *, savings: str) -> Household:
    customer = bank.customer(name, branch=branch)
    home = Household(
        customer=customer,
        current=bank.current_account(customer, "100.00"),
        savings=bank.savings(customer, savings),
        rent=bank.standing_order(customer, "700.00", RENT_DAY),
    )
    bank.deliver()
    return home


def perform(*, actor: Actor, action: str, party_id: UUID, parameters: dict[str, Any], at: datetime, summary: str, **more: Any) -> Ran:
    """Do it as this actor. `summary` is what staff and the customer's timeline read."""
    asked = {"actor": actor, "resource_id": str(party_id), "parameters": parameters, "at": at, "note": summary}
    return actions.run(actions.declared(action), **asked, **more)


def propose(*, actor: Actor, action: str, party_id: UUID, parameters: dict[str, Any], at: datetime) -> Decision:
    """What the authority says to it; nothing is executed."""
    return actions.propose(actions.declared(action), actor=actor, resource_id=str(party_id), parameters=parameters, at=at)


def execute(token: str, *, action: str, party_id: UUID, parameters: dict[str, Any], at: datetime, summary: str) -> UUID:
    """Use a permit up that was given before, and do what it permits, as whoever got past the runner would. Returns the effect's id."""
    declared, resource_id = actions.declared(action), str(party_id)
    with transaction.atomic():
        use = consume(token, action=action, resource_type="Party", resource_id=resource_id, parameters=parameters, at=at)
        row = DecisionRow.objects.get(pk=use.decision_id)
        asker = employee(User.objects.get(pk=row.actor_id)) if row.actor_kind == "employee" else Actor(ActorKind.SYSTEM, row.actor_id, "")
        asked = Ask(asker, resource_id, parameters, at, note=summary)
        permit = Decision(
            row.pk,
            token,
            Outcome.PERMIT,
            action,
            Resource("Party", resource_id),
            parameters,
            asker,
            (),
            (),
            None,
            row.issued_at,
            row.expires_at,
        )
        made: UUID = declared.effect(Permitted(asked, permit, use))
        return made
