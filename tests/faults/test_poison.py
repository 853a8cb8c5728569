"""Work that kills whoever does it is set aside after the second worker, with its reason, and nobody is given it again."""

import os
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from bankos.platform import actors, clock, jobs
from bankos.platform.jobs import JobKind
from bankos.platform.models import Job
from customers.linkage import batch
from customers.sources import rejected
from tests.processes import environment

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
TESTS = actors.system("tests")

# A worker that does one piece of a job whose work reports so many times and is then killed as the kernel does it.
WORKER = """
import dataclasses, os, signal, sys, django
from datetime import datetime
from uuid import UUID
django.setup()
from bankos.platform import jobs
from bankos.platform.models import Job
def deadly(work, at):
    for step in range(int(sys.argv[3])):
        work.report(step + 1, 10)
    os.kill(os.getpid(), signal.SIGKILL)
kind = Job.objects.get(pk=sys.argv[1]).kind
jobs._kinds[kind] = dataclasses.replace(jobs._kinds.pop(kind), work=deadly)
jobs.work(UUID(sys.argv[1]), at=datetime.fromisoformat(sys.argv[2]))
"""


def killed(id: UUID, at: datetime, *, reports: int = 0) -> bool:
    """Whether a worker that takes this work is killed by it."""
    script = [sys.executable, "-c", WORKER, str(id), at.isoformat(), str(reports)]
    ended = subprocess.run(script, env={**os.environ, **environment()}, check=False)
    assert ended.returncode in (0, -signal.SIGKILL)
    return ended.returncode != 0


def silence(of: timedelta) -> None:
    """Nobody works on it for as long as it takes to be noticed."""
    jobs.sweep(at=clock.now() + of + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("kind", "silent"), [(rejected.RERUN, rejected.RERUN.silent), (batch.RUN, jobs.CLAIM_TO_LOCK)], ids=["reporting", "atomic"]
)
def test_a_job_that_killed_two_workers_is_set_aside_with_its_reason(kind: JobKind, silent: timedelta) -> None:
    given = {"system": "ledger", "file": None}
    job, _ = jobs.start(kind, "SourceSystem/ledger", given=given, actor=TESTS, at=clock.now())
    assert killed(job.pk, clock.now())
    assert not killed(job.pk, clock.now())  # the message of the dead worker, handed to the next at once: nothing to do yet
    silence(silent)
    assert killed(job.pk, clock.now())
    silence(silent)

    assert not killed(job.pk, clock.now())
    job.refresh_from_db()
    assert (job.state, job.problem) == ("failed", jobs.STOPPED_TWICE)
    assert jobs.sweep(at=clock.now() + timedelta(days=1)) == 0
    assert jobs.start(kind, "SourceSystem/ledger", given=given, actor=TESTS, at=clock.now())[1]


def test_a_job_that_gets_further_each_time_is_not_given_up() -> None:
    given = {"system": "ledger", "file": None}
    job, _ = jobs.start(rejected.RERUN, "SourceSystem/ledger", given=given, actor=TESTS, at=clock.now())
    for _ in range(4):
        silence(rejected.RERUN.silent)
        assert killed(job.pk, clock.now(), reports=3)

    assert Job.objects.get().state == "running"
