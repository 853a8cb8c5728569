"""What the lines of every source become: one shape per kind of record, whatever system wrote it.

A record's annotations are also its columns in the staging table (see `staging`), so only types listed there may be used.
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
    balance_after: Decimal
    method: str
    purpose: str
    counterparty: str
    counterparty_account: str
    merchant_category: str


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


class RelationshipRecord(NamedTuple):
    """Read as: the client is the `kind` of the other."""

    line: int
    client_id: str
    other_client_id: str
    kind: str


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


Record = (
    BranchRecord
    | PartyRecord
    | AccountRecord
    | HolderRecord
    | TransactionRecord
    | LoanRecord
    | CardRecord
    | StandingOrderRecord
    | RelationshipRecord
    | ConsentRecord
    | ContactRecord
    | SignalRecord
)
