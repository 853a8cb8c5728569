"""What the lines of every source become: one shape per kind of record, whatever system wrote it.

A record's annotations are also its columns in the staging table (see `staging`), so only types listed there may be used. A field with a
default is one a feed need not name.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple


class BranchRecord(NamedTuple):
    line: int
    code: str
    name: str
    town: str


class PartyRecord(NamedTuple):
    """A person or organisation as one system describes it; empty text is "not stated"."""

    line: int
    key_kind: str
    """`customer_no` or `client_id`: what kind of key `key` is."""
    key: str
    customer_no: str
    """The core banking customer this record is about; empty if the source doesn't say."""
    national_id: str
    number: str
    """The customer number staff will see, if this record opens a new party."""
    kind: str
    name: str
    birth_date: date | None
    phone: str
    email: str
    address: str
    town: str
    language: str
    company_number: str
    branch_code: str
    customer_since: date | None


class DetailRecord(NamedTuple):
    """One attribute of a person or organisation already known, and the days it is true for, both included; None if not stated."""

    line: int
    key_kind: str
    key: str
    attribute: str
    """One of `attributes.STATED_ALONE`."""
    value: str
    valid_from: date | None = None
    valid_to: date | None = None


class AccountRecord(NamedTuple):
    line: int
    source_key: str
    kind: str
    product_code: str
    product_name: str
    currency: str
    opened_date: date
    branch_code: str
    branch_name: str
    """Given only by a source whose accounts may name a branch before the branch itself is read: it is then opened by that name."""
    overdraft: Decimal | None
    status: str


class DescribedAccountRecord(NamedTuple):
    """An account by the word of who isn't its ledger: it says nothing of branch, product and overdraft."""

    line: int
    source_key: str
    kind: str
    currency: str
    opened_date: date | None
    status: str
    """Empty if it isn't said."""


class HolderRecord(NamedTuple):
    line: int
    source_key: str
    account_key: str
    party_key_kind: str
    party_key: str
    role: str


class TransactionRecord(NamedTuple):
    line: int
    source_key: str
    account_key: str
    booking_date: date
    sequence: int
    amount: Decimal
    currency: str
    balance_after: Decimal | None
    """As the ledger states it; None if the source states no balance behind each entry."""
    method: str
    purpose: str
    counterparty: str
    counterparty_account: str
    merchant_category: str
    position: int = 0
    """Where the source's log of changes says it: of two words on one entry the higher counts, whichever comes first. 0 in an extract."""


class BalanceRecord(NamedTuple):
    """What an account holds by the word of a statement rather than of an entry."""

    line: int
    account_key: str
    currency: str
    balance_date: date
    sequence: int
    """Tells balances of one day apart; behind every entry of that day."""
    amount: Decimal


class GoneRecord(NamedTuple):
    """What a source says it no longer has. A booked entry is undone by a reversing entry; whatever else stays, marked as gone."""

    line: int
    kind: str
    """`transaction`, `account`, `party` … as in `loading.gone`."""
    source_key: str
    position: int = 0
    """As in TransactionRecord."""


class LoanRecord(NamedTuple):
    line: int
    source_key: str
    national_id: str
    """The borrower's; empty if the source names only the account, whose owner is then the borrower."""
    borrower_name: str
    account_key: str
    product_code: str
    product_name: str
    currency: str
    principal: Decimal
    opened_date: date
    instalment: Decimal
    instalment_day: int | None
    days_past_due: int
    status: str
    kind: str = "loan"
    """`loan` or `mortgage`."""


class CardRecord(NamedTuple):
    line: int
    source_key: str
    number: str
    embossed_name: str
    holder_key: str
    """The link between account and person that the card hangs on; empty if the source names both instead."""
    account_key: str
    customer_no: str
    product_code: str
    product_name: str
    opened_date: date
    status: str


class StandingOrderRecord(NamedTuple):
    line: int
    source_key: str
    account_key: str
    amount: Decimal
    currency: str
    day_of_month: int | None
    counterparty: str
    purpose: str


class PaymentOrderRecord(NamedTuple):
    """What a customer told the bank to pay, once."""

    line: int
    source_key: str
    account_key: str
    ordered_at: datetime
    requested_date: date
    amount: Decimal
    currency: str
    counterparty: str
    counterparty_account: str
    purpose: str


class RelationshipRecord(NamedTuple):
    """Read as: the client is the `kind` of the other, from and to these days, both included; None if not stated."""

    line: int
    client_id: str
    other_client_id: str
    kind: str
    valid_from: date | None = None
    valid_to: date | None = None


class ConsentRecord(NamedTuple):
    line: int
    client_id: str
    purpose: str
    given: bool
    channel: str
    occurred_at: datetime


class ContactRecord(NamedTuple):
    line: int
    source_key: str
    client_id: str
    occurred_at: datetime
    channel: str
    kind: str
    summary: str
    staff: str


class SignalRecord(NamedTuple):
    line: int
    source_key: str
    email: str
    occurred_at: datetime
    channel: str
    kind: str
    detail: str


class EventRecord(NamedTuple):
    """Something a customer did in a channel, told by a program (`client`) as it happened. Who it was is said in one of several ways.

    `spoken_for` is the customer the program spoke for, if it did.
    """

    line: int
    source_key: str
    customer: str
    user_id: str
    anonymous_id: str
    email: str
    client: str
    spoken_for: str
    occurred_at: datetime
    channel: str
    kind: str
    campaign: str
    detail: str
    details: str
    """A JSON object."""


class SignInRecord(NamedTuple):
    """Whom a channel knows under an id of its own."""

    line: int
    customer: str
    user_id: str
    anonymous_id: str
    email: str
    client: str
    spoken_for: str


Record = (
    BranchRecord
    | PartyRecord
    | DetailRecord
    | AccountRecord
    | DescribedAccountRecord
    | HolderRecord
    | TransactionRecord
    | BalanceRecord
    | GoneRecord
    | LoanRecord
    | CardRecord
    | StandingOrderRecord
    | PaymentOrderRecord
    | RelationshipRecord
    | ConsentRecord
    | ContactRecord
    | SignalRecord
    | EventRecord
    | SignInRecord
)
