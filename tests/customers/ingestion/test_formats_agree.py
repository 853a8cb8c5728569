"""The same bank, written down in every format that can carry it, is the same state: whatever the format, the order, the pieces."""

import csv
import gzip
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.conf import settings as configuration
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers import ingestion
from customers.ingestion.feeds import FEEDS, berka, meridian
from demobank.extracts import SYSTEMS, files_of
from demobank.plan import Plan
from demobank.write import write_bank
from tests.customers.ingestion import exporters
from tests.customers.ingestion.extracts import AT, count, rows_of, send_one_customer, write
from tests.customers.state_hash import table_hashes

pytestmark = pytest.mark.django_db

Row = Mapping[str, str]
BERKA = Path(configuration.BASE_DIR).parent / "shared" / "data" / "berka"
BALANCES, CATEGORY = "transaction.balance_after", "transaction.merchant_category"


@dataclass(frozen=True)
class Way:
    """A format, and what of a transaction it has no place for."""

    write: Callable[[Path, list[Row]], Path]
    without: frozenset[str]
    one_account_a_file: bool = False


STATEMENTS = {
    "camt.053": Way(exporters.camt053, frozenset({BALANCES})),
    "mt940": Way(exporters.mt940, frozenset({BALANCES, CATEGORY})),
    "ofx 1": Way(exporters.ofx1, frozenset({BALANCES, CATEGORY, "transaction.method"})),
    "ofx 2": Way(exporters.ofx2, frozenset({BALANCES, CATEGORY, "transaction.method"})),
    "open banking uk": Way(exporters.open_banking_uk, frozenset({BALANCES})),
    "berlin group": Way(exporters.berlin_group, frozenset({BALANCES}), one_account_a_file=True),
    "fdx": Way(exporters.fdx, frozenset({BALANCES, CATEGORY, "transaction.method", "transaction.counterparty_account"})),
    # Says nothing of balances at all.
    "camt.054": Way(exporters.camt054, frozenset({BALANCES, "arrangement.balance", "arrangement.balance_date"})),
}


def hashes(without: Iterable[str]) -> dict[str, str]:
    return table_hashes(without=frozenset(without))


def by_account(rows: Iterable[Row]) -> Iterator[list[Row]]:
    for _, group in groupby(sorted(rows, key=exporters.in_ledger), key=lambda row: row["account_no"]):
        yield list(group)


def ingest(system: str, *paths: Path) -> None:
    report = ingestion.ingest(system, paths, at=AT)
    assert report.rejected == 0, [reject.reason for reject in ingestion.open_rejects()][:3]


def through(way: Way, rows: list[Row], without: Iterable[str]) -> dict[str, str]:
    """The state behind these entries written this way, forgotten again."""
    with transaction.atomic(), TemporaryDirectory() as folder:
        pieces = list(by_account(rows)) if way.one_account_a_file else [rows]
        ingest("core", *(way.write(Path(folder) / f"{number}.any", piece) for number, piece in enumerate(pieces)))
        found = hashes(without)
        transaction.set_rollback(True)
    return found


# ---- the demo bank ----


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bank")
    write_bank(Plan(customers=20, seed=7, months=1, as_of=date(2026, 11, 23)), folder)
    return folder


def rows_in(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, strict=True))


def feed_of(path: Path):
    header = set(path.read_text(encoding="utf-8").split("\n", 1)[0].split(","))
    return next(feed for feed in FEEDS if set(feed.header) == header)


def test_the_demo_bank_is_the_same_by_every_kind_of_statement(bank: Path, tmp_path: Path) -> None:
    for system in SYSTEMS:
        ingest(system, *(path for path in files_of(system, bank) if path.name != "transactions.csv"))
    accounts = list(by_account(rows_in(bank / "core" / "transactions.csv")))[:12]
    entries = [row for account in accounts for row in account]
    table = Way(lambda path, rows: write(path, meridian.TRANSACTIONS, rows), frozenset())
    by_table = {way.without: through(table, entries, way.without) for way in STATEMENTS.values()}

    assert len(entries) > 100
    for name, way in STATEMENTS.items():
        assert through(way, entries, way.without) == by_table[way.without], name


@pytest.mark.parametrize("name", ["json lines", "parquet", "debezium"])
def test_the_whole_demo_bank_is_the_same_by_formats_that_carry_rows(bank: Path, tmp_path: Path, name: str) -> None:
    """Nothing is left out of the comparison."""

    def written(path: Path, target: Path) -> Path:
        feed, rows = feed_of(path), rows_in(path)
        match name:
            case "json lines":
                return exporters.json_lines(target, rows)
            case "parquet":
                return exporters.parquet(target, feed, rows)
            case _:
                return exporters.debezium(target, feed, rows)

    def state(paths: Callable[[str], list[Path]]) -> dict[str, str]:
        with transaction.atomic():
            for system in SYSTEMS:
                ingest(system, *paths(system))
            found = hashes(())
            transaction.set_rollback(True)
        return found

    def rewritten(system: str) -> list[Path]:
        return [written(path, tmp_path / f"{system}-{path.name}") for path in files_of(system, bank) if rows_in(path)]

    # Change events of one file may come in any order: who refers to whom is put in order by reading one file a table, as here.
    assert state(rewritten) == state(lambda system: list(files_of(system, bank)))


# ---- Berka ----


@pytest.mark.skipif(not BERKA.is_dir(), reason=f"the Berka data set isn't at {BERKA}")
def test_berkas_ledger_is_the_same_by_every_kind_of_statement(tmp_path: Path) -> None:
    """Its entries aren't numbered in the order they were booked, so only the order within a day may differ."""

    def records_of(feed: Any, name: str, wanted: Callable[[list[str]], bool]) -> list[Any]:
        with gzip.open(BERKA / f"{name}.csv.gz", "rt") as lines:
            header, *listed = csv.reader(lines)
        read = feed.reader(header)
        return [read(line, cells) for line, cells in enumerate(listed, 2) if wanted(cells)]

    accounts = {record.account_key for record in records_of(berka.TRANSACTIONS, "trans", lambda cells: True)[::6_000]}
    ingest("core", BERKA / "account.csv.gz")
    entries = [
        {
            "entry_id": record.source_key, "place": str(record.sequence), "account_no": record.account_key,
            "booked_on": record.booking_date.isoformat(), "amount": str(record.amount), "currency": record.currency,
            "balance_after": str(record.balance_after), "method": record.method, "purpose": record.purpose,
            "counterparty": record.counterparty, "counterparty_account": record.counterparty_account, "mcc": "",
        }
        for record in records_of(berka.TRANSACTIONS, "trans", lambda cells: cells[1] in accounts)
    ]  # fmt: skip
    # The few days on which the file's balances aren't sums of its rounded amounts would be statements that don't add up.
    entries = [row | {"balance_after": balance} for row, balance in zip(entries, _running(entries), strict=True)]
    table = Way(lambda path, rows: write(path, meridian.TRANSACTIONS, [_without_place(row) for row in rows]), frozenset())

    assert len(entries) > 200
    for name, way in STATEMENTS.items():
        without = {*way.without, "transaction.place", "arrangement.balance", "arrangement.balance_date"}
        assert through(way, entries, without) == through(table, entries, without), name


def _running(entries: list[dict[str, str]]) -> list[str]:
    ordered, running, found = sorted(entries, key=exporters.in_ledger), {}, {}
    for row in ordered:
        running[row["account_no"]] = running.get(row["account_no"], Decimal()) + Decimal(row["amount"])
        found[row["entry_id"]] = str(running[row["account_no"]])
    return [found[row["entry_id"]] for row in entries]


def _without_place(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "place"}


# ---- any order, any pieces, any format of each piece ----

# The formats that give an entry its place by its number, so that they may be mixed within one day of one account.
MIXED: Sequence[Callable[[Path, list[Row]], Path]] = (
    lambda path, rows: write(path, meridian.TRANSACTIONS, rows),
    lambda path, rows: write(path, meridian.TRANSACTIONS, list(reversed(rows))),
    exporters.json_lines,
    lambda path, rows: exporters.parquet(path, meridian.TRANSACTIONS, rows),
    exporters.camt053,
    exporters.mt940,
)
AMOUNTS = [Decimal(number - 6) + Decimal("0.10") for number in range(1, 11)]
LEDGER = [
    {
        "entry_id": str(number),
        "booked_on": f"2026-11-0{1 + number // 5}",
        "amount": str(amount),
        "balance_after": str(sum(AMOUNTS[:number])),
    }
    for number, amount in enumerate(AMOUNTS, 1)
]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    places=st.sets(st.integers(1, len(LEDGER) - 1), max_size=4),
    order=st.randoms(use_true_random=False),
    again=st.lists(st.integers(0, 4), max_size=3),
    formats=st.lists(st.integers(0, len(MIXED) - 1), min_size=8, max_size=8),
)
def test_any_permutation_duplication_and_splitting_in_any_mix_of_formats_is_one_state(
    tmp_path: Path, places: set[int], order, again: list[int], formats: list[int]
) -> None:
    if not count("party"):
        send_one_customer(tmp_path / "before")
    rows = rows_of(meridian.TRANSACTIONS, *LEDGER)
    edges = [0, *sorted(places), len(rows)]
    pieces = [rows[start:end] for start, end in pairwise(edges)]
    pieces += [pieces[number % len(pieces)] for number in again]
    order.shuffle(pieces)
    without = (BALANCES, CATEGORY)

    with transaction.atomic(), TemporaryDirectory() as folder:
        for number, (piece, chosen) in enumerate(zip(pieces, formats, strict=False)):
            ingest("core", MIXED[chosen](Path(folder) / f"{number}.any", piece))
        found = hashes(without)
        transaction.set_rollback(True)

    assert found == through(Way(MIXED[0], frozenset()), rows, without)


def test_the_hash_sees_a_cent_a_day_and_an_entry_that_is_missing(tmp_path: Path) -> None:
    """What the tests above compare would differ if anything did."""
    send_one_customer(tmp_path / "before")
    rows = rows_of(meridian.TRANSACTIONS, *LEDGER)
    table = Way(MIXED[0], frozenset())
    whole = through(table, rows, ())
    for other in (
        rows[:-1],
        [*rows[:-1], rows[-1] | {"amount": "4.11"}],
        [*rows[:-1], rows[-1] | {"booked_on": "2026-11-05"}],
        [*rows[:-1], rows[-1] | {"entry_id": "0"}],
    ):
        assert through(table, other, ()) != whole
