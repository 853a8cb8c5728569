"""Accounts found once a file: what was found is used as long as it holds, and no longer."""

from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from bankos.platform.ids import uuid7
from customers import ingestion
from customers.ingestion import at_hand, reading
from customers.ingestion.feeds import meridian
from customers.models import Arrangement, BookedOn, TouchedArrangement, Transaction
from tests.customers.ingestion.extracts import AT, IBAN, rows_of, send, send_one_customer, write

pytestmark = pytest.mark.django_db

CHUNKS = 4


def entries(folder: Path, *, counterparty: str = "Velo Rentals") -> Path:
    """A file of as many chunks, two rows each: one of an account nobody knows."""
    lines = (
        {"entry_id": str(number), "balance_after": f"{number}.00", "counterparty": counterparty, "account_no": IBAN if number % 2 else "XX"}
        for number in range(1, 2 * CHUNKS + 1)
    )
    return write(folder / "transactions.csv", meridian.TRANSACTIONS, rows_of(meridian.TRANSACTIONS, *lines))


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "ROWS_PER_CHUNK", 2)


@pytest.mark.parametrize("most", [0, 1, at_hand.MOST])
def test_all_is_booked_however_many_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(at_hand, "MOST", most)
    send_one_customer(tmp_path / "before")

    ingestion.ingest("core", [entries(tmp_path)], at=AT)

    assert sorted(Transaction.objects.values_list("source_key", flat=True)) == ["1", "3", "5", "7"]
    assert [reject.code for reject in ingestion.open_rejects()] == ["unknown_account"] * CHUNKS
    assert Arrangement.objects.get(source_key=IBAN).balance == 7
    assert not BookedOn.objects.exists()
    assert not TouchedArrangement.objects.exists()


@pytest.mark.parametrize("text", ["\\N", "back\\slash", "a\\tb"])
def test_signs_of_the_copy_format_are_text(tmp_path: Path, text: str) -> None:
    send_one_customer(tmp_path / "before")

    ingestion.ingest("core", [entries(tmp_path, counterparty=text)], at=AT)

    assert {*Transaction.objects.values_list("counterparty", flat=True)} == {text}


def test_an_account_that_changes_while_a_file_is_read_is_asked_anew(tmp_path: Path) -> None:
    """By its source, between two chunks: the one behind them was made ready with what had been found before."""
    send_one_customer(tmp_path / "before")
    done = 0

    def change(progress: ingestion.Progress) -> None:
        nonlocal done
        done += 1
        if done == 3:
            send(tmp_path / "after", meridian.ACCOUNTS, {"currency": "GBP"})

    ingestion.ingest("core", [entries(tmp_path)], at=AT, progress=change)

    assert sorted(Transaction.objects.values_list("source_key", flat=True)) == ["1", "3", "5"]
    assert [reject.code for reject in ingestion.open_rejects()] == [*["unknown_account"] * 3, "wrong_currency", "unknown_account"]


def test_the_database_lets_nobody_book_in_another_currency_than_the_accounts(tmp_path: Path) -> None:
    send_one_customer(tmp_path / "before")
    ingestion.ingest("core", [entries(tmp_path)], at=AT)
    row = Transaction.objects.first()
    assert row
    row.pk, row.source_key, row.currency = uuid7(), "9", "GBP"

    with pytest.raises(IntegrityError, match="kept in another currency"), transaction.atomic():
        row.save(force_insert=True)
