"""Freedom is earned by evidence and two people, and lost at once – by one person, by a test, or by the stop control."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from bankos.platform import clock
from bankos.platform.actors import Actor, Role, employee
from bankos.platform.models import User
from sentinel import actions
from sentinel.actions import NotPossible
from sentinel.authority import Outcome, TokenStopped, consume
from sentinel.automation import drills, evidence, levels, overview, stops
from sentinel.automation.evidence import Verdict
from sentinel.automation.stops import Scope
from sentinel.automation.subjects import Automation
from sentinel.automation.watching import standing_from_reviews, standing_of, watch_of
from sentinel.autonomy import Level, Limits
from sentinel.autonomy_statistics import Standing
from sentinel.models import AutomationStop, AutonomySetting, AutonomyWatch, DrillSighting, Review
from tests import machines, people

from . import policy_life
from .desk import TRANSFER, ask, insights, party, staff, use_of

pytestmark = pytest.mark.usefixtures("authority")
CASHFLOW = Automation("insights.cashflow", TRANSFER, "personal")
PERSONAL = {"segment": "personal"}


@pytest.fixture
def hire() -> Callable[..., Actor]:
    def one(role: Role = Role.COMPLIANCE) -> Actor:
        user = User.objects.create(username=f"u{User.objects.count()}", name=f"{role} {User.objects.count()}")
        people.give(user, role)
        return employee(user)

    return one


def proposal(**given: Any) -> UUID:
    return ask(insights(), resource=party(**PERSONAL), **given).id


def reviewed(*verdicts: Verdict) -> list[evidence.Recorded]:
    return [evidence.record(proposal(), verdict, reviewer=staff(), at=clock.now()) for verdict in verdicts]


def proven(agreed: int = 260) -> None:
    """Evidence as a good automation has it: agreed to and kept."""
    for _ in range(agreed):
        decision = proposal()
        evidence.record(decision, Verdict.AGREED, reviewer=staff(), at=clock.now())
        evidence.record(decision, Verdict.KEPT, reviewer=staff(), at=clock.now())


# --- evidence


def test_a_review_counts_once_and_only_for_machines() -> None:
    decision, of_a_person = proposal(), ask().id

    assert evidence.record(decision, Verdict.AGREED, reviewer=staff(), at=clock.now()).fresh
    assert not evidence.record(decision, Verdict.AGREED, reviewer=staff(), at=clock.now()).fresh
    assert not evidence.record(decision, Verdict.DISAGREED, reviewer=staff(), at=clock.now()).fresh
    assert not evidence.record(of_a_person, Verdict.AGREED, reviewer=staff(), at=clock.now()).fresh

    watch = AutonomyWatch.objects.get()
    assert (watch.subject, watch.action, watch.segment, watch.reviews, watch.agreed) == (*CASHFLOW.key.split("/"), 1, 1)


def test_what_is_undone_later_counts_beside_the_agreement() -> None:
    decision = proposal()
    for verdict in (Verdict.AGREED, Verdict.UNDONE, Verdict.HARM):
        assert evidence.record(decision, verdict, reviewer=staff(), at=clock.now()).fresh

    watch = AutonomyWatch.objects.get()
    assert (watch.reviews, watch.agreed, watch.undone, watch.harm) == (1, 1, 1, 1)


def test_what_nobody_undid_in_time_counts_as_kept_once() -> None:
    kept, undone = proposal(), proposal()
    for decision in (kept, undone):
        evidence.record(decision, Verdict.AGREED, reviewer=staff(), at=clock.now())
    evidence.record(undone, Verdict.UNDONE, reviewer=staff(), at=clock.now())

    assert evidence.settle(at=clock.now()) == 0
    later = clock.now() + evidence.TIME_TO_NOTICE
    assert evidence.settle(at=later) == 1
    assert evidence.settle(at=later) == 0
    assert Review.objects.get(verdict="kept").decision_id == kept


@given(
    st.lists(
        st.sampled_from([Verdict.AGREED, Verdict.AGREED, Verdict.AGREED, Verdict.DISAGREED, Verdict.UNDONE, Verdict.KEPT]), max_size=25
    )
)
@examples(max_examples=15, deadline=None)
def test_the_kept_standing_is_what_its_reviews_say(verdicts: list[Verdict]) -> None:
    with transaction.atomic():
        reviewed(*verdicts)
        for watch in AutonomyWatch.objects.all():
            assert standing_of(watch) == standing_from_reviews(watch, watch_of(CASHFLOW.leave().level))
        transaction.set_rollback(True)


# --- up


def test_without_evidence_more_freedom_is_not_even_asked_for(hire: Callable[..., Actor]) -> None:
    reviewed(*[Verdict.AGREED] * 30)

    asked = levels.propose_raise(CASHFLOW, actor=hire(), reason="It is good", at=clock.now())

    assert asked.decision.outcome is Outcome.DENY
    assert [rule.id for rule in asked.decision.rules] == ["autonomy-needs-evidence"]


def test_with_evidence_two_people_raise_it_by_one_step(hire: Callable[..., Actor]) -> None:
    proven()
    assert ask(insights(), resource=party(**PERSONAL)).outcome is Outcome.NEEDS_APPROVAL

    asked = levels.propose_raise(CASHFLOW, actor=hire(Role.TEAM_LEAD), reason="224 agreed", at=clock.now())
    assert asked.request_id is not None
    assert CASHFLOW.leave().level is Level.SUGGEST
    assert actions.approve(asked.request_id, actor=hire(), at=clock.now()).done

    assert CASHFLOW.leave().level is Level.ACT_WITH_APPROVAL
    watch = AutonomyWatch.objects.get()
    assert (watch.reviews, standing_of(watch)) == (0, Standing()), "counting begins anew"
    assert AutonomySetting.history.count() == 1  # type: ignore[attr-defined]


def test_nobody_raises_it_alone(hire: Callable[..., Actor]) -> None:
    proven()
    lead = hire(Role.TEAM_LEAD)
    asked = levels.propose_raise(CASHFLOW, actor=lead, reason="x", at=clock.now())

    assert asked.request_id is not None
    from sentinel.approvals import MakerIsChecker, NotEligible

    with pytest.raises(MakerIsChecker):
        actions.approve(asked.request_id, actor=lead, at=clock.now())
    with pytest.raises(NotEligible):
        actions.approve(asked.request_id, actor=hire(Role.TEAM_LEAD), at=clock.now())
    assert CASHFLOW.leave().level is Level.SUGGEST


def test_evidence_that_is_gone_when_the_second_person_agrees_raises_nothing(hire: Callable[..., Actor]) -> None:
    proven()
    asked = levels.propose_raise(CASHFLOW, actor=hire(Role.TEAM_LEAD), reason="x", at=clock.now())
    assert asked.request_id is not None
    reviewed(*[Verdict.UNDONE] * 7)  # more than may be undone at that level, though not yet an alarm at this one

    done = actions.approve(asked.request_id, actor=hire(), at=clock.now())

    assert not done.done
    assert CASHFLOW.leave().level is not Level.ACT_WITH_APPROVAL


# --- down


def test_one_person_moves_it_down_at_once(hire: Callable[..., Actor]) -> None:
    assert levels.lower(CASHFLOW, Level.OFF, actor=hire(Role.TEAM_LEAD), reason="Strange amounts", at=clock.now()).done

    assert ask(insights(), resource=party(**PERSONAL)).outcome is Outcome.DENY
    assert ask(insights(), resource=party(segment="business")).outcome is Outcome.NEEDS_APPROVAL, "another segment goes on"
    with pytest.raises(NotPossible):
        levels.lower(CASHFLOW, Level.SUGGEST, actor=hire(), reason="x", at=clock.now())


def test_branch_staff_move_nothing(hire: Callable[..., Actor]) -> None:
    done = levels.lower(CASHFLOW, Level.OFF, actor=hire(Role.BRANCH_STAFF), reason="x", at=clock.now())

    assert done.decision.outcome is Outcome.DENY
    assert CASHFLOW.leave().level is Level.SUGGEST


def test_a_run_of_disagreement_lowers_it_by_itself() -> None:
    machines.let(
        subject=CASHFLOW.subject, action=TRANSFER, segment="personal", level=Level.ACT_WITH_APPROVAL, reason="earned", at=clock.now()
    )

    outcomes = reviewed(*[Verdict.DISAGREED] * 12)

    assert [one.lowered for one in outcomes].count(True) >= 1
    assert CASHFLOW.leave().level in (Level.SUGGEST, Level.WATCH)
    first = AutonomySetting.history.order_by("history_date")[1]  # type: ignore[attr-defined]
    assert first.reason == "By itself: Staff disagree more often than this level allows."
    assert first.decision_id, "also what happens by itself is decided and signed"


def test_harm_ends_acting_alone_at_once() -> None:
    machines.let(subject=CASHFLOW.subject, action=TRANSFER, segment="personal", level=Level.ACT_ALONE, reason="earned", at=clock.now())

    assert evidence.record(proposal(), Verdict.HARM, reviewer=staff(), at=clock.now()).lowered

    assert CASHFLOW.leave().level is Level.ACT_WITH_APPROVAL


# --- limits


@pytest.mark.parametrize(
    ("limits", "amount", "outcome"),
    [
        (Limits(Decimal(200), "EUR"), "200.00", Outcome.PERMIT),
        (Limits(Decimal(200), "EUR"), "200.01", Outcome.NEEDS_APPROVAL),
        (Limits(Decimal(200), "CZK"), "1.00", Outcome.NEEDS_APPROVAL),
        (Limits(per_day=0), "1.00", Outcome.NEEDS_APPROVAL),
        (Limits(from_hour=0, to_hour=24), "1.00", Outcome.PERMIT),
        (Limits(), "1.00", Outcome.PERMIT),
    ],
    ids=str,
)
def test_alone_it_acts_only_inside_its_limits(limits: Limits, amount: str, outcome: Outcome) -> None:
    machines.let(
        subject=CASHFLOW.subject, action=TRANSFER, segment="personal", level=Level.ACT_ALONE, reason="earned", limits=limits, at=clock.now()
    )

    assert ask(insights(), resource=party(**PERSONAL), amount=amount).outcome is outcome


def test_beyond_the_number_a_day_a_person_decides() -> None:
    machines.let(
        subject=CASHFLOW.subject, action=TRANSFER, level=Level.ACT_ALONE, reason="earned", limits=Limits(per_day=2), at=clock.now()
    )

    assert [ask(insights()).outcome for _ in range(3)] == [Outcome.PERMIT, Outcome.PERMIT, Outcome.NEEDS_APPROVAL]


@given(
    st.builds(
        Limits,
        st.none() | st.decimals(0, 10**9, places=2),
        st.just("EUR"),
        st.none() | st.integers(0, 10**6),
        st.just(8) | st.just(0),
        st.just(20) | st.just(24),
    )
)
def test_limits_are_read_as_they_were_written(limits: Limits) -> None:
    assert levels.limits_from_text(levels.limits_as_text(limits)) == limits


# --- the stop control


@pytest.mark.parametrize(
    ("scope", "value"), [(Scope.EVERYTHING, ""), (Scope.ACTION, TRANSFER), (Scope.MODEL, "insights.cashflow"), (Scope.BRANCH, "B1")]
)
def test_a_stop_holds_from_the_next_decision_on_for_machines_only(hire: Callable[..., Actor], scope: Scope, value: str) -> None:
    assert stops.stop(scope, value, actor=hire(Role.TEAM_LEAD), reason="Wrong salaries", at=clock.now()).done

    stopped = ask(insights())
    assert (stopped.outcome, [rule.id for rule in stopped.rules]) == (Outcome.DENY, ["automation-stopped"])
    assert ask(staff()).outcome is Outcome.PERMIT


def test_a_stop_elsewhere_stops_nothing_here(hire: Callable[..., Actor]) -> None:
    for scope, value in ((Scope.ACTION, "credit.offer"), (Scope.MODEL, "other"), (Scope.BRANCH, "B2")):
        assert stops.stop(scope, value, actor=hire(), reason="x", at=clock.now()).done

    assert ask(insights()).outcome is Outcome.NEEDS_APPROVAL


def test_a_permit_got_before_the_stop_is_worth_nothing_after_it(hire: Callable[..., Actor]) -> None:
    machines.let(subject="insights.cashflow", action=TRANSFER, level=Level.ACT_ALONE, reason="earned", at=clock.now())
    permit = ask(insights())
    stops.stop(Scope.EVERYTHING, "", actor=hire(), reason="Wrong salaries", at=clock.now())

    with pytest.raises(TokenStopped):
        consume(permit.token, **use_of(permit))


def test_no_policy_text_overrides_a_stop(hire: Callable[..., Actor]) -> None:
    machines.let(subject="insights.cashflow", action=TRANSFER, level=Level.ACT_ALONE, reason="earned", at=clock.now())
    stops.stop(Scope.EVERYTHING, "", actor=hire(), reason="x", at=clock.now())

    everything = '@id("all") @sentence("All.") @customer("All.") @owner("x") @basis("x") permit (principal, action, resource);'
    policy_life.put_in_force(everything)
    assert ask(insights()).outcome is Outcome.DENY


def test_starting_again_needs_two_people(hire: Callable[..., Actor]) -> None:
    lead, officer = hire(Role.TEAM_LEAD), hire()
    stops.stop(Scope.EVERYTHING, "", actor=lead, reason="x", at=clock.now())
    [stop] = stops.in_force()

    asked = stops.start(stop.id, actor=officer, reason="Mended", at=clock.now())
    assert not asked.done
    assert stops.is_stopped()
    assert asked.request_id is not None
    assert actions.approve(asked.request_id, actor=hire(), at=clock.now()).done

    assert not stops.is_stopped()
    assert ask(insights()).outcome is Outcome.NEEDS_APPROVAL
    [lifted] = stops.earlier()
    assert lifted.lifted_by == officer.name


def test_the_same_is_stopped_once_and_started_once(hire: Callable[..., Actor]) -> None:
    officer = hire()
    stops.stop(Scope.BRANCH, "B1", actor=officer, reason="x", at=clock.now())
    with pytest.raises(NotPossible):
        stops.stop(Scope.BRANCH, "B1", actor=officer, reason="x", at=clock.now())
    for scope, value in ((Scope.EVERYTHING, "B1"), (Scope.ACTION, "")):
        with pytest.raises(NotPossible):
            stops.stop(scope, value, actor=officer, reason="x", at=clock.now())
    with pytest.raises(NotPossible):
        stops.start(UUID(int=7), actor=officer, reason="x", at=clock.now())


@pytest.mark.parametrize("role", [Role.BRANCH_STAFF, Role.CONTACT_CENTRE])
def test_only_those_in_charge_stop(hire: Callable[..., Actor], role: Role) -> None:
    assert stops.stop(Scope.EVERYTHING, "", actor=hire(role), reason="x", at=clock.now()).decision.outcome is Outcome.DENY
    assert not stops.is_stopped()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM sentinel_automationstop",
        "UPDATE sentinel_automationstop SET value = 'other'",
        "UPDATE sentinel_automationstop SET reason = 'better'",
        "TRUNCATE sentinel_automationstop",
    ],
)
def test_plain_sql_rewrites_no_stop(hire: Callable[..., Actor], statement: str) -> None:
    stops.stop(Scope.BRANCH, "B1", actor=hire(), reason="x", at=clock.now())
    with (
        pytest.raises(DatabaseError, match=r"no decision lifts this stop|permission denied for table sentinel_automationstop"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_the_preview_tells_what_a_stop_would_touch() -> None:
    machines.let(subject="insights.cashflow", action=TRANSFER, level=Level.ACT_ALONE, reason="earned", at=clock.now())
    used, _ = ask(insights()), ask(insights())
    consume(used.token, **use_of(used))

    seen = stops.preview(Scope.EVERYTHING, "", at=clock.now())

    assert [(done, proposed) for _, done, proposed in seen.by_action] == [(1, 2)]
    assert (seen.permits_open, seen.acting) == (1, 1)
    assert stops.preview(Scope.BRANCH, "B9", at=clock.now()).nothing


# --- drills


def test_a_canary_acts_until_it_is_stopped_and_says_so(hire: Callable[..., Actor], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drills, "ACTING", 0.3)
    officer = hire()

    drills.act_until_stopped(UUID(int=1), asked_by=officer.id)

    seen = DrillSighting.objects.get()
    assert seen.permitted >= 2
    drilled = drills.last()
    assert drilled is not None
    assert (drilled.workers, drilled.by) == (1, officer.name)
    assert drilled.seconds is not None
    assert drilled.seconds < 1
    assert not stops.is_stopped(), "a drill is no stop"
    assert AutomationStop.objects.get().drill


def test_a_drill_ends_by_itself_and_only_then(hire: Callable[..., Actor], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drills, "ACTING", 0.1)
    drills.act_until_stopped(UUID(int=1), asked_by=hire().id)
    stops.stop(Scope.BRANCH, "B7", actor=hire(), reason="a real one", at=clock.now())

    assert drills.end_over(at=clock.now()) == 0
    assert drills.end_over(at=clock.now() + timedelta(seconds=10)) == 1
    assert [stop.value for stop in stops.in_force()] == ["B7"]
    with pytest.raises(NotPossible):
        drills.start(actor=hire())


# --- the overview


def test_the_overview_says_level_evidence_and_what_is_missing(hire: Callable[..., Actor]) -> None:
    reviewed(*[Verdict.AGREED] * 9, Verdict.AGREED)
    evidence.record(proposal(), Verdict.DISAGREED, reason="wrong_moment", confidence=Decimal("0.9"), reviewer=staff(), at=clock.now())
    levels.lower(Automation("other.system", TRANSFER), Level.OFF, actor=hire(), reason="Not needed", at=clock.now())

    [cashflow, other] = overview.automations(at=clock.now())

    assert (cashflow.level, cashflow.next_level) == (Level.SUGGEST, Level.ACT_WITH_APPROVAL)
    assert cashflow.summary.agreement.tally.trials == 11
    assert [(reason.code, reason.times) for reason in cashflow.reasons] == [("wrong_moment", 1)]
    assert cashflow.calibration is not None
    assert cashflow.readiness is not None
    assert not cashflow.readiness.ready
    assert (other.level, other.changes[0].reason) == (Level.OFF, "Not needed")
    day = overview.today(at=clock.now())
    assert (day.agreed, day.disagreed) == (10, 1)
    assert day.proposed == 11
