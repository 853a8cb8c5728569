"""Ingestion: source files land raw, become records, are resolved to parties, and turn into rows and events.

Every chunk of about 10,000 lines is one transaction: raw lines, rows, rejected rows and how far the file is read. A process killed
at any moment is resumed behind its last chunk by ingesting the same file again; content that is known already changes nothing.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from .errors import IngestError, ReadElsewhere, TimeShiftFixed, UnknownCorrection, UnknownHeader, UnknownSystem, UnreadableFile
from .files import Arrival, as_begun, keep_refused, land
from .formats import reading_order, recognise
from .rejects import Correction, RejectView, columns_of, correct, open_rejects, rerun
from .report import FileReport, IngestReport, Progress, RerunReport
from .systems import SYSTEMS, codes, fix_time_shift, system_of

__all__ = [
    "SYSTEMS",
    "Correction",
    "FileReport",
    "IngestError",
    "IngestReport",
    "Progress",
    "ReadElsewhere",
    "RejectView",
    "RerunReport",
    "TimeShiftFixed",
    "UnknownCorrection",
    "UnknownHeader",
    "UnknownSystem",
    "UnreadableFile",
    "codes",
    "columns_of",
    "correct",
    "ingest",
    "open_rejects",
    "rerun",
]


def ingest(
    system: str,
    paths: Sequence[Path],
    *,
    at: datetime,
    as_if_today: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> IngestReport:
    """Read files of one system of record, those first that others refer to.

    All are recognised before the first one lands, so an unknown file among them stops everything while nothing has happened.

    Args:
        at: the moment bankos comes to know what the files say.
        as_if_today: move every date so that the data set's last day is the day of `at` (closed data sets only).
        progress: called behind each chunk.
    Raises:
        IngestError: its subclasses say which file, and what to do about it.
    """
    source = system_of(system, at=at)
    layouts = {}
    for path in paths:
        try:
            layouts[path] = as_begun(recognise(system, path), path, source)
        except IngestError as error:
            keep_refused(path, source, error, at=at)
            raise
    reports = []
    for path, layout in sorted(layouts.items(), key=lambda item: reading_order(item[1])):
        shift = fix_time_shift(source, as_if_today=as_if_today, last_day=layout.last_day, at=at)
        reports.append(land(Arrival(path, layout, source, shift), at=at, progress=progress))
    return IngestReport(system, tuple(reports))
