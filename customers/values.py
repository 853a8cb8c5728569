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
    """A value with its source, and from and to which day it is true, as far as that was said. Of one that is `masked` the value holds
    only what may be shown of it; `shown_until` is said of one that is whole for a while.
    """

    value: str
    provenance: Provenance
    masked: bool = False
    shown_until: datetime | None = None
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Detail:
    """One more thing that is known of the customer, or will be true from a later day on; `masks` names what it is masked as, if it is."""

    attribute: str
    label: str
    field: Field
    masks: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something that can be true in one way only and of which sources say different things; the word that is shown comes first."""

    attribute: str
    label: str
    said: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account, card or loan.

    `balance` of a loan is what was lent, negative; `available` counts the agreed overdraft; `sparkline` is the balance at the end
    of each of the last 90 days, empty where none is known; `payment` is the instalment that leaves each month on `payment_day`. Where
    account numbers are `masked`, `number` is `masked_number`.
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
    masked: bool = False
    shown_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConsentView:
    """What the customer said about one use of their data; `given` is None if they were not asked.

    `contact_channels`: the ways of contact agreed to, None where none was spoken of; `record_id` is the record it rests on.
    """

    purpose: str
    label: str
    given: bool | None
    occurred_at: datetime | None
    channel: str | None
    by_channel: bool = False
    contact_channels: tuple[str, ...] | None = None
    valid_until: datetime | None = None
    record_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class PersonView:
    """Somebody this customer shares an account with or who acts for them, and from and to which day, if that was said. `acts_as`: the
    kind of relationship in which they stand to this customer; empty where it is the other way round, or only an account is shared.
    """

    party_id: UUID
    name: str
    relation: str
    acts_as: str = ""
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old the newest data of a source is; `stale` if older than the source promised."""

    system: str
    system_name: str
    last_data_at: datetime | None
    stale: bool


@dataclass(frozen=True, slots=True)
class CustomerState:
    """`in_accounts` sums current and savings accounts held, `owed` what was lent on open loans; both in the customer's main currency.
    `to_confirm`: the attributes the customer should be asked about.
    """

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
    language_code: str
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
    conflicts: tuple[Conflict, ...]
    deceased: Field | None
    details: tuple[Detail, ...]
    to_come: tuple[Detail, ...]
    to_confirm: frozenset[str]
    version: int
    national_id: str = ""
    national_id_masked: bool = False
    national_id_until: datetime | None = None
    national_id_provenance: Provenance | None = None

    @property
    def attorneys(self) -> tuple[PersonView, ...]:
        """Who holds a power of attorney now, as far as the actor may know of them."""
        return tuple(person for person in self.people if person.acts_as == "attorney")


@dataclass(frozen=True, slots=True)
class DecisionFacts:
    """`attributes`: the facts policies read about a Party; `consents`: purpose → id of the record that gives it now."""

    attributes: dict[str, Any]
    consents: dict[str, UUID]
