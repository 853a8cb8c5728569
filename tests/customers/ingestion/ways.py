"""One bank's entries in every format that can carry them, and which of them end in another state than the plain table of the same."""

import csv
import gzip
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.db import transaction

from customers import ingestion
from customers.ingestion.feeds import berka, meridian
from customers.ingestion.records import TransactionRecord
from demobank.extracts import SYSTEMS, files_of
from tests.customers.ingestion import exporters
from tests.customers.ingestion.extracts import AT, write
from tests.customers.state_hash import table_hashes

Row = Mapping[str, str]
BERKA = Path(settings.BASE_DIR).parent / "shared" / "data" / "berka"
BALANCES, CATEGORY = "transaction.balance_after", "transaction.merchant_category"


@dataclass(frozen=True)
class Way:
    """A format, and what of a transaction it has no place for."""

    write: Callable[[Path, list[Row]], Path]
    without: frozenset[str] = frozenset()
    one_account_a_file: bool = False


TABLE = Way(lambda path, rows: write(path, meridian.TRANSACTIONS, [_without_place(row) for row in rows]))
STATEMENTS = {
    "camt.053": Way(exporters.camt053, frozenset({BALANCES})),
    "mt940": Way(exporters.mt940, frozenset({BALANCES, CATEGORY})),
    "open banking uk": Way(exporters.open_banking_uk, frozenset({BALANCES})),
    "berlin group": Way(exporters.berlin_group, frozenset({BALANCES}), one_account_a_file=True),
    "fdx": Way(exporters.fdx, frozenset({BALANCES, CATEGORY, "transaction.method", "transaction.counterparty_account"})),
    # Says nothing of balances at all.
    "camt.054": Way(exporters.camt054, frozenset({BALANCES, "arrangement.balance", "arrangement.balance_date"})),
}
BY_THE_DAY = frozenset({"transaction.place", "arrangement.balance", "arrangement.balance_date"})
"""What differs if only the order within a day does."""


def _without_place(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "place"}


def ingest(system: str, *paths: Path) -> None:
    report = ingestion.ingest(system, paths, at=AT)
    assert report.rejected == 0, [reject.reason for reject in ingestion.open_rejects()][:3]


def by_account(rows: Iterable[Row]) -> Iterator[list[Row]]:
    for _, group in groupby(sorted(rows, key=exporters.in_ledger), key=lambda row: row["account_no"]):
        yield list(group)


def through(way: Way, rows: list[Row], without: Collection[str]) -> dict[str, str]:
    """The state behind these entries written this way, forgotten again."""
    with transaction.atomic(), TemporaryDirectory() as folder:
        pieces = list(by_account(rows)) if way.one_account_a_file else [rows]
        ingest("core", *(way.write(Path(folder) / f"{number}.any", piece) for number, piece in enumerate(pieces)))
        found = table_hashes(without=without)
        transaction.set_rollback(True)
    return found


def disagreeing(rows: list[Row], without: frozenset[str] = frozenset()) -> list[str]:
    """The kinds of statement by which these entries end in another state than by the table, but for what a kind has no place for."""
    by_table: dict[frozenset[str], dict[str, str]] = {}
    found = []
    for name, way in STATEMENTS.items():
        left_out = way.without | without
        if left_out not in by_table:
            by_table[left_out] = through(TABLE, rows, left_out)
        if through(way, rows, left_out) != by_table[left_out]:
            found.append(name)
    return found


def ingest_all_but_entries(folder: Path) -> list[Row]:
    """Read a written demo bank but for the entries of its accounts, and return those."""
    entries = folder / "core" / "transactions.csv"
    for system in SYSTEMS:
        ingest(system, *(path for path in files_of(system, folder) if path != entries))
    return [*rows_in(entries)]


def rows_in(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, strict=True))


def berka_ledger(*, every: int = 1) -> list[Row]:
    """The entries of all of Berka's accounts, or of those that one entry in so many is on.

    Balances are sums of the rounded amounts: on the few days on which the file's own aren't, statements would not add up.
    """
    records = _berka_records()
    accounts = {record.account_key for record in records[::every]}
    entries = [
        {
            "entry_id": record.source_key, "place": str(record.sequence), "account_no": record.account_key,
            "booked_on": record.booking_date.isoformat(), "amount": str(record.amount), "currency": record.currency,
            "method": record.method, "purpose": record.purpose, "counterparty": record.counterparty,
            "counterparty_account": record.counterparty_account, "mcc": "",
        }
        for record in records if record.account_key in accounts
    ]  # fmt: skip
    return [row | {"balance_after": balance} for row, balance in zip(entries, _running(entries), strict=True)]


def _berka_records() -> list[TransactionRecord]:
    with gzip.open(BERKA / "trans.csv.gz", "rt") as lines:
        header, *listed = csv.reader(lines)
    read = berka.TRANSACTIONS.reader(header)
    return [read(line, cells) for line, cells in enumerate(listed, 2)]


def _running(entries: Collection[Row]) -> list[str]:
    ordered, running, found = sorted(entries, key=exporters.in_ledger), {}, {}
    for row in ordered:
        running[row["account_no"]] = running.get(row["account_no"], Decimal()) + Decimal(row["amount"])
        found[row["entry_id"]] = str(running[row["account_no"]])
    return [found[row["entry_id"]] for row in entries]
