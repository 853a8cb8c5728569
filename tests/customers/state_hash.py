"""The business content of the state graph as one hash, made in SQL: whatever ids, moments of arrival and files it came by.

What a format cannot carry is left out by name: `state_hash(without=("transaction.merchant_category",))`.
"""

import hashlib
from collections.abc import Collection

from django.db import connection

# Table → column of the hash → SQL. The order of an account's entries counts, not the numbers that tell it; and only what stands,
# for by how many reversals the bank came to know it depends on the order of arrival.
_CONTENT: dict[str, tuple[str, dict[str, str]]] = {
    "branch": ("customers_branch b", {"code": "b.code", "name": "b.name", "town": "b.town"}),
    "party": (
        "customers_party p JOIN customers_branch b ON b.id = p.home_branch_id",
        {
            "number": "p.number", "kind": "p.kind", "name": "p.name", "search_name": "p.search_name", "birth_date": "p.birth_date",
            "branch": "b.code", "customer_since": "p.customer_since",
        },
    ),
    "identifier": (
        "customers_partyidentifier i JOIN customers_party p ON p.id = i.party_id",
        {"party": "p.number", "system": "i.system_id", "kind": "i.kind", "value": "i.value"},
    ),
    "fact": (
        "customers_partyfact f JOIN customers_party p ON p.id = f.party_id",
        {"party": "p.number", "system": "f.system_id", "attribute": "f.attribute", "value": "f.value", "normalised": "f.normalised"},
    ),
    "arrangement": (
        """customers_arrangement a LEFT JOIN customers_arrangement parent ON parent.id = a.parent_id
           LEFT JOIN customers_branch b ON b.id = a.branch_id JOIN customers_product product ON product.code = a.product_id""",
        {
            "system": "a.system_id", "source_key": "a.source_key", "kind": "a.kind", "number": "a.number", "product": "product.code",
            "product_name": "product.name", "parent": "parent.source_key", "branch": "b.code", "currency": "a.currency",
            "status": "a.status", "opened_date": "a.opened_date", "principal": "a.principal", "days_past_due": "a.days_past_due",
            "balance": "a.balance", "balance_date": "a.balance_date",
        },
    ),
    "role": (
        """customers_arrangementrole r JOIN customers_arrangement a ON a.id = r.arrangement_id
           JOIN customers_party p ON p.id = r.party_id""",
        {"arrangement": "a.source_key", "party": "p.number", "role": "r.role", "source_key": "r.source_key"},
    ),
    "schedule": (
        "customers_paymentschedule s JOIN customers_arrangement a ON a.id = s.arrangement_id",
        {
            "arrangement": "a.source_key", "amount": "s.amount", "currency": "s.currency", "day_of_month": "s.day_of_month",
            "counterparty": "s.counterparty", "purpose": "s.purpose",
        },
    ),
    "transaction": (
        """(SELECT t.*, a.source_key AS account,
                   row_number() OVER (PARTITION BY t.arrangement_id ORDER BY t.booking_date, t.sequence, t.source_key) AS place
              FROM customers_transaction t JOIN customers_arrangement a ON a.id = t.arrangement_id
              JOIN customers_bookedentry standing ON standing.transaction_id = t.id AND standing.source_key = t.source_key
               AND standing.system_id = t.system_id) t""",
        {
            "system": "t.system_id", "source_key": "t.source_key", "account": "t.account", "place": "t.place",
            "booking_date": "t.booking_date", "amount": "t.amount", "currency": "t.currency", "balance_after": "t.balance_after",
            "method": "t.method", "purpose": "t.purpose", "counterparty": "t.counterparty",
            "counterparty_account": "t.counterparty_account", "merchant_category": "t.merchant_category",
        },
    ),
    "relationship": (
        """customers_partyrelationship r JOIN customers_party p ON p.id = r.party_id
           JOIN customers_party o ON o.id = r.other_id""",
        {"party": "p.number", "other": "o.number", "kind": "r.kind"},
    ),
    "consent": (
        "customers_consent c JOIN customers_party p ON p.id = c.party_id",
        {"party": "p.number", "purpose": "c.purpose", "given": "c.given", "channel": "c.channel", "occurred_at": "c.occurred_at"},
    ),
    "interaction": (
        "customers_interaction i JOIN customers_party p ON p.id = i.party_id",
        {
            "party": "p.number", "kind": "i.kind", "channel": "i.channel", "summary": "i.summary", "actor_kind": "i.actor_kind",
            "actor_name": "i.actor_name", "occurred_at": "i.occurred_at", "source_key": "i.source_key",
        },
    ),
    "signal": (
        "customers_signal s JOIN customers_party p ON p.id = s.party_id",
        {
            "party": "p.number", "kind": "s.kind", "channel": "s.channel", "detail": "s.detail", "occurred_at": "s.occurred_at",
            "source_key": "s.source_key",
        },
    ),
}  # fmt: skip


def state_hash(*, without: Collection[str] = ()) -> str:
    """64 hexadecimal digits; the same if and only if the two states say the same. Queries: 1 a table."""
    unknown = {*without} - {f"{table}.{column}" for table, (_, columns) in _CONTENT.items() for column in columns}
    assert not unknown, unknown
    return hashlib.sha256("".join(table_hashes(without=without).values()).encode()).hexdigest()


def table_hashes(*, without: Collection[str] = ()) -> dict[str, str]:
    """One hash a table: which of them differ tells where two states differ."""
    hashes = {}
    with connection.cursor() as cursor:
        for table, (source, columns) in _CONTENT.items():
            said = ", ".join(sql for column, sql in columns.items() if f"{table}.{column}" not in without)
            cursor.execute(
                f"""SELECT coalesce(md5(string_agg(line, '' ORDER BY line)), '')
                      FROM (SELECT md5(ROW({said})::text) AS line FROM {source}) rows"""
            )
            ((hashes[table],),) = cursor.fetchall()
    return hashes
