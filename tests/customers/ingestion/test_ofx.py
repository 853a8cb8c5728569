"""OFX statements, SGML and XML."""

from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings

from customers import ingestion
from customers.ingestion import UnreadableFile
from customers.ingestion.feeds import meridian
from tests.customers.ingestion import exporters
from tests.customers.ingestion.extracts import AT, count, rows, rows_of, send, send_one_customer

pytestmark = pytest.mark.django_db
SAMPLES = Path(settings.BASE_DIR).parent / "shared" / "data" / "statements" / "ofx"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    send_one_customer(tmp_path / "before")
    return tmp_path / "statement.ofx"


LINES = rows_of(
    meridian.TRANSACTIONS,
    {"entry_id": "1", "amount": "-12.50", "balance_after": "87.50", "purpose": "bread & <jam>"},
    {
        "entry_id": "2",
        "amount": "10.00",
        "balance_after": "97.50",
        "method": "salary",
        "counterparty_account": "IE12",
        "counterparty": "É" * 90,
    },
)


def booked(columns: str) -> list[tuple]:
    return rows(f"SELECT {columns} FROM customers_transaction ORDER BY source_line")


@pytest.mark.parametrize("write", [exporters.ofx1, exporters.ofx2])
def test_both_ways_of_writing_say_the_same(file: Path, write) -> None:
    (report,) = ingestion.ingest("core", [write(file, LINES)], at=AT).files

    assert (report.feed, report.read, report.rejected) == ("ofx", 3, 0)
    assert booked("source_key, amount::text, method, purpose, counterparty, counterparty_account, booking_date::text") == [
        ("1", "-12.50", "card", "bread & <jam>", "Velo Rentals", "", "2026-11-02"),
        ("2", "10.00", "salary", "", "É" * 90, "IE12", "2026-11-02"),
    ]
    assert rows("SELECT balance, balance_date::text FROM customers_arrangement") == [(Decimal("97.50"), "2026-11-02")]


def test_a_bank_takes_an_entry_back_or_says_it_anew(file: Path) -> None:
    ingestion.ingest("core", [exporters.ofx1(file, LINES)], at=AT)
    (new,) = rows_of(meridian.TRANSACTIONS, {"entry_id": "3", "amount": "-13.00", "balance_after": "97.00"})
    correction = exporters.ofx1(file.with_name("later.ofx"), [new])
    correction.write_text(correction.read_text().replace("<FITID>3", "<FITID>3\n<CORRECTFITID>1\n<CORRECTACTION>REPLACE"))
    taken_back = exporters.ofx1(file.with_name("last.ofx"), [new | {"entry_id": "4", "booked_on": "2026-11-03"}])
    taken_back.write_text(taken_back.read_text().replace("<FITID>4", "<FITID>4\n<CORRECTFITID>2\n<CORRECTACTION>DELETE"))

    assert ingestion.ingest("core", [correction, taken_back], at=AT).rejected == 0

    assert sorted(amount for (amount,) in rows("SELECT amount FROM customers_transaction")) == [
        Decimal("-13.00"), Decimal("-12.50"), Decimal("-10.00"), Decimal("10.00"), Decimal("12.50"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (lambda text: text[:-60], "ends before </OFX>"),
        (lambda text: text.replace("<OFX>", '<!DOCTYPE OFX [<!ENTITY a "b">]><OFX>'), "declares a document type"),
        (lambda text: text.replace("CHARSET:NONE", "CHARSET:NONE").replace("ENCODING:UTF-8", "ENCODING:USASCII"), "isn't written in"),
        (lambda text: text.replace("ENCODING:UTF-8", "ENCODING:X").replace("CHARSET:NONE", "CHARSET:437"), "which bankos doesn't read"),
        (lambda text: text.replace("É", "É" * 2_000), "has a text of more than"),
    ],
)
def test_a_file_that_is_no_whole_statement_is_one_sentence(file: Path, damage, what: str) -> None:
    file.write_text(damage(exporters.ofx1(file, LINES).read_text()))

    with pytest.raises(UnreadableFile, match=what):
        ingestion.ingest("core", [file], at=AT)


def test_entities_of_its_own_stay_the_text_they_are(file: Path) -> None:
    file.write_text(exporters.ofx2(file, LINES[:1]).read_text().replace("bread", "&xxe; &#233;"))
    ingestion.ingest("core", [file], at=AT)

    assert booked("purpose") == [("&xxe; é & <jam>",)]


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"no sample statements at {SAMPLES}")
@pytest.mark.parametrize(
    ("name", "account", "currency", "amounts"),
    [
        ("stmtrs.ofx", "999988", "USD", ["-200.00", "-300.00"]),
        ("stmtrs_euro.ofx", "999988", "USD", ["-200.00", "-300.00"]),
        ("br_nubank_cc.ofx", "11111111-UUID-UUID-UUID-111111111111", "BRL", None),
    ],
)
def test_statements_of_real_banks(file: Path, tmp_path: Path, name: str, account: str, currency: str, amounts: list[str] | None) -> None:
    send(tmp_path / "before", meridian.ACCOUNTS, {"account_no": account, "currency": currency})
    (report,) = ingestion.ingest("core", [SAMPLES / name], at=AT).files

    assert report.rejected == 0
    assert report.added == report.read
    if amounts:
        assert [value for (value,) in booked("amount::text")] == amounts
        assert rows("SELECT balance FROM customers_arrangement WHERE balance IS NOT NULL") == [(Decimal("200.29"),)]
    assert count("transaction") > 1
