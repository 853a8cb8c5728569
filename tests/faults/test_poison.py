"""Work that kills whoever does it is set aside after the second worker, with its reason, and nobody is given it again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import transaction

from bankos.platform import actors, bell, clock, events, jobs
from bankos.platform.ids import uuid7
from bankos.platform.jobs import JobKind
from bankos.platform.models import DomainEvent, EventDelivery, Heartbeat, Job
from customers.linkage import batch
from customers.sources import rejected
from tests.processes import Background, WaitUntil, environment

from . import deadly

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


def happen(*subjects: str) -> None:
    with transaction.atomic():
        events.publish_many("faults.happened", items=[(subject, {}) for subject in subjects], source="faults", at=clock.now())


def handled() -> list[str]:
    return sorted(DomainEvent.objects.filter(type="faults.handled").values_list("subject", flat=True))


def test_an_event_that_killed_two_workers_is_set_aside_and_the_others_arrive() -> None:
    happen("a", "b", "deadly", "c", "d")
    assert deadly.killed("events", "deadly")
    happen("e", "f")
    assert not deadly.killed("events", "deadly"), "what the dead one had in hand is nobody's yet"
    assert handled() == ["e", "f"]

    job = deadly.left_behind(events.TELLING)
    assert deadly.killed("events", "deadly", job=job.pk)
    deadly.pass_time(events.TELLING)
    assert not deadly.killed("events", "deadly", job=job.pk)

    assert handled() == ["a", "b", "c", "d", "e", "f"]
    aside = EventDelivery.objects.get(delivered_at=None, subscriber="faults.slow")
    assert (aside.event.subject, aside.last_error) == ("deadly", jobs.STOPPED_TWICE)
    with clock.stopped_at(clock.now() + timedelta(days=1)):
        assert events.due_subscribers(at=clock.now()) == []
        assert jobs.sweep(at=clock.now()) == 0
    seen = deadly.seen_by_administrator(job)
    assert (seen.state, seen.about, seen.done, seen.total) == ("failed", "faults.slow", 4, 5)
    assert f"faults.happened {aside.event_id}. {jobs.STOPPED_TWICE}" in seen.problem


def test_an_event_whose_worker_was_killed_by_something_else_arrives() -> None:
    happen("a", "b")
    assert deadly.killed("events", "b")

    job = deadly.left_behind(events.TELLING)
    assert not deadly.killed("events", "", job=job.pk)

    assert handled() == ["a", "b"]
    assert deadly.seen_by_administrator(job).state == "done"


def test_a_drill_that_killed_its_worker_is_not_handed_on(start_worker: Callable[..., Background], wait_until: WaitUntil) -> None:
    start_worker(include="tests.faults.canary", concurrency=1)
    canaries = Heartbeat.objects.filter(process__startswith="canary")
    for runs in (1, 2):  # the worker that takes the second one has long been rid of the first
        bell.call("sentinel.tasks.drill_canary", str(uuid7()), "somebody", queue="sentinel")
        wait_until(lambda runs=runs: canaries.count() >= runs)
    time.sleep(3)
    assert canaries.count() == 2
