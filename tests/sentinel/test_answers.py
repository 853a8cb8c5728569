"""A second person's answer is a decision of its own: signed, logged, used up, bound to what was asked, and believed by nothing else."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from bankos.platform import clock
from bankos.platform.actors import Actor, Role
from bankos.platform.ids import uuid7
from sentinel import actions, approvals, contexts, decisions, mandate_changes, replay, tokens, verification
from sentinel.approvals import AlreadyAnswered, ApprovalExpired, ApprovalView, MakerIsChecker, NotEligible, State
from sentinel.authority import ApprovalNotValid, Outcome
from sentinel.models import ApprovalAnswer, ApprovalRequest, Consumption, Decision

from . import policy_life
from .desk import agent, ask, compliance, customer, forget, insights, lead, party, staff
from .texts import POLICIES, SCHEMA

pytestmark = pytest.mark.usefixtures("authority")
ANSWER = "approval.answer"


@pytest.fixture
def asker() -> Actor:
    return staff()


@pytest.fixture
def waiting(asker: Actor) -> ApprovalView:
    return approvals.request(ask(asker, amount="5000.00"), at=clock.now(), note="House deposit")


def answers() -> list[Decision]:
    return list(Decision.objects.filter(action=ANSWER).order_by("leaf_index"))


@pytest.mark.parametrize("word", ["approve", "refuse"])
def test_an_answer_is_signed_logged_and_used_up_as_the_approvers_own_act(waiting: ApprovalView, word: str) -> None:
    approver = lead()
    getattr(approvals, word)(waiting.id, actor=approver, at=clock.now(), note="Spoke with her")

    [row] = answers()
    asked = Decision.objects.get(pk=waiting.decision_id)
    claims = tokens.read(row.token)
    [said] = claims["authorization_details"]
    assert (claims["outcome"], claims["act"]["sub"]) == ("permit", approver.id)
    assert said["resource"] == {"type": "ApprovalRequest", "id": str(waiting.id)}
    assert {name: said["parameters"][name] for name in ("answer", "decision", "parameters_hash")} == {
        "answer": word,
        "decision": str(asked.pk),
        "parameters_hash": asked.parameters_hash,
    }
    assert "Spoke with her" not in row.token
    assert row.leaf_index < row.consumption.leaf_index
    assert ApprovalAnswer.objects.get().decision_id == row.pk
    assert verification.verify_row(row).ok
    assert replay.again(row).same_as(row)


def test_the_answer_stands_in_the_log_before_the_permit_it_leads_to(asker: Actor, waiting: ApprovalView) -> None:
    approvals.approve(waiting.id, actor=lead(), at=clock.now())
    permit = ask(asker, amount="5000.00", approval=waiting.id)

    [row] = answers()
    assert row.consumption.leaf_index < Decision.objects.get(pk=permit.id).leaf_index


@pytest.mark.parametrize("word", ["approve", "refuse"])
@pytest.mark.parametrize(
    "who", [staff, compliance, insights, agent, lambda: customer("party-1"), lambda: lead("B2")], ids=lambda who: who.__name__
)
def test_an_answer_that_is_not_theirs_to_give_is_on_record_as_refused(waiting: ApprovalView, who: Callable[[], Actor], word: str) -> None:
    stranger = who()
    with pytest.raises(NotEligible):
        getattr(approvals, word)(waiting.id, actor=stranger, at=clock.now(), note="I would")

    [row] = answers()
    assert (row.outcome, row.actor_id, row.actor_kind) == ("deny", stranger.id, stranger.kind)
    assert not ApprovalAnswer.objects.exists()
    assert approvals.view(waiting.id, at=clock.now()).state is State.OPEN


def test_own_late_and_second_answers_are_on_record_as_refused(asker: Actor, waiting: ApprovalView) -> None:
    def refused(error: type[Exception], actor: Actor, at: Any = None) -> list[str]:
        with pytest.raises(error):
            approvals.approve(waiting.id, actor=actor, at=at or clock.now())
        return list(answers()[-1].rules)

    assert refused(MakerIsChecker, asker) == ["own-request-is-not-answered"]
    assert refused(ApprovalExpired, lead(), at=waiting.expires_at) == ["answered-once-and-in-time"]
    approvals.refuse(waiting.id, actor=lead(), at=clock.now())
    assert refused(AlreadyAnswered, lead()) == ["answered-once-and-in-time"]
    assert [row.outcome for row in answers()] == ["deny", "deny", "permit", "deny"]


@pytest.mark.parametrize("answer", [actions.approve, actions.refuse])
def test_an_answer_to_an_act_of_the_banks_own_that_is_not_theirs_is_on_record_too(answer: Callable[..., object]) -> None:
    asker = policy_life.employee("tom", Role.TEAM_LEAD)
    asked = mandate_changes.grant(
        person_id=UUID(policy_life.employee("anna", Role.BRANCH_STAFF).id),
        action="fee.waive",
        amount=Decimal(800),
        currency="EUR",
        until=clock.today() + timedelta(days=10),
        reason="Complaints desk",
        actor=asker,
        at=clock.now(),
    )
    assert asked.request_id is not None

    with pytest.raises(MakerIsChecker):
        answer(asked.request_id, actor=asker, at=clock.now())

    assert [(row.actor_id, row.outcome) for row in answers()] == [(asker.id, "deny")]


def test_what_was_said_goes_with_the_customer(waiting: ApprovalView) -> None:
    approvals.refuse(waiting.id, actor=lead(), at=clock.now(), note="She is in hospital")
    [row] = answers()
    assert contexts.content_of(row)["request"]["context"]["parameters"]["note"] == "She is in hospital"

    forget(("Party", "party-1"), decision_id=uuid7())

    with pytest.raises(contexts.ContentErased):
        contexts.content_of(Decision.objects.select_related("context_key").get(pk=row.pk))
    assert tokens.read(row.token)["authorization_details"][0]["parameters"]["note"].keys() == {"sha256"}


def test_an_answer_needs_no_approval_itself(waiting: ApprovalView) -> None:
    """Also where a rule of the bank asks for a second person to everything staff do."""
    everything = POLICIES + (
        '@id("two-for-everything") @sentence("Two.") @customer("Two.") @owner("X") @basis("X")\n'
        "forbid (principal is Employee, action, resource) unless { context.request has approval };\n"
    )
    policy_life.put_in_force(everything, SCHEMA)

    with pytest.raises(NotEligible):
        approvals.approve(waiting.id, actor=lead(), at=clock.now())
    assert ApprovalRequest.objects.filter(decision__action=ANSWER).count() == 0


def test_a_policy_text_from_before_answers_were_decisions_can_still_be_replaced_by_two_people(asker: Actor, waiting: ApprovalView) -> None:
    """It names no such action: otherwise nobody could agree to the text that does."""
    rules = ("second-person-answers", "own-request-is-not-answered", "answered-once-and-in-time")
    older = POLICIES
    for rule in rules:
        start = older.index(f'@id("{rule}")')
        older = older[:start] + older[older.index("};\n", start) + 3 :]
    start = SCHEMA.index('action "approval.answer"')
    policy_life.put_in_force(older, SCHEMA[:start] + SCHEMA[SCHEMA.index("};\n", start) + 3 :])

    for stranger in (staff(), asker):
        with pytest.raises((NotEligible, MakerIsChecker)):
            approvals.approve(waiting.id, actor=stranger, at=clock.now())
    approvals.approve(waiting.id, actor=lead(), at=clock.now())

    assert ask(asker, amount="5000.00", approval=waiting.id).outcome is Outcome.PERMIT
    given = [row for row in answers() if row.resource_id == str(waiting.id)]
    assert [(row.outcome, row.rules) for row in given] == [
        ("deny", ["no-rule-permits"]),
        ("deny", ["no-rule-permits"]),
        ("permit", ["answered-by-who-may"]),
    ]
    assert all(verification.verify_row(row).ok for row in given)
    assert decisions.decision_of(answers()[-1].pk, actor=compliance()).rules[0].sentence


def test_a_permit_shows_who_agreed_and_a_forged_agreement_shows_as_one(
    asker: Actor, waiting: ApprovalView, past_the_guards: Callable[[], AbstractContextManager[None]]
) -> None:
    approvals.approve(waiting.id, actor=lead(), at=clock.now())
    permit = Decision.objects.get(pk=ask(asker, amount="5000.00", approval=waiting.id).id)

    def second_person() -> verification.Check:
        return next(check for check in verification.verify_row(permit).checks if check.name == "second person")

    assert second_person().ok
    other = answers()[0]
    for change in (
        "UPDATE sentinel_approvalanswer SET decision_id = NULL",
        "DELETE FROM sentinel_consumption WHERE decision_id IN (SELECT id FROM sentinel_decision WHERE action = 'approval.answer')",
        f"UPDATE sentinel_decision SET token = (SELECT token FROM sentinel_decision WHERE id = '{permit.pk}') WHERE id = '{other.pk}'",
        "UPDATE sentinel_decision SET actor_id = 'somebody' WHERE action = 'approval.answer'",
        "UPDATE sentinel_decision SET parameters_hash = repeat('0', 64) WHERE outcome = 'needs_approval'",
    ):
        with transaction.atomic():
            with past_the_guards(), connection.cursor() as cursor:
                cursor.execute(change)
            assert not second_person().ok, change
            transaction.set_rollback(True)
    assert second_person().ok


# --- forged: what the application's role can write by itself


def _row(waiting: ApprovalView, approver: Actor, **changed: Any) -> ApprovalAnswer:
    """An answer nobody gave: the database refuses it to the application, and it is written past the guards, to be met all the same."""
    values = {
        "request_id": waiting.id,
        "approved": True,
        "approver_id": approver.id,
        "approver_roles": ["team_lead"],
        "approver_branch": "B1",
        "answered_at": clock.now(),
        **changed,
    }
    refusal = r"not signed by the bank|not the one that was signed|not what the second person decided"
    with pytest.raises(DatabaseError, match=refusal), transaction.atomic():
        ApprovalAnswer.objects.create(**values)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE; SET LOCAL session_replication_role = replica")
        row = ApprovalAnswer.objects.create(**values)
        cursor.execute("SET LOCAL session_replication_role = origin; SET LOCAL ROLE bankos_app")
    return row


def _copy(row: Decision, **changed: Any) -> Decision:
    """A decision like another one, written by hand: its id and place are its own, its token is whatever can be had."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sentinel_next_leaf()")
        place = cursor.fetchone()[0]
    values = {field.attname: getattr(row, field.attname) for field in Decision._meta.concrete_fields}
    return Decision.objects.create(**(values | {"id": uuid7(), "leaf_index": place} | changed))


def _void(asker: Actor, waiting: ApprovalView) -> None:
    with pytest.raises(ApprovalNotValid):
        ask(asker, amount="5000.00", approval=waiting.id)
    assert not Decision.objects.filter(approval=waiting.id, outcome="permit").exists()


def test_an_answer_without_a_decision_is_worth_nothing(asker: Actor, waiting: ApprovalView) -> None:
    _row(waiting, lead())

    _void(asker, waiting)


def test_an_answer_with_a_decision_the_bank_did_not_sign_is_worth_nothing(asker: Actor, waiting: ApprovalView) -> None:
    approver = lead()
    other = approvals.request(ask(asker, amount="6000.00"), at=clock.now())
    approvals.approve(other.id, actor=approver, at=clock.now())
    [real] = answers()
    asked = Decision.objects.get(pk=waiting.decision_id)
    forged = _copy(
        real,
        resource_id=str(waiting.id),
        parameters={**real.parameters, "decision": str(asked.pk), "parameters_hash": asked.parameters_hash},
        token="forged",
    )
    Consumption.objects.create(decision=forged, consumed_at=clock.now())
    _row(waiting, approver, decision=forged)

    _void(asker, waiting)


@pytest.mark.parametrize("kept", ["own token", "a token of another"])
def test_a_record_that_says_something_else_than_its_token_is_worth_nothing(asker: Actor, waiting: ApprovalView, kept: str) -> None:
    """The token of a true answer to another request, under a record made to fit this one."""
    approver = lead()
    other = approvals.request(ask(asker, amount="6000.00"), at=clock.now())
    approvals.approve(other.id, actor=approver, at=clock.now())
    [real] = answers()
    asked = Decision.objects.get(pk=waiting.decision_id)
    fitted = {**real.parameters, "decision": str(asked.pk), "parameters_hash": asked.parameters_hash}
    forged = _copy(real, resource_id=str(waiting.id), parameters=fitted, token=real.token if kept == "own token" else asked.token)
    Consumption.objects.create(decision=forged, consumed_at=clock.now())
    _row(waiting, approver, decision=forged)

    _void(asker, waiting)


@pytest.mark.parametrize("taken", ["to another request", "a refusal", "refused itself", "an ordinary permit", "what was asked"])
def test_a_signed_decision_that_is_no_agreement_to_this_is_worth_nothing(asker: Actor, waiting: ApprovalView, taken: str) -> None:
    """Each is really the bank's, and logged; none is a second person's yes to this request."""
    approver = lead()
    other = approvals.request(ask(asker, amount="6000.00"), at=clock.now())
    match taken:
        case "to another request":
            approvals.approve(other.id, actor=approver, at=clock.now())
            # Its own answer holds it already: one decision is one answer.
            found = _free(answers()[-1])
        case "a refusal":
            approvals.refuse(other.id, actor=approver, at=clock.now())
            found = _free(answers()[-1])
        case "refused itself":
            with pytest.raises(NotEligible):
                approvals.approve(waiting.id, actor=staff(), at=clock.now())
            found = answers()[-1]
        case "an ordinary permit":
            found = Decision.objects.get(pk=ask(approver, amount="5.00").id)
        case _:
            found = Decision.objects.get(pk=waiting.decision_id)
    _row(waiting, approver, decision=found)

    _void(asker, waiting)


def _free(row: Decision) -> Decision:
    """As if its answer had never been written."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM sentinel_approvalanswer WHERE decision_id = %s", [row.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("SET LOCAL ROLE bankos_app")
    return row


def test_roles_written_into_an_answer_afterwards_count_for_nothing(
    asker: Actor, waiting: ApprovalView, past_the_guards: Callable[[], AbstractContextManager[None]]
) -> None:
    """What the second person agreed with is read from what was signed."""
    approvals.approve(waiting.id, actor=lead(), at=clock.now())
    with past_the_guards(), connection.cursor() as cursor:
        cursor.execute("UPDATE sentinel_approvalanswer SET approver_roles = '{compliance_officer}', approver_id = 'somebody'")

    permit = ask(asker, amount="5000.00", approval=waiting.id)

    assert tokens.read(permit.token)["approvals"][0]["roles"] == ["team_lead"]


def test_one_agreement_leads_to_one_permit(asker: Actor, waiting: ApprovalView) -> None:
    approvals.approve(waiting.id, actor=lead(), at=clock.now())
    assert ask(asker, amount="5000.00", approval=waiting.id).outcome is Outcome.PERMIT

    with pytest.raises(ApprovalNotValid, match="used"):
        ask(asker, amount="5000.00", approval=waiting.id)


def test_a_question_changed_after_the_answer_is_not_answered(asker: Actor, waiting: ApprovalView) -> None:
    approvals.approve(waiting.id, actor=lead(), at=clock.now())

    for changed in ({"amount": "5000.01"}, {"resource": party("party-2")}, {"actor": staff()}):
        with pytest.raises(ApprovalNotValid):
            ask(**{"actor": asker, "amount": "5000.00", "approval": waiting.id} | changed)
