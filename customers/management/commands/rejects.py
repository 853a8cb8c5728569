"""manage.py rejects [SYSTEM] [--json] [--correct FILE] [--rerun]"""

import csv
import json
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bankos.platform import clock
from customers import ingestion
from customers.ingestion import Correction, RejectView


class Command(BaseCommand):
    help = (
        "List the rows that could not be loaded. --rerun tries them again as they are (what they refer to may have arrived since), "
        "--correct FILE first replaces what the file corrects: a CSV with the column line, the column file if the line is open in "
        "several files, and the columns to replace."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("system", nargs="?", help=f"one of {', '.join(ingestion.SYSTEMS)}; all of them if left out")
        parser.add_argument("--json", action="store_true", help="one JSON object a row, with all its columns")
        parser.add_argument("--correct", type=Path, metavar="FILE", help="correct rows, then try them again")
        parser.add_argument("--rerun", action="store_true", help="try all waiting rows again")

    def handle(self, *, system: str | None, json: bool, correct: Path | None, rerun: bool, **options: Any) -> None:
        if system is not None and system not in ingestion.codes():
            raise CommandError(f"“{system}” is not a system bankos reads. It reads {', '.join(ingestion.codes())}.")
        if correct is not None:
            try:
                corrected = ingestion.correct(_corrections(correct), system=system)
            except ingestion.UnknownCorrection as error:
                raise CommandError(str(error)) from error
            self.stdout.write(f"{corrected:,} rows corrected")
        if correct is not None or rerun:
            report = ingestion.rerun(system, at=clock.now())
            self.stdout.write(f"{report.accepted:,} rows accepted, {report.open:,} still open")
        rejects = ingestion.open_rejects(system)
        if json:
            self._as_json(rejects)
        else:
            self._as_table(list(rejects))

    def _as_json(self, rejects: Iterator[RejectView]) -> None:
        for reject in rejects:
            self.stdout.write(
                json.dumps(
                    {
                        "system": reject.system,
                        "file": reject.file,
                        "line": reject.line,
                        "code": reject.code,
                        "reason": reject.reason,
                        "row": reject.row,
                        "rejected_at": reject.rejected_at.isoformat(),
                    },
                    ensure_ascii=False,
                )
            )

    def _as_table(self, rejects: list[RejectView]) -> None:
        if not rejects:
            self.stdout.write("No row waits for a correction.")
            return
        widths = [max(len(text) for text in column) for column in zip(("system", "file", "line"), *map(_place, rejects), strict=True)]
        for place, reason in (("system", "file", "line"), "reason"), *((_place(reject), reject.reason) for reject in rejects):
            system, file, line = place
            self.stdout.write(f"{system:{widths[0]}}  {file:{widths[1]}}  {line:>{widths[2]}}  {reason}")


def _place(reject: RejectView) -> tuple[str, str, str]:
    return reject.system, reject.file, str(reject.line)


def _corrections(path: Path) -> Iterator[Correction]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines, strict=True):
                line, file = row.pop("line", None), row.pop("file", "")
                if line is None or not line.strip().isdecimal() or None in row or None in row.values():
                    raise CommandError(f"{path.name}: each row needs a line number and as many cells as the header has columns.")
                yield Correction(file=file, line=int(line), cells=row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CommandError(f"{path.name} cannot be read: {error}") from error
