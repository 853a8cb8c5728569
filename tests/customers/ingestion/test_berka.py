"""The real Berka data, split as five systems of record, all the way in."""

import gzip
import zlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from customers import ingestion
from customers.ingestion import IngestReport
from tests.customers.ingestion.extracts import AT, count, rows, state
from tests.customers.ingestion.ways import BERKA

SYSTEMS = {
    "core": ("account", "trans"),
    "crm": ("district", "client", "disp"),
    "lending": ("loan",),
    "cards": ("card",),
    "payments": ("order",),
}
LINES = {
    "account": 4_500, "client": 5_369, "disp": 5_369, "district": 77, "loan": 682, "card": 892, "order": 6_471, "trans": 54_960,
}  # fmt: skip

pytestmark = [pytest.mark.django_db, pytest.mark.skipif(not BERKA.is_dir(), reason=f"the Berka data set isn't at {BERKA}")]


def ingest_all(at=AT) -> list[IngestReport]:
    return [ingestion.ingest(system, [path(name) for name in names], at=at) for system, names in SYSTEMS.items()]


def path(name: str) -> Path:
    return BERKA / f"{name}.csv.gz"


@pytest.fixture(scope="module")
def first(django_db_setup: None, django_db_blocker: Any) -> Iterator[list[IngestReport]]:
    """The whole data set read once for all tests of this module, and forgotten behind them."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield ingest_all()
        transaction.set_rollback(True)


def test_every_line_of_the_files_is_in(first: list[IngestReport]) -> None:
    reports = {file.name: file for report in first for file in report.files}

    assert {name: reports[f"{name}.csv.gz"].added for name in LINES} == LINES
    assert sum(report.rejected for report in first) == 0


def test_counts_per_system_equal_the_files_lines(first: list[IngestReport]) -> None:
    in_system = dict(rows("SELECT system_id || ' ' || kind, count(*) FROM customers_arrangement GROUP BY 1"))

    assert in_system == {
        "core current": LINES["account"],
        "lending loan": LINES["loan"],
        "cards card": LINES["card"],
        "payments standing_order": LINES["order"],
    }
    assert rows("SELECT kind, count(*) FROM customers_partyidentifier WHERE system_id = 'crm' GROUP BY 1") == [
        ("client_id", LINES["client"])
    ]
    assert rows("""
        SELECT count(*) FROM customers_arrangementrole r JOIN customers_arrangement a ON a.id = r.arrangement_id
         WHERE a.system_id = 'core'""") == [(LINES["disp"],)]
    assert (count("party"), count("branch"), count("transaction")) == (LINES["client"], LINES["district"], LINES["trans"])


def test_cumulated_amounts_equal_the_stated_balances(first: list[IngestReport]) -> None:
    """Within a crown: the file rounds each amount to a tenth, the ledger's balances are sums of the unrounded ones."""
    differences = [
        difference
        for (difference,) in rows("""
            SELECT DISTINCT ON (arrangement_id, booking_date)
                   abs(sum(amount) OVER (PARTITION BY arrangement_id ORDER BY booking_date, sequence) - balance_after)
              FROM customers_transaction ORDER BY arrangement_id, booking_date, sequence DESC""")
    ]
    within = sum(difference < 1 for difference in differences) / len(differences)

    found = f"{within:.3%} of {len(differences):,} account-days agree within a crown, the median difference is {median(differences)}"
    print(f"\n{found}")  # noqa: T201 - the figure is what this test is for
    assert len(differences) == 43_988
    assert within >= 0.999


def median(values: list[Decimal]) -> Decimal:
    return sorted(values)[len(values) // 2]


def test_an_accounts_balance_is_that_of_its_newest_transaction(first: list[IngestReport]) -> None:
    wrong = rows("""
        SELECT a.source_key FROM customers_arrangement a
          JOIN LATERAL (SELECT * FROM customers_transaction t WHERE t.arrangement_id = a.id
                         ORDER BY t.booking_date DESC, t.sequence DESC LIMIT 1) newest ON true
         WHERE (a.balance, a.balance_date) IS DISTINCT FROM (newest.balance_after, newest.booking_date)""")

    assert wrong == []
    assert rows("SELECT count(*) FROM customers_arrangement WHERE balance IS NOT NULL") == [(1_098,)]


def test_each_row_leads_back_to_its_line(first: list[IngestReport]) -> None:
    lines = gzip.decompress(path("trans").read_bytes()).decode().splitlines()
    sample = rows("""
        SELECT t.source_key, t.source_line, f.name FROM customers_transaction t JOIN customers_sourcefile f ON f.id = t.source_file_id
         ORDER BY t.source_key LIMIT 200""")

    assert {file for _, _, file in sample} == {"trans.csv.gz"}
    assert all(lines[line - 1].startswith(f"{key},") for key, line, _ in sample)


def test_all_raw_lines_are_kept(first: list[IngestReport]) -> None:
    kept = rows("""
        SELECT c.raw FROM customers_sourcechunk c JOIN customers_sourcefile f ON f.id = c.file_id
         WHERE f.name = 'order.csv.gz' ORDER BY c.first_line""")
    raw = gzip.decompress(path("order").read_bytes())

    assert b"".join(zlib.decompress(bytes(chunk)) for (chunk,) in kept) == raw.split(b"\n", 1)[1]


def test_a_second_ingest_adds_nothing(first: list[IngestReport], tmp_path: Path) -> None:
    before, events = state(), rows("SELECT count(*) FROM platform_domainevent")
    again = ingest_all()
    # The same content in other bytes: read in full, and everything in it known.
    repacked = tmp_path / "trans.csv"
    repacked.write_bytes(gzip.decompress(path("trans").read_bytes()) + b"\n")
    read_again = ingestion.ingest("core", [repacked], at=AT)

    assert sum(report.added for report in again) == 0
    assert all(file.known for report in again for file in report.files)
    assert (read_again.added, read_again.files[0].unchanged) == (0, LINES["trans"])
    assert state() == before
    assert rows("SELECT count(*) FROM platform_domainevent") == events
