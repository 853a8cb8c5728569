"""What has landed becomes part of the state, in the order of arrival, by whoever comes first: the request itself, or a worker.

One process at a time applies. It takes all that waits, looks again after it has let go, and so leaves nothing behind that arrived in the
meantime. A batch is one transaction; killed, it has not happened. The sweep finds what a killed process left.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from django.db import connection, transaction

from bankos.platform import clock
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


@transaction.atomic
def _apply_batch(*, at: datetime) -> list[_Batch] | None:
    """Queries: about 12 for each source that sent, however many events. None: it is somebody else's turn."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return None
    if not WaitingArrival.objects.exists():
        return []
    one_at_a_time(at=at)
    arrivals = list(EventArrival.objects.filter(waiting__isnull=False).select_related("post").order_by("number")[:AT_ONCE])
    batches = []
    for system in sorted({arrival.system_id for arrival in arrivals}):
        of_system = [arrival for arrival in arrivals if arrival.system_id == system]
        batches.append(_load(system, of_system, at=at))
    WaitingArrival.objects.filter(pk__in=[arrival.pk for arrival in arrivals]).delete()
    return batches


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
    _count(batch.file, len(arrivals), added, len(batch.complaints), batch.changes, newest)
    batch.file.received_at = min(arrival.post.received_at for arrival in arrivals)
    batch.file.finished_at = at
    batch.file.save()
    return batch


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
