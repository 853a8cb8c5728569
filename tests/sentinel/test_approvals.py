from datetime import timedelta
from typing import Any

import pytest

from bankos.platform import clock
from bankos.platform.actors import Role
from bankos.platform.ids import uuid7
from sentinel import approvals, tokens
from sentinel.approvals import (
    AlreadyAnswered,
    ApprovalExpired,
    ApprovalView,
    MakerIsChecker,
    NotEligible,
    NothingToApprove,
    State,
    UnknownRequest,
)
from sentinel.authority import ApprovalNotValid, Outcome, consume
from sentinel.models import Decision

from .desk import agent, ask, compliance, contact_centre, customer, insights, lead, party, person, staff, use_of
from .policy_life import put_in_force
from .texts import POLICIES, SCHEMA

pytestmark = pytest.mark.usefixtures("authority")


@pytest.fixture
def asker() -> Any:
    return staff()


@pytest.fixture
def waiting(asker: Any) -> ApprovalView:
    return approvals.request(ask(asker, amount="5000.00"), at=clock.now(), note="House deposit")


def test_an_approved_request_is_permitted_when_asked_again(asker: Any, waiting: ApprovalView) -> None:
    approver = lead()
    approved = approvals.approve(waiting.id, actor=approver, at=clock.now(), note="Spoke with her")

    permit = ask(asker, amount="5000.00", approval=waiting.id)

    assert (approved.state, approved.answered_by, approved.answer_note) == (State.APPROVED, approver.id, "Spoke with her")
    assert permit.outcome is Outcome.PERMIT
    answered = Decision.objects.get(action="approval.answer")
    agreed = {"id": str(waiting.id), "decision": str(answered.pk), "by": approver.id, "roles": ["team_lead"]}
    assert tokens.read(permit.token)["approvals"] == [agreed]
    consume(permit.token, **use_of(permit))
    assert approvals.view(waiting.id, at=clock.now()).state is State.USED


def test_a_request_says_who_may_agree(waiting: ApprovalView) -> None:
    assert (waiting.state, waiting.eligible_roles, waiting.note) == (State.OPEN, ("team_lead",), "House deposit")
    suggested = approvals.request(ask(insights()), at=clock.now())
    assert suggested.eligible_roles == ("branch_staff", "contact_centre", "team_lead")


def test_asking_twice_for_one_decision_is_one_request(asker: Any) -> None:
    decision = ask(asker, amount="5000.00")

    assert approvals.request(decision, at=clock.now()).id == approvals.request(decision, at=clock.now()).id


@pytest.mark.parametrize("given", [{"amount": "5.00"}, {"amount": "50000.00"}], ids=["permitted", "denied"])
def test_only_what_needs_an_approval_can_ask_for_one(given: dict[str, str]) -> None:
    with pytest.raises(NothingToApprove):
        approvals.request(ask(**given), at=clock.now())


def test_nobody_approves_their_own_request() -> None:
    both = person(Role.CONTACT_CENTRE, Role.BRANCH_STAFF, branch=None)
    own = approvals.request(ask(both, amount="5000.00"), at=clock.now())

    for answer in (approvals.approve, approvals.refuse):
        with pytest.raises(MakerIsChecker):
            answer(own.id, actor=both, at=clock.now())


@pytest.mark.parametrize(
    "other",
    [staff(), contact_centre(), compliance(), insights(), agent(), customer("party-1"), lead("B2")],
    ids=lambda actor: f"{actor.id[:9]}",
)
def test_only_those_the_policies_accept_may_approve(waiting: ApprovalView, other: Any) -> None:
    with pytest.raises(NotEligible):
        approvals.approve(waiting.id, actor=other, at=clock.now())
    with pytest.raises(NotEligible):
        approvals.refuse(waiting.id, actor=other, at=clock.now())


def test_one_answer_stands(waiting: ApprovalView) -> None:
    approvals.refuse(waiting.id, actor=lead(), at=clock.now())

    with pytest.raises(AlreadyAnswered):
        approvals.approve(waiting.id, actor=lead(), at=clock.now())
    assert approvals.view(waiting.id, at=clock.now()).state is State.REFUSED


def test_no_answer_in_time_is_a_no(waiting: ApprovalView) -> None:
    with pytest.raises(ApprovalExpired):
        approvals.approve(waiting.id, actor=lead(), at=waiting.expires_at)
    assert approvals.view(waiting.id, at=waiting.expires_at).state is State.EXPIRED


def test_an_unknown_request_cannot_be_answered() -> None:
    with pytest.raises(UnknownRequest):
        approvals.approve(uuid7(), actor=lead(), at=clock.now())


def test_an_approval_counts_once(asker: Any, waiting: ApprovalView) -> None:
    approvals.approve(waiting.id, actor=lead(), at=clock.now())
    ask(asker, amount="5000.00", approval=waiting.id)

    with pytest.raises(ApprovalNotValid, match="used"):
        ask(asker, amount="5000.00", approval=waiting.id)


def test_an_approval_that_came_too_late_to_use_is_void(asker: Any, waiting: ApprovalView) -> None:
    approvals.approve(waiting.id, actor=lead(), at=clock.now())

    with pytest.raises(ApprovalNotValid, match="expired"):
        ask(asker, amount="5000.00", approval=waiting.id, at=waiting.expires_at)


@pytest.mark.parametrize("answer", [None, "refuse"])
def test_without_a_yes_there_is_no_approval(asker: Any, waiting: ApprovalView, answer: str | None) -> None:
    if answer:
        approvals.refuse(waiting.id, actor=lead(), at=clock.now())

    with pytest.raises(ApprovalNotValid, match="refused" if answer else "open"):
        ask(asker, amount="5000.00", approval=waiting.id)


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": "5000.01"},
        {"amount": "4999.99"},
        {"to_arrangement": "00000000-0000-0000-0000-000000000009"},
        {"resource": party("party-2")},
        {"actor": staff()},
    ],
)
def test_a_changed_request_voids_the_approval(asker: Any, waiting: ApprovalView, changed: dict[str, Any]) -> None:
    approvals.approve(waiting.id, actor=lead(), at=clock.now())

    with pytest.raises(ApprovalNotValid, match="something else"):
        ask(**{"actor": asker, "amount": "5000.00", "approval": waiting.id} | changed)


def test_an_approval_does_not_lift_other_rules(asker: Any, waiting: ApprovalView) -> None:
    approvals.approve(waiting.id, actor=lead(), at=clock.now())

    denied = ask(asker, amount="5000.00", approval=waiting.id, resource=party(consents=[]), purposes=["payment_insight"])

    assert (denied.outcome, [rule.id for rule in denied.rules]) == (Outcome.DENY, ["nothing-without-consent"])
    assert approvals.view(waiting.id, at=clock.now()).state is State.APPROVED  # not used up by a refusal


def test_an_approval_that_does_not_exist_is_refused(asker: Any) -> None:
    with pytest.raises(ApprovalNotValid):
        ask(asker, amount="5000.00", approval=uuid7())


def test_pending_lists_what_this_person_may_answer(asker: Any, waiting: ApprovalView) -> None:
    def ids(actor: Any, **given: Any) -> list[Any]:
        return [found.id for found in approvals.pending(actor=actor, at=given.pop("at", clock.now()), **given)]

    assert ids(lead()) == [waiting.id]
    assert ids(asker) == ids(staff()) == ids(compliance()) == []
    assert ids(lead(), visible_resources=lambda type, id: id == "party-2") == []
    assert ids(lead(), at=waiting.expires_at + timedelta(seconds=1)) == []
    approvals.approve(waiting.id, actor=lead(), at=clock.now())
    assert ids(lead()) == []


def test_nobody_approves_what_the_policies_of_today_no_longer_understand(waiting: ApprovalView) -> None:
    put_in_force(POLICIES, SCHEMA.replace("products?: Set<String>,", ""))

    with pytest.raises(NotEligible):
        approvals.approve(waiting.id, actor=lead(), at=clock.now())
