# ruff: noqa: T201
"""A whole demo bank and all of Berka's ledger through every kind of statement: one state, whatever the format.

    DATABASE_URL=postgres://… python tests/benchmarks/formats_agree.py [CUSTOMERS]

What the tests do with a part of both, on all of both (a demo bank of 500 customers by default). On an empty, migrated database; everything
is taken back. Prints how many entries were carried and which kinds of statement end in another state than the table of the same: none.
"""

import sys
import time
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import big_bank  # noqa: F401 - makes Django ready
from django.db import transaction

from demobank.plan import Plan
from demobank.write import write_bank
from tests.customers.ingestion.ways import BERKA, BY_THE_DAY, STATEMENTS, Row, berka_ledger, disagreeing, ingest, ingest_all_but_entries


def tell(name: str, entries: list[Row], without: frozenset[str] = frozenset()) -> None:
    began = time.perf_counter()
    accounts = len({row["account_no"] for row in entries})
    different = disagreeing(entries, without)
    verdict = f"another state by {', '.join(different)}" if different else "one state"
    print(f"{name}: {len(entries):,} entries on {accounts:,} accounts by {len(STATEMENTS)} kinds of statement: {verdict}", end=" ")
    print(f"({time.perf_counter() - began:.0f} s)")


def main(customers: int = 500) -> None:
    with TemporaryDirectory() as name, transaction.atomic():
        folder = Path(name)
        write_bank(Plan(customers=customers, seed=7, months=1, as_of=date(2026, 11, 23)), folder)
        tell("demo bank", ingest_all_but_entries(folder))
        transaction.set_rollback(True)
    with transaction.atomic():
        ingest("core", BERKA / "account.csv.gz")
        tell("Berka", berka_ledger(), BY_THE_DAY)
        transaction.set_rollback(True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
