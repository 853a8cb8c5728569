"""Work asked for is done though workers die, once though many are asked, and says what went wrong."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bankos.platform import clock
from bankos.platform.actors import Actor
from customers.ingestion import UnreadableFile
from customers.models import SourceJob, SourceSystem
from customers.sources import jobs
from customers.sources.jobs import Desk, Kind
from sentinel.governance import NotPossible

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(orla: Actor) -> SourceJob:
    system = SourceSystem.objects.create(code="ledger", name="Ledger", freshness_promise=timedelta(hours=1))
    return jobs.ask(Kind.RERUN, system=system, actor=orla, decision_id=None, at=clock.now())


@pytest.fixture
def doing(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What the work does, step by step, in place of trying rows again: an error is raised, a number reported."""
    steps: list = []

    def work(desk: Desk, at) -> None:
        for step in list(steps):
            steps.pop(0)
            if isinstance(step, Exception):
                raise step
            desk.report(rows=step, accepted=step, rejected=0, fraction=step / 10)

    monkeypatch.setitem(jobs._works, Kind.RERUN, work)
    return steps


def state(job: SourceJob) -> tuple[str, str]:
    job.refresh_from_db()
    return job.state, job.problem


def test_a_job_that_takes_long_is_done_in_pieces(job: SourceJob, doing: list, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "PIECE", -1.0)
    doing += [3, 7]

    jobs.work(job.pk, at=clock.now())
    assert (state(job), job.rows, job.fraction) == (("waiting", ""), 3, 0.3)
    jobs.work(job.pk, at=clock.now())
    assert (state(job), job.rows) == (("waiting", ""), 7)
    jobs.work(job.pk, at=clock.now())
    assert (state(job), job.fraction) == (("done", ""), 1.0)


@pytest.mark.parametrize("error", [UnreadableFile("It is cut off."), NotPossible("It is cut off.")])
def test_what_a_person_has_to_know_stands_with_the_job(job: SourceJob, doing: list, error: Exception) -> None:
    doing.append(error)

    jobs.work(job.pk, at=clock.now())

    assert state(job) == ("failed", "It is cut off.")


def test_a_job_whose_worker_died_is_given_to_another_and_not_while_it_lives(job: SourceJob, doing: list) -> None:
    SourceJob.objects.update(state="running", attempts=1)
    jobs.work(job.pk, at=clock.now())
    assert state(job) == ("running", "")
    assert jobs.sweep(at=clock.now()) == 0

    later = clock.now() + jobs.SILENT + timedelta(seconds=1)
    assert jobs.sweep(at=later) == 1
    jobs.work(job.pk, at=later)
    assert state(job) == ("done", "")


def test_a_job_that_fails_again_and_again_is_given_up(job: SourceJob, doing: list) -> None:
    at = clock.now()
    doing += [ZeroDivisionError()] * jobs.ATTEMPTS
    for _ in range(jobs.ATTEMPTS):
        with pytest.raises(ZeroDivisionError):
            jobs.work(job.pk, at=at)
        at += jobs.SILENT + timedelta(seconds=1)

    assert state(job)[0] == "failed"
    assert jobs.sweep(at=at) == 0


def test_a_finished_job_is_not_done_again(job: SourceJob, doing: list) -> None:
    jobs.work(job.pk, at=clock.now())
    doing.append(5)
    jobs.work(job.pk, at=clock.now())

    assert (state(job), job.rows, doing) == (("done", ""), 0, [5])
