"""Small extracts of Meridian Bank for these tests, and the state of the whole bank as one comparable value."""

import csv
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import connection

from customers import ingestion
from customers.ingestion.feed import Feed
from customers.ingestion.feeds import meridian

AT = datetime(2026, 11, 23, 9, 41, tzinfo=UTC)
IBAN = "IE29MRDN93115212345678"

DEFAULTS: dict[str, dict[str, str]] = {
    "meridian.branches": {"branch_code": "GAL1", "name": "Galway Eyre Square", "town": "Galway"},
    "meridian.customers": {
        "customer_no": "20488137", "name": "MARCHETTI INES", "birth_date": "1986-06-13", "national_id": "31415926A", "branch_code": "GAL1",
        "customer_since": "2014-03-01", "kind": "P",
    },
    "meridian.accounts": {
        "account_no": IBAN, "product_code": "CUR-STD", "product_name": "Current account", "type": "current", "currency": "EUR",
        "opened_on": "2014-03-01", "branch_code": "GAL1", "overdraft_limit": "500.00", "status": "active",
    },
    "meridian.account_holders": {"account_no": IBAN, "customer_no": "20488137", "role": "owner"},
    "meridian.transactions": {
        "entry_id": "1", "account_no": IBAN, "booked_on": "2026-11-02", "amount": "-12.50", "currency": "EUR", "balance_after": "164.00",
        "method": "card", "purpose": "", "counterparty": "Velo Rentals", "counterparty_account": "", "mcc": "7519",
    },
    "meridian.clients": {
        "client_id": "CL1", "customer_no": "20488137", "first_name": "Inès", "last_name": "Marchetti-Okafor", "company_name": "",
        "company_number": "", "birth_date": "1986-06-13", "phone": "087 123 4417", "email": "Ines@posteo.example",
        "street": "14 Salthill Road Lower", "town": "Galway", "postcode": "H91 X2Y3", "language": "en", "branch_code": "GAL1",
        "created_at": "2014-03-01T10:00:00+00:00",
    },
    "meridian.relationships": {"client_id": "CL1", "related_client_id": "CL2", "relation": "guardian_of"},
    "meridian.consents": {
        "consent_id": "1", "client_id": "CL1", "purpose": "payment_insight", "given": "yes", "channel": "app",
        "said_at": "2026-05-01T09:00:00+01:00",
    },
    "meridian.contacts": {
        "contact_id": "1", "client_id": "CL1", "at": "2026-11-12T10:15:00+00:00", "channel": "phone", "kind": "call",
        "summary": "Called about Velo Rentals charge", "staff": "Aoife Brennan",
    },
    "meridian.loans": {
        "loan_no": "L-20480962", "national_id": "31415926A", "applicant_name": "I. Marchetti", "account_no": IBAN, "product_code": "LOAN",
        "product_name": "Personal loan", "amount": "15000.00", "currency": "EUR", "opened_on": "2024-01-27", "instalment": "312.00",
        "instalment_day": "27", "days_past_due": "0", "status": "active",
    },
    "meridian.cards": {
        "card_ref": "CRD1", "last4": "3305", "embossed_name": "INES MARCHETTI", "account_no": IBAN, "customer_no": "20488137",
        "type": "debit", "issued_on": "2024-01-01", "status": "active",
    },
    "meridian.standing_orders": {
        "order_id": "SO1", "account_no": IBAN, "beneficiary": "Corrib Lettings", "beneficiary_account": "IE00", "amount": "850.00",
        "currency": "EUR", "day_of_month": "3", "purpose": "rent",
    },
    "meridian.signals": {
        "event_id": "E1", "login_email": "ines@posteo.example", "at": "2026-11-20T20:00:00+00:00", "channel": "app",
        "kind": "travel_notice", "detail": "Lisbon",
    },
}  # fmt: skip


def rows_of(feed: Feed, *rows: Mapping[str, str]) -> list[dict[str, str]]:
    return [DEFAULTS[feed.name] | dict(row) for row in rows]


def write(path: Path, feed: Feed, rows: Sequence[Mapping[str, str]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, feed.header, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def send(folder: Path, feed: Feed, *rows: Mapping[str, str], at: datetime = AT) -> ingestion.FileReport:
    """Write one file with these rows (what they don't say is the default) and ingest it."""
    number = len(list(folder.iterdir())) if folder.exists() else 0
    path = write(folder / f"{number}-{feed.name}.csv", feed, rows_of(feed, *rows))
    return ingestion.ingest(feed.system, [path], at=at).files[0]


def send_one_customer(folder: Path) -> None:
    """Ines, known to core banking and the CRM, with a current account."""
    for feed in (meridian.BRANCHES, meridian.CUSTOMERS, meridian.ACCOUNTS, meridian.ACCOUNT_HOLDERS, meridian.CLIENTS):
        assert send(folder, feed, {}).rejected == 0


# Everything of the state but ids and provenance, which differ from one loading to the next by design.
_STATE = {
    "branch": "SELECT code, name, town FROM customers_branch",
    "party": """SELECT p.number, golden.number, p.kind, p.name, p.search_name, p.birth_date, b.code, p.customer_since
                  FROM customers_party p JOIN customers_party golden ON golden.id = p.golden_id
                  JOIN customers_branch b ON b.id = p.home_branch_id""",
    "identifier": """SELECT p.number, i.system_id, i.kind, i.value
                       FROM customers_partyidentifier i JOIN customers_party p ON p.id = i.party_id""",
    "fact": """SELECT p.number, f.system_id, f.attribute, f.value, f.normalised
                 FROM customers_partyfact f JOIN customers_party p ON p.id = f.party_id""",
    "arrangement": """SELECT a.system_id, a.source_key, a.kind, a.number, a.product_id, parent.source_key, b.code, a.currency, a.status,
                             a.opened_date, a.principal, a.days_past_due, a.balance, a.balance_date, a.balance_sequence
                        FROM customers_arrangement a LEFT JOIN customers_arrangement parent ON parent.id = a.parent_id
                        LEFT JOIN customers_branch b ON b.id = a.branch_id""",
    "role": """SELECT a.source_key, p.number, r.role, r.source_key
                 FROM customers_arrangementrole r JOIN customers_arrangement a ON a.id = r.arrangement_id
                 JOIN customers_party p ON p.id = r.party_id""",
    "schedule": """SELECT a.source_key, s.amount, s.currency, s.day_of_month, s.counterparty, s.purpose
                     FROM customers_paymentschedule s JOIN customers_arrangement a ON a.id = s.arrangement_id""",
    "transaction": """SELECT t.system_id, t.source_key, a.source_key, t.booking_date, t.sequence, t.amount, t.currency, t.balance_after,
                             t.method, t.purpose, t.counterparty, t.counterparty_account, t.merchant_category
                        FROM customers_transaction t JOIN customers_arrangement a ON a.id = t.arrangement_id""",
    "relationship": """SELECT p.number, o.number, r.kind FROM customers_partyrelationship r
                         JOIN customers_party p ON p.id = r.party_id JOIN customers_party o ON o.id = r.other_id""",
    "consent": """SELECT p.number, c.purpose, c.given, c.channel, c.occurred_at
                    FROM customers_consent c JOIN customers_party p ON p.id = c.party_id""",
    "interaction": """SELECT p.number, i.kind, i.channel, i.summary, i.actor_kind, i.actor_name, i.occurred_at, i.source_key
                        FROM customers_interaction i JOIN customers_party p ON p.id = i.party_id""",
    "signal": """SELECT p.number, s.kind, s.channel, s.detail, s.occurred_at, s.source_key
                   FROM customers_signal s JOIN customers_party p ON p.id = s.party_id""",
}


def state() -> dict[str, list[tuple[Any, ...]]]:
    """What the bank knows, table by table, in an order that doesn't depend on how it came in."""
    return {name: sorted(rows(statement), key=repr) for name, statement in _STATE.items()}


def rows(statement: str, parameters: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


def count(table: str) -> int:
    ((number,),) = rows(f"SELECT count(*) FROM customers_{table}")
    return number
