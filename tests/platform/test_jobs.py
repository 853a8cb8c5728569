"""Work asked for is done though workers die, once though many are asked, in pieces, and says what went wrong."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from bankos.platform import actors, clock, jobs
from bankos.platform.actors import Actor, ActorKind, Role
from bankos.platform.jobs import JobError, JobKind, Work
from bankos.platform.models import Job

pytestmark = pytest.mark.django_db
TESTS = actors.system("tests")
MOMENT = timedelta(seconds=1)


@pytest.fixture
def steps() -> list[Any]:
    """What the work does, step by step: an error is raised, a number reported."""
    return []


@pytest.fixture
def declare(steps: list[Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., JobKind]:
    """Declare a kind of this test only; its work does the steps, and has more to do while there are some."""

    def declare(*, each: bool = False, **options: Any) -> JobKind:
        def work(work: Work, at: Any) -> bool:
            while steps:
                step = steps.pop(0)
                if isinstance(step, Exception):
                    raise step
                work.report(step, 10, seen=step)
                if each:
                    break
            return bool(steps)

        monkeypatch.setattr(jobs, "_kinds", dict(jobs._kinds))
        return JobKind("platform.test", "A test", work, **options)

    return declare


@pytest.fixture(params=[False, True], ids=["reporting", "atomic"])
def kind(request: pytest.FixtureRequest, declare: Callable[..., JobKind]) -> JobKind:
    return declare(atomic=request.param)


def started(kind: JobKind, **more: Any) -> Job:
    return jobs.start(kind, "Test/1", actor=TESTS, at=clock.now(), **more)[0]


def state(job: Job) -> tuple[str, str]:
    job.refresh_from_db()
    return job.state, job.problem


def test_a_job_that_takes_long_is_done_in_pieces(declare: Callable, steps: list, monkeypatch: pytest.MonkeyPatch) -> None:
    job = started(declare())
    monkeypatch.setattr(jobs, "PIECE_S", -1.0)
    steps += [3, 7]

    jobs.work(job.pk, at=clock.now())
    assert (state(job), job.done, jobs.view_of(job).percent) == (("waiting", ""), 3, 30)
    jobs.work(job.pk, at=clock.now())
    assert (state(job), job.done, job.counts) == (("waiting", ""), 7, {"seen": 7})
    jobs.work(job.pk, at=clock.now())
    assert (state(job), jobs.view_of(job).percent) == (("done", ""), 100)


def test_an_atomic_job_does_one_piece_at_a_time(declare: Callable, steps: list) -> None:
    job = started(declare(atomic=True, each=True))
    steps += [1, 2]

    assert [jobs.work(job.pk, at=clock.now()) for _ in range(3)] == [True, True, False]
    assert (state(job), job.done) == (("done", ""), 2)


def test_the_same_work_that_is_open_is_not_asked_for_twice(kind: JobKind) -> None:
    first, new = jobs.start(kind, "Test/1", given={"file": "a"}, actor=TESTS, at=clock.now())
    assert new
    assert jobs.start(kind, "Test/1", given={"file": "a"}, actor=TESTS, at=clock.now()) == (first, False)
    assert jobs.start(kind, "Test/1", given={"file": "b"}, actor=TESTS, at=clock.now())[1]
    jobs.work(first.pk, at=clock.now())
    assert jobs.start(kind, "Test/1", given={"file": "a"}, actor=TESTS, at=clock.now())[1]


def test_what_a_person_has_to_know_stands_with_the_job(kind: JobKind, steps: list) -> None:
    job = started(kind)
    steps.append(JobError("It is cut off."))

    assert jobs.work(job.pk, at=clock.now())

    assert state(job) == ("failed", "It is cut off.")


def test_a_job_whose_worker_died_is_given_to_another_and_not_while_it_lives(kind: JobKind) -> None:
    job = started(kind)
    Job.objects.update(state="running", alive_at=clock.now())
    assert not jobs.work(job.pk, at=clock.now())
    assert jobs.sweep(at=clock.now()) == 0

    assert jobs.sweep(at=clock.now() + kind.silent + MOMENT) == 1
    assert state(job) == ("waiting", "")
    jobs.work(job.pk, at=clock.now())
    assert state(job) == ("done", "")


def test_a_job_that_killed_two_workers_is_set_aside(kind: JobKind) -> None:
    job = started(kind)
    for _ in range(2):
        Job.objects.filter(state="waiting").update(state="running")
        jobs.sweep(at=clock.now() + kind.silent + MOMENT)

    assert state(job) == ("failed", jobs.STOPPED_TWICE)
    assert not jobs.work(job.pk, at=clock.now())


def test_a_job_that_gets_further_each_time_is_not_given_up(declare: Callable, steps: list, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = declare()
    job = started(kind)
    monkeypatch.setattr(jobs, "PIECE_S", -1.0)
    for _ in range(4):
        Job.objects.update(state="running")
        jobs.sweep(at=clock.now() + kind.silent + MOMENT)
        steps.append(1)
        jobs.work(job.pk, at=clock.now())

    assert state(job)[0] == "waiting"


def test_a_job_that_fails_again_and_again_is_given_up(kind: JobKind, steps: list) -> None:
    job = started(kind)
    steps += [ZeroDivisionError()] * jobs.FAILURES
    for _ in range(jobs.FAILURES):
        with pytest.raises(ZeroDivisionError):
            jobs.work(job.pk, at=clock.now())

    assert state(job) == ("failed", jobs.FAILED_AGAIN)
    assert jobs.sweep(at=clock.now() + timedelta(days=1)) == 0


def test_what_an_atomic_piece_wrote_goes_with_its_failure(declare: Callable, steps: list) -> None:
    job = started(declare(atomic=True))
    steps += [5, ZeroDivisionError()]
    with suppress(ZeroDivisionError):
        jobs.work(job.pk, at=clock.now())

    assert (state(job)[0], job.done, job.failures) == ("waiting", 0, 1)


def test_a_lost_message_is_sent_again(kind: JobKind) -> None:
    started(kind)
    assert jobs.sweep(at=clock.now()) == 0
    assert jobs.sweep(at=clock.now() + timedelta(minutes=1)) == 1


def test_a_job_that_is_stopped_does_no_further_piece(declare: Callable, steps: list) -> None:
    job = started(declare())
    jobs.stop(job.pk, at=clock.now())

    assert not jobs.work(job.pk, at=clock.now())
    assert state(job) == ("stopped", "")


def test_work_under_way_ends_at_the_next_report_once_it_is_stopped(declare: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def work(work: Work, at: Any) -> None:
        jobs.stop(work.job.pk, at=at)
        seen.append("before")
        work.report(1, 2)
        seen.append("behind")

    declare()
    job = started(JobKind("platform.stopped", "Stopped", work))
    jobs.work(job.pk, at=clock.now())

    assert (state(job), seen) == (("stopped", ""), ["before"])


@pytest.fixture
def whole(declare: Callable, steps: list) -> tuple[Job, list[Job]]:
    """A job of three parts, and what its end is told to."""
    ended: list[Job] = []
    kind = declare(atomic=True, each=True, ended=lambda job, at: ended.append(job))
    job = started(kind)
    jobs.split(job, [({"part": number}, 10 * (number + 1)) for number in range(3)], at=clock.now())
    job.refresh_from_db()
    return job, ended


def test_a_job_is_over_when_its_parts_are(whole: tuple[Job, list[Job]]) -> None:
    job, ended = whole
    assert (job.state, job.total) == ("running", 60)

    done = []
    while jobs.work(job.pk, at=clock.now()):
        job.refresh_from_db()
        done.append(job.done)

    assert (done, job.state, len(ended)) == ([10, 30, 60], "done", 1)


def test_a_part_that_fails_leaves_the_others_theirs(whole: tuple[Job, list[Job]], steps: list) -> None:
    job, ended = whole
    steps.append(JobError("This part is broken."))
    while jobs.work(job.pk, at=clock.now()):
        pass

    assert (state(job), job.done) == (("failed", f"{jobs.PART_FAILED} This part is broken."), 50)
    assert [part.problem for part in job.parts.order_by("pk")] == ["This part is broken.", "", ""]
    assert len(ended) == 1


def test_a_stopped_job_ends_when_the_parts_under_way_do(whole: tuple[Job, list[Job]]) -> None:
    job, ended = whole
    jobs.work(job.pk, at=clock.now())
    claimed = jobs._claimed(job.pk, clock.now())
    jobs.stop(job.pk, at=clock.now())
    assert (state(job)[0], ended) == ("stopping", [])

    Job.objects.filter(pk=claimed.pk).update(state="stopped")
    jobs.sweep(at=clock.now())
    assert (state(job)[0], job.done, len(ended)) == ("stopped", 10, 1)
    assert not jobs.work(job.pk, at=clock.now())


def test_parts_of_a_dead_worker_are_done_by_others(whole: tuple[Job, list[Job]]) -> None:
    job, _ = whole
    jobs._claimed(job.pk, clock.now())
    assert jobs.sweep(at=clock.now() + jobs.CLAIM_TO_LOCK + MOMENT) >= 1
    while jobs.work(job.pk, at=clock.now()):
        pass
    assert state(job) == ("done", "")


def test_a_job_without_parts_to_do_is_done_at_once(declare: Callable) -> None:
    job = started(declare(atomic=True))
    jobs.split(job, [], at=clock.now())
    assert state(job) == ("done", "")


def test_who_has_the_role_sees_the_kind(declare: Callable) -> None:
    started(declare(seen_by=frozenset({Role.COMPLIANCE})))

    def seen(role: Role) -> int:
        person = Actor(ActorKind.EMPLOYEE, "0190f6b2-0000-7000-8000-000000000001", "Orla", frozenset({role}), None)
        return len(jobs.all_for(person))

    assert (seen(Role.COMPLIANCE), seen(Role.ADMINISTRATOR)) == (1, 0)
