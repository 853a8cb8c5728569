"""`execute` is the only door to the outside: one use of one valid permit for exactly this."""

import threading
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from bankos.platform import clock
from bankos.platform.actors import Actor, ActorKind
from bankos.platform.models import DomainEvent
from customers import timeline
from journeys import effects
from journeys.models import Effect
from sentinel.actions import NotPossible
from sentinel.authority import (
    Outcome,
    TokenAlreadyUsed,
    TokenError,
    TokenExpired,
    TokenInvalid,
    TokenMismatch,
    TokenNotAPermit,
)

from . import household
from .household import Household

pytestmark = pytest.mark.django_db


def execute(token: str, home: Household, **changed: Any) -> Any:
    return household.execute(token, **{**home.transfer("120.00"), "at": clock.now(), "summary": "Moved EUR 120.00 from savings", **changed})


@pytest.fixture
def token(home: Household, staff: Actor) -> str:
    """A permit for the transfer that `execute` does above."""
    decision = household.propose(actor=staff, **home.transfer("120.00"), at=clock.now())
    assert decision.outcome is Outcome.PERMIT
    return decision.token


def test_a_permitted_act_stands_in_ledger_timeline_and_outbox(home: Household, staff: Actor, token: str) -> None:
    effect_id = execute(token, home)

    effect = effects.effect_of(effect_id, actor=staff)
    assert (effect.action, effect.party_id, effect.parameters) == (
        "transfer.between_own_accounts",
        home.party_id,
        home.transfer()["parameters"],
    )
    assert (effect.system, effect.delivered_at) == ("core", None)
    entry = next(entry for entry in timeline.entries_of(home.party_id, actor=staff).entries if entry.decision_id == effect.decision_id)
    assert (entry.title, entry.actor_name) == ("Moved EUR 120.00 from savings", staff.name)
    event = DomainEvent.objects.get(type="journeys.action.executed")
    assert event.subject == str(effect_id)


@pytest.mark.parametrize("token", ["", "dt_1234", "a.b.c", "x" * 200_000])
def test_nothing_is_executed_without_a_token(home: Household, token: str) -> None:
    with pytest.raises(TokenInvalid):
        execute(token, home)
    assert not Effect.objects.exists()


def test_nothing_is_executed_with_a_token_of_which_a_byte_was_changed(home: Household, token: str) -> None:
    for place in (5, len(token) // 2, len(token) - 1):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        with pytest.raises(TokenInvalid):
            execute(changed, home)
    assert not Effect.objects.exists()


def test_nothing_is_executed_twice_with_one_token(home: Household, token: str) -> None:
    execute(token, home)
    with pytest.raises(TokenAlreadyUsed):
        execute(token, home)
    assert Effect.objects.count() == 1


def test_nothing_is_executed_with_an_expired_token(home: Household, staff: Actor) -> None:
    decision = household.propose(actor=staff, **home.transfer("120.00"), at=clock.now() - timedelta(minutes=16))
    with pytest.raises(TokenExpired):
        execute(decision.token, home)
    with pytest.raises(TokenExpired):  # nor by claiming that it is still earlier: the database has a clock of its own
        execute(decision.token, home, at=decision.issued_at)
    assert not Effect.objects.exists()


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": "120.01"},
        {"amount": "12.00"},
        {"currency": "USD"},
        {"from_arrangement": str(uuid4())},
        {"extra": "1"},
    ],
)
def test_nothing_is_executed_with_a_token_for_other_parameters(home: Household, token: str, changed: dict[str, str]) -> None:
    with pytest.raises(TokenMismatch):
        execute(token, home, parameters={**home.transfer("120.00")["parameters"], **changed})
    assert not Effect.objects.exists()


def test_nothing_is_executed_with_a_token_for_another_customer(home: Household, neighbours: Household, token: str) -> None:
    with pytest.raises(TokenMismatch):
        execute(token, home, party_id=neighbours.party_id)
    assert not Effect.objects.exists()


def test_nothing_is_executed_with_a_token_for_another_action(home: Household, token: str) -> None:
    with pytest.raises(TokenMismatch):
        execute(token, home, action="payment.move_date")
    assert not Effect.objects.exists()


def test_nothing_is_executed_with_a_refusal(home: Household, compliance: Actor) -> None:
    decision = household.propose(actor=compliance, **home.transfer("120.00"), at=clock.now())
    assert decision.outcome is Outcome.DENY
    with pytest.raises(TokenNotAPermit):
        execute(decision.token, home)
    assert not Effect.objects.exists()


def test_nothing_is_executed_before_its_approval(home: Household) -> None:
    robot = Actor(ActorKind.SYSTEM, "insights.cashflow", "insights.cashflow")
    decision = household.propose(actor=robot, **home.transfer("120.00"), at=clock.now())
    assert decision.outcome is Outcome.NEEDS_APPROVAL
    with pytest.raises(TokenNotAPermit):
        execute(decision.token, home)
    assert not Effect.objects.exists()


def test_what_is_not_possible_leaves_the_permit_unused(home: Household, staff: Actor) -> None:
    act = home.transfer("900.00")
    decision = household.propose(actor=staff, **act, at=clock.now())
    with pytest.raises(NotPossible, match=r"Only EUR 500\.00 is available"):
        execute(decision.token, home, **act)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM sentinel_consumption WHERE decision_id = %s", [decision.id])
        assert cursor.fetchone() == (0,)
    assert not Effect.objects.exists()
    assert not DomainEvent.objects.filter(type="journeys.action.executed").exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_execute_one_token_at_the_same_moment_one_does(home: Household, token: str) -> None:
    start = threading.Barrier(2, timeout=60)
    answers: list[object] = []

    def attempt() -> None:
        try:
            start.wait()
            answers.append(execute(token, home))
        except TokenError as error:
            answers.append(type(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Effect.objects.count() == 1
    assert set(answers) == {Effect.objects.get().pk, TokenAlreadyUsed}
