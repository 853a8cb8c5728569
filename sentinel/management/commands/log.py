"""The transparency log, for operators."""

from argparse import ArgumentParser
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from bankos.platform import clock
from bankos.platform.actors import system
from sentinel import transparency


class Command(BaseCommand):
    help = "How far the log of decisions has come, and bundles of it that anybody can verify (python sentinel/verify.py FILE)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        what.add_parser("status", help="entries, the latest checkpoint, and what waits for the next")
        export = what.add_parser("export", help="write a bundle; without a choice the whole log")
        export.add_argument("file", type=Path, help="compressed if its name ends in .gz")
        export.add_argument("--since", type=date.fromisoformat, metavar="DAY", help="only decisions made on this day or later")
        export.add_argument("--until", type=date.fromisoformat, metavar="DAY", help="only decisions made on this day or earlier")
        export.add_argument("--decisions", type=UUID, nargs="+", default=[], metavar="ID", help="only these decisions, with their use")
        export.add_argument("--with-context", action="store_true", help="with what they rested on, readable: personal data")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == "status":
            self._status()
        else:
            self._export(
                options["file"],
                transparency.Selection(tuple(options["decisions"]), _start(options["since"]), _end(options["until"])),
                options["with_context"],
            )

    def _status(self) -> None:
        status = transparency.status()
        last = status.last_checkpoint
        self.stdout.write(f"{status.size:,} entries, {status.waiting:,} waiting.")
        self.stdout.write(f"Signed at {last.created_at:%Y-%m-%d %H:%M:%S} UTC:\n\n{last.note}" if last else "Nothing has been signed yet.")

    def _export(self, file: Path, selection: transparency.Selection, with_context: bool) -> None:
        try:
            done = transparency.export(file, actor=system("sentinel.log"), selection=selection, with_context=with_context)
        except (transparency.NotInTheLog, transparency.LogDamaged) as error:
            raise CommandError(f"{file} was not written: {_words(error)}.") from error
        self.stdout.write(f"{done.entries:,} of {done.size:,} entries in {file}.")
        if done.damage:
            raise CommandError("\n".join(map(str, done.damage)))


def _words(error: Exception) -> str:
    return f"not in the log, or not signed yet: {error}" if isinstance(error, transparency.NotInTheLog) else str(error)


def _start(day: date | None) -> datetime | None:
    return None if day is None else clock.start_of_day(day)


def _end(day: date | None) -> datetime | None:
    return None if day is None else clock.start_of_day(day + timedelta(days=1))
