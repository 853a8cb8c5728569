"""Rows that could not be loaded: listing them, trying them again, trying them corrected."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from ..models import RejectedRow, SourceFile
from .announcing import announce
from .errors import UnknownCorrection
from .feed import Feed, RowRefused
from .feeds import feed_named
from .files import as_kept
from .landed import Landing
from .loading import KINDS
from .locking import one_at_a_time
from .reading import LINES_PER_CHUNK
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
    """Texts that replace a rejected row's, by column. `file` is the file's name; empty if only one file has that line open."""

    file: str
    line: int
    cells: Mapping[str, str]


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


def rerun(system: str | None = None, *, at: datetime) -> RerunReport:
    """Try every waiting row again, corrected or as it is: what it refers to may have arrived since."""
    accepted = 0
    files = SourceFile.objects.filter(rejected__state=RejectedRow.State.OPEN).select_related("system").distinct()
    for file in (files.filter(system_id=system) if system else files).order_by("id"):
        waiting = _open(None).filter(file=file).order_by("line").values_list("line", flat=True)
        lines = waiting.iterator()
        while batch := list(islice(lines, LINES_PER_CHUNK)):
            accepted += _run_again(file, batch, at=at)
        announce(file.pk, what=KINDS[feed_named(file.feed).record].changes, at=at)
    return RerunReport(accepted=accepted, open=_open(system).count())


@transaction.atomic
def correct(corrections: Iterable[Correction], *, system: str | None = None) -> int:
    """Note what rejected rows should say; `rerun` then tries them so. Returns the number of rows.

    Raises:
        UnknownCorrection: nothing is noted, not even the corrections before it.
    """
    noted = 0
    for correction in corrections:
        row = _waiting(correction, system)
        unknown = set(correction.cells) - set(feed_named(row.file.feed).header)
        if unknown:
            raise UnknownCorrection(f"{row.file.name} has no column {', '.join(sorted(unknown))}.")
        row.corrected = _current(row) | dict(correction.cells)
        row.save(update_fields=["corrected"])
        noted += 1
    return noted


def _waiting(correction: Correction, system: str | None) -> RejectedRow:
    rows = _open(system).filter(line=correction.line).select_related("file").select_for_update(of=("self",))
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
    one_at_a_time()
    rows = {row.line: row for row in _open(None).filter(file=file, line__in=lines).order_by("line")}
    feed = feed_named(file.feed)
    shift = timedelta(days=file.system.time_shift_days or 0)
    records: list[Record] = []
    complaints = {}
    normalise = feed.reader(feed.header, shift)
    for line, row in rows.items():
        try:
            records.append(normalise(line, _cells(row, feed)))
        except RowRefused as refused:
            complaints[line] = refused.complaint
    added = 0
    if records:
        loaded = KINDS[feed.record].load(records, Landing(file.system_id, file.pk, at))
        complaints |= loaded.complaints
        added = loaded.added
    for line, row in rows.items():
        if line in complaints:
            row.code, row.reason = as_kept(complaints[line]).values()
        else:
            row.state, row.accepted_at = RejectedRow.State.ACCEPTED, at
    RejectedRow.objects.bulk_update(rows.values(), ["code", "reason", "state", "accepted_at"], batch_size=500)
    accepted = len(rows) - len(complaints)
    SourceFile.objects.filter(pk=file.pk).update(rows_added=F("rows_added") + added, rows_rejected=F("rows_rejected") - accepted)
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
    too_many = len(cells) > len(feed.header) and row.corrected is None
    return list(cells.values()) if too_many or not complete else [cells[name] for name in feed.header]
