# ruff: noqa: T201
"""A bank of 200,000 customers and 10,000,000 transactions, for the benchmarks that need one.

    DATABASE_URL=postgres://… python tests/benchmarks/big_bank.py [CUSTOMERS [TRANSACTIONS]] [--copied]

Fills an empty, migrated database through the real door: Meridian's extracts are written and ingested, people first, then one file of
transactions a month, each in the order of its days. With --copied all months but the last are written as the rows, entries, raw chunks and
balances that ingesting them would leave, by COPY, and announced to nobody: for benchmarks that need the bank and not its filling.
The same numbers give the same bank. Prints what each step took and the most memory this process held.
"""

import os
import random
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bankos.settings.test")
os.environ.setdefault("CELERY_BROKER_URL", "memory://")  # nobody waits for events here
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
django.setup()

from django.db import connection, transaction  # noqa: E402 - models need settings first

from bankos.platform import clock  # noqa: E402
from bankos.platform.ids import uuid7_texts  # noqa: E402
from customers import ingestion  # noqa: E402
from customers.ingestion.feed import Feed  # noqa: E402
from customers.ingestion.feeds import meridian  # noqa: E402
from customers.ingestion.reading import ROWS_PER_CHUNK, packed  # noqa: E402
from customers.models import Arrangement, SourceChunk, SourceFile  # noqa: E402

CUSTOMERS, TRANSACTIONS = 200_000, 10_000_000
MONTHS = 24
LAST_MONTH = date(2026, 10, 1)
BRANCHES = 40
SHARED = 20
"""One customer in so many also holds the account of the one before."""

_COLUMNS = (
    "id, system_id, source_key, version, arrangement_id, booking_date, sequence, amount, currency, balance_after, method, purpose,"
    " counterparty, counterparty_account, merchant_category, source_file_id, source_line, recorded_at"
)

_FIRST = [
    "Aoife",
    "Brian",
    "Ciara",
    "Declan",
    "Eimear",
    "Fionn",
    "Gráinne",
    "Hugh",
    "Inès",
    "João",
    "Katarzyna",
    "Liam",
    "Máire",
    "Niamh",
    "Oisín",
    "Piotr",
    "Róisín",
    "Seán",
    "Tomás",
    "Úna",
    "Zoë",
]
_SYLLABLES = [
    "ber",
    "cal",
    "don",
    "fitz",
    "gal",
    "har",
    "kel",
    "lan",
    "mac",
    "nor",
    "ó’ph",
    "rin",
    "shea",
    "tul",
    "van",
    "wal",
    "mor",
    "dun",
    "lin",
    "gar",
]
_ENDINGS = ["an", "ett", "ey", "igan", "ly", "man", "ne", "s", "son", "ton", "well", "y"]
_SHOPS = [
    f"{word} {kind}" for word in ("Corrib", "Claddagh", "Salthill", "Spanish Arch") for kind in ("Stores", "Pharmacy", "Café", "Rentals")
]


def account_of(number: int) -> str:
    return f"IE29MRDN9311{number:010d}"


def _people(customers: int) -> Iterator[tuple[int, str, str, str, str]]:
    """(number, first name, last name, birth date, branch) of each."""
    chance = random.Random(1)
    for number in range(customers):
        last = (chance.choice(_SYLLABLES) + chance.choice(_SYLLABLES) + chance.choice(_ENDINGS)).capitalize()
        born = date(1940, 1, 1) + timedelta(days=chance.randrange(24_000))
        yield number, chance.choice(_FIRST), last, born.isoformat(), f"B{number % BRANCHES:03d}"


def _core_customers(customers: int) -> Iterator[str]:
    for number, first, last, born, branch in _people(customers):
        yield f"{10_000_000 + number},{last.upper()} {first.upper()},{born},N{number:08d},{branch},2014-03-01,P"


def _clients(customers: int) -> Iterator[str]:
    for number, first, last, born, branch in _people(customers):
        mail = f"{first}.{last}.{number}@posteo.example".lower()
        yield (
            f"CL{number},{10_000_000 + number},{first},{last},,,{born},087 {number // 10_000:03d} {number % 10_000:04d},{mail},"
            f"{number % 200 + 1} Shop Street,Galway,H91 {number % 10_000:04d},en,{branch},2014-03-01T10:00:00+00:00"
        )


def _accounts(customers: int) -> Iterator[str]:
    for number in range(customers):
        yield f"{account_of(number)},CUR-STD,Current account,current,EUR,2014-03-01,B{number % BRANCHES:03d},500.00,active"


def _holders(customers: int) -> Iterator[str]:
    for number in range(customers):
        yield f"{account_of(number)},{10_000_000 + number},owner"
        if number % SHARED == 1:
            yield f"{account_of(number - 1)},{10_000_000 + number},joint"


def months(count: int = MONTHS) -> list[date]:
    last = LAST_MONTH.year * 12 + LAST_MONTH.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(last - count + 1, last + 1)]


def shares(of: list[date], count: int) -> Iterator[tuple[date, int, int]]:
    """Each month, the number of its first entry, and how many of the entries fall to it."""
    for place, month in enumerate(of):
        before = count * place // len(of)
        yield month, before + 1, count * (place + 1) // len(of) - before


class Booking(NamedTuple):
    entry: int
    account: int
    day: str
    cents: int
    balance: int
    method: str
    purpose: str
    counterparty: str
    merchant_category: str

    def line(self) -> str:
        """As the extract says it."""
        return (
            f"{self.entry},{account_of(self.account)},{self.day},{_euros(self.cents)},EUR,{_euros(self.balance)},{self.method},"
            f"{self.purpose},{self.counterparty},,{self.merchant_category}"
        )


def bookings(month: date, *, first_entry: int, count: int, balances: list[int]) -> Iterator[Booking]:
    """Those of one month, day by day, on accounts drawn by chance. `balances`: cents of each account, carried on."""
    chance = random.Random(first_entry)
    accounts, days = len(balances), [(month + timedelta(days=day)).isoformat() for day in range(28)]
    for place in range(count):
        account = chance.randrange(accounts)
        cents = 1_000 * (place % 97) if place % 25 == 0 else -(place * 7 % 9_000) - 1
        balances[account] += cents
        method, purpose, who, mcc = (
            ("transfer", "salary", "Galway Works Ltd", "") if cents > 0 else ("card", "", _SHOPS[place % 16], "5411")
        )
        yield Booking(first_entry + place, account, days[place * 28 // count], cents, balances[account], method, purpose, who, mcc)


def transactions(month: date, *, first_entry: int, count: int, balances: list[int]) -> Iterator[str]:
    """The lines of a month's extract."""
    return (booking.line() for booking in bookings(month, first_entry=first_entry, count=count, balances=balances))


def _euros(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def write(path: Path, feed: Feed, lines: Iterable[str]) -> Path:
    with path.open("w", encoding="utf-8") as target:
        target.write(",".join(feed.header) + "\n")
        target.writelines(f"{line}\n" for line in lines)
    return path


def _send(path: Path, feed: Feed, lines: Callable[[], Iterable[str]]) -> float:
    """Write and ingest a file; the seconds the ingest took."""
    write(path, feed, lines())
    began = time.perf_counter()
    report = ingestion.ingest(feed.system, [path], at=clock.now())
    taken = time.perf_counter() - began
    path.unlink()
    assert report.rejected == 0, next(iter(ingestion.open_rejects())).reason
    analyze()
    print(f"{path.name}: {report.added:,} rows in {taken:.1f} s, {report.added / taken:,.0f} rows/s", flush=True)
    return taken


def analyze() -> None:
    """What a server does by itself within a minute of so many new rows, where autovacuum is on; only the owner may do it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute("ANALYZE")


def fill_people(folder: Path, customers: int) -> None:
    files: list[tuple[Feed, Callable[[], Iterable[str]]]] = [
        (meridian.BRANCHES, lambda: (f"B{number:03d},Branch {number},Galway" for number in range(BRANCHES))),
        (meridian.CUSTOMERS, lambda: _core_customers(customers)),
        (meridian.ACCOUNTS, lambda: _accounts(customers)),
        (meridian.ACCOUNT_HOLDERS, lambda: _holders(customers)),
        (meridian.CLIENTS, lambda: _clients(customers)),
    ]
    for feed, lines in files:
        _send(folder / f"{feed.name}.csv", feed, lines)


def fill_transactions(folder: Path, customers: int, count: int, *, copied: bool) -> None:
    balances = [100_000] * customers
    newest: dict[int, Booking] = {}
    for month, entry, share in shares(months(), count):
        if copied and month != LAST_MONTH:
            newest |= _copy(month, bookings(month, first_entry=entry, count=share, balances=balances), share)
        else:
            _settle(newest)
            lines = partial(transactions, month, first_entry=entry, count=share, balances=balances)
            _send(folder / f"transactions-{month:%Y-%m}.csv", meridian.TRANSACTIONS, lines)


def _copy(month: date, rows: Iterator[Booking], count: int) -> dict[int, Booking]:
    """Write a month's bookings as ingesting them would; returns the newest of each account."""
    began, at = time.perf_counter(), clock.now()
    newest: dict[int, Booking] = {}
    arrangements = dict(Arrangement.objects.filter(system="core").values_list("source_key", "id"))
    with transaction.atomic(), connection.cursor() as cursor:
        file = SourceFile.objects.create(
            system_id="core", name=f"transactions-{month:%Y-%m}.csv", feed=meridian.TRANSACTIONS.name, sha256=f"{month:%Y-%m}",
            state=SourceFile.State.DONE, lines_read=count, rows_read=count, rows_added=count, received_at=at, finished_at=at,
        )  # fmt: skip
        cursor.execute("SELECT customers_open_months(ARRAY[%s])", [month])
        for start in range(0, count, ROWS_PER_CHUNK):
            some = list(islice(rows, ROWS_PER_CHUNK))
            raw = packed("".join(f"{row.line()}\n" for row in some).encode())
            SourceChunk.objects.create(file=file, first_line=start + 2, line_count=len(some), raw=raw)
            with cursor.copy(f"COPY customers_transaction ({_COLUMNS}) FROM STDIN") as target:
                target.write(
                    "".join(
                        f"{id}\tcore\t{row.entry}\t0\t{arrangements[account_of(row.account)]}\t{row.day}\t{row.entry}\t{_euros(row.cents)}\tEUR"
                        f"\t{_euros(row.balance)}\t{row.method}\t{row.purpose}\t{row.counterparty}\t\t{row.merchant_category}\t{file.pk}\t{line}\t{at}\n"
                        for line, (id, row) in enumerate(zip(uuid7_texts(len(some)), some, strict=True), start + 2)
                    )
                )
            newest |= {row.account: row for row in some}
        cursor.execute(
            "INSERT INTO customers_bookedentry (system_id, source_key, position, transaction_id, booking_date, version)"
            " SELECT system_id, source_key, 0, id, booking_date, 0 FROM customers_transaction"
            " WHERE booking_date >= %s AND booking_date < %s::date + interval '1 month'",
            [month, month],
        )
    print(f"{file.name}: {count:,} rows copied in {time.perf_counter() - began:.1f} s", flush=True)
    return newest


def _settle(newest: Mapping[int, Booking]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE newest (account text, balance numeric, day date, entry bigint) ON COMMIT DROP")
        with cursor.copy("COPY newest FROM STDIN") as target:
            for row in newest.values():
                target.write(f"{account_of(row.account)}\t{_euros(row.balance)}\t{row.day}\t{row.entry}\n")
        cursor.execute(
            "UPDATE customers_arrangement a SET balance = newest.balance, balance_date = newest.day, balance_sequence = newest.entry"
            " FROM newest WHERE a.system_id = 'core' AND a.source_key = newest.account"
        )


def main(customers: int = CUSTOMERS, count: int = TRANSACTIONS, *, copied: bool = False) -> None:
    with TemporaryDirectory() as folder:
        fill_people(Path(folder), customers)
        fill_transactions(Path(folder), customers, count, copied=copied)
    print(f"most memory held: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    numbers = [int(number.replace("_", "")) for number in sys.argv[1:] if number != "--copied"]
    main(*numbers, copied="--copied" in sys.argv)
