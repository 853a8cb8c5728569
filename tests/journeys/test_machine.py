"""Whatever is tried in whatever order, no permit has two effects, and no effect leaves the house twice."""

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from bankos.platform import clock, events
from bankos.platform.actors import Actor
from journeys import sender
from journeys.models import Effect, EffectDelivery
from sentinel.actions import NotPossible
from sentinel.authority import Decision, Outcome, TokenError

from . import household
from .household import Household

pytestmark = pytest.mark.django_db

AMOUNTS = st.sampled_from(["1.00", "120.00", "300.00", "500.00", "501.00", "1500.00"])


def test_no_sequence_executes_twice(home: Household, staff: Actor, compliance: Actor, drop: Path) -> None:
    class Door(RuleBasedStateMachine):
        decisions = Bundle("decisions")

        def __init__(self) -> None:
            super().__init__()
            self.round = transaction.atomic()
            self.round.__enter__()
            self.executed: set[Any] = set()

        def teardown(self) -> None:
            transaction.set_rollback(True)
            self.round.__exit__(None, None, None)
            for file in drop.rglob("*.json"):
                file.unlink()

        @rule(target=decisions, amount=AMOUNTS, allowed=st.booleans(), minutes_ago=st.sampled_from([0, 14, 16]))
        def ask(self, amount: str, allowed: bool, minutes_ago: int) -> Decision:
            at = clock.now() - timedelta(minutes=minutes_ago)
            return household.propose(actor=staff if allowed else compliance, **home.transfer(amount), at=at)

        @rule(decision=decisions, amount=st.none() | AMOUNTS, garbled=st.booleans())
        def execute(self, decision: Decision, amount: str | None, garbled: bool) -> None:
            act = home.transfer(amount or decision.parameters["amount"])
            token = decision.token[:-1] + ("A" if decision.token[-1] != "A" else "B") if garbled else decision.token
            allowed = (
                decision.outcome is Outcome.PERMIT
                and not garbled
                and act["parameters"] == decision.parameters
                and decision.id not in self.executed
                and decision.expires_at > clock.now()
            )
            try:
                household.execute(token, **act, at=clock.now(), summary="Moved")
            except TokenError:
                assert not allowed
            except NotPossible:
                assert allowed, "a token is looked at first"
            else:
                assert allowed
                self.executed.add(decision.id)

        @rule(amount=AMOUNTS, actor=st.sampled_from([staff, compliance]))
        def perform(self, amount: str, actor: Actor) -> None:
            try:
                done = household.perform(actor=actor, **home.transfer(amount), at=clock.now(), summary="Moved")
            except NotPossible:
                return
            if done.result:
                self.executed.add(done.decision.id)

        @rule()
        def drain(self) -> None:
            events.drain("journeys.sender")

        @rule(data=st.data())
        def deliver_again(self, data: st.DataObject) -> None:
            known = list(Effect.objects.order_by("id").values_list("pk", flat=True))
            if known:
                sender.deliver(data.draw(st.sampled_from(known)), at=clock.now())

        @invariant()
        def each_permit_has_at_most_one_effect(self) -> None:
            assert sorted(Effect.objects.values_list("decision_id", flat=True)) == sorted(self.executed)

        @invariant()
        def each_effect_leaves_at_most_once(self) -> None:
            sent = [json.loads(file.read_bytes())["idempotency_key"] for file in drop.rglob("*") if file.is_file()]
            assert len(set(sent)) == len(sent) == EffectDelivery.objects.count()
            assert set(sent) <= {str(decision_id) for decision_id in self.executed}

        @invariant()
        def no_more_leaves_than_was_there(self) -> None:
            amounts = [Decimal(json.loads(text)["amount"]) for text in Effect.objects.values_list("parameters", flat=True)]
            assert sum(amounts) <= home.in_savings

    assert connection.in_atomic_block
    run_state_machine_as_test(
        Door, settings=settings(max_examples=15, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck))
    )
