"""What a mapping fills: the fields of each kind of record, in words, with what their columns hold."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, get_args, get_type_hints

from ...attributes import STATED_ALONE
from ...models import PartyRelationship
from .. import records
from ..records import Record


class Wanted(StrEnum):
    """What a field takes."""

    TEXT = "text"
    WORD = "word"
    """One of a fixed list."""
    DAY = "day"
    MOMENT = "moment"
    AMOUNT = "amount"
    NUMBER = "number"
    YES_NO = "yes or no"
    CURRENCY = "currency"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A field of a record. `empty` is what it holds where a source says nothing; fields without it have to be told."""

    name: str
    label: str
    wanted: Wanted
    required: bool = True
    empty: Any = None
    longest: int = 200
    words: tuple[str, ...] = ()
    lowest: int = 0
    highest: int = 10**15
    above_zero: bool = False


@dataclass(frozen=True, slots=True)
class RecordKind:
    """A kind of record. `moment` is the field that tells how new the data is."""

    code: str
    title: str
    record: type[Record]
    targets: tuple[Target, ...]
    moment: str | None = None

    def __post_init__(self) -> None:
        named = {target.name: target for target in self.targets}
        if unknown := set(named) - set(self.record._fields[1:]):
            raise TypeError(f"{self.code}: {unknown}")
        # In the record's order; what the table below has no words for is told by its type.
        complete = tuple(named.get(name) or _told_by_type(self.record, name) for name in self.record._fields[1:])
        object.__setattr__(self, "targets", complete)

    def target(self, name: str) -> Target:
        return next(target for target in self.targets if target.name == name)


_BY_TYPE = {
    str: Wanted.TEXT,
    date: Wanted.DAY,
    datetime: Wanted.MOMENT,
    Decimal: Wanted.AMOUNT,
    int: Wanted.NUMBER,
    bool: Wanted.YES_NO,
}


def _told_by_type(record: type[Record], name: str) -> Target:
    hint = get_type_hints(record)[name]
    plain = next((part for part in get_args(hint) if part is not type(None)), hint)
    required = plain is not str and hint is plain and name not in record._field_defaults
    empty = record._field_defaults.get(name, "" if plain is str else None)
    label = name.replace("_", " ").capitalize()
    return Target(name=name, label=label, wanted=_BY_TYPE[plain], required=required, empty=empty, longest=60)


def _text(name: str, label: str, longest: int) -> Target:
    """Words that may be missing."""
    return Target(name=name, label=label, wanted=Wanted.TEXT, longest=longest, required=False, empty="")


def _key(name: str, label: str, longest: int = 60) -> Target:
    """Words that may not."""
    return Target(name=name, label=label, wanted=Wanted.TEXT, longest=longest)


def _word(name: str, label: str, *words: str) -> Target:
    return Target(name=name, label=label, wanted=Wanted.WORD, words=words)


def _day(name: str, label: str) -> Target:
    return Target(name=name, label=label, wanted=Wanted.DAY)


def _moment(name: str, label: str) -> Target:
    return Target(name=name, label=label, wanted=Wanted.MOMENT)


def _amount(name: str, label: str, *, above_zero: bool = False) -> Target:
    return Target(name=name, label=label, wanted=Wanted.AMOUNT, above_zero=above_zero)


def _number(name: str, label: str, lowest: int = 0, highest: int = 10**15) -> Target:
    return Target(name=name, label=label, wanted=Wanted.NUMBER, lowest=lowest, highest=highest)


def _may_be_missing(target: Target) -> Target:
    return replace(target, required=False)


CURRENCY = Target(name="currency", label="Currency", wanted=Wanted.CURRENCY, longest=3)
CHANNEL = _word("channel", "Channel", "app", "web", "phone", "branch", "email", "letter")
STATUS = _word("status", "Status", "active", "arrears", "defaulted", "closed")
KEY_KIND = ("customer_no", "client_id")

_ALL = (
    RecordKind(
        "branch",
        "Branches",
        records.BranchRecord,
        (_key("code", "Code", 20), _key("name", "Name", 80), _text("town", "Town", 80)),
    ),
    RecordKind(
        "party",
        "Customers",
        records.PartyRecord,
        (
            _word("key_kind", "The key is a", *KEY_KIND),
            _key("key", "Key of the person or organisation"),
            _text("customer_no", "Customer number in core banking", 60),
            _text("national_id", "National id", 60),
            _key("number", "Customer number staff see", 20),
            _word("kind", "Person or organisation", "person", "organisation"),
            _key("name", "Name", 200),
            _may_be_missing(_day("birth_date", "Date of birth")),
            _text("phone", "Phone", 60),
            _text("email", "E-mail", 200),
            _text("address", "Address", 300),
            _text("town", "Town", 80),
            _text("language", "Language", 20),
            _text("company_number", "Company number", 60),
            _key("branch_code", "Branch", 20),
            _may_be_missing(_day("customer_since", "Customer since")),
        ),
    ),
    RecordKind(
        "detail",
        "Details of customers",
        records.DetailRecord,
        (
            _word("key_kind", "The key is a", *KEY_KIND),
            _key("key", "Key of the person or organisation"),
            _word("attribute", "What it says", *STATED_ALONE),
            _key("value", "Value", 300),
            _may_be_missing(_day("valid_from", "True from")),
            _may_be_missing(_day("valid_to", "True to, that day included")),
        ),
    ),
    RecordKind(
        "account",
        "Accounts",
        records.AccountRecord,
        (
            _key("source_key", "Account number", 40),
            _word("kind", "Kind", "current", "savings"),
            _key("product_code", "Product code", 40),
            _key("product_name", "Product name", 80),
            CURRENCY,
            _day("opened_date", "Opened on"),
            _key("branch_code", "Branch", 20),
            _text("branch_name", "Branch name, if the branch may not be known yet", 80),
            _may_be_missing(_amount("overdraft", "Overdraft limit")),
            STATUS,
        ),
    ),
    RecordKind(
        "holder",
        "Holders of accounts",
        records.HolderRecord,
        (
            _key("source_key", "Key of the link", 100),
            _key("account_key", "Account number"),
            _word("party_key_kind", "The holder’s key is a", *KEY_KIND),
            _key("party_key", "Key of the holder"),
            _word("role", "Role", "owner", "joint", "authorised", "guardian"),
        ),
    ),
    RecordKind(
        "transaction",
        "Transactions",
        records.TransactionRecord,
        (
            _key("source_key", "Entry number"),
            _key("account_key", "Account number"),
            _day("booking_date", "Booked on"),
            _number("sequence", "Order of entries"),
            _amount("amount", "Amount, money in is positive"),
            CURRENCY,
            _may_be_missing(_amount("balance_after", "Balance behind it")),
            _key("method", "How the money moved", 40),
            _text("purpose", "Purpose", 60),
            _text("counterparty", "Counterparty", 120),
            _text("counterparty_account", "Counterparty’s account", 60),
            _text("merchant_category", "Merchant category (ISO 18245)", 4),
        ),
        moment="booking_date",
    ),
    RecordKind(
        "loan",
        "Loans",
        records.LoanRecord,
        (
            _key("source_key", "Loan number", 40),
            _text("national_id", "Borrower’s national id", 60),
            _text("borrower_name", "Borrower’s name", 200),
            _key("account_key", "Account it is paid from"),
            _key("product_code", "Product code", 40),
            _key("product_name", "Product name", 80),
            CURRENCY,
            _amount("principal", "Amount lent", above_zero=True),
            _day("opened_date", "Opened on"),
            _amount("instalment", "Instalment", above_zero=True),
            _may_be_missing(_number("instalment_day", "Day of the instalment", 1, 31)),
            _number("days_past_due", "Days overdue", 0, 30_000),
            STATUS,
            replace(_word("kind", "Kind, a loan if it is not said", "loan", "mortgage"), required=False, empty="loan"),
        ),
    ),
    RecordKind(
        "card",
        "Cards",
        records.CardRecord,
        (
            _key("source_key", "Key of the card", 40),
            _key("number", "Last four digits", 4),
            _text("embossed_name", "Name on the card", 200),
            _text("holder_key", "Key of the account’s link to the holder", 100),
            _text("account_key", "Account number", 60),
            _text("customer_no", "Customer number", 60),
            _key("product_code", "Product code", 40),
            _key("product_name", "Product name", 80),
            _day("opened_date", "Issued on"),
            STATUS,
        ),
    ),
    RecordKind(
        "standing_order",
        "Standing orders",
        records.StandingOrderRecord,
        (
            _key("source_key", "Order number", 40),
            _key("account_key", "Account number"),
            _amount("amount", "Amount", above_zero=True),
            CURRENCY,
            _may_be_missing(_number("day_of_month", "Day of the month", 1, 31)),
            _text("counterparty", "Beneficiary", 120),
            _text("purpose", "Purpose", 40),
        ),
    ),
    RecordKind(
        "relationship",
        "Relationships",
        records.RelationshipRecord,
        (
            _key("client_id", "Client"),
            _key("other_client_id", "Other client"),
            _word("kind", "The client is the other’s", *PartyRelationship.Kind.values),
            _may_be_missing(_day("valid_from", "True from")),
            _may_be_missing(_day("valid_to", "True to, that day included")),
        ),
    ),
    RecordKind(
        "consent",
        "Consents",
        records.ConsentRecord,
        (
            _key("client_id", "Client"),
            _word("purpose", "Purpose", "payment_insight", "marketing"),
            Target(name="given", label="Agreed", wanted=Wanted.YES_NO),
            CHANNEL,
            _moment("occurred_at", "Said at"),
        ),
        moment="occurred_at",
    ),
    RecordKind(
        "contact",
        "Contacts",
        records.ContactRecord,
        (
            _key("source_key", "Key of the contact", 50),
            _key("client_id", "Client"),
            _moment("occurred_at", "At"),
            CHANNEL,
            _key("kind", "Kind", 40),
            _key("summary", "Summary", 300),
            _text("staff", "By whom", 120),
        ),
        moment="occurred_at",
    ),
    RecordKind(
        "signal",
        "Signals of digital channels",
        records.SignalRecord,
        (
            _key("source_key", "Key of the signal", 50),
            _key("email", "Sign-in e-mail", 200),
            _moment("occurred_at", "At"),
            CHANNEL,
            _key("kind", "Kind", 40),
            _text("detail", "Detail", 200),
        ),
        moment="occurred_at",
    ),
)

KINDS: Mapping[str, RecordKind] = {kind.code: kind for kind in _ALL}
"""By code, in the order that lets each kind find what it refers to."""
