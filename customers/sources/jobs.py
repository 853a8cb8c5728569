"""Work on sources that takes longer than a page may: asked for here, done by workers, watched on the page.

A job runs in pieces: after a while it stops at a safe place and asks for its next piece, so that no worker is kept from what else there is
to do and no message outlives its time. Each piece may die anywhere: what a job is for is done in transactions of their own that another
worker goes on behind. An attempt is counted before it begins; a job that killed two workers at the same place is set aside.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F, Q
from kombu.exceptions import OperationalError

from bankos.platform import clock
from bankos.platform.actors import Actor
from sentinel.governance import NotPossible

from ..ingestion import IngestError, ReadElsewhere
from ..models import SourceFile, SourceJob, SourceMapping, SourceSystem
from .access import SourceNotVisible, check_may_see

PIECE = 120.0  # seconds, far below a task's time limit
SILENT = timedelta(seconds=90)  # a chunk takes less than a second, so whoever works says so more often
ATTEMPTS = 5
DEATHS = 2
"""Workers that may die of a job before it is set aside; one that came further than the one before it begins anew."""
STOPPED_TWICE = "It stopped the worker that did it, twice at the same place, and is not tried again. Ask whoever runs bankos."
FETCHED_WITHIN = 60  # seconds; a message that no worker took is dropped, and the sweeper sends another
Kind, State = SourceJob.Kind, SourceJob.State
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class JobView:
    id: UUID
    system: str
    file: UUID | None
    file_name: str
    kind: str
    title: str
    state: str
    rows: int
    accepted: int
    rejected: int
    added: int
    reasons: dict[str, Any]
    sha256: str
    percent: int
    problem: str
    asked_by: str
    asked_at: datetime
    finished_at: datetime | None

    @property
    def going_on(self) -> bool:
        return self.state in SourceJob.OPEN


class Paused(Exception):
    """The piece is over; what is done stays, the rest is for the next."""


class Desk:
    """What the work itself gets: the job, and where it reports how far it is."""

    def __init__(self, job: SourceJob) -> None:
        self.job = job
        self._until = time.monotonic() + PIECE

    def report(self, *, rows: int, accepted: int, rejected: int, fraction: float, **more: Any) -> None:
        """Say how far it is. Raises Paused when the piece has taken long enough: call it where stopping is safe.

        Args:
            more: what the next piece, or the page, has to know besides.
        """
        SourceJob.objects.filter(pk=self.job.pk).update(
            rows=rows, accepted=accepted, rejected=rejected, fraction=min(max(fraction, 0.0), 1.0), alive_at=clock.now(), attempts=1, **more
        )
        if time.monotonic() > self._until:
            raise Paused


Work = Callable[[Desk, datetime], None]
_works: dict[str, Work] = {}


def works(kind: SourceJob.Kind) -> Callable[[Work], Work]:
    """Names what does jobs of this kind. It raises IngestError or NotPossible for what a person has to know."""

    def register(work: Work) -> Work:
        _works[kind] = work
        return work

    return register


def ask(
    kind: SourceJob.Kind,
    *,
    system: SourceSystem,
    file: SourceFile | None = None,
    mapping: SourceMapping | None = None,
    sha256: str = "",
    actor: Actor,
    decision_id: UUID | None,
    at: datetime,
) -> SourceJob:
    """Ask the workers for it; in a transaction that also holds why. The same work that waits already is not asked for twice."""
    open_one = SourceJob.objects.filter(
        system=system, file=file, mapping=mapping, sha256=sha256, kind=kind, state__in=SourceJob.OPEN
    ).first()
    if open_one is not None:
        return open_one
    job = SourceJob.objects.create(
        system=system,
        file=file,
        mapping=mapping,
        sha256=sha256,
        kind=kind,
        asked_by=actor.id,
        asked_by_name=actor.name,
        decision_id=decision_id,
        asked_at=at,
        alive_at=at,
    )
    transaction.on_commit(partial(_hand_out, job.pk))
    return job


def work(job_id: UUID, *, at: datetime) -> None:
    """Do a piece of the job; asked once too often, there is nothing to do."""
    if not _claimed(job_id, at):
        return
    job = SourceJob.objects.select_related("system", "file", "mapping").get(pk=job_id)
    try:
        _works[job.kind](Desk(job), at)
    except Paused:
        SourceJob.objects.filter(pk=job_id).update(state=State.WAITING, attempts=0, alive_at=clock.now())
        _hand_out(job_id)
    except ReadElsewhere:
        # The other one, whom this one took for dead, goes on.
        SourceJob.objects.filter(pk=job_id).update(alive_at=clock.now())
    except (IngestError, NotPossible) as error:
        _finish(job_id, State.FAILED, str(error)[:300])
    except Exception as error:
        if job.attempts >= ATTEMPTS:
            _finish(job_id, State.FAILED, "It failed again and again; the system’s log says where. Ask whoever runs bankos.")
        else:
            # Its worker lives: only where it does not, a job stays under way with nobody at it.
            SourceJob.objects.filter(pk=job_id).update(state=State.WAITING, alive_at=clock.now())
        log.error("source job failed", run_id=str(job_id), attempts=job.attempts, error=type(error).__name__)
        raise
    else:
        _finish(job_id, State.DONE, "")


def sweep(*, at: datetime) -> int:
    """Send messages again for jobs nobody works on. Returns how many those were."""
    silent = SourceJob.objects.filter(state__in=SourceJob.OPEN, alive_at__lt=at - SILENT)
    for job_id in list(silent.filter(_GIVEN_UP).values_list("pk", flat=True)):
        log.error("source job set aside", run_id=str(job_id))
        _finish(job_id, State.FAILED, STOPPED_TWICE)
    ids = list(silent.exclude(_GIVEN_UP).values_list("pk", flat=True))
    for job_id in ids:
        _hand_out(job_id)
    return len(ids)


def job(job_id: UUID, *, actor: Actor) -> JobView:
    """Queries: 1.

    Raises:
        SourceNotVisible
    """
    check_may_see(actor)
    row = SourceJob.objects.select_related("file").filter(pk=job_id).first()
    if row is None:
        raise SourceNotVisible(job_id)
    return view_of(row)


def latest(system: str, *, actor: Actor, count: int = 3) -> tuple[JobView, ...]:
    """What was asked for last, the newest first. Queries: 1.

    Raises:
        SourceNotVisible
    """
    check_may_see(actor)
    rows = SourceJob.objects.select_related("file").filter(system=system).order_by("-pk")[:count]
    return tuple(view_of(row) for row in rows)


def view_of(row: SourceJob) -> JobView:
    return JobView(
        id=row.pk,
        system=row.system_id,
        file=row.file_id,
        file_name=row.file.name if row.file else "",
        kind=row.kind,
        title=Kind(row.kind).label,
        state=row.state,
        rows=row.rows,
        accepted=row.accepted,
        rejected=row.rejected,
        added=row.added,
        reasons=row.reasons,
        sha256=row.sha256,
        percent=int(row.fraction * 100),
        problem=row.problem,
        asked_by=row.asked_by_name,
        asked_at=row.asked_at,
        finished_at=row.finished_at,
    )


_GIVEN_UP = Q(attempts__gte=ATTEMPTS) | Q(state=State.RUNNING, attempts__gte=DEATHS)


def _claimed(job_id: UUID, at: datetime) -> bool:
    free = Q(state=State.WAITING) | Q(state=State.RUNNING, alive_at__lt=at - SILENT)
    claimed = SourceJob.objects.filter(free, ~_GIVEN_UP, pk=job_id)
    return bool(claimed.update(state=State.RUNNING, attempts=F("attempts") + 1, alive_at=at))


def _finish(job_id: UUID, state: SourceJob.State, problem: str) -> None:
    done = {"fraction": 1.0} if state == State.DONE else {}
    SourceJob.objects.filter(pk=job_id, state__in=SourceJob.OPEN).update(state=state, problem=problem, finished_at=clock.now(), **done)


def _hand_out(job_id: UUID) -> None:
    """While the broker is down the sweeper asks again."""
    from ..tasks import work_on_source

    try:
        work_on_source.apply_async(args=[str(job_id)], retry=False, expires=FETCHED_WITHIN)
    except (OperationalError, OSError) as error:
        log.warning("broker not reached", error=type(error).__name__)
