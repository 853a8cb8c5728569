"""A customer with what the acts are about: a current account, savings, and rent by standing order."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

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
        """From savings to the current account, as keywords for the faces of journeys.actions."""
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
