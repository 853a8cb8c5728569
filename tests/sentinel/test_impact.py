"""What a draft would do to past decisions: all of them once, counted by kind, by action, by segment and by protected group."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from bankos.platform import clock, jobs
from bankos.platform.actors import Role
from bankos.platform.models import Job
from sentinel import impact, policy
from sentinel.authority import BadRequest
from sentinel.impact import groups, reporting, running
from sentinel.models import PolicyVersion, ReplayChange

from .desk import CREDIT, PRODUCT, TRANSFER, ask, compliance, forget, party, person, staff
from .texts import POLICIES, SCHEMA, without

pytestmark = pytest.mark.usefixtures("authority", "small_parts")

BOSS = compliance()


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few decisions are several parts. No worker listens: the tests do the parts themselves, one after the other."""
    monkeypatch.setattr(running, "PART", 4)


def later() -> Any:
    """A moment after every decision made so far."""
    return clock.now() + timedelta(seconds=1)


def draft(policies: str, schema: str = SCHEMA) -> PolicyVersion:
    return policy.draft(policies=policies, schema=schema, note="", at=clock.now())


def started(version: PolicyVersion, *, days: int = 7) -> UUID:
    return impact.start(version.pk, days=days, actor=BOSS, at=later())


def finished(version: PolicyVersion, *, days: int = 7) -> impact.ImpactReport:
    run_id = started(version, days=days)
    while jobs.work(run_id, at=later()):
        pass
    return impact.report(run_id, actor=BOSS)


def claimed(run_id: UUID) -> UUID:
    """A part as a worker leaves it that dies before its work is done."""
    part = jobs._claimed(run_id, clock.now())
    assert part is not None
    return part.pk


def in_arrears(number: int, **facts: Any) -> list[UUID]:
    return [ask(action=CREDIT, resource=party(days_past_due=3, **facts)).id for _ in range(number)]


def test_the_same_text_changes_nothing() -> None:
    for _ in range(5):
        ask()
    in_arrears(2)

    report = finished(draft(POLICIES + "\n// said again"))

    assert (report.state, report.total, report.done, report.changed, report.unchanged) == ("done", 7, 7, 0, 7)
    assert report.kinds == ()
    assert report.sentence == "All 7 decisions made again: 0 would come out differently."


def test_every_change_is_counted_by_kind_and_kept_with_its_rules() -> None:
    ask()
    refused = in_arrears(6)
    report = finished(draft(without("no-credit-in-arrears")))

    kept = impact.changes(report.run_id, actor=BOSS).changes

    assert report.changed == 6 == sum(kind.number for kind in report.kinds)
    assert [(kind.sentence, kind.stricter) for kind in report.kinds] == [(kept[0].sentence, False)]
    assert kept[0].sentence.startswith("Refused, would ")
    assert [change.decision_id for change in kept] == refused[::-1]
    assert kept[0].short_id.startswith("dt_")
    assert all("no-credit-in-arrears" in change.rules_were and "no-credit-in-arrears" not in change.rules_would_be for change in kept)


def test_the_changes_come_in_pages_and_by_kind() -> None:
    refused = in_arrears(5)
    run_id = finished(draft(without("no-credit-in-arrears"))).run_id

    first = impact.changes(run_id, actor=BOSS, limit=3)
    second = impact.changes(run_id, actor=BOSS, limit=3, after=first.next_after)

    assert [change.decision_id for change in first.changes + second.changes] == refused[::-1]
    assert second.next_after is None
    assert impact.changes(run_id, actor=BOSS, was="permit").changes == ()
    assert len(impact.changes(run_id, actor=BOSS, was="deny", would_be=first.changes[0].would_be).changes) == 5


def test_only_decisions_of_the_days_that_asked_a_policy_are_made_again() -> None:
    ask(at=clock.now() - timedelta(days=3))
    ask(at=clock.now() - timedelta(days=1, hours=1))
    ask()
    with pytest.raises(BadRequest):
        ask(amount="not an amount")
    version = draft(POLICIES)

    assert finished(version, days=1).total == 1
    assert finished(version, days=2).total == 2
    assert finished(version, days=4).done == 3


def test_days_without_a_decision_are_done_at_once() -> None:
    report = finished(draft(POLICIES))

    assert (report.state, report.total, report.sentence) == ("done", 0, "There was no decision in these days.")


def test_erased_and_damaged_content_is_counted_and_never_guessed(past_the_guards: Callable[[], AbstractContextManager[None]]) -> None:
    ask(resource=party("gone"))
    forget(("Party", "gone"), decision_id=ask().id)
    damaged = ask()
    with past_the_guards(), connection.cursor() as cursor:
        cursor.execute("UPDATE sentinel_decision SET context_cipher = '' WHERE id = %s", [damaged.id])

    report = finished(draft(POLICIES))

    assert (report.total, report.done, report.erased, report.failed, report.changed) == (3, 3, 1, 1, 0)
    assert report.sentence == "1 of 3 decisions made again: 0 would come out differently."
    assert sum(split.decisions for split in report.by_action) == 1


def test_requests_that_do_not_fit_the_new_schema_are_a_kind_of_their_own() -> None:
    ask()
    fits = ask(action=CREDIT)
    schema = SCHEMA.replace("parameters: { from_arrangement: String,", "parameters: { is_instant: Bool, from_arrangement: String,")
    assert schema != SCHEMA

    report = finished(draft(POLICIES, schema))

    kind = next(kind for kind in report.kinds if kind.would_be == "cannot_be_asked")
    assert (kind.number, kind.stricter) == (1, True)
    assert kind.sentence == "Permitted, cannot be asked: its facts do not fit the new schema"
    assert fits.id not in [change.decision_id for change in impact.changes(report.run_id, actor=BOSS).changes]


def test_the_splits_say_how_many_of_each_action_and_segment_would_change() -> None:
    for _ in range(3):
        ask(resource=party(segment="young"))
    in_arrears(2, segment="young")
    in_arrears(1)

    report = finished(draft(without("no-credit-in-arrears")))

    assert [(split.code, split.decisions, split.changed, split.share) for split in report.by_action] == [
        (CREDIT, 3, 3, 1.0),
        (TRANSFER, 3, 0, 0.0),
    ]
    assert [(split.title, split.decisions, split.changed) for split in report.by_segment] == [("Young", 5, 2), ("No segment", 1, 1)]


STRICTER_FOR_THE_OLD = """
@id("no-savings-after-65") @sentence("s") @customer("c") @owner("o") @basis("b")
forbid (principal, action == Action::"product.offer", resource)
when { resource has age_years && resource.age_years >= 65 && resource has needs && resource.needs.contains("hearing") };
"""


def group_of(report: impact.ImpactReport, code: str) -> impact.GroupSplit:
    return next(split for split in report.by_group if split.code == code)


def test_a_group_that_is_treated_more_strictly_than_the_others_is_marked() -> None:
    for _ in range(20):
        ask(action=PRODUCT, resource=party(age_years=30, needs=[]))
    for place in range(20):
        ask(action=PRODUCT, resource=party(age_years=70, needs=["hearing"] if place < 10 else []))
    for _ in range(19):
        ask(action=PRODUCT, resource=party(age_years=20))

    report = finished(draft(POLICIES + STRICTER_FOR_THE_OLD))

    old, grown, young = group_of(report, "65_up"), group_of(report, "25_to_64"), group_of(report, "under_25")
    assert (old.decisions, old.changed, old.share_stricter, old.disparity) == (20, 10, 0.5, True)
    assert old.others_share_stricter == 0.0
    assert old.sentence == "50.0% would be treated more strictly, 0.0% of the others: look into it."
    assert (grown.share_stricter, grown.disparity) == (0.0, False)
    assert (young.decisions, young.changed, young.share, young.disparity) == (None, None, None, False)
    assert young.sentence == "Fewer than 20 decisions: nothing is said."
    # Ten people with a recorded need are too few to speak of; nobody whose needs are unknown counts as somebody without.
    assert group_of(report, "recorded").decisions is None
    assert (group_of(report, "none").decisions, group_of(report, "none").others_share_stricter) == (30, None)


@pytest.mark.parametrize(("own", "others", "marked"), [(0.5, 0.4, False), (0.51, 0.4, True), (0.1, 0.0, True), (0.0, 0.0, False)])
def test_the_mark_begins_above_one_and_a_quarter_times_the_others(own: float, others: float, marked: bool) -> None:
    assert reporting.GroupSplit("Age", "65_up", "65 and over", 100, 0, 0.0, own, others).disparity is marked


@given(
    age=st.none() | st.integers(-5, 200) | st.text(max_size=3) | st.booleans(),
    needs=st.none() | st.lists(st.text(max_size=3)) | st.integers(),
)
def test_whatever_the_facts_say_they_have_a_group_in_every_dimension(age: Any, needs: Any) -> None:
    code = groups.code_of({"age_years": age, "needs": needs})

    values = groups.values_of(code)

    assert len(code) <= 40
    assert all(values[dimension.name] in {*dimension.values, "unknown"} for dimension in groups.DIMENSIONS)
    assert values["age"] == "unknown" or (isinstance(age, int) and not isinstance(age, bool))


@pytest.mark.parametrize(("age", "band"), [(0, "under_25"), (24, "under_25"), (25, "25_to_64"), (64, "25_to_64"), (65, "65_up")])
def test_age_bands_begin_with_their_first_year(age: int, band: str) -> None:
    assert groups.values_of(groups.code_of({"age_years": age}))["age"] == band


# How a run goes


def test_a_run_is_done_in_parts_that_cover_every_decision_once() -> None:
    for _ in range(11):
        ask()

    report = finished(draft(POLICIES))

    parts = Job.objects.filter(parent=report.run_id)
    assert sorted(part.total for part in parts) == [3, 4, 4]
    assert [part.counts["made"] for part in parts] == [part.total for part in parts]
    assert report.seconds is not None
    assert report.seconds >= 0


def test_a_report_speaks_of_the_parts_that_are_done_while_the_run_goes_on() -> None:
    in_arrears(10)
    run_id = started(draft(without("no-credit-in-arrears")))
    jobs.work(run_id, at=later())

    report = impact.report(run_id, actor=BOSS)

    assert report.state == "running"
    assert 0 < report.done == report.changed < report.total == 10
    assert report.seconds is None
    assert report.sentence == f"{report.done} of 10 decisions made again so far."


def test_a_part_done_twice_changes_nothing() -> None:
    in_arrears(3)
    run_id = started(draft(without("no-credit-in-arrears")))
    assert jobs.work(run_id, at=later())
    before = (list(Job.objects.values()), list(ReplayChange.objects.values()))

    assert not jobs.work(run_id, at=later())
    jobs._atomic_piece(Job.objects.exclude(parent=None).get(), impact.REPLAY, later())

    assert (list(Job.objects.values()), list(ReplayChange.objects.values())) == before


def test_a_part_of_a_worker_that_died_is_done_by_another_one() -> None:
    in_arrears(6)
    run_id = started(draft(without("no-credit-in-arrears")))
    dead = claimed(run_id)
    while jobs.work(run_id, at=later()):
        pass
    assert impact.progress(run_id, actor=BOSS).state == "running"

    assert jobs.sweep(at=clock.now() + timedelta(minutes=1)) == 1
    assert jobs.work(run_id, at=later())

    report = impact.report(run_id, actor=BOSS)
    assert (report.state, report.done, report.changed) == ("done", 6, 6)
    assert Job.objects.get(pk=dead).state == "done"


def test_a_part_that_killed_every_worker_is_given_up_and_the_run_says_so() -> None:
    in_arrears(6)
    run_id = started(draft(without("no-credit-in-arrears")))
    for _ in range(jobs.DEATHS):
        lost = claimed(run_id)
        jobs.sweep(at=clock.now() + timedelta(minutes=1))
    while jobs.work(run_id, at=later()):
        pass

    report = impact.report(run_id, actor=BOSS)

    given_up = Job.objects.get(pk=lost)
    assert (report.state, given_up.state, report.failed, report.done) == ("failed", "failed", given_up.total, 6 - given_up.total)


def test_a_run_nobody_works_on_is_handed_out_again_and_one_that_is_worked_on_is_not() -> None:
    in_arrears(6)
    run_id = started(draft(POLICIES))

    assert jobs.sweep(at=clock.now()) == 0
    assert jobs.sweep(at=clock.now() + timedelta(minutes=1)) == 1
    jobs.work(run_id, at=clock.now() + timedelta(minutes=1))
    assert jobs.sweep(at=clock.now() + timedelta(minutes=1, seconds=5)) == 0


def test_a_stopped_run_makes_nothing_more_again_and_keeps_what_it_has() -> None:
    in_arrears(10)
    run_id = started(draft(without("no-credit-in-arrears")))
    jobs.work(run_id, at=later())
    impact.stop(run_id, actor=BOSS, at=later())

    assert not jobs.work(run_id, at=later())
    report = impact.report(run_id, actor=BOSS)
    assert (report.state, report.over, report.changed) == ("stopped", True, report.done)
    assert 0 < report.done < 10
    assert jobs.sweep(at=clock.now() + timedelta(minutes=1)) == 0


def test_a_run_that_is_stopped_while_a_part_is_worked_on_keeps_nothing_of_the_part() -> None:
    in_arrears(4)
    run_id = started(draft(without("no-credit-in-arrears")))
    part_id = claimed(run_id)
    impact.stop(run_id, actor=BOSS, at=later())
    assert impact.progress(run_id, actor=BOSS).sentence == "Stopping; 0 of 4 decisions made again."

    with pytest.raises(jobs.Stopped):
        jobs._atomic_piece(Job.objects.get(pk=part_id), impact.REPLAY, later())

    assert ReplayChange.objects.count() == 0
    jobs.sweep(at=clock.now() + timedelta(minutes=1))
    assert impact.progress(run_id, actor=BOSS).state == "stopped"


def test_a_finished_run_cannot_be_stopped_any_more() -> None:
    ask()
    report = finished(draft(POLICIES))

    impact.stop(report.run_id, actor=BOSS, at=later())

    assert impact.report(report.run_id, actor=BOSS) == report


def test_asking_again_while_a_run_is_open_goes_on_with_it_and_asking_later_begins_another() -> None:
    in_arrears(2)
    version = draft(POLICIES)
    first = started(version)

    assert started(version) == first
    newer = impact.latest(version.pk)
    assert newer is not None
    assert newer.run_id == first
    jobs.work(first, at=later())
    second = started(version)
    assert second != first
    newest = impact.latest(version.pk)
    assert newest is not None
    assert newest.run_id == second


def test_a_version_without_a_run_has_no_latest_one() -> None:
    assert impact.latest(draft(POLICIES).pk) is None


# Who may look


@pytest.mark.parametrize("actor", [staff(), person(Role.TEAM_LEAD), person(Role.CONTACT_CENTRE)])
def test_only_those_who_oversee_may_look(actor: Any) -> None:
    run_id = started(draft(POLICIES))

    for call in (
        lambda: impact.start(policy.active().id, days=7, actor=actor, at=clock.now()),
        lambda: impact.stop(run_id, actor=actor, at=clock.now()),
        lambda: impact.progress(run_id, actor=actor),
        lambda: impact.report(run_id, actor=actor),
        lambda: impact.changes(run_id, actor=actor),
    ):
        with pytest.raises(impact.NotAllowed):
            call()


def test_an_administrator_may_look_too() -> None:
    run_id = impact.start(draft(POLICIES).pk, days=1, actor=person(Role.ADMINISTRATOR), at=later())

    assert impact.report(run_id, actor=person(Role.ADMINISTRATOR)).state == "done"


@pytest.mark.parametrize("days", [0, -1, running.LONGEST_PERIOD_DAYS + 1])
def test_no_run_over_no_day_or_too_many(days: int) -> None:
    with pytest.raises(impact.OutOfRange):
        started(draft(POLICIES), days=days)


def test_what_does_not_exist_is_not_found() -> None:
    nothing = UUID(int=7)
    for call in (
        lambda: impact.start(nothing, days=7, actor=BOSS, at=clock.now()),
        lambda: impact.stop(nothing, actor=BOSS, at=clock.now()),
        lambda: impact.progress(nothing, actor=BOSS),
        lambda: impact.report(nothing, actor=BOSS),
        lambda: impact.changes(nothing, actor=BOSS),
    ):
        with pytest.raises(impact.NotFound):
            call()


def test_looking_costs_one_query_for_the_progress_and_two_for_the_report(django_assert_num_queries: Any) -> None:
    in_arrears(10)
    run_id = finished(draft(without("no-credit-in-arrears"))).run_id

    with django_assert_num_queries(1):
        impact.progress(run_id, actor=BOSS)
    with django_assert_num_queries(2):
        impact.report(run_id, actor=BOSS)
    with django_assert_num_queries(1):
        impact.changes(run_id, actor=BOSS)
