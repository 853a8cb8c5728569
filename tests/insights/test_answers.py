"""Accept, later, decline: each is that person's act, with a decision of its own, and happens once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.db.utils import DatabaseError

from bankos.platform import clock, events
from bankos.platform.ids import uuid7
from customers import timeline
from customers.visibility import NotVisible
from insights import nightly, recommendations
from insights.models import Recommendation, RecommendationAnswer
from insights.recommendations import AlreadyAnswered, DeclineReason, Expired, NoteRequired, NotThatLate
from journeys import approvals, work
from sentinel import decisions
from sentinel.automation import overview

from .test_nightly import OFFICER
from .town import ENOUGH_UNTIL_THEN, NIGHT, TODAY, evening

pytestmark = pytest.mark.django_db


@pytest.fixture
def suggested(town, champion, staff):
    """(household, card, person of its branch) of a suggestion to move a payment; keyword arguments shape the household."""

    def make(**story):
        home = town.household(**story)
        town.move_in()
        nightly.run_now(at=NIGHT)
        person = staff("branch_staff")
        return home, recommendations.open_for(home.party_id, actor=person, at=clock.now()), person

    return make


def test_accepting_does_the_step_as_the_persons_own_act(suggested):
    home, card, person = suggested()

    answer = recommendations.accept(card.id, actor=person, at=clock.now())

    assert answer.outcome == "done"
    decision = decisions.decision_of(answer.decision_id, actor=person)
    assert (decision.outcome, decision.action, decision.actor_id) == ("permit", "payment.move_date", person.id)
    assert decision.purposes == ("payment_insight",)
    assert decision.consumed_at is not None
    assert decision.parameters == card.parameters
    assert decisions.verify(answer.decision_id, actor=OFFICER).ok
    acts = [entry for entry in timeline.entries_of(home.party_id, actor=person).entries if entry.decision_id == answer.decision_id]
    assert [entry.title for entry in acts] == [card.title]
    assert work.open_items(actor=person, view="team", at=clock.now()) == []
    assert recommendations.open_for(home.party_id, actor=person, at=clock.now()) is None
    given = recommendations.detail(card.id, actor=person, at=clock.now()).given
    assert (given.answer, given.outcome, given.actor_name) == ("accepted", "done", person.name)


def test_accepted_suggestion_is_not_made_again_the_next_night(suggested):
    _, card, person = suggested()
    recommendations.accept(card.id, actor=person, at=clock.now())

    nightly.run_now(at=NIGHT + timedelta(days=1))

    assert Recommendation.objects.count() == 1


def test_second_answer_is_refused_whatever_it_says(suggested):
    _, card, person = suggested()
    recommendations.accept(card.id, actor=person, at=clock.now())

    for again in (
        lambda: recommendations.accept(card.id, actor=person, at=clock.now()),
        lambda: recommendations.decline(card.id, actor=person, reason=DeclineReason.WRONG_MOMENT, at=clock.now()),
        lambda: recommendations.postpone(card.id, actor=person, until=TODAY + timedelta(days=2), at=clock.now()),
    ):
        with pytest.raises(AlreadyAnswered):
            again()
    assert RecommendationAnswer.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_accept_at_once_one_does_it(suggested, staff):
    _, card, person = suggested()
    other = staff("branch_staff")

    def accept(actor):
        try:
            return recommendations.accept(card.id, actor=actor, at=clock.now()).outcome
        except AlreadyAnswered:
            return "late"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(accept, [person, other]))

    assert outcomes == ["done", "late"]
    assert RecommendationAnswer.objects.count() == 1


def test_later_is_a_decision_and_keeps_quiet_until_then(suggested):
    home, card, person = suggested()
    until = TODAY + timedelta(days=2)

    answer = recommendations.postpone(card.id, actor=person, until=until, at=clock.now())

    assert answer.outcome == "done"
    decision = decisions.decision_of(answer.decision_id, actor=person)
    assert (decision.action, decision.parameters["until"]) == ("recommendation.postpone", until.isoformat())
    assert decision.consumed_at is not None
    nightly.run_now(at=NIGHT + timedelta(days=1))
    assert recommendations.open_for(home.party_id, actor=person, at=NIGHT + timedelta(days=1)) is None
    nightly.run_now(at=NIGHT + timedelta(days=2))
    assert recommendations.open_for(home.party_id, actor=person, at=NIGHT + timedelta(days=2)) is not None


@pytest.mark.parametrize("until", [TODAY, TODAY - timedelta(days=9), TODAY + timedelta(days=90)])
def test_later_means_a_day_to_come_and_not_never(suggested, until):
    _, card, person = suggested()

    with pytest.raises(NotThatLate):
        recommendations.postpone(card.id, actor=person, until=until, at=clock.now())


@pytest.mark.parametrize("reason", list(DeclineReason))
def test_declining_keeps_the_reason_with_its_decision(suggested, reason):
    home, card, person = suggested()
    note = "The customer pays from another account." if reason is DeclineReason.COULD_HARM else ""

    answer = recommendations.decline(card.id, actor=person, reason=reason, note=note, at=clock.now())

    assert answer.outcome == "done"
    kept = RecommendationAnswer.objects.get()
    assert (kept.answer, kept.reason, kept.note, kept.decision_id) == ("declined", reason, note, answer.decision_id)
    entries = timeline.entries_of(home.party_id, actor=person).entries
    assert any(entry.decision_id == answer.decision_id for entry in entries)
    nightly.run_now(at=NIGHT + timedelta(days=1))
    assert recommendations.open_for(home.party_id, actor=person, at=NIGHT + timedelta(days=1)) is None


def test_possible_harm_needs_words(suggested):
    _, card, person = suggested()

    with pytest.raises(NoteRequired):
        recommendations.decline(card.id, actor=person, reason=DeclineReason.COULD_HARM, note="  ", at=clock.now())
    assert not RecommendationAnswer.objects.exists()


def test_nobody_accepts_what_came_too_late(suggested):
    _, card, person = suggested()

    with pytest.raises(Expired):
        recommendations.accept(card.id, actor=person, at=evening(card.valid_until + timedelta(days=1)))


def test_stranger_cannot_answer_what_does_not_exist_for_them(suggested, staff):
    _, card, _ = suggested()
    stranger = staff("branch_staff", branch="COR1")

    with pytest.raises(NotVisible):
        recommendations.accept(card.id, actor=stranger, at=clock.now())
    assert Recommendation.objects.get().state == "open"


def test_consent_withdrawn_meanwhile_refuses_the_acceptance_and_leaves_it_open(suggested, town):
    home, card, person = suggested()
    town.says(home.client, False, at=clock.now())
    town.move_in(at=clock.now())

    answer = recommendations.accept(card.id, actor=person, at=clock.now())

    assert answer.outcome == "refused"
    assert [rule.id for rule in answer.rules] == ["nothing-without-consent"]
    assert RecommendationAnswer.objects.get().outcome == "refused"
    assert Recommendation.objects.get().state == "open"


def test_large_transfer_waits_for_a_team_lead_and_is_done_when_they_agree(suggested, staff):
    _, card, person = suggested(balance=-1900, savings=6000, loan=0)
    assert card.action == "transfer.between_own_accounts"

    answer = recommendations.accept(card.id, actor=person, at=clock.now())

    assert answer.outcome == "needs_approval"
    assert Recommendation.objects.get().state == "awaiting_approval"
    lead = staff("team_lead")
    (request,) = approvals.waiting(actor=lead, at=clock.now())
    approvals.approve(request.id, actor=lead, at=clock.now())
    drain()
    assert Recommendation.objects.get().state == "accepted"


def test_large_transfer_a_team_lead_refuses_is_refused(suggested, staff):
    _, card, person = suggested(balance=-1900, savings=6000, loan=0)
    recommendations.accept(card.id, actor=person, at=clock.now())
    lead = staff("team_lead")
    (request,) = approvals.waiting(actor=lead, at=clock.now())

    approvals.refuse(request.id, actor=lead, at=clock.now())
    drain()

    assert Recommendation.objects.get().state == "refused"


def drain():
    events.drain("insights.recommendations")


@pytest.mark.parametrize(
    "change", ["UPDATE insights_recommendationanswer SET outcome = 'done'", "DELETE FROM insights_recommendationanswer"]
)
def test_answers_are_evidence_and_cannot_be_changed(suggested, change):
    _, card, person = suggested()
    recommendations.accept(card.id, actor=person, at=clock.now())

    with pytest.raises(DatabaseError, match="permission denied for table insights_recommendationanswer"), connection.cursor() as cursor:
        cursor.execute(change)


@pytest.mark.parametrize(("booked", "helped"), [(1500, True), (-1500, False)])
def test_a_month_later_it_is_known_whether_it_helped(suggested, town, booked, helped):
    home, card, person = suggested()
    recommendations.accept(card.id, actor=person, at=clock.now())
    assert Recommendation.objects.get(pk=card.id).helped is None
    town.books(home, booked, TODAY, before=ENOUGH_UNTIL_THEN)
    town.move_in()

    nightly.run_now(at=NIGHT + timedelta(days=32))

    assert Recommendation.objects.get(pk=card.id).helped is helped


def test_how_often_it_helped_is_told_from_ten_cases_on(suggested):
    home, card, person = suggested()
    known = Recommendation.objects.get(pk=card.id)

    def cases(count, helped):
        for _ in range(count):
            known.pk, known.state, known.helped = uuid7(), "accepted", helped
            known.save(force_insert=True)

    cases(7, True)
    cases(2, False)
    assert recommendations.open_for(home.party_id, actor=person, at=clock.now()).helped is None
    cases(1, True)
    assert recommendations.open_for(home.party_id, actor=person, at=clock.now()).helped == (8, 10)


@pytest.mark.parametrize(
    ("answer", "agreed", "reviews"),
    [
        (lambda card, person: recommendations.accept(card.id, actor=person, at=clock.now()), 1, 1),
        (lambda card, person: recommendations.decline(card.id, actor=person, reason=DeclineReason.WRONG_MOMENT, at=clock.now()), 0, 1),
        (lambda card, person: recommendations.decline(card.id, actor=person, reason=DeclineReason.CUSTOMER_SAID_NO, at=clock.now()), 0, 0),
    ],
    ids=["accepted", "declined", "the customer said no"],
)
def test_what_staff_answer_is_evidence_for_the_automation_that_suggested(suggested, answer, agreed, reviews):
    _, card, person = suggested()

    answer(card, person)

    [automation] = [one for one in overview.automations(at=clock.now()) if one.automation.action == card.action]
    assert automation.automation.subject == "insights.cashflow"
    assert (automation.summary.agreement.tally.hits, automation.summary.agreement.tally.trials) == (agreed, reviews)
