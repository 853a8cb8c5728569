# ruff: noqa: T201
"""How fast transactions land, against a bare COPY of the same rows into the same indexed table.

    DATABASE_URL=postgres://… python tests/benchmarks/transactions_against_copy.py [TIMES]

Multiplies Berka's transactions (every account and entry TIMES over, 10 by default), on an empty, migrated database. Prints rows
per second, the ratio to COPY, peak memory, and how long the database's and our own processor were busy for a row.
"""

import csv
import gzip
import io
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bankos.settings.test")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
django.setup()

from django.conf import settings  # noqa: E402 - models need settings first
from django.db import connection, transaction  # noqa: E402

from bankos.platform import clock  # noqa: E402
from customers import ingestion  # noqa: E402

BERKA = Path(settings.BASE_DIR).parent / "shared" / "data" / "berka"
_COLUMNS = (
    "id, system_id, source_key, arrangement_id, booking_date, sequence, amount, currency, balance_after, method, purpose, counterparty,"
    " counterparty_account, merchant_category, source_file_id, source_line, recorded_at"
)


@dataclass
class Spent:
    seconds: float = 0.0
    own: float = 0.0
    database: float = 0.0


@contextmanager
def measured() -> Iterator[Spent]:
    """Wall-clock time, and processor time of this process and of its connection's backend (a server on this machine only)."""
    spent = Spent()
    began, own, database = time.perf_counter(), time.process_time(), _backend_time()
    yield spent
    spent.seconds, spent.own, spent.database = time.perf_counter() - began, time.process_time() - own, _backend_time() - database


def _backend_time() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        process = Path(f"/proc/{cursor.fetchone()[0]}/stat")
    if not process.exists():
        return 0.0
    user, kernel = process.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(kernel)) / os.sysconf("SC_CLK_TCK")


def multiplied(name: str, folder: Path, times: int, keys: tuple[str, ...]) -> Path:
    """The file with each row `times` over, its keys apart."""
    with gzip.open(BERKA / f"{name}.csv.gz", "rt") as lines:
        rows = list(csv.DictReader(lines))
    path = folder / f"{name}.csv"
    with path.open("w", newline="") as target:
        writer = csv.DictWriter(target, rows[0], lineterminator="\n")
        writer.writeheader()
        for copy in range(times):
            writer.writerows(row | {key: f"{copy * 10_000_000 + int(row[key])}" for key in keys} for row in rows)
    return path


def bare_copy() -> Spent:
    """COPY of what was just loaded into a table with the same indexes and references, in one go."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute("CREATE TABLE bare (LIKE customers_transaction INCLUDING ALL)")
        cursor.execute("ALTER TABLE bare ADD FOREIGN KEY (arrangement_id) REFERENCES customers_arrangement")
        cursor.execute("ALTER TABLE bare ADD FOREIGN KEY (source_file_id) REFERENCES customers_sourcefile")
        raw = io.BytesIO()
        with cursor.copy(f"COPY (SELECT {_COLUMNS} FROM customers_transaction ORDER BY source_line) TO STDOUT") as rows:
            for block in rows:
                raw.write(block)
        with measured() as spent, cursor.copy(f"COPY bare ({_COLUMNS}) FROM STDIN") as target:
            target.write(raw.getvalue())
        transaction.set_rollback(True)
    return spent


def main(times: int) -> None:
    with TemporaryDirectory() as folder:
        accounts = multiplied("account", Path(folder), times, ("account_id",))
        transactions = multiplied("trans", Path(folder), times, ("trans_id", "account_id"))
        ingestion.ingest("core", [accounts], at=clock.now())
        with measured() as landing:
            report = ingestion.ingest("core", [transactions], at=clock.now())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    copy = bare_copy()
    print(f"{report.added:,} transactions in {landing.seconds:.1f} s: {report.added / landing.seconds:,.0f} rows/s, {memory:.0f} MB")
    print(f"bare COPY {copy.seconds:.1f} s: ratio {landing.seconds / copy.seconds:.2f}")
    for name, spent in (("landing", landing), ("COPY", copy)):
        own, database = (1e6 * part / report.added for part in (spent.own, spent.database))
        print(f"{name:8} processor time a row: {own:.1f} µs here, {database:.1f} µs in the database")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
