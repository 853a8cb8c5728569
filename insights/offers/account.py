"""One account, its forecast and what hangs on it, as the offers see it."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

MONTHLY = 30


@dataclass(frozen=True, slots=True)
class Payment:
    """An agreed payment: `amount` positive, leaving on `day_of_month`; `due` are its days in the forecast."""

    arrangement_id: UUID
    name: str  # "loan payment", "rent payment"
    counterparty: str
    amount: Decimal
    day_of_month: int
    due: tuple[date, ...]
    is_loan: bool = False
    movable: bool = True  # False where the bank does not know its agreed day, only the day it was seen on


@dataclass(frozen=True, slots=True)
class Income:
    """A steady income seen `count` times from `first_date` on; `due` are its expected days in the forecast."""

    name: str  # "Salary"
    amount: Decimal
    rhythm: int
    day_of_month: int
    first_date: date
    count: int
    due: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Savings:
    arrangement_id: UUID
    balance: Decimal


@dataclass(frozen=True, slots=True)
class Account:
    """`past` are end-of-day balances up to `as_of`; the paths begin the day after it."""

    arrangement_id: UUID
    party_id: UUID
    currency: str
    overdraft_limit: Decimal
    as_of: date
    past: tuple[Decimal, ...]
    low: tuple[Decimal, ...]
    median: tuple[Decimal, ...]
    high: tuple[Decimal, ...]
    lowest_date: date
    payments: tuple[Payment, ...] = ()
    incomes: tuple[Income, ...] = ()
    savings: tuple[Savings, ...] = ()
    overdraft_fees: tuple[tuple[date, Decimal], ...] = ()  # amounts positive

    @property
    def today(self) -> date:
        return self.as_of + timedelta(days=1)

    @property
    def lowest(self) -> Decimal:
        return min(self.median)

    @property
    def first_below(self) -> date | None:
        """The first day the balance is below zero, if nothing changes."""
        return next((self.day(step) for step, amount in enumerate(self.median) if amount < 0), None)

    def day(self, step: int) -> date:
        """The day of the path's place `step` (0 is today)."""
        return self.as_of + timedelta(days=step + 1)

    def with_change(self, changes: dict[date, Decimal]) -> tuple[Decimal, ...]:
        """The median path if these amounts arrive (or leave) in addition on their days."""
        gained, path = Decimal(0), []
        for step, amount in enumerate(self.median):
            gained += changes.get(self.day(step), Decimal(0))
            path.append(amount + gained)
        return tuple(path)
