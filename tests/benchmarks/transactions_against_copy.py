# ruff: noqa: T201
"""How fast transactions land, against a bare COPY of the same rows into the same indexed tables.

    DATABASE_URL=postgres://… python tests/benchmarks/transactions_against_copy.py [TRANSACTIONS [CUSTOMERS [MONTHS]]]

On an empty, migrated database: fills a bank (see `big_bank`), then lands one file of transactions of a month (or the last so many), day by
day, on accounts drawn by chance, and copies what landed into tables with the same partitions, indexes and checks. By default 1,000,000 on
20,000 customers: 50 each, as a bank of 200,000 has in 10,000,000. Prints rows per second, the ratio to COPY, the most memory held, and how
long processors were busy for a row: what another load on the machine does not change much. A database on this machine only.
"""

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory

import big_bank
from django.db import connection, transaction

from bankos.platform import clock
from customers import ingestion
from customers.ingestion.feeds import meridian

_BARE = """
CREATE SCHEMA bare;
CREATE TABLE bare.transaction (LIKE customers_transaction INCLUDING ALL) PARTITION BY RANGE (booking_date);
CREATE TRIGGER refers_to_what_exists AFTER INSERT ON bare.transaction
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION customers_check_transactions();
CREATE TABLE bare.entry (LIKE customers_bookedentry INCLUDING ALL);
"""
_BARE_MONTH = """
CREATE TABLE bare.month_{month:%Y_%m} (LIKE customers_months.transaction_{month:%Y_%m} INCLUDING ALL);
ALTER TABLE bare.transaction ATTACH PARTITION bare.month_{month:%Y_%m}
      FOR VALUES FROM ('{month}') TO ('{month}'::date + interval '1 month');
"""
_ROWS = {
    "transaction": "SELECT * FROM customers_transaction ORDER BY source_line",
    "entry": "SELECT e.* FROM customers_bookedentry e JOIN customers_transaction t ON t.id = e.transaction_id ORDER BY t.source_line",
}


@dataclass
class Spent:
    seconds: float = 0.0
    own: float = 0.0
    database: float = 0.0


@contextmanager
def measured() -> Iterator[Spent]:
    """Wall-clock time, and processor time of this process and of its connection's backend."""
    spent = Spent()
    began, own, database = time.perf_counter(), time.process_time(), _backend_time()
    yield spent
    spent.seconds, spent.own, spent.database = time.perf_counter() - began, time.process_time() - own, _backend_time() - database


def _backend_time() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(Path(f"/proc/{cursor.fetchone()[0]}/schedstat").read_text().split()[0]) / 1e9


def bare_copy(months: list[date]) -> Spent:
    """COPY of what was just loaded, in one go a table; from files, so that nothing but the database works."""
    with transaction.atomic(), connection.cursor() as cursor, NamedTemporaryFile() as transactions, NamedTemporaryFile() as entries:
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute(_BARE)
        for month in months:
            cursor.execute(_BARE_MONTH.format(month=month))
        for table, target in (("transaction", transactions), ("entry", entries)):
            with cursor.copy(f"COPY ({_ROWS[table]}) TO STDOUT") as rows:
                target.writelines(rows)
            target.seek(0)
        with measured() as spent:
            for table, source in (("transaction", transactions), ("entry", entries)):
                with cursor.copy(f"COPY bare.{table} FROM STDIN") as target:
                    while block := source.read(1 << 20):
                        target.write(block)
        transaction.set_rollback(True)
    return spent


def lines_of(months: list[date], count: int, customers: int) -> Iterator[str]:
    balances = [100_000] * customers
    for month, entry, share in big_bank.shares(months, count):
        yield from big_bank.transactions(month, first_entry=entry, count=share, balances=balances)


def main(count: int = 1_000_000, customers: int = 20_000, months: int = 1) -> None:
    last = big_bank.months(months)
    with TemporaryDirectory() as folder:
        big_bank.fill_people(Path(folder), customers)
        path = big_bank.write(Path(folder) / "transactions.csv", meridian.TRANSACTIONS, lines_of(last, count, customers))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        with measured() as landing:
            report = ingestion.ingest("core", [path], at=clock.now())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    copy = bare_copy(last)
    print(f"{report.added:,} transactions in {landing.seconds:.1f} s: {report.added / landing.seconds:,.0f} rows/s, {memory:.0f} MB")
    print(f"(the people before them took {before:.0f} MB)")
    print(f"bare COPY {copy.seconds:.1f} s: ratio {landing.seconds / copy.seconds:.2f}")
    for name, spent in (("landing", landing), ("COPY", copy)):
        own, database = (1e6 * part / report.added for part in (spent.own, spent.database))
        print(f"{name:8} processor time a row: {own:.1f} µs here, {database:.1f} µs in the database")


if __name__ == "__main__":
    main(*(int(number.replace("_", "")) for number in sys.argv[1:]))
