"""Work that kills whoever does it is set aside after the second worker, with its reason, and nobody is given it again."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from bankos.platform import actors, clock
from customers.linkage import batch
from customers.models import LinkageRun, SourceJob, SourceSystem
from customers.sources import jobs
from tests.processes import environment

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
TESTS = actors.system("tests")

# A worker that does one piece of a job whose work reports so many times and is then killed as the kernel does it.
JOB = """
import os, signal, sys, django
from datetime import datetime
from uuid import UUID
django.setup()
from customers.sources import jobs
def deadly(desk, at):
    for step in range(int(sys.argv[3])):
        desk.report(rows=step + 1, accepted=1, rejected=0, fraction=0.1)
    os.kill(os.getpid(), signal.SIGKILL)
jobs._works["rerun"] = deadly
jobs.work(UUID(sys.argv[1]), at=datetime.fromisoformat(sys.argv[2]))
"""
LINKAGE = """
import os, signal, sys, django
from datetime import datetime
from uuid import UUID
django.setup()
from customers.linkage import batch
batch._describe = lambda run, at: os.kill(os.getpid(), signal.SIGKILL)
batch.work(UUID(sys.argv[1]), at=datetime.fromisoformat(sys.argv[2]))
"""


def killed(script: str, id: object, at: datetime, *more: str) -> bool:
    """Whether a worker that takes this work is killed by it."""
    ended = subprocess.run([sys.executable, "-c", script, str(id), at.isoformat(), *more], env={**os.environ, **environment()}, check=False)
    assert ended.returncode in (0, -signal.SIGKILL)
    return ended.returncode != 0


@pytest.fixture
def job(transactional_db: None) -> SourceJob:
    system = SourceSystem.objects.create(code="ledger", name="Ledger", freshness_promise=timedelta(hours=1))
    actor = actors.Actor(actors.ActorKind.EMPLOYEE, "0190f6b2-0000-7000-8000-000000000001", "Orla", frozenset(), None)
    return jobs.ask(SourceJob.Kind.RERUN, system=system, actor=actor, decision_id=None, at=clock.now())


def silence(at: datetime, of: timedelta, sweep: Callable[..., object]) -> datetime:
    """Nobody works on it for as long as it takes to be noticed."""
    later = at + of + timedelta(seconds=1)
    sweep(at=later)
    return later


def test_a_job_that_killed_two_workers_is_set_aside_with_its_reason(job: SourceJob) -> None:
    at = clock.now()
    assert killed(JOB, job.pk, at, "0")
    assert not killed(JOB, job.pk, at, "0")  # the message of the dead worker, handed to the next at once: nothing to do yet
    at = silence(at, jobs.SILENT, jobs.sweep)
    assert killed(JOB, job.pk, at, "0")
    at = silence(at, jobs.SILENT, jobs.sweep)

    assert not killed(JOB, job.pk, at, "0")
    job.refresh_from_db()
    assert (job.state, job.problem) == ("failed", jobs.STOPPED_TWICE)
    assert jobs.sweep(at=at + timedelta(days=1)) == 0


def test_a_job_that_gets_further_each_time_is_not_given_up(job: SourceJob) -> None:
    for _ in range(4):
        at = silence(clock.now(), jobs.SILENT, jobs.sweep)
        SourceJob.objects.update(alive_at=at - 2 * jobs.SILENT)
        assert killed(JOB, job.pk, at, "3")

    job.refresh_from_db()
    assert (job.state, job.attempts) == ("running", 1)


def test_a_step_of_linkage_that_killed_two_workers_ends_the_run_whoever_hands_it_out() -> None:
    run = batch.start(actor=TESTS, at=clock.now())
    at = clock.now()

    # The broker gives a dead worker's message to the next at once, over and over.
    assert [killed(LINKAGE, run, at) for _ in range(4)] == [True, True, False, False]

    ended = LinkageRun.objects.get(pk=run)
    assert (ended.state, ended.problem) == ("failed", batch.STOPPED_TWICE)
    assert batch.start(actor=TESTS, at=at) != run
