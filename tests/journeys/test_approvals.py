"""Four eyes: what one person may not do alone is done when a second one agrees, as the first one's act."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model

from bankos.platform import clock
from bankos.platform.actors import Actor, ActorKind, system
from bankos.platform.models import DomainEvent
from customers import timeline
from customers.visibility import NotVisible
from journeys import approvals, work
from journeys.models import Effect
from sentinel.actions import NotPossible, Ran
from sentinel.approvals import AlreadyAnswered, ApprovalExpired, MakerIsChecker, NotEligible, State
from sentinel.authority import Outcome
from sentinel.automation import overview
from sentinel.models import Decision
from tests import people

from . import household
from .household import Household

pytestmark = pytest.mark.django_db

SUMMARY = "Moved EUR 1,500.00 from savings"


@pytest.fixture
def asked(rich: Household, staff: Actor) -> Ran:
    """Staff ask for a transfer above their own mandate of EUR 1,000."""
    return household.perform(actor=staff, **rich.transfer("1500.00"), at=clock.now(), summary=SUMMARY)


def request_of(performed: Ran):  # type: ignore[no-untyped-def]
    assert performed.request_id is not None
    return performed.request_id


def answers() -> list[str]:
    return [event.data["answer"] for event in DomainEvent.objects.filter(type="journeys.approval.answered")]


def test_what_needs_a_second_person_is_filed_and_not_done(rich: Household, lead: Actor, asked: Ran) -> None:
    assert asked.decision.outcome is Outcome.NEEDS_APPROVAL
    assert asked.result is None
    assert not Effect.objects.exists()

    [row] = work.open_items(actor=lead, view="approvals", at=clock.now())
    assert (row.kind, row.title, row.subject_id, row.party_id) == ("approval", SUMMARY, asked.request_id, rich.party_id)
    [waiting] = approvals.waiting(actor=lead, at=clock.now())
    assert (waiting.id, waiting.title, waiting.party_name) == (asked.request_id, SUMMARY, rich.name)
    assert waiting.parameters == rich.transfer("1500.00")["parameters"]


def test_an_approved_act_is_done_at_once_as_the_askers(rich: Household, staff: Actor, lead: Actor, asked: Ran) -> None:
    done = approvals.approve(request_of(asked), actor=lead, note="Called the customer.", at=clock.now())

    assert done.decision.outcome is Outcome.PERMIT
    effect = Effect.objects.get()
    assert (effect.pk, effect.decision_id) == (done.result, done.decision.id)
    entry = next(entry for entry in timeline.entries_of(rich.party_id, actor=lead).entries if entry.decision_id == done.decision.id)
    assert (entry.title, entry.actor_name) == (SUMMARY, staff.name)
    assert work.open_items(actor=lead, view="approvals", at=clock.now()) == []
    assert answers() == ["approved"]


def test_a_refused_act_is_never_done(lead: Actor, asked: Ran) -> None:
    approvals.refuse(request_of(asked), actor=lead, note="Not what the customer asked for.", at=clock.now())

    with pytest.raises(AlreadyAnswered):
        approvals.approve(request_of(asked), actor=lead, at=clock.now())
    assert not Effect.objects.exists()
    assert work.open_items(actor=lead, view="approvals", at=clock.now()) == []
    assert answers() == ["refused"]


def test_an_approval_counts_once(lead: Actor, asked: Ran) -> None:
    approvals.approve(request_of(asked), actor=lead, at=clock.now())
    with pytest.raises(AlreadyAnswered):
        approvals.approve(request_of(asked), actor=lead, at=clock.now())
    assert Effect.objects.count() == 1


def test_nobody_approves_their_own_request(staff: Actor, asked: Ran) -> None:
    with pytest.raises(MakerIsChecker):
        approvals.approve(request_of(asked), actor=staff, at=clock.now())
    assert not Effect.objects.exists()


def test_a_colleague_without_the_mandate_does_not_approve(colleague: Actor, asked: Ran) -> None:
    with pytest.raises(NotEligible):
        approvals.approve(request_of(asked), actor=colleague, at=clock.now())
    assert work.open_items(actor=colleague, view="approvals", at=clock.now()) == []


@pytest.mark.parametrize("answer", [approvals.approve, approvals.refuse])
def test_that_somebody_tried_to_answer_who_may_not_stays_on_record(colleague: Actor, asked: Ran, answer: Callable[..., object]) -> None:
    with pytest.raises(NotEligible):
        answer(request_of(asked), actor=colleague, at=clock.now())

    assert [(row.actor_id, row.outcome) for row in Decision.objects.filter(action="approval.answer")] == [(colleague.id, "deny")]


def test_a_team_lead_of_another_branch_does_not_find_the_request(lead_elsewhere: Actor, asked: Ran) -> None:
    assert approvals.waiting(actor=lead_elsewhere, at=clock.now()) == []
    for attempt in (approvals.awaited, approvals.approve, approvals.refuse):
        with pytest.raises(NotVisible):
            attempt(request_of(asked), actor=lead_elsewhere, at=clock.now())


def test_what_nobody_answers_in_time_is_refused(lead: Actor, asked: Ran) -> None:
    late = clock.now() + timedelta(days=1, minutes=1)
    assert work.open_items(actor=lead, view="approvals", at=late) == []
    with pytest.raises(ApprovalExpired):
        approvals.approve(request_of(asked), actor=lead, at=late)

    assert [approvals.close_expired(at=late) for _ in range(2)] == [1, 0]
    assert answers() == ["expired"]


def test_an_act_that_became_impossible_leaves_the_request_open(rich: Household, lead: Actor, asked: Ran) -> None:
    household.perform(actor=lead, **rich.transfer(str(rich.in_savings)), at=clock.now(), summary="Everything")

    with pytest.raises(NotPossible, match=r"Only EUR 0\.00 is available"):
        approvals.approve(request_of(asked), actor=lead, at=clock.now())

    assert Effect.objects.count() == 1
    assert approvals.awaited(request_of(asked), actor=lead, at=clock.now()).state is State.OPEN
    assert answers() == []


def test_an_act_whose_asker_left_is_not_done(staff: Actor, lead: Actor, asked: Ran) -> None:
    get_user_model().objects.filter(pk=staff.user_id).update(is_active=False)
    with pytest.raises(NotPossible, match="does not work here any more"):
        approvals.approve(request_of(asked), actor=lead, at=clock.now())
    assert not Effect.objects.exists()


def test_the_authority_is_asked_again_when_a_second_person_agrees(staff: Actor, lead: Actor, asked: Ran) -> None:
    """Whoever lost their role has lost it for what still waits."""
    people.take_all(get_user_model().objects.get(pk=staff.user_id))

    done = approvals.approve(request_of(asked), actor=lead, at=clock.now())

    assert (done.decision.outcome, done.result) == (Outcome.DENY, None)
    assert not Effect.objects.exists()
    assert answers() == ["approved"]


def test_what_is_not_possible_bothers_no_second_person(home: Household, staff: Actor, lead: Actor) -> None:
    with pytest.raises(NotPossible):
        household.perform(actor=staff, **home.transfer("1500.00"), at=clock.now(), summary=SUMMARY)
    assert work.open_items(actor=lead, view="approvals", at=clock.now()) == []


def test_what_a_system_proposes_is_done_when_a_person_agrees(home: Household, staff: Actor) -> None:
    robot = Actor(ActorKind.SYSTEM, "insights.cashflow", "insights.cashflow")
    asked = household.perform(actor=robot, **home.transfer("100.00"), at=clock.now(), summary="Moved EUR 100.00")
    assert asked.decision.outcome is Outcome.NEEDS_APPROVAL

    done = approvals.approve(request_of(asked), actor=staff, at=clock.now())

    assert done.result is not None


def test_a_list_of_requests_takes_as_many_queries_for_many_as_for_one(
    rich: Household, staff: Actor, lead: Actor, asked: Ran, queries_of: Callable[[Callable[[], object]], int]
) -> None:
    one = queries_of(lambda: approvals.waiting(actor=lead, at=clock.now()))
    for _ in range(3):
        household.perform(actor=staff, **rich.transfer("1500.00"), at=clock.now(), summary=SUMMARY)
    assert len(approvals.waiting(actor=lead, at=clock.now())) == 4
    assert queries_of(lambda: approvals.waiting(actor=lead, at=clock.now())) == one


@pytest.mark.parametrize(("answer", "verdict"), [(approvals.approve, "agreed"), (approvals.refuse, "disagreed")])
def test_the_answer_to_what_a_machine_asked_for_is_evidence_about_it(
    rich: Household, lead: Actor, answer: Callable[..., object], verdict: str
) -> None:
    asked = household.perform(actor=system("savings.robot"), **rich.transfer("120.00"), at=clock.now(), summary=SUMMARY)
    assert asked.decision.outcome is Outcome.NEEDS_APPROVAL

    answer(request_of(asked), actor=lead, at=clock.now())

    [said] = overview.automations(at=clock.now())
    assert said.automation.subject == "savings.robot"
    assert (said.summary.agreement.tally.hits, said.summary.agreement.tally.trials) == (verdict == "agreed", 1)


def test_the_answer_to_what_a_person_asked_for_is_no_evidence(lead: Actor, asked: Ran) -> None:
    approvals.approve(request_of(asked), actor=lead, at=clock.now())

    assert overview.automations(at=clock.now()) == []
