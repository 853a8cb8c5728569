"""A worker that is killed by what it works on: `DEADLY` in its environment names an event's subject or id, or a message's id."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from typing import Any
from uuid import UUID

from bankos.platform import clock, egress, events, jobs
from bankos.platform.actors import Actor, ActorKind, Role
from bankos.platform.jobs import JobKind, JobView
from bankos.platform.models import Job
from customers.channels.events import applying
from customers.channels.webhooks import sending
from tests.processes import environment

from .subscriber import die_of

WORKER = "import sys, django; django.setup(); from tests.faults import deadly; deadly.main(*sys.argv[1:])"
ADMINISTRATOR = Actor(ActorKind.EMPLOYEE, "admin", "Niamh", frozenset({Role.ADMINISTRATOR}))


def killed(what: str, deadly: str, *, job: UUID | None = None) -> bool:
    """Whether a worker is killed that does what there is to do, or a job."""
    command = [sys.executable, "-c", WORKER, what, str(job or "")]
    ended = subprocess.run(command, env={**os.environ, **environment(), "DEADLY": deadly}, capture_output=True, check=False)
    assert ended.returncode in (0, -signal.SIGKILL), ended.stderr.decode()[-2_000:]
    return ended.returncode != 0


def left_behind(kind: JobKind) -> Job:
    """The job that the sweep makes of what a dead worker had in hand, once it is noticed."""
    pass_time(kind)
    return Job.objects.get(kind=kind.name, parent=None)


def pass_time(kind: JobKind) -> None:
    """Nobody works for as long as it takes to be noticed."""
    jobs.sweep(at=clock.now() + max(kind.silent, jobs.CLAIM_TO_LOCK) + timedelta(seconds=1))


def seen_by_administrator(job: Job) -> JobView:
    return next(view for view in jobs.all_for(ADMINISTRATOR) if view.id == job.pk)


def arm() -> None:
    """Let what `DEADLY` names kill this process where the bank's code reads it."""
    records, post = applying._records, egress.post

    def read(feed: Any, arrivals: Any, batch: Any) -> Any:
        for arrival in arrivals:
            die_of(arrival.event_id)
        return records(feed, arrivals, batch)

    def sent(url: str, body: bytes, headers: Any, **more: Any) -> Any:
        die_of(headers["webhook-id"])
        return post(url, body, headers, **more)

    applying._records, egress.post = read, sent


def main(what: str, job: str) -> None:
    arm()
    if job:
        jobs.serve(UUID(job), seconds=60)
    elif what == "events":
        events.drain("faults.slow")
    elif what == "arrivals":
        applying.apply_waiting(seconds=60)
    else:
        sending.send_due(seconds=60)
