"""Whatever two processes try in whatever order, also at the same moment: no permit is used twice, none is used that was not given, and
nobody agrees to what they asked for themselves."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test

from bankos.platform import clock
from sentinel import policy
from tests.processes import environment

pytestmark = pytest.mark.django_db(transaction=True)

CLERK, LEAD, OTHER_LEAD = (
    {"id": f"00000000-0000-7000-8000-00000000000{n}", "roles": [role]}
    for n, role in ((1, "branch_staff"), (2, "team_lead"), (3, "team_lead"))
)
PEOPLE = st.sampled_from([CLERK, LEAD, OTHER_LEAD])
AMOUNTS = st.sampled_from(["120.00", "1500.00", "20000.00"])


class Process:
    """A process of the bank, driven by lines."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.sentinel.second_process"],
            cwd=django_settings.BASE_DIR,
            env={**os.environ, **environment(), "BANKOS_LOG_LEVEL": "ERROR"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def send(self, command: dict[str, Any]) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()

    def outcome(self) -> dict[str, Any]:
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())

    def stop(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(timeout=20)


@pytest.fixture
def processes(transactional_db: None) -> Iterator[list[Process]]:
    policy.load_starting_set(at=clock.now())
    with ExitStack() as stack:
        started = [Process(), Process()]
        for process in started:
            stack.callback(process.stop)
        yield started


def count(query: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return int(cursor.fetchone()[0])


def test_no_sequence_of_two_processes_breaks_the_authority(processes: list[Process]) -> None:
    class Bank(RuleBasedStateMachine):
        decided = Bundle("decided")
        waits = Bundle("waits")

        def __init__(self) -> None:
            super().__init__()
            self.used: set[str] = set()

        def both(self, command: dict[str, Any], together: bool) -> list[dict[str, Any]]:
            """The outcomes: of one process, or of both at the same moment."""
            asked = processes if together else processes[:1]
            for process in asked:
                process.send(command)
            return [process.outcome() for process in asked]

        @rule(target=decided, actor=PEOPLE, amount=AMOUNTS, together=st.booleans())
        def ask(self, actor: dict[str, Any], amount: str, together: bool) -> Any:
            outcomes = self.both({"do": "ask", "actor": actor, "amount": amount, "approval": ""}, together)
            return multiple(*({**outcome, "actor": actor, "amount": amount} for outcome in outcomes))

        @rule(target=waits, together=st.booleans())
        def ask_for_more_than_one_may(self, together: bool) -> Any:
            outcomes = self.both({"do": "ask", "actor": CLERK, "amount": "1500.00", "approval": ""}, together)
            assert {outcome["outcome"] for outcome in outcomes} == {"needs_approval"}
            return multiple(*({**outcome, "actor": CLERK, "amount": "1500.00"} for outcome in outcomes))

        @rule(target=decided, waiting=waits, actor=st.none() | PEOPLE, amount=st.none() | AMOUNTS, together=st.booleans())
        def ask_again(self, waiting: dict[str, Any], actor: dict[str, Any] | None, amount: str | None, together: bool) -> Any:
            """With the approval of an earlier request: by the same person or another, for the same or another amount."""
            actor, amount = actor or waiting["actor"], amount or waiting["amount"]
            outcomes = self.both({"do": "ask", "actor": actor, "amount": amount, "approval": waiting["request"]}, together)
            return multiple(*({**outcome, "actor": actor, "amount": amount} for outcome in outcomes if "token" in outcome))

        @rule(waiting=waits, actor=PEOPLE, agree=st.booleans(), together=st.booleans())
        def answer(self, waiting: dict[str, Any], actor: dict[str, Any], agree: bool, together: bool) -> None:
            outcomes = self.both({"do": "answer", "request": waiting["request"], "actor": actor, "agree": agree}, together)
            if actor == waiting["actor"]:
                assert {outcome.get("no") for outcome in outcomes} == {"MakerIsChecker"}
            assert sum("state" in outcome for outcome in outcomes) <= 1

        @rule(decision=decided, amount=st.none() | AMOUNTS, together=st.booleans())
        def use(self, decision: dict[str, Any], amount: str | None, together: bool) -> None:
            amount = amount or decision["amount"]
            allowed = decision["outcome"] == "permit" and amount == decision["amount"] and decision["id"] not in self.used
            outcomes = self.both({"do": "use", "token": decision["token"], "amount": amount}, together)
            assert sum("used" in outcome for outcome in outcomes) == int(allowed)
            if allowed:
                self.used.add(decision["id"])

        @invariant()
        def only_permits_are_used_and_each_once(self) -> None:
            assert count("SELECT count(*) - count(DISTINCT decision_id) FROM sentinel_consumption") == 0
            permits = "SELECT id FROM sentinel_decision WHERE outcome = 'permit'"
            assert count(f"SELECT count(*) FROM sentinel_consumption WHERE decision_id NOT IN ({permits})") == 0

        @invariant()
        def nobody_agreed_with_themselves(self) -> None:
            own = (
                "SELECT count(*) FROM sentinel_approvalanswer a JOIN sentinel_approvalrequest r ON r.id = a.request_id"
                " JOIN sentinel_decision d ON d.id = r.decision_id WHERE a.approver_id = d.actor_id"
            )
            assert count(own) == 0

        @invariant()
        def an_approval_leads_to_one_permit_for_what_it_was_given_for(self) -> None:
            other = (
                "SELECT count(*) FROM sentinel_decision p JOIN sentinel_approvalrequest r ON r.id = p.approval_id"
                " JOIN sentinel_decision d ON d.id = r.decision_id"
                " WHERE p.outcome = 'permit' AND (p.parameters_hash, p.actor_id) <> (d.parameters_hash, d.actor_id)"
            )
            assert count(other) == 0
            twice = (
                "SELECT count(*) - count(DISTINCT approval_id) FROM sentinel_decision WHERE outcome = 'permit' AND approval_id IS NOT NULL"
            )
            assert count(twice) == 0

        @invariant()
        def what_a_clerk_may_not_do_alone_is_permitted_only_with_a_lead(self) -> None:
            alone = (
                "SELECT count(*) FROM sentinel_decision WHERE outcome = 'permit' AND approval_id IS NULL"
                " AND actor_roles = '{branch_staff}' AND (parameters ->> 'amount')::numeric > 1000"
            )
            assert count(alone) == 0

    run_state_machine_as_test(
        Bank,
        settings=settings(
            max_examples=30, stateful_step_count=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
        ),
    )
    assert count("SELECT count(*) FROM sentinel_consumption") > 0
    assert count("SELECT count(*) FROM sentinel_approvaluse") > 0
