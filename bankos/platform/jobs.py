"""Long work: declared once, asked for, done by workers in pieces, watched, stopped, and swept up after a worker's death.

The table knows what is left to do, not the broker: a message only says "look at this job". Who gets one claims a piece by writing so, in
a transaction of its own, and a piece may die anywhere. There are two ways to work:

- A piece of an *atomic* kind is one transaction that holds the lock of the job's row: what it writes commits together with how far the
  job is. A lock dies with its process, so a piece under way that nobody holds belongs to a worker that is gone.
- Any other piece commits as it goes on, and reports at least every `silent`, or is taken for dead.

A job may have parts, which many workers do at once; it is over when all of them are. A piece that stopped two workers is set aside with
its reason, and so is one that failed `FAILURES` times.

Work that nobody asks for by a job, because it comes by itself and in large numbers, *begins* with what it takes at a time, and becomes a
job only if its process dies: then each thing is tried alone, and what stops a second worker is set aside (`begin`).
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.db import DatabaseError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum
from django.urls import reverse

from . import bell, clock
from .actors import Actor, ActorKind, Role
from .models import Job

PIECE_S = 120.0
"""Seconds after which a piece stops where it is safe, far below a task's time limit."""
FETCHED_WITHIN_S = 60
"""A message that no worker took so long is dropped, and the sweep sends another."""
CLAIM_TO_LOCK = timedelta(seconds=15)
"""The worker of an atomic piece takes its lock right after its claim; nothing is taken from it in between."""
LANES = 4
"""Messages of one job with parts on their way at a time: each does a part and sends the next, so other work gets its turn."""
FAILURES, DEATHS = 5, 2
STOPPED_TWICE = "It stopped the worker that did it, twice at the same place, and is not tried again. Ask whoever runs bankos."
FAILED_AGAIN = "It failed again and again; the system’s log says where. Ask whoever runs bankos."
PART_FAILED = "Some of it could not be done."
BY_ITSELF = "bankos"
WAIT_S = 0.2
State = Job.State
OPEN = (State.WAITING, State.RUNNING, State.STOPPING)
log = structlog.get_logger(__name__)


class JobError(Exception):
    """It cannot be done; the message is a sentence for who asked for it."""


class Paused(Exception):
    """The piece took long enough; what is done stays, the rest is for the next one."""


class Stopped(Exception):
    """Somebody stopped the job."""


class Elsewhere(Exception):
    """Another worker, which was taken for dead, is still at it, and goes on."""


class Work:
    """What the work itself gets: the job, and where it says how far it is."""

    def __init__(self, job: Job, kind: "JobKind") -> None:
        self.job = job
        self._kind = kind
        self._until = time.monotonic() + PIECE_S

    def report(self, done: int | None = None, total: int | None = None, *, place: Any = None, **counts: Any) -> None:
        """Say how far it is. Where stopping is safe: the piece may end here.

        Args:
            done, total: in the kind's own unit; as before if not said.
            place: what the next piece goes on from.
            counts: what its page shows besides.
        Raises:
            Paused: the piece took long enough.
            Stopped: somebody stopped the job.
        """
        job = self.job
        job.done, job.total = job.done if done is None else done, job.total if total is None else total
        job.place = job.place if place is None else place
        job.counts = {**job.counts, **counts}
        if self._kind.atomic:  # written with the work itself
            self.check()
            return
        changed = {"done": job.done, "total": job.total, "place": job.place, "counts": job.counts}
        # It got further: what failed before is another place's matter.
        going_on = Job.objects.filter(pk=job.pk, state=State.RUNNING)
        if not going_on.update(alive_at=clock.now(), failures=0, deaths=0, **changed):
            raise Stopped
        if time.monotonic() > self._until:
            raise Paused

    def check(self) -> None:
        """Raises Stopped if somebody stopped the job this is a part of. Queries: 1, none where it is no part."""
        if self.job.parent_id and not Job.objects.filter(pk=self.job.parent_id, state=State.RUNNING).exists():
            raise Stopped


WorkFunction = Callable[[Work, datetime], bool | None]
_kinds: dict[str, "JobKind"] = {}


@dataclass(frozen=True, slots=True)
class JobKind:
    """A kind of long work. Declaring it makes it known; its name begins with its app, whose queue its messages take.

    Args:
        title: what staff read.
        work: does a piece. Returns whether another one is left; None is no.
        atomic: whether a piece is one transaction that holds the job's row.
        silent: how long a piece that is not atomic may go without a report.
        expected: errors whose message is a sentence for who asked.
        ended: called once, in the transaction that ends the job, however it ends.
        seen_by: roles that see jobs of this kind, beside who asked for one.
        counted: what its counts mean, for staff.
        about: names what jobs are about, by job; asked once for all that are shown.
        page: the address of the page a job belongs to.
        set_aside: for work that begins by itself (`begin`): called once for a thing that stopped two workers or failed too often, with
            the reason, in the transaction that notes it. It keeps the thing from being handed on, and returns its name for staff.
    """

    name: str
    title: str
    work: WorkFunction
    atomic: bool = False
    silent: timedelta = timedelta(seconds=90)
    expected: tuple[type[Exception], ...] = (JobError,)
    ended: Callable[[Job, datetime], None] | None = None
    seen_by: frozenset[Role] = frozenset({Role.ADMINISTRATOR})
    counted: Callable[[Mapping[str, Any]], str] = lambda counts: ""
    about: Callable[[Sequence[Job]], Mapping[UUID, str]] = lambda jobs: {}
    page: Callable[[Job], str] = lambda job: reverse("jobs")
    set_aside: Callable[[str, str, datetime], str] | None = None

    def __post_init__(self) -> None:
        if _kinds.setdefault(self.name, self) is not self:
            raise ValueError(f"{self.name} is declared twice")


@dataclass(frozen=True, slots=True)
class Begun:
    """What this process has in hand (see `begin`)."""

    id: UUID
    things: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as its readers see it. `percent` is 0 to 100; `counts` is what its kind counts, `counted` the same as a sentence."""

    id: UUID
    kind: str
    title: str
    about: str
    page: str
    given: Mapping[str, Any]
    state: str
    state_label: str
    done: int
    total: int
    counts: Mapping[str, Any]
    counted: str
    problem: str
    asked_by: str
    asked_at: datetime
    finished_at: datetime | None

    @property
    def going_on(self) -> bool:
        return self.state in OPEN

    @property
    def percent(self) -> int:
        if self.state == State.DONE:
            return 100
        return min(100 * self.done // self.total, 99) if self.total else 0


def views_of(rows: Iterable[Job]) -> list[JobView]:
    """Jobs for their readers, in their order. Queries: those of `about`, once a kind; none for kinds that are no longer declared."""
    known = [row for row in rows if row.kind in _kinds]
    about: dict[UUID, str] = {}
    for name in {row.kind for row in known}:
        about |= _kinds[name].about([row for row in known if row.kind == name])
    return [
        JobView(
            id=row.pk,
            kind=row.kind,
            title=kind.title,
            about=about.get(row.pk, ""),
            page=kind.page(row),
            given=row.given,
            state=row.state,
            state_label=State(row.state).label,
            done=row.done,
            total=row.total,
            counts=row.counts,
            counted=kind.counted(row.counts),
            problem=row.problem,
            asked_by=row.asked_by_name,
            asked_at=row.asked_at,
            finished_at=row.finished_at,
        )
        for row in known
        for kind in [_kinds[row.kind]]
    ]


def view_of(row: Job) -> JobView:
    return views_of([row])[0]


def start(
    kind: JobKind,
    subject: str,
    *,
    actor: Actor,
    at: datetime,
    given: Mapping[str, Any] | None = None,
    decision_id: UUID | None = None,
    total: int = 0,
    counts: Mapping[str, Any] | None = None,
) -> tuple[Job, bool]:
    """Ask the workers for it, in the caller's transaction. The same work that is still open is not asked for twice.

    Args:
        subject: what it is about, as (kind of thing)/(id).
        given: what it has to know; ids and settings, never what a customer said.
    Returns:
        The job, and whether it is new.
    Queries: 2.
    """
    row = Job(
        kind=kind.name,
        subject=subject,
        given=dict(given or {}),
        asked_by=actor.id,
        asked_by_name=actor.name if actor.kind is ActorKind.EMPLOYEE else BY_ITSELF,
        decision_id=decision_id,
        asked_at=at,
        alive_at=at,
        total=total,
        counts=dict(counts or {}),
    )
    job = None
    with transaction.atomic():
        while job is None:  # the one that is open may end in between
            Job.objects.bulk_create([row], ignore_conflicts=True)
            job = Job.objects.filter(
                Q(pk=row.pk) | Q(state__in=OPEN), kind=kind.name, subject=subject, given=row.given, parent=None
            ).first()
        transaction.on_commit(partial(_hand_out, job.pk, kind.name))
    return job, job.pk == row.pk


def begin(kind: JobKind, subject: str, things: Sequence[str], *, at: datetime) -> Begun:
    """Say what this process takes in hand now, in a short transaction of the caller's that comes before that of the work.

    `finish` ends it. A process that dies in between leaves it behind, and the sweep makes a job of it. Queries: 2.

    Args:
        things: what the work takes one or many of at a time, by id; nobody else may have begun with them (`begun`).
    """
    with connection.cursor() as cursor:
        # It has to outlive this process, not the server: after that one's end nobody is to blame.
        cursor.execute("SET LOCAL synchronous_commit = off")
    row = Job(kind=kind.name, subject=subject, state=State.RUNNING, place=list(things), total=len(things), asked_at=at)
    row.given, row.asked_by_name, row.alive_at = {"begun": str(row.pk)}, BY_ITSELF, clock.now()
    row.save(force_insert=True)
    return Begun(row.pk, tuple(things))


def finish(begun: Begun) -> bool:
    """What was begun ends with the caller's transaction. Queries: 1.

    Returns:
        Whether it was still this process's: if not, it was taken for dead, and may do nothing.
    """
    with connection.cursor() as cursor:
        # Until the caller's transaction ends the row is locked by this, so that nobody takes it for left behind.
        cursor.execute("DELETE FROM platform_job WHERE id = %s AND state = 'running' AND deaths = 0", [begun.id])
        return bool(cursor.rowcount)


def begun(kind: JobKind, subject: str | None = None) -> set[str]:
    """The things that somebody has in hand, or died of: nobody else may take them. Queries: 1."""
    return {thing for things in open_jobs(kind, subject).order_by().values_list("place", flat=True) for thing in things or ()}


def split(job: Job, parts: Iterable[tuple[Mapping[str, Any], int]], *, at: datetime, deaths: int = 0) -> None:
    """Give a new job its parts, each with what it has to know and its size, in the order they are to be done.

    The caller's transaction is the one that made the job: its messages go out when that commits.
    """
    rows = [
        Job(kind=job.kind, subject=job.subject, given=dict(given), parent=job, total=size, deaths=deaths, asked_at=at, alive_at=at)
        for given, size in parts
    ]
    Job.objects.bulk_create(rows, batch_size=2_000)
    Job.objects.filter(pk=job.pk).update(state=State.RUNNING, total=sum(row.total for row in rows))
    _settle(job.pk, at)
    transaction.on_commit(partial(_hand_out, job.pk, job.kind, LANES - 1))


def serve(job_id: UUID, *, seconds: float) -> None:
    """Do piece after piece for about so long, then leave the rest to another message, so that other work gets its turn."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not work(job_id, at=clock.now()):
            return
    job = Job.objects.filter(pk=job_id).first()
    if job is not None:
        _hand_out(job_id, job.kind)


def run_to_end(job_id: UUID, *, at: datetime, progress: Callable[[int, int], None] | None = None) -> None:
    """Do all of the job here and now, beside workers that are at it too; those that died are waited for until they are found dead.

    Args:
        at: what the work takes for now.
        progress: called with (done, total) after each piece.
    """
    while Job.objects.filter(pk=job_id, state__in=OPEN).exists():
        if not work(job_id, at=at):
            time.sleep(WAIT_S)
            sweep(at=clock.now())
        if progress is not None:
            progress(*Job.objects.values_list("done", "total").get(pk=job_id))


def work(job_id: UUID, *, at: datetime) -> bool:
    """Do one piece of the job, or of its next part. Asked once too often, there is nothing to do.

    Returns:
        Whether there was a piece to do.
    """
    began = time.monotonic()
    job = _claimed(job_id, at)
    if job is None:
        return False
    kind = _kinds[job.kind]
    try:
        if kind.atomic:
            _atomic_piece(job, kind, at)
        else:
            left = kind.work(Work(job, kind), at)
            _end(job, State.WAITING if left else State.DONE)
    except Paused:
        _end(job, State.WAITING)
    except Stopped:
        _end(job, State.STOPPED)
    except kind.expected as error:
        _end(job, State.FAILED, str(error)[:300])
    except Elsewhere:
        Job.objects.filter(pk=job.pk).update(alive_at=clock.now())
        return True
    except Exception as error:
        _failed(job, error)
        raise  # the sweep asks for it again, some seconds later
    if job.parent_id:
        _settle(job.parent_id, at + timedelta(seconds=time.monotonic() - began))
    return True


def stop(job_id: UUID, *, at: datetime) -> None:
    """Let no further piece be done; what was done stays. A job that is over stays as it is. Who may, the caller has asked.

    Whoever works on it finds out at the next report. Of a job with parts, those under way end first; until then it is stopping.
    """
    with transaction.atomic():
        Job.objects.filter(parent=job_id, state=State.WAITING).update(state=State.STOPPED, finished_at=at)
        Job.objects.filter(pk=job_id, state__in=[State.WAITING, State.RUNNING]).update(state=State.STOPPING)
        _settle(job_id, at)


def sweep(*, at: datetime) -> int:
    """Take pieces back from workers that died, set aside what killed two, and send messages again that were lost.

    Returns:
        For how many jobs messages were sent.
    """
    orphaned = set()
    for job in Job.objects.filter(state=State.RUNNING, alive_at__lt=at - CLAIM_TO_LOCK, parts=None, kind__in=_kinds).order_by("pk"):
        kind = _kinds[job.kind]
        if kind.atomic or job.alive_at < at - kind.silent:
            orphaned |= _taken_back(job)
    for job_id in Job.objects.filter(state__in=OPEN, parts__isnull=False).values_list("pk", flat=True).distinct():
        _settle(job_id, at)
    # A message of a job is on its way, or was, while a piece is worked on and some time after one was handed out.
    waiting = Job.objects.filter(state=State.WAITING, alive_at__lt=at - CLAIM_TO_LOCK)
    under_way = Job.objects.filter(parent=OuterRef("parent"), state=State.RUNNING)
    lost = waiting.filter(Q(parent=None) | (Q(parent__state=State.RUNNING, parent__alive_at__lt=at - CLAIM_TO_LOCK) & ~Exists(under_way)))
    handed_out = orphaned | {(parent or pk, kind, bool(parent)) for pk, parent, kind in lost.values_list("pk", "parent", "kind")}
    for job_id, name, has_parts in sorted(handed_out):
        _hand_out(job_id, name, LANES if has_parts else 1)
    return len(handed_out)


def open_jobs(kind: JobKind, subject: str | None = None) -> QuerySet[Job]:
    """Those of the kind that are not over."""
    return of(kind, subject).filter(state__in=OPEN)


def of(kind: JobKind, subject: str | None = None) -> QuerySet[Job]:
    """All jobs of the kind, parts left out, the newest first."""
    found = Job.objects.filter(kind=kind.name, parent=None).order_by("-pk")
    return found if subject is None else found.filter(subject=subject)


def all_for(actor: Actor, *, limit: int = 50) -> list[JobView]:
    """Jobs this person may see, those under way first, then the newest. Queries: 1, and those of `views_of`."""
    return views_of(_visible(actor).order_by(F("finished_at").desc(nulls_first=True), "-pk")[:limit])


def one_for(job_id: UUID, *, actor: Actor) -> JobView | None:
    """The job, if there is one this person may see. Queries: 1, and those of `views_of`."""
    return next(iter(views_of(_visible(actor).filter(pk=job_id))), None)


def _visible(actor: Actor) -> QuerySet[Job]:
    kinds = [kind.name for kind in _kinds.values() if not kind.seen_by.isdisjoint(actor.roles)]
    seen = Job.objects.filter(Q(kind__in=kinds) | Q(kind__in=_kinds, asked_by=actor.id), parent=None)
    by_itself = [kind.name for kind in _kinds.values() if kind.set_aside is not None]
    return seen.exclude(kind__in=by_itself, deaths=0)  # in hand, and gone in a moment


def _claimed(job_id: UUID, at: datetime) -> Job | None:
    """The job, or its next part, counted as begun."""
    with transaction.atomic():
        whole = Q(pk=job_id, parent=None) & ~Exists(Job.objects.filter(parent=OuterRef("pk")))
        part = Q(parent=job_id, parent__state=State.RUNNING)
        waiting = Job.objects.filter(whole | part, state=State.WAITING, kind__in=_kinds)
        job = waiting.select_for_update(skip_locked=True, of=("self",)).order_by("pk").first()
        if job is not None:
            job.state, job.alive_at = State.RUNNING, at
            job.save(update_fields=["state", "alive_at"])
            Job.objects.filter(pk=job.parent_id).update(alive_at=at)
    return job


def _atomic_piece(job: Job, kind: JobKind, at: datetime) -> None:
    with transaction.atomic():
        held = Job.objects.filter(pk=job.pk, state=State.RUNNING).select_for_update(skip_locked=True, of=("self",)).first()
        if held is None:  # the sweep gave it to somebody else meanwhile
            return
        desk = Work(held, kind)
        desk.check()
        left = kind.work(desk, at)
        held.state = State.WAITING if left else State.DONE
        held.failures = held.deaths = 0
        held.problem, held.alive_at = "", clock.now()
        held.finished_at = None if left else held.alive_at
        held.save()
        if not left and kind.ended is not None and held.parent_id is None:
            kind.ended(held, held.alive_at)


def _end(job: Job, state: State, problem: str = "") -> None:
    """Note how a piece ended; what ends the job ends it once."""
    at = clock.now()
    over = state != State.WAITING
    changed: dict[str, Any] = {"state": state, "problem": problem, "alive_at": at, "finished_at": at if over else None}
    kind = _kinds[job.kind]
    with transaction.atomic():
        open_one = Job.objects.filter(pk=job.pk, state__in=OPEN)
        if not over:
            # Stopped while its piece came to an end: it has no next one.
            open_one.filter(state=State.STOPPING).update(**{**changed, "state": State.STOPPED, "finished_at": at})
            open_one.filter(state=State.RUNNING).update(**changed)
        elif open_one.update(**changed) and kind.ended is not None and job.parent_id is None:
            kind.ended(Job.objects.get(pk=job.pk), at)


def _failed(job: Job, error: Exception) -> None:
    """Its transaction is undone and its worker lives: it waits again, until it has failed too often."""
    log.error("job failed", kind=job.kind, run_id=str(job.pk), attempt=job.failures + 1, error=type(error).__name__)
    try:
        Job.objects.filter(pk=job.pk).update(failures=F("failures") + 1)
        if job.failures + 1 >= FAILURES:
            with transaction.atomic():
                _end(job, State.FAILED, _set_aside(job, FAILED_AGAIN))
        else:
            _end(job, State.WAITING, f"A piece failed ({type(error).__name__}); it is tried again.")
    except DatabaseError as unreachable:  # then the sweep finds it under way with nobody at it
        log.warning("job not noted as failed", run_id=str(job.pk), error=type(unreachable).__name__)


def _set_aside(job: Job, reason: str) -> str:
    """Keep what the job is about from being handed on, where it began by itself; the reason with its name."""
    kind = _kinds[job.kind]
    if kind.set_aside is None or "thing" not in job.given:
        return reason
    return f"{kind.set_aside(job.given['thing'], reason, clock.now())} {reason}"


def _taken_back(job: Job) -> set[tuple[UUID, str, bool]]:
    """Count a death, and let another worker have the piece, or set it aside. What is to be handed out: id, kind, whether it has parts."""
    kind = _kinds[job.kind]
    with transaction.atomic():
        dead = Job.objects.filter(pk=job.pk, state=State.RUNNING, alive_at=job.alive_at)
        row = dead.select_for_update(skip_locked=True, of=("self",)).first()
        if row is None:
            return set()
        row.deaths += 1
        row.save(update_fields=["deaths"])
        again = row.deaths < DEATHS
        if again and kind.set_aside is not None:  # one of them it was
            split(row, [({"thing": thing}, 1) for thing in row.place or ()], at=clock.now(), deaths=row.deaths)
            return set()
        _end(row, State.WAITING if again else State.FAILED, "" if again else _set_aside(row, STOPPED_TWICE))
    if again:
        return {(row.parent_id or row.pk, row.kind, row.parent_id is not None)}
    log.error("job set aside", kind=job.kind, run_id=str(job.pk))
    return set()


def _settle(job_id: UUID, at: datetime) -> None:
    """Say how far a job with parts is, and close it when none is left to do, or when it was stopped and nobody works on it."""
    with transaction.atomic():
        job = Job.objects.select_for_update().filter(pk=job_id, state__in=OPEN).first()
        if job is None:
            return
        sizes = dict(job.parts.values_list("state").annotate(size=Sum("total")).order_by())
        if State.RUNNING in sizes or (State.WAITING in sizes and job.state != State.STOPPING):
            Job.objects.filter(pk=job_id).update(done=sizes.get(State.DONE, 0))
            return
        job.done, job.alive_at, job.finished_at = sizes.get(State.DONE, 0), at, at
        if job.state == State.STOPPING:
            job.state = State.STOPPED
        elif State.FAILED in sizes:
            failed = job.parts.filter(state=State.FAILED).order_by("pk").first()
            job.state, job.problem = State.FAILED, f"{PART_FAILED} {failed.problem if failed else ''}"[:300]
        elif job.parts.exists() or not job.total:
            job.state = State.DONE
        job.save()
        kind = _kinds[job.kind]
        if kind.ended is not None:
            kind.ended(job, at)


def _hand_out(job_id: UUID, kind: str, messages: int = 1) -> None:
    """Ask the workers for the job, if there is something to do; while the broker is down the sweep asks again."""
    if not Job.objects.filter(Q(pk=job_id, parent=None) | Q(parent=job_id, parent__state=State.RUNNING), state=State.WAITING).exists():
        return
    for _ in range(messages):
        bell.call_for_job(job_id, app=kind.partition(".")[0], expires=FETCHED_WITHIN_S)
