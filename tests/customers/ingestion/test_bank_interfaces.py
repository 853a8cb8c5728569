"""Answers of open banking interfaces: Open Banking UK, Berlin Group, FDX."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from customers import ingestion
from customers.ingestion import UnreadableFile
from customers.ingestion.errors import UnknownHeader
from customers.ingestion.feeds import meridian
from tests.customers.ingestion import exporters
from tests.customers.ingestion.extracts import AT, IBAN, count, rows, rows_of, send_one_customer

pytestmark = pytest.mark.django_db
LINES = rows_of(
    meridian.TRANSACTIONS,
    {"entry_id": "1", "amount": "-12.50", "balance_after": "87.50", "purpose": "bread"},
    {"entry_id": "2", "amount": "10.10", "balance_after": "97.60", "method": "salary", "counterparty_account": "IE12"},
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    send_one_customer(tmp_path / "before")
    return tmp_path / "answer.json"


def read(file: Path, answer: Any) -> ingestion.FileReport:
    file.write_text(json.dumps(answer))
    return ingestion.ingest("core", [file], at=AT).files[0]


def waiting() -> list[str]:
    return [reject.code for reject in ingestion.open_rejects()]


@pytest.mark.parametrize(
    ("write", "name", "without"),
    [
        (exporters.open_banking_uk, "open-banking-uk", set()),
        (exporters.berlin_group, "berlin-group", set()),
        (exporters.fdx, "fdx", {"counterparty_account", "merchant_category"}),
    ],
)
def test_an_answer_says_what_the_extract_says(file: Path, write, name: str, without: set[str]) -> None:
    (report,) = ingestion.ingest("core", [write(file, LINES)], at=AT).files

    said = {
        "source_key": ("1", "2"), "amount": (Decimal("-12.50"), Decimal("10.10")), "method": ("card", "salary"), "purpose": ("bread", ""),
        "counterparty": ("Velo Rentals", "Velo Rentals"), "counterparty_account": ("", "IE12"), "merchant_category": ("7519", "7519"),
    }  # fmt: skip
    assert (report.feed, report.rejected) == (name, 0)
    for column, values in said.items():
        expected = ("", "") if column in without else values
        assert rows(f"SELECT {column} FROM customers_transaction ORDER BY source_key") == [(value,) for value in expected], column
    assert rows("SELECT balance, balance_date::text FROM customers_arrangement") == [(Decimal("97.60"), "2026-11-02")]


def test_a_described_account_opens_what_is_new_and_closes_what_is_known(file: Path) -> None:
    def account(number: str, **more: str) -> dict[str, str]:
        return {"AccountId": number, "Currency": "EUR", "AccountSubType": "Savings", "Status": "Enabled"} | more

    new = account("IE99", OpeningDate="2020-05-01T00:00:00+00:00")
    answer = {"Data": {"Account": [account(IBAN, Status="Deleted"), new, account("IE98"), account("IE97", AccountSubType="Mortgage")]}}
    report = read(file, answer)

    assert (report.added, waiting()) == (2, ["unknown_opening", "unknown_word"])
    assert rows("SELECT source_key, kind, status, opened_date::text, product_id FROM customers_arrangement ORDER BY source_key") == [
        (IBAN, "current", "closed", "2014-03-01", "CUR-STD"),
        ("IE99", "savings", "active", "2020-05-01", "savings-account"),
    ]


def test_what_is_pending_is_not_booked(file: Path) -> None:
    answer = json.loads(exporters.open_banking_uk(file, LINES).read_text())
    answer["Data"]["Transaction"][1]["Status"] = "Pending"
    read(file, answer)
    berlin = json.loads(exporters.berlin_group(file, LINES).read_text())
    berlin["transactions"] = {"pending": berlin["transactions"]["booked"], "booked": []}
    read(file, berlin)

    assert rows("SELECT source_key FROM customers_transaction") == [("1",)]


def test_values_that_are_none_wait_with_their_reason(file: Path) -> None:
    answer = json.loads(exporters.berlin_group(file, LINES).read_text())
    first, second = answer["transactions"]["booked"]
    first |= {"bookingDate": "2026-02-30"}
    second["transactionAmount"] = {"amount": 1e30, "currency": None}

    assert (read(file, answer).added, waiting()) == (1, ["bad_date", "bad_amount"])


def test_entries_whose_account_is_named_too_late_are_refused(file: Path) -> None:
    answer = json.loads(exporters.berlin_group(file, LINES).read_text())
    file.write_text(json.dumps({"transactions": answer["transactions"], "account": answer["account"]}))

    with pytest.raises(UnreadableFile, match="names its account behind"):
        ingestion.ingest("core", [file], at=AT)


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (lambda text: text[:-30], "isn't well-formed JSON"),
        # What nests deeper within the first kilobytes is not read at all, so that nobody can say what it is.
        (lambda text: text.replace('"Velo Rentals"', "[" * 3_000 + "]" * 3_000), "header of any file"),
        (lambda text: text.replace('"Velo Rentals"', json.dumps(list(range(11_000)))), "an item with more than"),
    ],
)
def test_json_that_is_cut_deep_or_endless_is_one_sentence(file: Path, damage, what: str) -> None:
    exporters.open_banking_uk(file, LINES)
    file.write_text(damage(file.read_text()))

    with pytest.raises((UnreadableFile, UnknownHeader), match=what):
        ingestion.ingest("core", [file], at=AT)
    assert count("transaction") == 0
