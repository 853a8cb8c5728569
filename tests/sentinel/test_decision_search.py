"""Decisions are found by what people have at hand, and by an index however many there are."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bankos.platform import clock
from bankos.platform.actors import Role
from sentinel import decisions
from sentinel.authority import Outcome, consume
from sentinel.autonomy import Level
from sentinel.decisions import search
from sentinel.models import Decision
from tests import machines

from .desk import CREDIT, TRANSFER, ask, compliance, insights, party, person, staff, use_of

pytestmark = pytest.mark.usefixtures("authority")


def found(actor: Any = None, **wanted: Any) -> list[UUID]:
    return [decision.id for decision in search(actor=actor or compliance(), **wanted).decisions]


@pytest.fixture
def several() -> dict[str, UUID]:
    """One used, one proposed by a machine, one refused; the first of all put the bank's policies in force."""
    used = ask(resource=party("party-9"))
    consume(used.token, **use_of(used))
    return {
        "first": Decision.objects.get(action="policy.activate").pk,
        "used": used.id,
        "machine": ask(insights()).id,
        "refused": ask(action=CREDIT, resource=party(days_past_due=1)).id,
    }


def soon() -> Any:
    return clock.now() + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({}, "refused machine used first"),
        ({"outcome": Outcome.DENY}, "refused"),
        ({"action": TRANSFER}, "machine used"),
        ({"resource": ("Party", "party-9")}, "used"),
        ({"resources": ["party-9", "party-7"]}, "used"),
        ({"resources": []}, ""),
        ({"rule": "no-credit-in-arrears"}, "refused"),
        ({"rule": "no-credit"}, ""),
        ({"version": 1}, "refused machine used"),
        ({"version": 2}, ""),
        ({"store": "bank"}, "refused machine used first"),
        ({"store": "records"}, ""),
        ({"machines": True}, "machine first"),
        ({"machines": False}, "refused used"),
        ({"used": True}, "used first"),
        ({"used": False}, ""),
        ({"since": soon}, ""),
        ({"until": soon}, "refused machine used first"),
        ({"action": TRANSFER, "machines": False, "used": True}, "used"),
    ],
)
def test_each_filter_finds_what_it_says(several: dict[str, UUID], wanted: dict[str, Any], names: str) -> None:
    given = {name: value() if callable(value) else value for name, value in wanted.items()}

    assert found(**given) == [several[name] for name in names.split()]


def test_a_place_in_the_log_leads_to_the_decision_that_stands_there_or_was_used_there(several: dict[str, UUID]) -> None:
    row = Decision.objects.select_related("consumption").get(pk=several["used"])

    assert found(text=str(row.leaf_index)) == [row.pk]
    assert found(text=f"entry {row.consumption.leaf_index:,}") == [row.pk]
    assert found(text="#999999") == found(text="9" * 24) == []


@pytest.mark.parametrize("text", ["cashflow", "insights.cashflow", "INSIGHTS"])
def test_a_machine_is_found_by_part_of_its_name(several: dict[str, UUID], text: str) -> None:
    machines.let(subject="insights.cashflow", action="", level=Level.WATCH, reason="new", at=clock.now())

    assert found(text=text) == [several["machine"]]


def test_what_may_not_be_seen_is_not_found_by_its_place_either(several: dict[str, UUID]) -> None:
    place = Decision.objects.get(pk=several["refused"]).leaf_index

    assert found(staff(), text=str(place)) == []
    assert decisions.ids_of(actor=staff(), limit=10) == []


def test_the_ids_are_those_of_the_list_and_lead_to_the_same_decisions(several: dict[str, UUID]) -> None:
    ids = decisions.ids_of(actor=compliance(), limit=2)

    assert ids == found()[:2]
    assert [one.id for one in decisions.views_of(ids[::-1])] == ids


@pytest.mark.parametrize(
    ("wanted", "queries"),
    [({"used": True, "rule": "staff-serve-customers"}, 2), ({"version": 1}, 3), ({"text": "credit"}, 5), ({"text": "17"}, 2)],
    ids=str,
)
def test_the_number_of_queries_does_not_grow_with_what_is_found(wanted: dict[str, Any], queries: int) -> None:
    user = get_user_model().objects.create(username="tom", name="Tom Byrne")
    counts = set()
    for _ in range(2):
        for _ in range(3):
            made = ask(person(Role.BRANCH_STAFF, id=user.pk))
            consume(made.token, **use_of(made))
            ask(person(Role.BRANCH_STAFF, id=user.pk), action=CREDIT, resource=party(days_past_due=1))
        with CaptureQueriesContext(connection) as captured:
            search(actor=compliance(), **wanted)
        counts.add(len(captured))

    assert max(counts) <= queries


MANY = 20_000
# Rows like one that exists, spread over people, customers, actions, rules and time: nobody verifies them.
MULTIPLY = """
INSERT INTO sentinel_decision
SELECT (jsonb_populate_record(d, jsonb_build_object(
    'id', gen_random_uuid(), 'leaf_index', 1000000 + n, 'resource_id', 'party-' || n %% 5000, 'actor_id', 'actor-' || n %% 500,
    'action', 'action.' || n %% 40, 'rules', jsonb_build_array('rule-' || n %% 300),
    'actor_kind', CASE WHEN n %% 3 = 0 THEN 'system' ELSE 'employee' END,
    'issued_at', d.issued_at - n * interval '1 minute'
))).*
FROM sentinel_decision d, generate_series(1, %s) n WHERE d.id = %s
"""


def test_no_search_reads_the_whole_table(past_the_guards: Callable[[], Any]) -> None:
    decision = ask()
    with past_the_guards(), connection.cursor() as cursor:
        cursor.execute(MULTIPLY, [MANY, decision.id])
        for table in ("decision", "consumption", "policyversion", "contextkey"):
            cursor.execute(f"ANALYZE sentinel_{table}")
    day = clock.now() - timedelta(days=3)
    searches: list[dict[str, Any]] = [
        {},
        {"resource": ("Party", "party-7")},
        {"resources": ["party-7", "party-8"]},
        {"action": "action.7"},
        {"rule": "rule-7"},
        {"machines": True},
        {"outcome": Outcome.PERMIT},
        {"since": day, "until": day + timedelta(days=1)},
        {"text": str(decision.id)},
        {"text": decisions.short_id(decision.id)},
        {"text": "1000007"},
        {"text": "actor-7"},
        {"text": "action.7"},
        {"text": "rule-7"},
    ]

    for wanted in searches:
        with CaptureQueriesContext(connection) as captured:
            assert found(**wanted), wanted
        [asked] = [one["sql"] for one in captured if re.match(r'SELECT "sentinel_decision"\."id"', one["sql"])]
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {asked.replace('%', '%%')}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "Seq Scan on sentinel_decision" not in plan, f"{wanted}\n{plan}"
