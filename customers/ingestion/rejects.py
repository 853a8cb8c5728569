"""Rows that could not be loaded: listing them, trying them again, trying them corrected."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from ..models import RejectedRow, SourceFile
from .announcing import announce
from .errors import UnknownCorrection
from .feed import Complaint, Feed, RowRefused
from .files import as_kept, note_changes
from .formats import feed_named, place_of
from .landed import Landing
from .loading.changes import load
from .locking import one_at_a_time
from .reading import ROWS_PER_CHUNK
from .records import Record
from .report import RerunReport


@dataclass(frozen=True, slots=True)
class RejectView:
    """One row that waits, for people: where it stands, why it was rejected, what it says (after a correction: then)."""

    id: UUID
    system: str
    file: str
    line: int
    code: str
    reason: str
    row: dict[str, str]
    rejected_at: datetime


@dataclass(frozen=True, slots=True)
class Correction:
    """Texts that replace a rejected row's, by column. `file` is the file's name; empty if only one file has that line open.

    `row` is the row's id, where it is known.
    """

    file: str
    line: int
    cells: Mapping[str, str]
    row: UUID | None = None


def open_rejects(system: str | None = None) -> Iterator[RejectView]:
    """The rows that wait, by file and line. Queries: 1."""
    for row in _open(system).select_related("file").order_by("file_id", "line").iterator():
        yield RejectView(
            id=row.pk,
            system=row.file.system_id,
            file=row.file.name,
            line=row.line,
            code=row.code,
            reason=row.reason,
            row=_current(row),
            rejected_at=row.rejected_at,
        )


def columns_of(row: RejectedRow) -> tuple[str, ...]:
    """The columns a correction of this row may name."""
    return feed_named(row.feed).header


def rerun(
    system: str | None = None,
    *,
    at: datetime,
    file: UUID | None = None,
    row: UUID | None = None,
    among: QuerySet[RejectedRow] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> RerunReport:
    """Try waiting rows again, corrected or as they are: what they refer to may have arrived since.

    Args:
        system, file, row, among: only those of this system, of this file, this one, one of these.
        progress: called behind each transaction with the rows tried and accepted so far.
    """
    tried = accepted = 0
    wanted = _open(system)
    if file is not None:
        wanted = wanted.filter(file=file)
    if row is not None:
        wanted = wanted.filter(pk=row)
    if among is not None:
        wanted = wanted.filter(pk__in=list(among.values_list("pk", flat=True)))
    files = SourceFile.objects.filter(pk__in=wanted.values("file"))
    for found in files.select_related("system").order_by("id"):
        lines = wanted.filter(file=found).order_by("line").values_list("line", flat=True).iterator()
        while batch := list(islice(lines, ROWS_PER_CHUNK)):
            accepted += _run_again(found, batch, at=at)
            tried += len(batch)
            if progress is not None:
                progress(tried, accepted)
        found.refresh_from_db()
        announce(found.pk, what=found.changes, at=at)
    return RerunReport(accepted=accepted, open=wanted.count())


@transaction.atomic
def correct(corrections: Iterable[Correction], *, system: str | None = None) -> int:
    """Note what rejected rows should say; `rerun` then tries them so. Returns the number of rows.

    Raises:
        UnknownCorrection: nothing is noted, not even the corrections before it.
    """
    noted = 0
    for correction in corrections:
        row = _waiting(correction, system)
        unknown = set(correction.cells) - set(feed_named(row.feed).header)
        if unknown:
            raise UnknownCorrection(f"{row.file.name} has no column {', '.join(sorted(unknown))}.")
        row.corrected = _current(row) | dict(correction.cells)
        row.save(update_fields=["corrected"])
        noted += 1
    return noted


def _waiting(correction: Correction, system: str | None) -> RejectedRow:
    known = {} if correction.row is None else {"pk": correction.row}
    rows = _open(system).filter(line=correction.line, **known).select_related("file").select_for_update(of=("self",))
    found = list(rows.filter(file__name=correction.file) if correction.file else rows)
    if len(found) == 1:
        return found[0]
    place = f"Line {correction.line}{f' of {correction.file}' if correction.file else ''}"
    if not found:
        raise UnknownCorrection(f"{place} isn't waiting for a correction.")
    raise UnknownCorrection(f"{place} is open in {len(found)} files; add a column “file” or name the system.")


@transaction.atomic
def _run_again(file: SourceFile, lines: list[int], *, at: datetime) -> int:
    """Returns how many were accepted."""
    one_at_a_time(at=at)
    file = SourceFile.objects.select_for_update().get(pk=file.pk)
    rows = {row.line: row for row in _open(None).filter(file=file, line__in=lines).order_by("line")}
    shift = timedelta(days=file.system.time_shift_days or 0)
    complaints: dict[int, Complaint] = {}
    for feed in sorted({feed_named(row.feed) for row in rows.values()}, key=place_of):
        records: list[Record] = []
        cells: dict[int, Sequence[str]] = {}
        normalise = feed.reader(feed.header, shift)
        for line, row in rows.items():
            if row.feed == feed.name:
                cells[line] = _cells(row, feed)
                try:
                    records.append(normalise(line, cells[line]))
                except RowRefused as refused:
                    complaints[line] = refused.complaint
        if records:
            loaded = load(feed, records, cells, Landing(file.system_id, file.pk, at))
            complaints |= loaded.complaints
            file.rows_added += loaded.added
            note_changes(file, feed)
    for line, row in rows.items():
        if line in complaints:
            row.code, row.reason = as_kept(complaints[line]).values()
        else:
            row.state, row.accepted_at = RejectedRow.State.ACCEPTED, at
    RejectedRow.objects.bulk_update(rows.values(), ["code", "reason", "state", "accepted_at"], batch_size=500)
    accepted = len(rows) - len(complaints)
    file.rows_rejected -= accepted
    file.save(update_fields=["rows_added", "rows_rejected", "changes"])
    return accepted


def _open(system: str | None) -> QuerySet[RejectedRow]:
    rows = RejectedRow.objects.filter(state=RejectedRow.State.OPEN)
    return rows.filter(file__system_id=system) if system else rows


def _current(row: RejectedRow) -> dict[str, str]:
    return row.corrected or row.raw


def _cells(row: RejectedRow, feed: Feed) -> list[str]:
    """In the header's order; a row that lacks columns, or still has too many, as it came, so that it is refused for that again."""
    cells = _current(row)
    complete = set(feed.header) <= set(cells)
    last = f"column {len(cells)}"  # a cell too many has no column of its own: see `reading.as_row`
    too_many = last in cells and last not in feed.header and row.corrected is None
    return list(cells.values()) if too_many or not complete else [cells[name] for name in feed.header]
