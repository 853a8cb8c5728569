"""What evidence means at the edges: while machines are stopped, and when word comes of what an earlier level did."""

from datetime import timedelta
from uuid import UUID

import pytest

from bankos.platform import clock
from sentinel.authority import ModelRef, Outcome, consume
from sentinel.automation import evidence, levels, stops
from sentinel.automation.evidence import OURSELVES, Verdict
from sentinel.automation.stops import Scope
from sentinel.automation.subjects import Automation
from sentinel.automation.watching import standing_from_reviews, standing_of, watch_of
from sentinel.autonomy import Level
from sentinel.models import AutonomyWatch, Decision, Review
from tests import machines

from .desk import TRANSFER, ask, insights, party, staff, use_of
from .policy_life import officer

pytestmark = pytest.mark.usefixtures("authority")
CASHFLOW = Automation("insights.cashflow", TRANSFER, "personal")


def proposal() -> UUID:
    return ask(insights(), resource=party(segment="personal")).id


def acts_alone() -> None:
    machines.let(subject=CASHFLOW.subject, action=TRANSFER, segment="personal", level=Level.ACT_ALONE, reason="earned", at=clock.now())


@pytest.mark.parametrize(("scope", "value"), [(Scope.EVERYTHING, ""), (Scope.ACTION, "autonomy.lower"), (Scope.MODEL, OURSELVES.id)])
def test_harm_takes_freedom_away_while_machines_are_stopped_too(scope: Scope, value: str) -> None:
    acts_alone()
    decision = proposal()
    stops.stop(scope, value, actor=officer("maeve"), reason="Wrong salaries", at=clock.now())

    assert evidence.record(decision, Verdict.HARM, reviewer=staff(), at=clock.now()).lowered

    assert CASHFLOW.leave().level is Level.ACT_WITH_APPROVAL
    lowered = Decision.objects.get(action="autonomy.lower")
    assert (lowered.outcome, lowered.actor_id) == (Outcome.PERMIT, OURSELVES.id)


def test_what_an_earlier_level_decided_earns_nothing_on_the_present_one() -> None:
    early = [proposal() for _ in range(3)]
    levels.lower(CASHFLOW, Level.WATCH, actor=officer("maeve"), reason="Strange", at=clock.now())

    for decision, verdict in zip(early, (Verdict.AGREED, Verdict.DISAGREED, Verdict.UNDONE), strict=True):
        assert evidence.record(decision, verdict, reviewer=staff(), at=clock.now()).fresh

    assert AutonomyWatch.objects.get().reviews == AutonomyWatch.objects.get().undone == 0
    evidence.record(proposal(), Verdict.AGREED, reviewer=staff(), at=clock.now())
    assert AutonomyWatch.objects.get().reviews == 1


def test_harm_counts_whichever_level_did_it() -> None:
    early = proposal()
    acts_alone()
    levels.lower(CASHFLOW, Level.SUGGEST, actor=officer("maeve"), reason="Strange", at=clock.now())

    evidence.record(early, Verdict.HARM, reviewer=staff(), at=clock.now())

    assert AutonomyWatch.objects.get().harm == 1


def test_a_level_set_elsewhere_begins_anew_too() -> None:
    for _ in range(3):
        evidence.record(proposal(), Verdict.AGREED, reviewer=staff(), at=clock.now())
    machines.let(subject=CASHFLOW.subject, action="", level=Level.ACT_WITH_APPROVAL, reason="for all it does", at=clock.now())

    evidence.record(proposal(), Verdict.AGREED, reviewer=staff(), at=clock.now())

    assert AutonomyWatch.objects.get().reviews == 1


def test_a_review_that_waited_for_another_counts_as_after_it() -> None:
    """Its moment was read before it had to wait, perhaps before the level it now counts for began."""
    acts_alone()
    evidence.record(proposal(), Verdict.HARM, reviewer=staff(), at=clock.now())
    decision = proposal()

    evidence.record(decision, Verdict.HARM, reviewer=staff(), at=clock.now() - timedelta(seconds=5))

    watch = AutonomyWatch.objects.get()
    assert watch.harm == 1
    assert standing_of(watch) == standing_from_reviews(watch, watch_of(CASHFLOW.leave().level))


def test_a_new_version_of_the_model_begins_anew() -> None:
    def proposal_of(version: str) -> UUID:
        model = ModelRef("cashflow", version, "00" * 32)
        return ask(insights(), resource=party(segment="personal"), model=model).id

    old = [proposal_of("1") for _ in range(4)]
    new = [proposal_of("2") for _ in range(2)]
    for decision in [*old[:3], *new, old[3]]:
        evidence.record(decision, Verdict.AGREED, reviewer=staff(), at=clock.now())

    watch = AutonomyWatch.objects.get()
    assert (watch.reviews, watch.agreed) == (2, 2)
    assert standing_of(watch) == standing_from_reviews(watch, watch_of(Level.SUGGEST))


def test_what_was_done_alone_counts_as_kept_when_the_time_to_notice_is_over() -> None:
    acts_alone()
    kept, undone, unused = (ask(insights(), resource=party(segment="personal")) for _ in range(3))
    for decision in (kept, undone):
        consume(decision.token, **use_of(decision))
    evidence.record(undone.id, Verdict.UNDONE, reviewer=staff(), at=clock.now())

    assert evidence.settle(at=clock.now()) == 0
    assert evidence.settle(at=clock.now() + evidence.TIME_TO_NOTICE) == 1
    assert evidence.settle(at=clock.now() + evidence.TIME_TO_NOTICE) == 0

    assert Review.objects.get(verdict=Verdict.KEPT).decision_id == kept.id
    assert not Review.objects.filter(decision=unused.id).exists()
