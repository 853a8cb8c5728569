"""Beyond agreeing and refusing: mandates, stand-ins, questions, what was opened, and what may be approved together."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction

from bankos.platform import clock
from bankos.platform.actors import Actor, Role, employee
from bankos.platform.models import User
from sentinel import actions, approvals, conversations, mandate_changes, unusual
from sentinel.approval_evidence import note_opened
from sentinel.approvals import ApprovalView, MakerIsChecker, NotEligible, State
from sentinel.authority import Outcome
from sentinel.models import Delegation, PersonalMandate
from tests import people

from .desk import ask, insights, party

pytestmark = pytest.mark.usefixtures("authority")
FEE = "fee.waive"


@pytest.fixture
def hire() -> Callable[..., Actor]:
    def one(role: Role, *, branch: str = "B1", under: Actor | None = None) -> Actor:
        boss = User.objects.get(pk=under.id) if under else None
        user = User.objects.create(
            username=f"u{User.objects.count()}", name=f"{role} {User.objects.count()}", branch_code=branch, manager=boss
        )
        people.give(user, role)
        return employee(user)

    return one


def waiver(asker: Actor, amount: str, **given: Any) -> Any:
    return ask(asker, FEE, party(), amount=amount, **given)


def soon() -> date:
    return clock.today() + timedelta(days=10)


def give_mandate(person: Actor, amount: str, hire: Callable[..., Actor], currency: str = "EUR") -> None:
    """By compliance, with another compliance officer's agreement."""
    asked = mandate_changes.grant(
        person_id=UUID(person.id),
        action=FEE,
        amount=Decimal(amount),
        currency=currency,
        until=soon(),
        reason="Complaints desk",
        actor=hire(Role.COMPLIANCE, branch=""),
        at=clock.now(),
    )
    assert asked.request_id is not None, asked.sentence
    assert actions.approve(asked.request_id, actor=hire(Role.COMPLIANCE, branch=""), at=clock.now()).done


# --- mandates


def test_a_mandate_lets_one_person_agree_to_more_than_the_role_until_it_ends(hire: Callable[..., Actor]) -> None:
    asker, lead, other = hire(Role.BRANCH_STAFF), hire(Role.TEAM_LEAD), hire(Role.TEAM_LEAD)
    give_mandate(lead, "800.00", hire)
    waits = approvals.request(waiver(asker, "600.00"), at=clock.now())

    with pytest.raises(NotEligible):
        approvals.approve(waits.id, actor=other, at=clock.now())
    with pytest.raises(NotEligible):
        approvals.approve(waits.id, actor=lead, at=clock.now() + timedelta(days=12))
    assert [one.id for one in approvals.pending(actor=lead, at=clock.now())] == [waits.id]
    assert approvals.pending(actor=other, at=clock.now()) == []

    approvals.approve(waits.id, actor=lead, at=clock.now())
    assert waiver(asker, "600.00", approval=waits.id).outcome is Outcome.PERMIT


def test_a_mandate_counts_in_its_currency_whatever_is_held_in_others(hire: Callable[..., Actor]) -> None:
    lead = hire(Role.TEAM_LEAD)
    give_mandate(lead, "800.00", hire)
    give_mandate(lead, "20000.00", hire, currency="CZK")

    for amount, currency in (("700.00", "EUR"), ("19000.00", "CZK")):
        request = approvals.request(waiver(hire(Role.BRANCH_STAFF), amount, currency=currency), at=clock.now())
        approvals.approve(request.id, actor=lead, at=clock.now())
    too_much = approvals.request(waiver(hire(Role.BRANCH_STAFF), "900.00"), at=clock.now())
    with pytest.raises(NotEligible):
        approvals.approve(too_much.id, actor=lead, at=clock.now())


def test_a_mandate_needs_two_people_and_is_never_ones_own(hire: Callable[..., Actor]) -> None:
    lead, officer = hire(Role.TEAM_LEAD), hire(Role.COMPLIANCE, branch="")
    given = {"action": FEE, "amount": Decimal(800), "currency": "EUR", "until": soon(), "reason": "x", "at": clock.now()}

    asked = mandate_changes.grant(person_id=UUID(lead.id), actor=officer, **given)
    assert not asked.done
    with pytest.raises(MakerIsChecker):
        actions.approve(asked.request_id, actor=officer, at=clock.now())  # type: ignore[arg-type]
    assert not PersonalMandate.objects.exists()

    own = mandate_changes.grant(person_id=UUID(officer.id), actor=officer, **given)
    assert own.decision.outcome is Outcome.DENY


def test_the_reporting_line_may_not_agree_where_the_rule_says_so(hire: Callable[..., Actor]) -> None:
    boss = hire(Role.TEAM_LEAD)
    asker = hire(Role.BRANCH_STAFF, under=boss)
    give_mandate(boss, "800.00", hire)

    within_line = approvals.request(waiver(asker, "600.00"), at=clock.now())
    with pytest.raises(NotEligible):
        approvals.approve(within_line.id, actor=boss, at=clock.now())


# --- stand-ins


def test_a_stand_in_approves_with_the_role_lent_and_only_while_it_is(hire: Callable[..., Actor]) -> None:
    lead, colleague, asker = hire(Role.TEAM_LEAD), hire(Role.BRANCH_STAFF), hire(Role.BRANCH_STAFF)
    done = mandate_changes.delegate(
        giver=lead, receiver_id=UUID(colleague.id), role=Role.TEAM_LEAD, until=soon(), reason="Leave", at=clock.now()
    )
    assert done.done, done.sentence
    waits = approvals.request(ask(asker, amount="5000.00"), at=clock.now())

    with pytest.raises(NotEligible):
        approvals.approve(waits.id, actor=colleague, at=clock.now() + timedelta(days=12))
    approvals.approve(waits.id, actor=colleague, at=clock.now())

    assert approvals.view(waits.id, at=clock.now()).state is State.APPROVED


def test_who_asks_cannot_lend_the_role_that_is_to_agree(hire: Callable[..., Actor]) -> None:
    """A team lead's own request above their limit would otherwise be agreed to by their stand-in, in their own name."""
    lead, colleague = hire(Role.TEAM_LEAD), hire(Role.BRANCH_STAFF)
    mandate_changes.delegate(giver=lead, receiver_id=UUID(colleague.id), role=Role.TEAM_LEAD, until=soon(), reason="Leave", at=clock.now())
    waits = approvals.request(waiver(lead, "200.00"), at=clock.now())

    with pytest.raises(NotEligible):
        approvals.approve(waits.id, actor=colleague, at=clock.now())


def test_nobody_lends_a_role_they_do_not_hold_or_for_ever(hire: Callable[..., Actor]) -> None:
    clerk, colleague, lead = hire(Role.BRANCH_STAFF), hire(Role.BRANCH_STAFF), hire(Role.TEAM_LEAD)
    given = {"receiver_id": UUID(colleague.id), "role": Role.TEAM_LEAD, "reason": "x", "at": clock.now()}

    assert not mandate_changes.delegate(giver=clerk, until=soon(), **given).done
    with pytest.raises(actions.NotPossible):
        mandate_changes.delegate(giver=lead, until=clock.today() + timedelta(days=90), **given)
    with pytest.raises(actions.NotPossible):
        mandate_changes.delegate(giver=lead, until=clock.today() - timedelta(days=1), **given)
    assert not Delegation.objects.exists()


def test_a_role_the_giver_lost_is_lent_no_longer(hire: Callable[..., Actor]) -> None:
    lead, colleague, asker = hire(Role.TEAM_LEAD), hire(Role.BRANCH_STAFF), hire(Role.BRANCH_STAFF)
    mandate_changes.delegate(giver=lead, receiver_id=UUID(colleague.id), role=Role.TEAM_LEAD, until=soon(), reason="Leave", at=clock.now())
    people.take_all(User.objects.get(pk=lead.id))
    waits = approvals.request(ask(asker, amount="5000.00"), at=clock.now())

    with pytest.raises(NotEligible):
        approvals.approve(waits.id, actor=colleague, at=clock.now())


# --- questions, evidence, together


@pytest.fixture
def waits(hire: Callable[..., Actor]) -> tuple[Actor, Actor, ApprovalView]:
    asker, lead = hire(Role.BRANCH_STAFF), hire(Role.TEAM_LEAD)
    return asker, lead, approvals.request(ask(asker, amount="5000.00"), at=clock.now())


def test_a_question_goes_to_the_asker_and_the_answer_back(waits: tuple[Actor, Actor, ApprovalView]) -> None:
    asker, lead, request = waits
    conversations.say(request.id, " Has she seen the offer? ", actor=lead, at=clock.now())
    assert conversations.open_questions([request.id], asker_id=asker.id) == {request.id}

    conversations.say(request.id, "Yes, on Monday.", actor=asker, at=clock.now())

    said = conversations.conversation(request.id, asker_id=asker.id)
    assert [(one.text, one.by_asker) for one in said] == [("Has she seen the offer?", False), ("Yes, on Monday.", True)]
    assert conversations.open_questions([request.id], asker_id=asker.id) == set()


def test_strangers_ask_nothing_and_an_answered_request_is_closed(
    waits: tuple[Actor, Actor, ApprovalView], hire: Callable[..., Actor]
) -> None:
    asker, lead, request = waits
    with pytest.raises(NotEligible):
        conversations.say(request.id, "Why?", actor=hire(Role.BRANCH_STAFF), at=clock.now())
    with pytest.raises(conversations.NothingSaid):
        conversations.say(request.id, "  ", actor=lead, at=clock.now())

    approvals.refuse(request.id, actor=lead, at=clock.now(), note="No")
    for person in (asker, lead):
        with pytest.raises(approvals.AlreadyAnswered):
            conversations.say(request.id, "But why?", actor=person, at=clock.now())


def test_what_was_opened_is_kept_with_the_answer(waits: tuple[Actor, Actor, ApprovalView], hire: Callable[..., Actor]) -> None:
    _, lead, request = waits
    note_opened(request.id, "customer", actor=lead, at=clock.now())
    note_opened(request.id, "customer", actor=lead, at=clock.now())
    note_opened(request.id, "decision", actor=hire(Role.TEAM_LEAD), at=clock.now())

    assert approvals.approve(request.id, actor=lead, at=clock.now()).evidence == ("customer",)


def test_only_what_does_little_harm_may_be_approved_together(waits: tuple[Actor, Actor, ApprovalView]) -> None:
    _, _, request = waits
    assert request.risk == "medium"

    with pytest.raises(approvals.TooRisky):
        approvals.refuse_unless_harmless(request.id, at=clock.now())


def test_an_amount_far_above_the_usual_stands_out(hire: Callable[..., Actor]) -> None:
    asker = hire(Role.BRANCH_STAFF)
    for _ in range(12):
        ask(asker, amount="500.00", resource=party("party-9"))

    points = unusual.unusual_points(approvals.request(ask(asker, amount="5000.00"), at=clock.now()).id)

    assert points[0].title == "10.0 times the usual amount."
    assert any("first of this kind" in point.title for point in points)


def test_nothing_of_a_conversation_can_be_changed(waits: tuple[Actor, Actor, ApprovalView]) -> None:
    from django.db import connection

    _, lead, request = waits
    conversations.say(request.id, "Why?", actor=lead, at=clock.now())
    note_opened(request.id, "customer", actor=lead, at=clock.now())
    for table in ("sentinel_approvalmessage", "sentinel_evidenceview"):
        for statement in (f"UPDATE {table} SET at = now()", f"DELETE FROM {table}", f"TRUNCATE {table}"):
            with pytest.raises(Exception, match=r"append-only|permission denied"), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)


def test_a_machine_agrees_to_nothing(waits: tuple[Actor, Actor, ApprovalView]) -> None:
    _, _, request = waits
    with pytest.raises(NotEligible):
        approvals.approve(request.id, actor=insights(), at=clock.now())
    with pytest.raises(IntegrityError, match="nobody_delegates_to_themselves"), transaction.atomic():
        people.lend(User.objects.first().pk, User.objects.first().pk, "team_lead")  # type: ignore[union-attr]


def test_what_somebody_asked_for_who_left_is_not_done(hire: Callable[..., Actor]) -> None:
    lead, officer, other = hire(Role.TEAM_LEAD), hire(Role.COMPLIANCE, branch=""), hire(Role.COMPLIANCE, branch="")
    asked = mandate_changes.grant(
        person_id=UUID(lead.id), action=FEE, amount=Decimal(800), currency="EUR", until=soon(), reason="x", actor=officer, at=clock.now()
    )
    User.objects.filter(pk=officer.id).update(is_active=False)

    assert asked.request_id is not None
    with pytest.raises(actions.NotPossible):
        actions.approve(asked.request_id, actor=other, at=clock.now())
    assert approvals.view(asked.request_id, at=clock.now()).state is State.OPEN
    assert not PersonalMandate.objects.exists()
