"""A page far back costs what the first one costs: not only as many queries, but as few rows."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bankos.platform import clock
from bankos.platform.actors import Actor
from bankos.platform.ids import uuid7
from customers import timeline
from tests.bank import Bank, Customer

BOOKINGS, ACTS, LIMIT = 4_000, 1_500, 5
HAPPENINGS = ("transaction_", "customers_interaction", "customers_consent", "customers_signal")


@pytest.fixture
def busy(bank: Bank) -> Customer:
    """Years of bookings, four a day on two accounts, and an act every few hours."""
    customer, today = bank.customer("Busy Person"), clock.today()
    for account in (bank.current_account(customer), bank.savings(customer)):
        bank.transactions(account, [(today - timedelta(days=n // 4), -1, f"Shop {n}") for n in range(BOOKINGS // 2)])
    staff, party = bank.staff(), customer.id
    for n in range(ACTS):
        timeline.record_act(
            party_id=party,
            kind="act",
            channel="console",
            summary=f"Act {n}",
            actor=staff,
            decision_id=uuid7(),
            at=clock.now() - timedelta(hours=8 * n),
            key=f"act:{n}",
        )
    with connection.cursor() as cursor:  # what the server does by itself within a minute; only the owner may do it sooner
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute("ANALYZE customers_transaction, customers_interaction")
        cursor.execute(f"SET LOCAL ROLE {settings.APPLICATION_ROLE}")
    return customer


def rows_read(sql: str) -> int:
    """Rows the database looked at for a statement, whether it kept them or not."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
        plan = cursor.fetchone()[0]

    def count(node: dict[str, Any]) -> int:
        below = sum(count(child) for child in node.get("Plans", []))
        if not node.get("Relation Name", "").startswith(HAPPENINGS):
            return below
        dropped = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        return below + (node["Actual Rows"] + dropped) * node["Actual Loops"]

    return int(count((plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"]))


def cost_of_page(party: Any, actor: Actor, before: str | None) -> tuple[int, int]:
    with CaptureQueriesContext(connection) as queries:
        timeline.entries_of(party, actor=actor, before=before, limit=LIMIT)
    return len(queries), sum(
        rows_read(query["sql"]) for query in queries.captured_queries if query["sql"].startswith(("SELECT", "(SELECT"))
    )


def test_page_one_thousand_reads_no_more_than_page_one(bank: Bank, busy: Customer, adviser: Actor) -> None:
    party, before, passed = busy.id, None, 0
    while passed < 1_000 * LIMIT:
        page = timeline.entries_of(party, actor=adviser, before=before, limit=timeline.LARGEST_PAGE)
        before, passed = page.next_cursor, passed + len(page.entries)
        assert before is not None

    first, late = cost_of_page(party, adviser, None), cost_of_page(party, adviser, before)

    assert late[0] == first[0]
    assert late[1] <= 2 * first[1], f"{late[1]} rows read for a late page, {first[1]} for the first"
    assert first[1] < 30 * LIMIT
