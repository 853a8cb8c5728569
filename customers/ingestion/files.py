"""One file from its first unread line to its announcement, in chunks of one transaction each."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from bankos.platform import clock

from ..models import RejectedRow, SourceChunk, SourceFile, SourceSystem
from .announcing import announce
from .errors import ReadElsewhere, UnreadableFile
from .feed import Complaint, Feed
from .landed import Landing
from .loading import KINDS
from .locking import one_at_a_time
from .reading import Chunk, Refusal, SourceText, one_ahead, opened, sha256_of
from .report import FileReport, Progress


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that was recognised and may land."""

    path: Path
    feed: Feed
    system: SourceSystem
    shift: timedelta


def land(arrival: Arrival, *, at: datetime, progress: Callable[[Progress], None] | None = None) -> FileReport:
    """Read a file to its end, from wherever an earlier attempt was stopped.

    Raises:
        UnreadableFile: the chunks before the fault stay in.
        ReadElsewhere
    """
    started = time.monotonic()
    file, _ = SourceFile.objects.get_or_create(
        system=arrival.system,
        sha256=sha256_of(arrival.path),
        defaults={"name": arrival.path.name[:200], "feed": arrival.feed.name, "received_at": at},
    )
    known = file.state == SourceFile.State.DONE
    if not known:
        try:
            with opened(arrival.path) as text:
                _read(file.pk, text, arrival, at=at, progress=progress)
        except UnreadableFile as error:
            SourceFile.objects.filter(pk=file.pk).update(state=SourceFile.State.STOPPED, problem=str(error)[:300])
            raise
        announce(file.pk, what=KINDS[arrival.feed.record].changes, at=at)
        SourceFile.objects.filter(pk=file.pk).update(state=SourceFile.State.DONE, problem="", finished_at=clock.now())
    file.refresh_from_db()
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


def _read(file_id: UUID, text: SourceText, arrival: Arrival, *, at: datetime, progress: Callable[[Progress], None] | None) -> None:
    normalise = arrival.feed.reader(text.header, arrival.shift)
    done = SourceFile.objects.get(pk=file_id).lines_read
    for chunk in one_ahead(text.chunks(normalise, after=done)):
        file = _land_chunk(file_id, chunk, text, arrival, at=at)
        if progress is not None:
            progress(Progress(text.path.name, file.rows_read, file.rows_rejected, chunk.position / max(text.size, 1)))


@transaction.atomic
def _land_chunk(file_id: UUID, chunk: Chunk, text: SourceText, arrival: Arrival, *, at: datetime) -> SourceFile:
    one_at_a_time()
    file = SourceFile.objects.select_for_update().get(pk=file_id)
    if file.lines_read != chunk.first_line - 2:
        raise ReadElsewhere(f"{arrival.path.name} is being read by another process.")
    SourceChunk.objects.create(file=file, first_line=chunk.first_line, line_count=chunk.line_count, raw=chunk.raw)
    landing = Landing(arrival.system.code, file.pk, at)
    refusals = list(chunk.refusals)
    if chunk.records:
        loaded = KINDS[arrival.feed.record].load(chunk.records, landing)
        refusals += (Refusal(line, text.as_row(chunk.cells[line]), complaint) for line, complaint in loaded.complaints.items())
        file.rows_added += loaded.added
    RejectedRow.objects.bulk_create(
        RejectedRow(file=file, line=refusal.line, raw=refusal.cells, rejected_at=at, **as_kept(refusal.complaint)) for refusal in refusals
    )
    file.state = SourceFile.State.LOADING
    file.lines_read += chunk.line_count
    file.rows_read += len(chunk.records) + len(chunk.refusals)
    file.rows_rejected += len(refusals)
    file.data_until = _newest(file.data_until, chunk, arrival.feed, at=at)
    file.save(update_fields=["state", "lines_read", "rows_read", "rows_added", "rows_rejected", "data_until"])
    return file


def as_kept(complaint: Complaint) -> dict[str, str]:
    """A complaint as the columns of a rejected row."""
    longest = RejectedRow._meta.get_field("reason").max_length or 0
    reason = complaint.sentence if len(complaint.sentence) <= longest else f"{complaint.sentence[: longest - 1]}…"
    return {"code": complaint.code, "reason": reason}


def _newest(before: datetime | None, chunk: Chunk, feed: Feed, *, at: datetime) -> datetime | None:
    """The newest business moment up to here. A day counts to its end, but not beyond the present."""
    if feed.moment is None or not chunk.records:
        return before
    last: date | datetime = max(getattr(record, feed.moment) for record in chunk.records)
    if not isinstance(last, datetime):
        last = min(datetime.combine(last, time_of_day.max, ZoneInfo(settings.TIME_ZONE)), at)
    return last if before is None else max(before, last)
