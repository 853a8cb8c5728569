"""What has landed becomes part of the state, in the order of arrival, by whoever comes first: the request itself, or a worker.

One process at a time applies. It takes all that waits, looks again after it has let go, and so leaves nothing behind that arrived in the
meantime. A batch is one transaction; killed, it has not happened. Which events it began with stands in a row of its own (`jobs.begin`):
what a killed or failed process left
is applied one by one, and the event that kills a second one, or fails five times, becomes a rejected row.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from django.db import connection, transaction

from bankos.platform import clock, jobs
from bankos.platform.jobs import Begun, JobKind, Work
from customers.ingestion.announcing import announce
from customers.ingestion.feed import Complaint, Feed, RowRefused
from customers.ingestion.feeds.channels import FEEDS
from customers.ingestion.files import as_kept
from customers.ingestion.landed import Landing
from customers.ingestion.loading import KINDS
from customers.ingestion.locking import one_at_a_time
from customers.ingestion.records import Record
from customers.models import EventArrival, RejectedRow, SourceFile, TouchedParty, WaitingArrival

AT_ONCE = 500
_LOCK = 7_205_759_403_792_801
"""Any number no other part of bankos uses for an advisory lock."""


@dataclass(slots=True)
class _Batch:
    """The events of one source and day: one `file` without an end."""

    system: str
    file: SourceFile
    complaints: dict[int, Complaint] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)


def apply_waiting(*, seconds: float) -> bool:
    """Apply what waits, for about so long. Returns whether nothing is left that nobody works on."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        applied = _apply_batch(at=clock.now())
        if applied is None:  # another process is at it, and will look again when it has let go
            return True
        for file in applied:
            announce(file.file.pk, what=file.changes, at=clock.now())
        if not applied:
            return True
    return False


def announce_left_over(*, at: datetime) -> None:
    """Tell of the customers whom a process that was killed had no time to tell of."""
    left = TouchedParty.objects.filter(file__feed=FEEDS[-1].name).values("file")
    for file in SourceFile.objects.filter(pk__in=left):
        announce(file.pk, what=file.changes, at=at)


def _apply_batch(*, at: datetime) -> list[_Batch] | None:
    """Queries: about 17 for each source that sent, however many events. None: it is somebody else's turn."""
    mine, begun = _begin(at)
    if not mine:
        return None
    if begun is None:
        return []
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        return _apply([int(number) for number in begun.things], at=at) if jobs.finish(begun) else None


@transaction.atomic
def _begin(at: datetime) -> tuple[bool, Begun | None]:
    """Whether it is this process's turn, and with what it begins, if anything waits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return False, None
    under_way = jobs.open_jobs(APPLYING)
    if under_way.filter(deaths=0, alive_at__gt=clock.now() - jobs.CLAIM_TO_LOCK).exists():  # its lock comes next: order is kept
        return False, None
    waiting = WaitingArrival.objects.exclude(pk__in=jobs.begun(APPLYING)).order_by("pk").values_list("pk", flat=True)
    numbers = [str(number) for number in waiting[:AT_ONCE]]
    return True, jobs.begin(APPLYING, STREAM, numbers, at=at) if numbers else None


def _apply(numbers: Sequence[int], *, at: datetime) -> list[_Batch]:
    one_at_a_time(at=at)
    found = EventArrival.objects.filter(pk__in=numbers, waiting__isnull=False)
    arrivals = list(found.select_related("post").order_by("number"))
    batches = []
    for system in sorted({arrival.system_id for arrival in arrivals}):
        of_system = [arrival for arrival in arrivals if arrival.system_id == system]
        batches.append(_load(system, of_system, at=at))
    WaitingArrival.objects.filter(pk__in=[arrival.pk for arrival in arrivals]).delete()
    return batches


def _apply_alone(work: Work, at: datetime) -> None:
    """What was in the hands of a process that died. The sweep tells of the customers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    _apply([int(work.job.given["thing"])], at=at)


def _set_aside(number: str, reason: str, at: datetime) -> str:
    """Keep it among the rejected rows of its source, where people look."""
    arrival = EventArrival.objects.get(pk=number)
    batch = _Batch(arrival.system_id, _stream(arrival.system_id, at))
    code = "stopped_workers" if reason == jobs.STOPPED_TWICE else "not_applied"
    batch.complaints[arrival.number] = Complaint(code, reason)
    _reject([arrival], batch, at)
    _count(batch.file, 1, 0, 1, [], batch.file.data_until)
    batch.file.save()
    WaitingArrival.objects.filter(pk=arrival.pk).delete()
    return f"Event {number} of {arrival.system_id}."


STREAM = "EventArrival/waiting"
APPLYING = JobKind("customers.applying", "Applying events from channels", _apply_alone, atomic=True, set_aside=_set_aside)


def _load(system: str, arrivals: Sequence[EventArrival], *, at: datetime) -> _Batch:
    batch = _Batch(system, _stream(system, at))
    landing = Landing(system, batch.file.pk, at)
    added, newest = 0, batch.file.data_until
    for feed in FEEDS:  # who is known first, then what they did
        records = _records(feed, arrivals, batch)
        if not records:
            continue
        kind = KINDS[feed.record]
        loaded = kind.load(records, landing)
        batch.complaints |= loaded.complaints
        batch.changes.append(kind.changes)
        added += loaded.added
        if feed.moment is not None:
            newest = max([*([newest] if newest else []), *(min(getattr(record, feed.moment), at) for record in records)])
    _reject(arrivals, batch, at)
    _count(batch.file, len(arrivals), added, len(batch.complaints), batch.changes, newest)
    batch.file.received_at = min(arrival.post.received_at for arrival in arrivals)
    batch.file.finished_at = at
    batch.file.save()
    return batch


def _reject(arrivals: Sequence[EventArrival], batch: _Batch, at: datetime) -> None:
    RejectedRow.objects.bulk_create(
        RejectedRow(
            file=batch.file,
            line=arrival.number,
            feed=arrival.feed,
            raw=arrival.cells,
            rejected_at=at,
            **as_kept(batch.complaints[arrival.number]),
        )
        for arrival in arrivals
        if arrival.number in batch.complaints
    )


def _records(feed: Feed, arrivals: Sequence[EventArrival], batch: _Batch) -> list[Record]:
    normalise = feed.reader(feed.header)
    records = []
    for arrival in arrivals:
        if arrival.feed == feed.name:
            try:
                records.append(normalise(arrival.number, [arrival.cells[name] for name in feed.header]))
            except RowRefused as refused:
                batch.complaints[arrival.number] = refused.complaint
    return records


def _stream(system: str, at: datetime) -> SourceFile:
    """The day's events of a source, as a file that grows: known by its name, as it has no end to be hashed."""
    name = f"events of {at.astimezone(UTC):%Y-%m-%d}"
    file, _ = SourceFile.objects.select_for_update().get_or_create(
        system_id=system,
        sha256=sha256(f"{system}: {name}".encode()).hexdigest(),
        defaults={"name": name, "feed": FEEDS[-1].name, "state": SourceFile.State.DONE, "received_at": at},
    )
    return file


def _count(file: SourceFile, rows: int, added: int, rejected: int, changes: Sequence[str], newest: datetime | None) -> None:
    file.lines_read += rows
    file.rows_read += rows
    file.rows_added += added
    file.rows_rejected += rejected
    file.data_until = newest
    file.changes = sorted({*file.changes, *changes})
