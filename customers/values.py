"""The plain values of the state graph that other floors, pages and the API read."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from bankos.platform.money import Money


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a value comes from: system, file, line. `recorded_at`: when bankos learnt it; `as_of`: when it was true, if the source says."""

    system: str
    system_name: str
    file: str
    line: int
    recorded_at: datetime
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """A value with its source."""

    value: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account, card or loan.

    `balance` of a loan is what was lent, negative; `available` counts the agreed overdraft; `sparkline` is the balance at the end
    of each of the last 90 days, empty where none is known; `payment` is the instalment that leaves each month on `payment_day`.
    """

    id: UUID
    kind: str
    product_name: str
    number: str
    masked_number: str
    currency: str
    balance: Money | None
    available: Money | None
    status: str
    status_label: str
    role: str
    opened_date: date
    provenance: Provenance
    sparkline: tuple[Decimal, ...]
    payment: Money | None
    payment_day: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class ConsentView:
    """What the customer said about one use of their data; `given` is None if they were not asked."""

    purpose: str
    label: str
    given: bool | None
    occurred_at: datetime | None
    channel: str | None


@dataclass(frozen=True, slots=True)
class PersonView:
    """Somebody this customer shares an account with or who acts for them."""

    party_id: UUID
    name: str
    relation: str


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old the newest data of a source is; `stale` if older than the source promised."""

    system: str
    system_name: str
    last_data_at: datetime | None
    stale: bool


@dataclass(frozen=True, slots=True)
class CustomerState:
    """`in_accounts` sums current and savings accounts held, `owed` what was lent on open loans; both in the customer's main currency."""

    party_id: UUID
    number: str
    kind: str
    name: str
    names: tuple[Field, ...]
    birth_date: Field | None
    age: int | None
    phone: Field | None
    email: Field | None
    address: Field | None
    town: Field | None
    language: Field | None
    branch_code: str
    branch_name: str
    customer_since: date | None
    accounts: tuple[AccountView, ...]
    people: tuple[PersonView, ...]
    consents: tuple[ConsentView, ...]
    in_accounts: Money
    owed: Money
    freshness: tuple[Freshness, ...]
    alerts: tuple[str, ...]
    version: int


@dataclass(frozen=True, slots=True)
class DecisionFacts:
    """`attributes`: the facts policies read about a Party; `consents`: purpose → id of the record that gives it now."""

    attributes: dict[str, Any]
    consents: dict[str, UUID]
