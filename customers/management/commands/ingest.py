"""manage.py ingest SYSTEM FILE… [--as-if-today]"""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bankos.platform import clock
from customers import ingestion
from customers.ingestion import IngestReport, Progress

_BAR = 24
_LINE_EVERY = 2.0
"""Seconds between lines of progress where nobody watches."""


class Command(BaseCommand):
    help = "Read extracts of a system of record. The same content again changes nothing; a stopped file is resumed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("system", help=f"one of {', '.join(ingestion.SYSTEMS)}")
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="CSV with a header, UTF-8, plain or gzip")
        parser.add_argument("--as-if-today", action="store_true", help="move every date so that the data set ends today")

    def handle(self, *, system: str, files: list[Path], as_if_today: bool, **options: Any) -> None:
        shown = _ProgressLine(self)
        try:
            report = ingestion.ingest(system, files, at=clock.now(), as_if_today=as_if_today, progress=shown)
        except ingestion.IngestError as error:
            shown.end()
            raise CommandError(str(error)) from error
        shown.end()
        self._table(report)

    def _table(self, report: IngestReport) -> None:
        width = max(len(file.name) for file in report.files)
        self.stdout.write(f"{'file':{width}}  {'read':>10}  {'added':>10}  {'unchanged':>10}  {'rejected':>10}")
        for file in report.files:
            note = "  read before" if file.known else ""
            counts = f"{file.read:>10,}  {file.added:>10,}  {file.unchanged:>10,}  {file.rejected:>10,}"
            self.stdout.write(f"{file.name:{width}}  {counts}{note}")
        if report.rejected:
            self.stdout.write(f"{report.rejected:,} rows wait for a correction: manage.py rejects {report.system}")


class _ProgressLine:
    """One line that is rewritten where a person watches, a line now and then elsewhere."""

    def __init__(self, command: BaseCommand) -> None:
        self._out = command.stdout
        self._watched = self._out.isatty()
        self._file = ""
        self._started = self._last_line = time.monotonic()
        self._rows_before = 0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.file != self._file:
            self.end()
            self._file, self._started, self._last_line = progress.file, now, 0.0
            self._rows_before = progress.rows
        if self._watched:
            done = round(_BAR * progress.fraction)
            self._out.write(f"\r{progress.file}  {'█' * done}{'░' * (_BAR - done)}  {self._counts(progress, now)}", ending="")
        elif now - self._last_line >= _LINE_EVERY:
            self._last_line = now
            self._out.write(f"{progress.file}  {progress.fraction:.0%}  {self._counts(progress, now)}")
        self._out.flush()

    def end(self) -> None:
        if self._watched and self._file:
            self._out.write("")

    def _counts(self, progress: Progress, now: float) -> str:
        seconds = now - self._started
        rate = f"  {(progress.rows - self._rows_before) / seconds:,.0f} rows/s" if seconds else ""
        rejected = f"  {progress.rejected:,} rejected" if progress.rejected else ""
        return f"{progress.rows:,} rows{rate}{rejected}"
