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
        what.add_parser("check", help="compare the database with the checkpoints kept outside of it, and say which witnesses fail")
        accept = what.add_parser("accept-restore", help="go on with a database that was restored from a backup, and say so")
        accept.add_argument("--reason", required=True, help="why, and who decided it: is kept beside the checkpoints")
        export = what.add_parser("export", help="write a bundle; without a choice the whole log")
        export.add_argument("file", type=Path, help="compressed if its name ends in .gz")
        export.add_argument("--since", type=date.fromisoformat, metavar="DAY", help="only decisions made on this day or later")
        export.add_argument("--until", type=date.fromisoformat, metavar="DAY", help="only decisions made on this day or earlier")
        export.add_argument("--decisions", type=UUID, nargs="+", default=[], metavar="ID", help="only these decisions, with their use")
        export.add_argument(
            "--checkpoints-since",
            metavar="SIZE|FILE",
            help="with every checkpoint of this size or more, or since a kept one: who kept it can compare the bundle with it",
        )
        export.add_argument("--with-context", action="store_true", help="with what they rested on, readable: personal data")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == "status":
            self._status()
        elif options["what"] == "check":
            self._check()
        elif options["what"] == "accept-restore":
            self._accept_restore(options["reason"])
        else:
            self._export(
                options["file"],
                transparency.Selection(tuple(options["decisions"]), _start(options["since"]), _end(options["until"])),
                options["with_context"],
                _size(options["checkpoints_since"]),
            )

    def _status(self) -> None:
        status = transparency.status()
        last = status.last_checkpoint
        self.stdout.write(f"{status.size:,} entries, {status.waiting:,} waiting.")
        self.stdout.write(f"Signed at {last.created_at:%Y-%m-%d %H:%M:%S} UTC:\n\n{last.note}" if last else "Nothing has been signed yet.")

    def _check(self) -> None:
        found = [sentence for witness in transparency.witnesses.configured() if (sentence := transparency.witnesses.set_back(witness))]
        if found:
            raise CommandError("\n".join(f"{sentence}." for sentence in found))
        for witness in transparency.witnesses.configured():
            kept = transparency.witnesses.newest_in(witness.file) if witness.file else None
            compared = f"continued from {kept.size:,} entries" if kept else "keeps nothing that can be compared here"
            self.stdout.write(f"{witness.name}: {transparency.witnesses.problems().get(witness.name) or compared}.")
        if not transparency.witnesses.configured():
            self.stdout.write("No witness is configured: set CHECKPOINT_WITNESSES.")

    def _accept_restore(self, reason: str) -> None:
        moved = transparency.witnesses.accept_restore(reason=reason, at=clock.now())
        if not moved:
            raise CommandError("There is nothing to accept: this database continues every checkpoint that is kept.")
        for file in moved:
            self.stdout.write(f"The log goes on from this database. What was kept before is in {file}.")
        self.stdout.write("Whoever kept a later checkpoint will find that the log was set back: tell them.")

    def _export(self, file: Path, selection: transparency.Selection, with_context: bool, since: int | None) -> None:
        try:
            done = transparency.export(
                file, actor=system("sentinel.log"), selection=selection, with_context=with_context, checkpoints_since=since
            )
        except (transparency.NotInTheLog, transparency.LogDamaged) as error:
            raise CommandError(f"{file} was not written: {_words(error)}.") from error
        self.stdout.write(f"{done.entries:,} of {done.size:,} entries in {file}.")
        if done.damage:
            raise CommandError("\n".join(map(str, done.damage)))


def _size(since: str | None) -> int | None:
    """A size, or that of the newest checkpoint in a file."""
    if since is None or since.isdecimal():
        return None if since is None else int(since)
    kept = transparency.witnesses.newest_in(Path(since))
    if kept is None:
        raise CommandError(f"{since} is neither a size nor a file with a checkpoint of this bank.")
    return kept.size


def _words(error: Exception) -> str:
    return f"not in the log, or not signed yet: {error}" if isinstance(error, transparency.NotInTheLog) else str(error)


def _start(day: date | None) -> datetime | None:
    return None if day is None else clock.start_of_day(day)


def _end(day: date | None) -> datetime | None:
    return None if day is None else clock.start_of_day(day + timedelta(days=1))
