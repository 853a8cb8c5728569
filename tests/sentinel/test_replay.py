"""A decision made again comes out as it did; with another text it says what that would have changed; and somebody looks all the time."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bankos.platform import clock
from bankos.platform.actors import Actor
from bankos.platform.models import DomainEvent
from sentinel import contexts, policy, replay, replay_check
from sentinel.authority import BadRequest, Decision
from sentinel.cedar import Entity, Outcome, PolicyText, Question, Request
from sentinel.models import ReplayCheck

from .desk import CREDIT, PRODUCT, TRANSFER, ask, customer, forget, insights, party, person, staff
from .texts import SCHEMA, parsed, request, without

pytestmark = pytest.mark.usefixtures("authority")

OpenGuards = Callable[[], AbstractContextManager[None]]

SEVERAL: list[Callable[[], Decision]] = [
    ask,
    lambda: ask(customer("party-1")),
    lambda: ask(insights()),
    lambda: ask(amount="50000.00"),
    lambda: ask(action=CREDIT, resource=party(age_years=9)),
    lambda: ask(action=PRODUCT, product="student_account", resource=party(age_years=70, needs=["hearing"])),
]


def erase(subject: str = "party-1") -> None:
    forget(("Party", subject), decision_id=ask(resource=party("another")).id)


@pytest.mark.parametrize("make", SEVERAL)
def test_a_decision_made_again_gives_the_same_outcome_by_the_same_rules(make: Callable[[], Decision]) -> None:
    decided = make()

    came_out = replay.decision(decided.id)

    assert came_out == replay.Replayed(decided.outcome, tuple(rule.id for rule in decided.rules))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    age=st.none() | st.integers(0, 110),
    overdue=st.none() | st.integers(0, 400),
    amount=st.integers(1, 10_000_000).map(lambda cents: f"{cents / 100:.2f}"),
    needs=st.none() | st.lists(st.sampled_from(["hearing", "bereaved"]), unique=True),
    asker=st.sampled_from([staff, insights, person]),
    action=st.sampled_from([TRANSFER, CREDIT]),
)
def test_a_request_read_back_from_its_stored_text_is_answered_the_same(
    age: int | None, overdue: int | None, amount: str, needs: list[str] | None, asker: Callable[[], Actor], action: str
) -> None:
    resource = party(age_years=age, days_past_due=overdue, needs=needs)
    asked = request(asker(), action, resource, amount=amount)
    text = parsed(policy.starting_set().policies)

    stored = replay.Stored.from_json({"request": Request.from_json(asked.as_json()).as_json()})

    assert stored.put_to(text) == replay.Replayed.of(text.decide(asked))


def test_another_version_says_what_it_would_have_changed() -> None:
    decided = ask(action=CREDIT, resource=party(days_past_due=1))
    draft = policy.draft(policies=without("no-credit-in-arrears"), schema=SCHEMA, note="", at=clock.now())

    came_out = replay.decision(decided.id, version_id=draft.pk)

    assert decided.outcome == Outcome.DENY
    assert "no-credit-in-arrears" in replay.decision(decided.id).rules
    assert came_out.outcome != Outcome.DENY
    assert "no-credit-in-arrears" not in came_out.rules


def test_a_decision_refused_before_any_policy_was_asked_cannot_be_made_again() -> None:
    with pytest.raises(BadRequest) as refused:
        ask(amount="not an amount")
    assert refused.value.decision_id is not None

    with pytest.raises(replay.NeverAsked):
        replay.decision(refused.value.decision_id)
    with pytest.raises(replay.NeverAsked):
        replay.decision(refused.value.decision_id, version_id=policy.active().id)


def test_a_decision_whose_content_was_erased_cannot_be_made_again() -> None:
    decided = ask()
    erase()

    with pytest.raises(contexts.ContentErased):
        replay.decision(decided.id)


PAPERS = """
@id("readers-read") @sentence("s") @customer("c") @owner("o") @basis("b")
permit (principal, action == Action::"read", resource) when { principal in resource.readers };
"""
PAPERS_SCHEMA = """
entity Group; entity User in [Group]; entity Paper = { readers: Group };
action "read" appliesTo { principal: [User], resource: [Paper], context: {} };
"""


@pytest.mark.parametrize(("group", "outcome"), [("readers", Outcome.PERMIT), ("others", Outcome.DENY)])
def test_a_question_of_another_store_is_made_again_with_the_entities_it_named(group: str, outcome: Outcome) -> None:
    readers = {"__entity": {"type": "Group", "id": "readers"}}
    asked = Question(
        Entity("User", "ann", {}, (("Group", group),)),
        "read",
        Entity("Paper", "1", {"readers": readers}),
        {},
        (Entity("Group", group, {}),),
    )
    text = PolicyText.parse(PAPERS, PAPERS_SCHEMA)

    stored = replay.Stored.from_json({"question": asked.as_json()})

    assert stored.put_to(text) == replay.Replayed.of(text.answer(asked))
    assert stored.put_to(text).outcome == outcome


# The constant check


def test_a_round_makes_every_decision_of_a_short_day_again_and_finds_them_the_same() -> None:
    for make in SEVERAL:
        make()
    with pytest.raises(BadRequest):
        ask(amount="not an amount")

    made = replay_check.check(at=clock.now(), size=1000)

    assert (made.checked, made.erased, made.different) == (len(SEVERAL), 0, [])
    status = replay_check.status(at=clock.now())
    assert (status.checked, status.same, status.late, status.checked_at) == (len(SEVERAL), True, False, made.at)
    assert status.sentence == f"{len(SEVERAL)} decisions made again in the last day, all with the same outcome and the same rules."


def test_a_round_makes_no_more_again_than_it_was_asked_to_and_not_always_the_same_ones() -> None:
    for _ in range(30):
        ask()

    rounds = [{row.pk for row in replay_check._sample(5, clock.now())} for _ in range(12)]

    assert all(1 <= len(found) <= 5 for found in rounds)
    assert len(set().union(*rounds)) > 10


def test_a_decision_older_than_a_day_is_not_in_the_round() -> None:
    ask()
    tomorrow = clock.now() + timedelta(hours=25)
    recent = ask(at=tomorrow)

    assert [row.pk for row in replay_check._sample(50, tomorrow)] == [recent.id]


def test_a_round_without_decisions_is_written_down_too() -> None:
    made = replay_check.check(at=clock.now())

    assert (made.checked, made.different) == (0, [])


def test_erased_content_is_counted_and_is_no_difference() -> None:
    ask()
    erase()

    made = replay_check.check(at=clock.now(), size=1000)

    assert (made.checked, made.erased, made.different) == (1, 1, [])


@pytest.mark.parametrize(
    "change", ["outcome = 'deny'", "rules = '{somebody-wrote-this}'", "context_cipher = ''"], ids=["outcome", "rules", "facts"]
)
def test_a_difference_is_written_down_and_published(past_the_guards: OpenGuards, change: str) -> None:
    decided, sound = ask(), ask()
    with past_the_guards(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE sentinel_decision SET {change} WHERE id = %s", [decided.id])

    made = replay_check.check(at=clock.now(), size=1000)

    assert made.different == [decided.id]
    assert sound.id not in made.different
    assert [event.subject for event in DomainEvent.objects.filter(type="sentinel.replay.different")] == [str(decided.id)]
    status = replay_check.status(at=clock.now())
    assert (status.same, status.different) == (False, (decided.id,))
    assert status.sentence == "1 decision came out differently when made again. Somebody has to look into it."


def test_the_status_says_that_nothing_was_checked_yet_and_when_the_check_is_late() -> None:
    at = clock.now()
    assert replay_check.status(at=at).sentence == "No decision has been made again yet."
    ask()
    replay_check.check(at=at)

    assert not replay_check.status(at=at + timedelta(minutes=4)).late
    late = replay_check.status(at=at + timedelta(minutes=6))
    assert late.late
    assert "late" in late.sentence
    assert replay_check.status(at=at + timedelta(hours=25)).checked == 0


def test_the_status_costs_two_queries_whatever_the_number_of_rounds(django_assert_num_queries: Any) -> None:
    at = clock.now()
    ReplayCheck.objects.bulk_create(ReplayCheck(checked=50, erased=1, different=[], at=at - timedelta(minutes=n)) for n in range(100))

    with django_assert_num_queries(2):
        assert replay_check.status(at=at).checked == 5000
