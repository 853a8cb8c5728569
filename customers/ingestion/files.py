"""One file from its first unread line to its announcement, in chunks of one transaction each."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as time_of_day
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction

from bankos.platform import clock

from ..models import RejectedRow, SourceChunk, SourceFile, SourceSystem
from . import drift, held, reading, watermarks
from .announcing import announce
from .at_hand import AccountsAtHand
from .errors import IngestError, ReadElsewhere, UnknownHeader, UnreadableFile
from .feed import Complaint, Feed
from .formats import FEEDS, Layout, Stretch, feed_named
from .formats.tables import Table, table_of
from .landed import Landing
from .loading import KINDS
from .loading.changes import load
from .locking import one_at_a_time
from .mapping import in_force
from .reading import Ahead, Batch, Chunk, Refusal, Source, for_two_threads, opened, sha256_of
from .report import FileReport, Progress


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that was recognised and may land."""

    path: Path
    layout: Layout
    system: SourceSystem
    shift: timedelta


def land(arrival: Arrival, *, at: datetime, progress: Callable[[Progress], None] | None = None) -> FileReport:
    """Read a file to its end, from wherever an earlier attempt was stopped.

    Raises:
        UnreadableFile: the chunks before the fault stay in.
        ReadElsewhere
    """
    started = time.monotonic()
    file = _entry(arrival.path, arrival.system, arrival.layout.name, at=at)
    known = file.state == SourceFile.State.DONE
    if not known:
        try:
            with opened(arrival.path) as source, for_two_threads():
                _read(file, source, arrival, at=at, progress=progress)
        except UnreadableFile as error:
            _stop(file, error)
            _tell(file, at=at)
            raise
        _tell(file, at=at)
        drift.notice(file, feeds=arrival.layout.feeds, columns=arrival.layout.columns, at=at)
        SourceFile.objects.filter(pk=file.pk).update(state=SourceFile.State.DONE, problem="", finished_at=clock.now())
        held.let_go(file)
    return FileReport(
        file_id=file.pk,
        name=arrival.path.name,
        feed=file.feed,
        read=file.rows_read,
        added=0 if known else file.rows_added,
        rejected=file.rows_rejected,
        seconds=time.monotonic() - started,
        known=known,
    )


def _tell(file: SourceFile, *, at: datetime) -> None:
    file.refresh_from_db()
    announce(file.pk, what=file.changes, at=at)


def as_begun(layout: Layout, path: Path, system: SourceSystem) -> Layout:
    """A file that was read half-way by one version of a mapping goes on by that, though another is in force by now."""
    if not any(feed.lenient for feed in layout.feeds):
        return layout
    begun = SourceFile.objects.filter(system=system, sha256=sha256_of(path), lines_read__gt=0).values_list("feed", flat=True).first()
    table = _table(path, system) if begun and begun != layout.name else None
    return table.layout(feed_named(begun)) if table is not None and begun else layout


def keep_refused(path: Path, system: SourceSystem, error: IngestError, *, at: datetime) -> None:
    """Note a file nobody can read, and why: it is on its source's page, and is read when it comes again and can be.

    One whose columns nobody knows waits for a mapping, and is held until then.
    """
    if not path.is_file():
        return
    file = _entry(path, system, "", at=at)
    table = _table(path, system) if isinstance(error, UnknownHeader) else None
    if table is not None:
        own = [feed for feed in (*FEEDS, *in_force.feeds_of(system.code)) if feed.system == system.code]
        drift.notice_refused(file, feeds=own, columns=table.header, at=at)
    if table is not None and held.hold(file, path):
        _set_aside(file, SourceFile.State.WAITING, error)
    else:
        _stop(file, error)


def _table(path: Path, system: SourceSystem) -> Table | None:
    """The file as rows under columns of which somebody could say what they mean; None if it is nothing like that."""
    try:
        return table_of(system.code, path)
    except IngestError:
        return None


def _entry(path: Path, system: SourceSystem, layout: str, *, at: datetime) -> SourceFile:
    file, _ = SourceFile.objects.get_or_create(
        system=system, sha256=sha256_of(path), defaults={"name": path.name[:200], "feed": layout, "received_at": at, "changed_at": at}
    )
    if not file.lines_read and layout and file.feed != layout:
        file.feed = layout
        file.save(update_fields=["feed"])
    return file


def _stop(file: SourceFile, error: IngestError) -> None:
    _set_aside(file, SourceFile.State.STOPPED, error)


def _set_aside(file: SourceFile, state: SourceFile.State, error: IngestError) -> None:
    SourceFile.objects.filter(pk=file.pk).exclude(state=SourceFile.State.DONE).update(state=state, problem=str(error)[:300])


def _read(file: SourceFile, source: Source, arrival: Arrival, *, at: datetime, progress: Callable[[Progress], None] | None) -> None:
    stretch = Stretch(after=file.lines_read, size=reading.ROWS_PER_CHUNK, shift=arrival.shift)
    accounts = AccountsAtHand()
    prepare = partial(_prepared, first_line=arrival.layout.first_line, accounts=accounts)
    chunks = Ahead(map(prepare, arrival.layout.chunks(source, stretch)))
    for chunk in chunks:
        landing = Landing(arrival.system.code, file.pk, at, accounts=accounts, meanwhile=chunks.start)
        file = _land_chunk(chunk, arrival, landing)
        if progress is not None:
            progress(Progress(source.name, file.rows_read, file.rows_rejected, chunk.position / max(source.size, 1)))


def _prepared(chunk: Chunk, *, first_line: int, accounts: AccountsAtHand) -> Chunk:
    """All of a chunk that can be done without the database: in the thread that reads ahead, while the database works."""
    for batch in chunk.batches:
        if batch.records:
            batch.looks = drift.looks_of(batch, first_line=first_line)
            batch.records = KINDS[batch.feed.record].prepare(batch.records, accounts)
            batch.span = _span(batch)
    return chunk


def _span(batch: Batch) -> tuple[Any, Any] | None:
    if batch.feed.moment is None:
        return None
    moments = [*map(attrgetter(batch.feed.moment), batch.records)]
    return min(moments), max(moments)


@transaction.atomic
def _land_chunk(chunk: Chunk, arrival: Arrival, landing: Landing) -> SourceFile:
    at = landing.at
    one_at_a_time(at=at)
    with connection.cursor() as cursor:
        # A server that crashes may lose the last chunks whole, with how far the file is read: it is read on from there. Nothing waits for
        # the disk but the file's end.
        cursor.execute("SET LOCAL synchronous_commit = off")
    file = SourceFile.objects.select_for_update().get(pk=landing.file_id)
    if file.lines_read != chunk.first_line - arrival.layout.first_line:
        raise ReadElsewhere(f"{arrival.path.name} is being read by another process.")
    SourceChunk.objects.create(file=file, first_line=chunk.first_line, line_count=chunk.line_count, raw=chunk.raw)
    refusals = list(chunk.refusals)
    for batch in chunk.batches:
        if batch.records:
            loaded = load(batch.feed, batch.records, batch.cells, landing)
            refusals += (Refusal(line, batch.feed, batch.row(line), complaint) for line, complaint in loaded.complaints.items())
            file.rows_added += loaded.added
            file.rows_read += len(batch.records)
            newest = _newest(batch, at=at)
            file.data_until = max(filter(None, [file.data_until, newest]), default=None)
            watermarks.move(file, batch, loaded, newest=newest, since=chunk.since, at=at)
            drift.profile(file, batch)
            note_changes(file, batch.feed)
    RejectedRow.objects.bulk_create(
        RejectedRow(file=file, line=refusal.line, feed=refusal.feed.name, raw=refusal.cells, rejected_at=at, **as_kept(refusal.complaint))
        for refusal in refusals
    )
    file.state = SourceFile.State.LOADING
    file.lines_read += chunk.line_count
    file.rows_read += len(chunk.refusals)
    file.rows_rejected += len(refusals)
    file.save(update_fields=["state", "lines_read", "rows_read", "rows_added", "rows_rejected", "data_until", "changes"])
    return file


def note_changes(file: SourceFile, feed: Feed) -> None:
    """Remember what rows of this feed change of customers, for when the whole file is in."""
    changes = KINDS[feed.record].changes
    if changes not in file.changes:
        file.changes.append(changes)


def as_kept(complaint: Complaint) -> dict[str, str]:
    """A complaint as the columns of a rejected row."""
    longest = RejectedRow._meta.get_field("reason").max_length or 0
    reason = complaint.sentence if len(complaint.sentence) <= longest else f"{complaint.sentence[: longest - 1]}…"
    return {"code": complaint.code, "reason": reason}


def _newest(batch: Batch, *, at: datetime) -> datetime | None:
    """The newest business moment of a batch's records. A day counts to its end, but not beyond the present."""
    if batch.span is None:
        return None
    _, last = batch.span
    if not isinstance(last, datetime):
        last = min(datetime.combine(last, time_of_day.max, ZoneInfo(settings.TIME_ZONE)), at)
    return last
