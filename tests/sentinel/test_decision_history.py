"""Who was asked, what was said, who agreed to what they had looked at, and what it led to."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from bankos.platform import clock
from bankos.platform.actors import Actor, Role
from bankos.platform.ids import uuid7
from sentinel import approvals, conversations
from sentinel.approval_evidence import note_opened
from sentinel.decision_history import History, StepKind, history_of
from sentinel.models import Decision

from .desk import ask, insights, person

pytestmark = pytest.mark.usefixtures("authority")


@pytest.fixture
def named() -> Callable[..., Actor]:
    def one(name: str, role: Role) -> Actor:
        user = get_user_model().objects.create(username=name, name=name, branch_code="B1")
        return person(role, id=user.pk)

    return one


def history(decision_id: Any, *, at: Any = None) -> History:
    return history_of(Decision.objects.get(pk=decision_id), at=at or clock.now())


def test_all_three_decisions_of_an_approval_tell_the_same_history(named: Callable[..., Actor]) -> None:
    asker, lead = named("Tom", Role.BRANCH_STAFF), named("Ruth", Role.TEAM_LEAD)
    asked = ask(asker, amount="5000.00")
    waiting = approvals.request(asked, at=clock.now(), note="House deposit")
    note_opened(waiting.id, "customer", actor=lead, at=clock.now())
    conversations.say(waiting.id, "Did she show the contract?", actor=person(Role.TEAM_LEAD, id=uuid7()), at=clock.now())
    approvals.approve(waiting.id, actor=lead, at=clock.now(), note="Saw it")
    permit = ask(asker, amount="5000.00", approval=waiting.id)

    told = history(asked.id)

    assert [(step.kind, step.who, step.text) for step in told.steps] == [
        (StepKind.ASKED, "Tom", "House deposit"),
        (StepKind.SAID, "Somebody", "Did she show the contract?"),
        (StepKind.APPROVED, "Ruth", "Saw it"),
        (StepKind.DONE, "Tom", ""),
    ]
    assert (told.steps[2].roles, told.steps[2].evidence) == (("team_lead",), ("customer",))
    answered = Decision.objects.get(action="approval.answer")
    assert [step.decision_id for step in told.steps] == [asked.id, None, answered.pk, permit.id]
    assert history(permit.id) == history(answered.pk) == told


def test_a_request_nobody_answered_ended(named: Callable[..., Actor]) -> None:
    asked = ask(insights())
    waiting = approvals.request(asked, at=clock.now())

    assert [step.kind for step in history(asked.id).steps] == [StepKind.ASKED]
    late = history(asked.id, at=waiting.expires_at + timedelta(seconds=1))
    assert [(step.kind, step.who) for step in late.steps] == [(StepKind.ASKED, "insights.cashflow"), (StepKind.ENDED, "")]


def test_what_needed_nobody_has_no_history() -> None:
    assert history(ask().id) == History()
