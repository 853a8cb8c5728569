"""The extracts of Meridian Bank, the demo bank: what its five systems of record and its digital channels write."""

from ...attributes import STATED_ALONE
from ..converters import (
    amount,
    client_number,
    currency,
    customer_number,
    day,
    key,
    moment,
    not_negative_amount,
    number_within,
    one_of,
    optional,
    positive_amount,
    same,
    text,
    whole_number,
)
from ..feed import Feed, column, columns, constant
from ..records import (
    AccountRecord,
    BranchRecord,
    CardRecord,
    ConsentRecord,
    ContactRecord,
    DetailRecord,
    HolderRecord,
    LoanRecord,
    PartyRecord,
    RelationshipRecord,
    SignalRecord,
    StandingOrderRecord,
    TransactionRecord,
)

CHANNELS = same("app", "web", "phone", "branch", "email", "letter")
RELATIONS = {
    "guardian_of": "guardian",
    "owner_of": "owner",
    "director_of": "director",
    "employer_of": "employer",
    "guarantor_of": "guarantor",
    "household_with": "household",
    "joint_with": "joint_holder",
    "attorney_of": "attorney",
}
LOAN_STATUS = same("active", "arrears", "defaulted", "closed")


def _client_name(first_name: str, last_name: str, company_name: str) -> str:
    return text(200, required=True)(company_name or f"{first_name} {last_name}")


def _client_kind(company_name: str) -> str:
    return "organisation" if company_name.strip() else "person"


def _address(street: str, postcode: str) -> str:
    return text(300)(", ".join(part for part in (street.strip(), postcode.strip()) if part))


def _holder(account_no: str, customer_no: str) -> str:
    return key(100)(f"{account_no.strip()}/{customer_no.strip()}")


def _loan_kind(product_code: str) -> str:
    return "mortgage" if product_code.strip() == "LON-MTG" else "loan"


def _since(created_at: str) -> None:
    """When the CRM made a record of somebody says nothing about when they became a customer."""


BRANCHES = Feed(
    name="meridian.branches",
    system="core",
    header=("branch_code", "name", "town"),
    record=BranchRecord,
    fields={
        "code": column("branch_code", key(20)),
        "name": column("name", text(80, required=True)),
        "town": column("town", text(80)),
    },
)

CUSTOMERS = Feed(
    name="meridian.customers",
    system="core",
    header=("customer_no", "name", "birth_date", "national_id", "branch_code", "customer_since", "kind"),
    record=PartyRecord,
    fields={
        "key_kind": constant("customer_no"),
        "key": column("customer_no", key()),
        "customer_no": column("customer_no", key()),
        "national_id": column("national_id", text(60)),
        "number": column("customer_no", customer_number),
        "kind": column("kind", one_of({"P": "person", "O": "organisation"})),
        "name": column("name", text(200, required=True)),
        "birth_date": column("birth_date", optional(day)),
        "phone": constant(""),
        "email": constant(""),
        "address": constant(""),
        "town": constant(""),
        "language": constant(""),
        "company_number": constant(""),
        "branch_code": column("branch_code", key(20)),
        "customer_since": column("customer_since", optional(day)),
    },
)

ACCOUNTS = Feed(
    name="meridian.accounts",
    system="core",
    header=("account_no", "product_code", "product_name", "type", "currency", "opened_on", "branch_code", "overdraft_limit", "status"),
    record=AccountRecord,
    fields={
        "source_key": column("account_no", key(40)),
        "kind": column("type", same("current", "savings")),
        "product_code": column("product_code", key(40)),
        "product_name": column("product_name", text(80, required=True)),
        "currency": column("currency", currency),
        "opened_date": column("opened_on", day),
        "branch_code": column("branch_code", key(20)),
        "branch_name": constant(""),
        "overdraft": column("overdraft_limit", optional(not_negative_amount)),
        "status": column("status", LOAN_STATUS),
    },
)

ACCOUNT_HOLDERS = Feed(
    name="meridian.account_holders",
    system="core",
    header=("account_no", "customer_no", "role"),
    record=HolderRecord,
    fields={
        "source_key": columns("account_no", "customer_no", convert=_holder),
        "account_key": column("account_no", key()),
        "party_key_kind": constant("customer_no"),
        "party_key": column("customer_no", key()),
        "role": column("role", same("owner", "joint", "authorised", "guardian", "guarantor", "beneficiary")),
    },
)

TRANSACTIONS = Feed(
    name="meridian.transactions",
    system="core",
    header=(
        "entry_id",
        "account_no",
        "booked_on",
        "amount",
        "currency",
        "balance_after",
        "method",
        "purpose",
        "counterparty",
        "counterparty_account",
        "mcc",
    ),
    record=TransactionRecord,
    moment="booking_date",
    fields={
        "source_key": column("entry_id", key()),
        "account_key": column("account_no", key()),
        "booking_date": column("booked_on", day),
        "sequence": column("entry_id", number_within),
        "amount": column("amount", amount),
        "currency": column("currency", currency),
        "balance_after": column("balance_after", amount),
        "method": column("method", text(40, required=True)),
        "purpose": column("purpose", text(60)),
        "counterparty": column("counterparty", text(120)),
        "counterparty_account": column("counterparty_account", text(60)),
        "merchant_category": column("mcc", text(4)),
    },
)

CLIENTS = Feed(
    name="meridian.clients",
    system="crm",
    header=(
        "client_id",
        "customer_no",
        "first_name",
        "last_name",
        "company_name",
        "company_number",
        "birth_date",
        "phone",
        "email",
        "street",
        "town",
        "postcode",
        "language",
        "branch_code",
        "created_at",
    ),
    record=PartyRecord,
    fields={
        "key_kind": constant("client_id"),
        "key": column("client_id", key()),
        "customer_no": column("customer_no", text(60)),
        "national_id": constant(""),
        "number": column("client_id", client_number),
        "kind": column("company_name", _client_kind),
        "name": columns("first_name", "last_name", "company_name", convert=_client_name),
        "birth_date": column("birth_date", optional(day)),
        "phone": column("phone", text(60)),
        "email": column("email", text(200)),
        "address": columns("street", "postcode", convert=_address),
        "town": column("town", text(80)),
        "language": column("language", text(20)),
        "company_number": column("company_number", text(60)),
        "branch_code": column("branch_code", key(20)),
        "customer_since": column("created_at", _since),
    },
)

DETAILS = Feed(
    name="meridian.details",
    system="crm",
    header=("client_id", "detail", "value", "valid_from", "valid_to"),
    told_apart_by=("client_id", "detail", "valid_from"),
    record=DetailRecord,
    fields={
        "key_kind": constant("client_id"),
        "key": column("client_id", key()),
        "attribute": column("detail", same(*STATED_ALONE)),
        "value": column("value", text(300, required=True)),
        "valid_from": column("valid_from", optional(day)),
        "valid_to": column("valid_to", optional(day)),
    },
)

RELATIONSHIPS = Feed(
    name="meridian.relationships",
    system="crm",
    header=("client_id", "related_client_id", "relation", "valid_from", "valid_to"),
    told_apart_by=("client_id", "related_client_id", "relation", "valid_from"),
    record=RelationshipRecord,
    fields={
        "client_id": column("client_id", key()),
        "other_client_id": column("related_client_id", key()),
        "kind": column("relation", one_of(RELATIONS)),
        "valid_from": column("valid_from", optional(day)),
        "valid_to": column("valid_to", optional(day)),
    },
)

CONSENTS = Feed(
    name="meridian.consents",
    system="crm",
    header=("consent_id", "client_id", "purpose", "given", "channel", "said_at"),
    told_apart_by=("client_id", "purpose", "said_at"),
    record=ConsentRecord,
    moment="occurred_at",
    fields={
        "client_id": column("client_id", key()),
        "purpose": column("purpose", same("payment_insight", "marketing")),
        "given": column("given", one_of({"yes": True, "no": False})),
        "channel": column("channel", CHANNELS),
        "occurred_at": column("said_at", moment),
    },
)

CONTACTS = Feed(
    name="meridian.contacts",
    system="crm",
    header=("contact_id", "client_id", "at", "channel", "kind", "summary", "staff"),
    record=ContactRecord,
    moment="occurred_at",
    fields={
        "source_key": column("contact_id", key(50)),
        "client_id": column("client_id", key()),
        "occurred_at": column("at", moment),
        "channel": column("channel", CHANNELS),
        "kind": column("kind", key(40)),
        "summary": column("summary", text(300, required=True)),
        "staff": column("staff", text(120)),
    },
)

LOANS = Feed(
    name="meridian.loans",
    system="lending",
    header=(
        "loan_no",
        "national_id",
        "applicant_name",
        "account_no",
        "product_code",
        "product_name",
        "amount",
        "currency",
        "opened_on",
        "instalment",
        "instalment_day",
        "days_past_due",
        "status",
    ),
    record=LoanRecord,
    fields={
        "source_key": column("loan_no", key(40)),
        "national_id": column("national_id", key()),
        "borrower_name": column("applicant_name", text(200, required=True)),
        "account_key": column("account_no", key()),
        "product_code": column("product_code", key(40)),
        "product_name": column("product_name", text(80, required=True)),
        "currency": column("currency", currency),
        "principal": column("amount", positive_amount),
        "opened_date": column("opened_on", day),
        "instalment": column("instalment", positive_amount),
        "instalment_day": column("instalment_day", optional(whole_number(1, 31))),
        "days_past_due": column("days_past_due", whole_number(0, 30_000)),
        "status": column("status", LOAN_STATUS),
        "kind": column("product_code", _loan_kind),
    },
)

CARDS = Feed(
    name="meridian.cards",
    system="cards",
    header=("card_ref", "last4", "embossed_name", "account_no", "customer_no", "type", "issued_on", "status"),
    record=CardRecord,
    fields={
        "source_key": column("card_ref", key()),
        "number": column("last4", text(4, required=True)),
        "embossed_name": column("embossed_name", text(200)),
        "holder_key": constant(""),
        "account_key": column("account_no", key()),
        "customer_no": column("customer_no", key()),
        "product_code": column("type", lambda value: f"card-{key(35)(value).replace(' ', '-')}"),
        "product_name": column("type", lambda value: f"{key(60)(value).capitalize()} card"),
        "opened_date": column("issued_on", day),
        "status": column("status", one_of({"active": "active", "blocked": "closed", "closed": "closed", "expired": "closed"})),
    },
)

STANDING_ORDERS = Feed(
    name="meridian.standing_orders",
    system="payments",
    header=("order_id", "account_no", "beneficiary", "beneficiary_account", "amount", "currency", "day_of_month", "purpose"),
    record=StandingOrderRecord,
    fields={
        "source_key": column("order_id", key(40)),
        "account_key": column("account_no", key()),
        "amount": column("amount", positive_amount),
        "currency": column("currency", currency),
        "day_of_month": column("day_of_month", whole_number(1, 31)),
        "counterparty": column("beneficiary", text(120)),
        "purpose": column("purpose", text(40)),
    },
)

SIGNALS = Feed(
    name="meridian.signals",
    system="digital",
    header=("event_id", "login_email", "at", "channel", "kind", "detail"),
    record=SignalRecord,
    moment="occurred_at",
    fields={
        "source_key": column("event_id", key(50)),
        "email": column("login_email", lambda value: key(200)(value).lower()),
        "occurred_at": column("at", moment),
        "channel": column("channel", CHANNELS),
        "kind": column("kind", key(40)),
        "detail": column("detail", text(200)),
    },
)

FEEDS = (
    BRANCHES,
    CUSTOMERS,
    ACCOUNTS,
    ACCOUNT_HOLDERS,
    TRANSACTIONS,
    CLIENTS,
    DETAILS,
    RELATIONSHIPS,
    CONSENTS,
    CONTACTS,
    LOANS,
    CARDS,
    STANDING_ORDERS,
    SIGNALS,
)
