"""Ingestion: source files land raw, become records, are resolved to parties, and turn into rows and events.

Every chunk of about 5,000 lines is one transaction: raw lines, rows, rejected rows and how far the file is read. A process killed
at any moment is resumed behind its last chunk by ingesting the same file again; content that is known already changes nothing.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from .errors import IngestError, ReadElsewhere, TimeShiftFixed, UnknownCorrection, UnknownHeader, UnknownSystem, UnreadableFile
from .feeds import reading_order, recognise
from .files import Arrival, land
from .reading import opened
from .rejects import Correction, RejectView, correct, open_rejects, rerun
from .report import FileReport, IngestReport, Progress, RerunReport
from .systems import SYSTEMS, fix_time_shift, system_of

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
    source = system_of(system)
    feeds = {}
    for path in paths:
        with opened(path) as text:
            feeds[path] = recognise(system, text.header, file=path.name)
    reports = []
    for path, feed in sorted(feeds.items(), key=lambda item: reading_order(item[1])):
        shift = fix_time_shift(source, as_if_today=as_if_today, last_day=feed.last_day, at=at)
        reports.append(land(Arrival(path, feed, source, shift), at=at, progress=progress))
    return IngestReport(system, tuple(reports))
