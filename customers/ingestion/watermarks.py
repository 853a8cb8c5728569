"""How far each source's data reaches, and what comes behind that: late rows, and rows the source took back. In the chunk's transaction."""

from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import F
from psycopg import sql

from bankos.platform import clock

from ..models import SourceFile, Watermark
from . import records
from .landed import Loaded
from .reading import Batch

# Kind of record → table and column of what its moments became. Ids are ascending in time, so what a batch added stands behind an id.
_BOOKED = {
    records.TransactionRecord: ("customers_transaction", "booking_date"),
    records.ConsentRecord: ("customers_consent", "occurred_at"),
    records.ContactRecord: ("customers_interaction", "occurred_at"),
    records.SignalRecord: ("customers_signal", "occurred_at"),
}


def kind_of_file(feed: str) -> str:
    """What a feed reads, whatever the version of its mapping."""
    family, version, number = feed.rpartition(".v")
    return family if version and number.isdecimal() else feed


def move(file: SourceFile, batch: Batch, loaded: Loaded, *, newest: datetime | None, since: UUID, at: datetime) -> None:
    """Take a batch's newest moment, and what of it is late or gone, into account.

    Args:
        newest: the batch's newest business moment, if its rows tell one.
        since: an id made before those of the batch's rows.
    Queries: 2; 1 more if rows are older than what earlier files had.
    """
    mark, made = Watermark.objects.select_for_update().get_or_create(
        system_id=file.system_id, feed=kind_of_file(batch.feed.name), defaults={"newest": newest, "file": file, "moved_at": at}
    )
    if not made and mark.file_id != file.pk:
        mark.file, mark.before = file, mark.newest
    mark.newest = max(filter(None, [mark.newest, newest]), default=None)
    mark.moved_at = at
    late = _late(file, batch, loaded, mark.before, since)
    gone = loaded.added if batch.feed.record is records.GoneRecord else 0
    Watermark.objects.filter(system_id=mark.system_id, feed=mark.feed).update(
        newest=mark.newest,
        before=mark.before,
        file=mark.file_id,
        moved_at=at,
        late_rows=F("late_rows") + late,
        deleted_rows=F("deleted_rows") + gone,
    )


def _late(file: SourceFile, batch: Batch, loaded: Loaded, before: datetime | None, since: UUID) -> int:
    """How many of the rows this batch added are of a moment before the newest of earlier files."""
    if before is None or batch.span is None or not loaded.added or batch.feed.record not in _BOOKED:
        return 0
    oldest, _ = batch.span
    limit = before if isinstance(oldest, datetime) else clock.bank_date(before)
    if oldest >= limit:
        return 0
    table, column = map(sql.Identifier, _BOOKED[batch.feed.record])
    query = sql.SQL("SELECT count(*) FROM {} WHERE id >= %s AND source_file_id = %s AND source_line BETWEEN %s AND %s AND {} < %s").format(
        table, column
    )
    lines = [record.line for record in batch.records]
    with connection.cursor() as cursor:
        cursor.execute(query, [since, file.pk, min(lines), max(lines), limit])
        return int(cursor.fetchone()[0])
