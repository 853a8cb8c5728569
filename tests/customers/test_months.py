"""Transactions lie in a table a month: opened when a row needs it, as well kept as the whole, and never for a mistaken year."""

import re
import threading
from pathlib import Path
from uuid import UUID

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from bankos.platform.actors import Actor
from customers import ingestion, timeline
from customers.ingestion.feeds import meridian
from customers.models import Arrangement, Transaction

from .ingestion.extracts import AT, rows, send, send_one_customer

pytestmark = pytest.mark.django_db


def months() -> dict[str, int]:
    """Month → rows in its table."""
    counted = "SELECT tableoid::regclass::text, count(*) FROM customers_transaction GROUP BY 1"
    return {name.rpartition("transaction_")[2]: number for name, number in rows(counted)}


def refused(statement: str) -> str:
    with pytest.raises(ProgrammingError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    return str(error.value)


def book(folder: Path, *days: str) -> ingestion.FileReport:
    return send(folder, meridian.TRANSACTIONS, *({"entry_id": day.replace("-", ""), "booked_on": day} for day in days))


def test_each_month_has_a_table_of_its_own_however_far_back(tmp_path: Path) -> None:
    send_one_customer(tmp_path)

    assert book(tmp_path, "1993-01-31", "1993-02-01", "2026-11-30", "2026-11-01", "2027-11-01").rejected == 0
    assert months() == {"1993_01": 1, "1993_02": 1, "2026_11": 2, "2027_11": 1}


def test_no_table_is_opened_for_a_mistaken_year(tmp_path: Path) -> None:
    send_one_customer(tmp_path)

    report = book(tmp_path, "2026-11-01", "2062-11-01", "1893-01-01")

    assert (report.added, report.rejected) == (1, 2)
    assert [reject.reason for reject in ingestion.open_rejects()] == [
        "Entry “20621101” is booked on 2062-11-01; entries are booked from 1900-01-01 to 2027-11-24. Correct the day.",
        "Entry “18930101” is booked on 1893-01-01; entries are booked from 1900-01-01 to 2027-11-24. Correct the day.",
    ]
    assert set(months()) == {"2026_11"}


@pytest.mark.parametrize("day", ["1899-12-31", "2200-01-01"])
def test_the_database_itself_refuses_absurd_months(day: str) -> None:
    with pytest.raises(Exception, match="no transactions are booked in"), transaction.atomic():
        rows("SELECT customers_open_months(%s::date[])", [[day]])


def test_a_month_is_as_well_kept_as_the_whole(tmp_path: Path) -> None:
    send_one_customer(tmp_path)
    book(tmp_path, "1993-01-31")
    month = "customers_months.transaction_1993_01"

    for change in (f"UPDATE {month} SET amount = 0", f"DELETE FROM {month}", f"TRUNCATE {month}", f"INSERT INTO {month} TABLE {month}"):
        assert "permission denied" in refused(change)
    for change in (f"UPDATE {month} SET amount = 0", f"DELETE FROM {month}", f"TRUNCATE {month}", "TRUNCATE customers_transaction"):
        assert "is append-only" in refused(f"SET LOCAL ROLE NONE; {change}")
    assert "must be owner" in refused("ALTER TABLE customers_transaction DISABLE TRIGGER append_only")
    assert "permission denied" in refused("CREATE TABLE customers_months.mine (id int)")


def test_an_entry_is_booked_once_whatever_its_month(tmp_path: Path) -> None:
    send_one_customer(tmp_path)
    send(tmp_path, meridian.TRANSACTIONS, {"entry_id": "7", "booked_on": "2026-10-31"})

    report = send(tmp_path, meridian.TRANSACTIONS, {"entry_id": "7", "booked_on": "2026-11-01"})

    assert (report.added, [reject.code for reject in ingestion.open_rejects()]) == (0, ["already_booked"])


def test_transactions_refer_only_to_what_exists(tmp_path: Path) -> None:
    send_one_customer(tmp_path)
    book(tmp_path, "2026-11-01")
    known = Transaction.objects.get()
    stranger = UUID(int=7)

    for lost in ({"arrangement_id": stranger}, {"source_file_id": stranger}):
        row = Transaction.objects.get()
        row.pk, row.source_key = UUID(int=8), "8"
        for name, value in lost.items():
            setattr(row, name, value)
        with pytest.raises(IntegrityError, match="does not exist"), transaction.atomic():
            row.save(force_insert=True)
    rows("DELETE FROM customers_arrangementrole RETURNING id")
    with pytest.raises(IntegrityError, match="transactions are booked on this arrangement"), transaction.atomic():
        rows("DELETE FROM customers_arrangement WHERE id = %s RETURNING id", [known.arrangement_id])
    assert Arrangement.objects.filter(pk=known.arrangement_id).exists()


@pytest.mark.django_db(transaction=True)
def test_two_processes_open_the_same_month_at_once() -> None:
    faults: list[Exception] = []
    together = threading.Barrier(4, timeout=60)

    def open_it() -> None:
        try:
            together.wait()
            with transaction.atomic():
                rows("SELECT customers_open_months('{1931-05-05,1931-06-06}')")
        except Exception as error:
            faults.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert faults == []
    assert rows("SELECT count(*) FROM pg_inherits WHERE inhparent = 'customers_transaction'::regclass")[0][0] >= 2


def test_the_first_page_of_a_timeline_looks_into_few_months(ines: UUID, folder: Path, in_galway: Actor) -> None:
    """However many years are kept."""
    book(folder, *(f"{year}-{month:02d}-11" for year in range(1990, 2026) for month in range(1, 13)))

    with CaptureQueriesContext(connection) as queries:
        timeline.entries_of(ines, actor=in_galway, kinds=("money",), limit=10)
    (query,) = [query["sql"] for query in queries.captured_queries if "customers_transaction" in query["sql"]]
    plan = "\n".join(line for (line,) in rows(f"EXPLAIN (ANALYZE) {query}"))

    assert 1 <= len(set(re.findall(r" on (transaction_\d+_\d+)", plan))) <= 4


def test_a_timeline_with_years_between_two_entries_is_whole(ines: UUID, folder: Path, in_galway: Actor) -> None:
    book(folder, "1931-05-05", "1987-01-01", "1987-03-31", "2019-12-31", "2024-06-06", "2027-01-01")
    days: list[int] = []
    cursor: str | None = None
    while cursor is not None or not days:
        page = timeline.entries_of(ines, actor=in_galway, kinds=("money",), limit=4, before=cursor)
        days += [entry.occurred_at.year for entry in page.entries]
        cursor = page.next_cursor

    assert days == [2027] + [2026] * 20 + [2024, 2019, 1987, 1987, 1931]
    assert AT.year == 2026
