"""SWIFT statements, as banks really write them."""

from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings

from customers import ingestion
from customers.ingestion import UnreadableFile
from customers.ingestion.feeds import meridian
from tests.customers.ingestion import exporters
from tests.customers.ingestion.extracts import AT, IBAN, count, rows, rows_of, send, send_one_customer

pytestmark = pytest.mark.django_db
SAMPLES = Path(settings.BASE_DIR).parent / "shared" / "data" / "statements" / "mt940"
HEAD = f":20:S1\r\n:25:{IBAN}\r\n:28C:7/1\r\n:60F:C261119EUR100,\r\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    send_one_customer(tmp_path / "before")
    return tmp_path / "statement.sta"


def read(path: Path, text: str) -> ingestion.FileReport:
    path.write_text(text, encoding="utf-8")
    return ingestion.ingest("core", [path], at=AT).files[0]


def booked(columns: str) -> list[tuple]:
    return rows(f"SELECT {columns} FROM customers_transaction ORDER BY source_line")


def test_a_statement_is_read_with_what_its_parts_say(file: Path) -> None:
    lines = rows_of(
        meridian.TRANSACTIONS,
        {"entry_id": "1", "amount": "-12.50", "balance_after": "87.50"},
        {
            "entry_id": "2", "amount": "2410.00", "balance_after": "2497.50", "method": "salary", "counterparty_account": "IE12",
            "counterparty": "The Long Name of a Company That Needs Two Parts", "purpose": "Wages of a month with a long reason to give",
        },
    )  # fmt: skip
    exporters.mt940(file, lines)
    (report,) = ingestion.ingest("core", [file], at=AT).files

    assert (report.feed, report.read, report.rejected) == ("mt940", 3, 0)
    assert booked("source_key, source_line, amount::text, method, purpose, counterparty, counterparty_account") == [
        ("1", 6, "-12.50", "card", "", "Velo Rentals", ""),
        ("2", 8, "2410.00", "salary", lines[1]["purpose"], lines[1]["counterparty"], "IE12"),
    ]
    assert rows("SELECT balance, balance_date::text FROM customers_arrangement") == [(Decimal("2497.50"), "2026-11-02")]


def test_reversals_turn_and_years_turn_with_the_day_of_booking(file: Path) -> None:
    report = read(
        file,
        f"{HEAD}:61:2512310102RC10,NTRFNONREF//A1\r\n:61:2601011231RD4,5NTRFNONREF//A2\r\nsupplementary\r\n:61:260102C1,NMSCX\r\n"
        ":86:free text\r\nof two lines\r\n:62F:C260102EUR95,50\r\n:86:about the statement\r\n-\r\n",
    )

    assert (report.added, report.rejected) == (4, 0)
    assert booked("booking_date::text, amount::text, purpose") == [
        ("2026-01-02", "-10.00", ""),
        ("2025-12-31", "4.50", "supplementary"),
        ("2026-01-02", "1.00", "free text of two lines"),
    ]
    assert rows("SELECT balance FROM customers_arrangement") == [(Decimal("95.50"),)]


def test_lines_that_cannot_be_made_out_wait_and_the_balance_with_them(file: Path) -> None:
    report = read(
        file,
        f"{HEAD}:61:2602300230C5,NTRFNONREF//A1\r\n:61:nonsense\r\n:86:x\r\n:61:260201C7,NTRFNONREF//A2\r\n:62F:C260201EUR112,\r\n-\r\n",
    )

    assert (report.added, report.rejected) == (1, 3)
    assert [(reject.line, reject.code) for reject in ingestion.open_rejects()] == [
        (5, "bad_date"),
        (6, "bad_entry"),
        (9, "unknown_entries"),
    ]
    assert rows("SELECT balance FROM customers_arrangement") == [(None,)]


def test_an_impossible_value_date_does_not_matter_beside_the_day_of_booking(file: Path) -> None:
    """German banks value interest of February on its 30th."""
    assert read(file, f"{HEAD}:61:2602300301DR6,00N024NONREF\r\n:62F:C260301EUR94,\r\n-\r\n").rejected == 0
    assert booked("booking_date::text, amount::text") == [("2026-03-01", "-6.00")]


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"no sample statements at {SAMPLES}")
@pytest.mark.parametrize(
    ("name", "account", "currency", "entries", "rejected"),
    [
        ("jejik_postfinance.sta", "123456789", "CHF", 4, 1),
        ("mBank_mt940.sta", "PL29114010810000267002001002", "PLN", 3, 0),
        ("mBank_mt942.sta", "PL29114010810000267002001002", "PLN", 3, 0),
        ("self-provided_february_30.sta", "12345678/1020304050", "EUR", 1, 0),
        ("jejik_knab.sta", "123456789", "EUR", 3, 1),
    ],
)
# Knab and PostFinance: the sums in these samples were changed when they were made anonymous.
def test_statements_of_real_banks(file: Path, tmp_path: Path, name: str, account: str, currency: str, entries: int, rejected: int) -> None:
    send(tmp_path / "before", meridian.ACCOUNTS, {"account_no": account, "currency": currency})
    (report,) = ingestion.ingest("core", [SAMPLES / name], at=AT).files

    assert (count("transaction"), report.rejected) == (entries, rejected)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"no sample statements at {SAMPLES}")
def test_a_statement_in_another_encoding_is_one_sentence(file: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"raiffeisen-cmi.sta, line \d+: byte \d+ isn't UTF-8"):
        ingestion.ingest("core", [SAMPLES / "self-provided_raiffeisen-cmi.sta"], at=AT)
