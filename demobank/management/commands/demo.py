from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from bankos.platform import clock
from bankos.platform.actors import system
from customers import ingestion, visibility
from demobank import fill, staff
from demobank.plan import Plan
from demobank.progress import ProgressBar
from demobank.write import write_bank
from insights.cashflow.model import TooLittleHistory


class Command(BaseCommand):
    help = "Make the demo bank: write its source systems' extracts, let them in, do a night's work, open the staff's logins."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--customers", type=int, default=2000, help="persons and businesses, at least 20 (default 2000)")
        parser.add_argument("--seed", type=int, default=7, help="same seed, size and day: same files, byte for byte (default 7)")
        parser.add_argument("--months", type=int, default=8, help="months of history (default 8)")
        parser.add_argument("--as-of", type=date.fromisoformat, help="the day it is shown on; data ends the day before (default today)")
        parser.add_argument("--out", type=Path, help="folder of the extracts (default: demo in the var folder)")
        parser.add_argument("--extracts-only", action="store_true", help="write the files and touch no database")
        parser.add_argument("--if-empty", action="store_true", help="do nothing if there are customers, but finish a fill that was stopped")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.ending = ""  # the bar redraws its line
        folder = options["out"] or settings.VAR_DIR / "demo"
        try:
            plan = Plan(options["customers"], options["seed"], options["months"], options["as_of"] or clock.today())
            if options["extracts_only"]:
                self._write(plan, folder)
            else:
                self._fill(plan, folder, if_empty=options["if_empty"])
        except (ValueError, ingestion.IngestError, staff.DemoLoginsForbidden) as reason:
            raise CommandError(str(reason)) from reason
        except TooLittleHistory as reason:
            raise CommandError(f"So small a bank teaches no forecast ({reason}): more customers, or more months.") from reason

    def _write(self, plan: Plan, folder: Path) -> None:
        bar = ProgressBar([("Extracts", 1)], stream=self.stdout)
        bar.begin("Extracts")
        written = write_bank(plan, folder, progress=lambda done: bar.at(done / plan.customers, f"{done:,} customers"))
        bar.end(f"{sum(written.rows.values()):,} rows of {plan.customers:,} customers are in {folder}")

    def _fill(self, plan: Plan, folder: Path, *, if_empty: bool) -> None:
        staff.refuse_unless_allowed()
        if if_empty and visibility.parties_visible_to(system("demobank")).exists():
            stopped = fill.unfinished(folder)
            if stopped is None:
                self.stdout.write("The bank has customers; the demo bank isn't made.\n")
                return
            plan = stopped
        bar = ProgressBar(fill.STAGES, stream=self.stdout)
        filled = fill.fill(plan, folder, bar=bar)
        bar.end(f"The demo bank is open: {plan.customers:,} customers, {filled.rows:,} rows read, {filled.forecasts:,} accounts forecast.")
        if filled.rejected:
            self.stdout.write(f"{filled.rejected:,} rows were rejected: manage.py rejects\n")
