from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from bankos.platform import clock
from demobank.plan import Plan, TooSmall
from demobank.progress import ProgressBar
from demobank.write import write_bank


class Command(BaseCommand):
    help = (
        "Make the demo bank: write the extracts of its source systems, let them in, open the staff's accounts, run the night's work once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--customers", type=int, default=2000, help="persons and businesses, at least 20 (default 2000)")
        parser.add_argument(
            "--seed", type=int, default=7, help="the same seed, size and day give the same files, byte for byte (default 7)"
        )
        parser.add_argument("--months", type=int, default=8, help="months of history (default 8)")
        parser.add_argument(
            "--as-of", type=date.fromisoformat, help="the day the bank is shown on; its data ends the day before (default today)"
        )
        parser.add_argument("--out", type=Path, help="folder of the extracts (default var/demo)")
        parser.add_argument("--extracts-only", action="store_true", help="write the files and touch no database")
        parser.add_argument("--if-empty", action="store_true", help="do nothing if the bank has customers already")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            plan = Plan(options["customers"], options["seed"], options["months"], options["as_of"] or clock.today())
        except (TooSmall, ValueError) as reason:
            raise CommandError(str(reason)) from None
        folder = options["out"] or settings.VAR_DIR / "demo"
        bar = ProgressBar([("Extracts", 1)])
        bar.begin("Extracts")
        written = write_bank(plan, folder, progress=lambda done: bar.at(done / plan.customers, f"{done:,} customers"))
        bar.end(f"{sum(written.rows.values()):,} rows of {plan.customers:,} customers are in {folder}")
