"""An old data set lives in the present: every date of all its systems moved alike, once and for all."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from customers import ingestion
from customers.ingestion import TimeShiftFixed
from customers.ingestion.feeds import berka, meridian
from tests.customers.ingestion.extracts import AT, rows, rows_of, write

pytestmark = pytest.mark.django_db

SHIFT = date(2026, 11, 23) - date(1998, 12, 31)
CONTENT = {
    berka.ACCOUNTS: "account_id,district_id,frequency,date\n1,18,POPLATEK MESICNE,1995-03-24\n",
    berka.TRANSACTIONS: (
        "trans_id,account_id,date,type,operation,amount,balance,k_symbol,bank,account,source\n"
        "5,1,1998-12-31,credit,credit in cash,1000.0,1000.0,,,,A\n"
    ),
    berka.DISTRICTS: f"district_id,{','.join(f'A{n}' for n in range(2, 17))}\n18,Pisek,south Bohemia{',1' * 13}\n",
    berka.CLIENTS: "client_id,birth_number,district_id\n1,706213,18\n",
}


def send(folder: Path, feed, *, as_if_today: bool, at: datetime = AT) -> ingestion.IngestReport:
    path = folder / f"{feed.name}.csv"
    path.write_text(CONTENT[feed])
    return ingestion.ingest(feed.system, [path], at=at, as_if_today=as_if_today)


def test_every_date_is_moved_so_that_the_last_day_is_today(tmp_path: Path) -> None:
    for feed in CONTENT:
        assert send(tmp_path, feed, as_if_today=True).rejected == 0

    assert rows("SELECT booking_date FROM customers_transaction") == [(date(2026, 11, 23),)]
    assert rows("SELECT opened_date, balance_date FROM customers_arrangement") == [(date(1995, 3, 24) + SHIFT, date(2026, 11, 23))]
    assert rows("SELECT birth_date FROM customers_party") == [(date(1970, 12, 13) + SHIFT,)]


def test_a_shift_is_fixed_at_the_first_ingest_and_the_same_for_all_systems(tmp_path: Path) -> None:
    send(tmp_path, berka.ACCOUNTS, as_if_today=True)
    later = datetime(2027, 3, 1, tzinfo=UTC)
    send(tmp_path, berka.TRANSACTIONS, as_if_today=True, at=later)
    send(tmp_path, berka.DISTRICTS, as_if_today=True, at=later)

    assert rows("SELECT DISTINCT time_shift_days FROM customers_sourcesystem WHERE code <> 'customer'") == [(SHIFT.days,)]
    assert rows("SELECT booking_date FROM customers_transaction") == [(date(1998, 12, 31) + timedelta(days=SHIFT.days),)]


@pytest.mark.parametrize("first", [True, False])
def test_dates_moved_and_dates_as_they_are_do_not_mix(tmp_path: Path, first: bool) -> None:
    send(tmp_path, berka.ACCOUNTS, as_if_today=first)

    with pytest.raises(TimeShiftFixed, match="Core banking was first read with"):
        send(tmp_path, berka.TRANSACTIONS, as_if_today=not first)
    assert rows("SELECT count(*) FROM customers_transaction") == [(0,)]


def test_living_data_is_never_moved(tmp_path: Path) -> None:
    path = write(tmp_path / "branches.csv", meridian.BRANCHES, rows_of(meridian.BRANCHES, {}))

    with pytest.raises(TimeShiftFixed, match="sends living data"):
        ingestion.ingest("core", [path], at=AT, as_if_today=True)
