"""The same bank, written down in every format that can carry it, is the same state: whatever the format, the order, the pieces."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.ingestion.feeds import FEEDS, meridian
from demobank.extracts import SYSTEMS, files_of
from demobank.plan import Plan
from demobank.write import write_bank
from tests.customers.ingestion import exporters
from tests.customers.ingestion.extracts import count, rows_of, send_one_customer
from tests.customers.ingestion.ways import (
    BALANCES,
    BERKA,
    BY_THE_DAY,
    CATEGORY,
    TABLE,
    Row,
    berka_ledger,
    disagreeing,
    ingest,
    ingest_all_but_entries,
    rows_in,
    through,
)
from tests.customers.state_hash import table_hashes

pytestmark = pytest.mark.django_db


# ---- the demo bank ----


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bank")
    write_bank(Plan(customers=20, seed=7, months=1, as_of=date(2026, 11, 23)), folder)
    return folder


def feed_of(path: Path):
    header = set(path.read_text(encoding="utf-8").split("\n", 1)[0].split(","))
    return next(feed for feed in FEEDS if set(feed.header) == header)


def test_the_demo_bank_is_the_same_by_every_kind_of_statement(bank: Path, tmp_path: Path) -> None:
    entries = ingest_all_but_entries(bank)

    assert len(entries) > 100
    assert disagreeing(entries) == []


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
            found = table_hashes()
            transaction.set_rollback(True)
        return found

    def rewritten(system: str) -> list[Path]:
        return [written(path, tmp_path / f"{system}-{path.name}") for path in files_of(system, bank) if rows_in(path)]

    # Change events of one file may come in any order: who refers to whom is put in order by reading one file a table, as here.
    assert state(rewritten) == state(lambda system: list(files_of(system, bank)))


# ---- Berka ----


@pytest.mark.skipif(not BERKA.is_dir(), reason=f"the Berka data set isn't at {BERKA}")
def test_berkas_ledger_is_the_same_by_every_kind_of_statement() -> None:
    """Its entries aren't numbered in the order they were booked, so only the order within a day may differ."""
    ingest("core", BERKA / "account.csv.gz")
    entries = berka_ledger(every=6_000)

    assert len(entries) > 200
    assert disagreeing(entries, BY_THE_DAY) == []


# ---- any order, any pieces, any format of each piece ----

# The formats that give an entry its place by its number, so that they may be mixed within one day of one account.
MIXED: Sequence[Callable[[Path, list[Row]], Path]] = (
    TABLE.write,
    lambda path, rows: TABLE.write(path, list(reversed(rows))),
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
        found = table_hashes(without=without)
        transaction.set_rollback(True)

    assert found == through(TABLE, rows, without)


def test_the_hash_sees_a_cent_a_day_and_an_entry_that_is_missing(tmp_path: Path) -> None:
    """What the tests above compare would differ if anything did."""
    send_one_customer(tmp_path / "before")
    rows = rows_of(meridian.TRANSACTIONS, *LEDGER)
    whole = through(TABLE, rows, ())
    for other in (
        rows[:-1],
        [*rows[:-1], rows[-1] | {"amount": "4.11"}],
        [*rows[:-1], rows[-1] | {"booked_on": "2026-11-05"}],
        [*rows[:-1], rows[-1] | {"entry_id": "0"}],
    ):
        assert through(TABLE, other, ()) != whole
