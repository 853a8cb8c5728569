"""ISO 20022 statements, reports and notifications."""

import zlib
from decimal import Decimal
from pathlib import Path

import pytest

from customers import ingestion
from customers.ingestion import Correction, UnknownHeader, UnreadableFile, reading
from customers.ingestion.feeds import meridian
from tests.customers.ingestion import exporters
from tests.customers.ingestion.extracts import AT, IBAN, count, rows, rows_of, send_one_customer

pytestmark = pytest.mark.django_db

STATEMENT = """<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt><Stmt><Id>S1</Id>
<ElctrncSeqNb>7</ElctrncSeqNb><Acct><Id><IBAN>{account}</IBAN></Id><Ccy>EUR</Ccy></Acct>{balances}{entries}</Stmt></BkToCstmrStmt></Document>"""
BALANCE = """<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<Dt><Dt>2026-11-20</Dt></Dt></Bal>"""
ENTRY = """<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{mark}</CdtDbtInd><Sts>{status}</Sts>
<BookgDt><Dt>{day}</Dt></BookgDt>{reference}<NtryDtls>{details}</NtryDtls></Ntry>"""


@pytest.fixture
def account(tmp_path: Path) -> Path:
    send_one_customer(tmp_path / "before")
    return tmp_path / "statement.xml"


def entry(amount: str = "12.50", *, ref: str = "", mark: str = "DBIT", day: str = "2026-11-20", details: str = "", **other: str) -> str:
    reference = f"<AcctSvcrRef>{ref}</AcctSvcrRef>" if ref else ""
    filled = {"currency": "EUR", "status": "BOOK"} | other
    return ENTRY.format(amount=amount, mark=mark, day=day, reference=reference, details=details, **filled)


def statement(*entries: str, opening: str = "", closing: str = "", version: str = "08", account: str = IBAN) -> str:
    balances = "".join(BALANCE.format(kind=kind, amount=value) for kind, value in (("OPBD", opening), ("CLBD", closing)) if value)
    return STATEMENT.format(version=version, account=account, balances=balances, entries="".join(entries))


def read(path: Path, text: str) -> ingestion.FileReport:
    path.write_text(text, encoding="utf-8")
    return ingestion.ingest("core", [path], at=AT).files[0]


def booked(columns: str = "amount") -> list[tuple]:
    return rows(f"SELECT {columns} FROM customers_transaction ORDER BY source_line")


def waiting() -> list[tuple[int, str]]:
    return [(reject.line, reject.code) for reject in ingestion.open_rejects()]


@pytest.mark.parametrize("version", ["02", "04", "08", "13"])
def test_all_versions_say_the_same_by_the_same_names(account: Path, version: str) -> None:
    lines = rows_of(
        meridian.TRANSACTIONS,
        {"entry_id": "1", "amount": "-12.50", "balance_after": "87.50"},
        {
            "entry_id": "2",
            "amount": "2410.00",
            "balance_after": "2497.50",
            "method": "salary",
            "purpose": "wages",
            "counterparty_account": "IE12",
        },
    )
    exporters.camt053(account, lines, version=version)
    (report,) = ingestion.ingest("core", [account], at=AT).files

    assert (report.feed, report.read, report.rejected) == ("camt.053", 3, 0)
    assert booked("source_key, amount::text, method, purpose, counterparty, counterparty_account, merchant_category, sequence") == [
        ("1", "-12.50", "card", "", "Velo Rentals", "", "7519", 1),
        ("2", "2410.00", "salary", "wages", "Velo Rentals", "IE12", "7519", 2),
    ]
    assert rows("SELECT balance, balance_date::text FROM customers_arrangement") == [(Decimal("2497.50"), "2026-11-02")]


def test_a_version_nobody_has_written_yet_is_not_guessed_at(account: Path) -> None:
    with pytest.raises(UnknownHeader, match="is XML of a kind bankos doesn't read: “Document”"):
        read(account, statement(version="99"))


def test_a_statement_that_does_not_add_up_says_by_how_much_and_moves_no_balance(account: Path) -> None:
    report = read(account, statement(entry(ref="1"), entry(ref="2"), opening="100.00", closing="80.00"))

    assert (report.added, report.rejected) == (2, 1)
    (reject,) = ingestion.open_rejects()
    assert reject.code == "statement_differs"
    assert reject.reason.endswith("entries make -25.00, which is 75.00, but it closes with 80.00: +5.00 is missing.")
    assert rows("SELECT balance FROM customers_arrangement") == [(None,)]

    ingestion.correct([Correction("", reject.line, {"closing": "75.00"})])
    assert ingestion.rerun(at=AT).accepted == 1
    assert rows("SELECT balance FROM customers_arrangement") == [(Decimal("75.00"),)]


def test_statements_of_one_day_count_in_their_order_whichever_comes_first(account: Path) -> None:
    later = statement(entry(ref="2"), opening="87.50", closing="75.00").replace("<ElctrncSeqNb>7<", "<ElctrncSeqNb>8<")
    read(account, later)
    read(account.with_name("first.xml"), statement(entry(ref="1"), opening="100.00", closing="87.50"))

    assert rows("SELECT balance FROM customers_arrangement") == [(Decimal("75.00"),)]


def test_entries_without_a_reference_are_told_apart_and_come_once(account: Path) -> None:
    twice = statement(entry(), entry(), entry("3.00"))
    read(account, twice)
    again = read(account.with_name("again.xml"), f"{twice}\n")

    assert (count("transaction"), again.added, again.rejected) == (3, 0, 0)
    assert all(key.startswith("~") for (key,) in booked("source_key"))


def test_what_is_pending_is_not_booked_and_many_payments_stay_one_entry(account: Path) -> None:
    payments = "<TxDtls><RltdPties><Cdtr><Pty><Nm>Somebody</Nm></Pty></Cdtr></RltdPties></TxDtls>" * 300
    report = read(account, statement(entry(status="PDNG"), entry("900.00", ref="B1", details=payments)))

    assert (report.read, report.added) == (1, 1)
    assert booked("counterparty") == [("300 payments",)]


def test_rows_that_cannot_be_used_are_kept_and_the_rest_is_in(account: Path) -> None:
    report = read(
        account,
        statement(
            entry(ref="1", day="2026-02-30"), entry(ref="2", amount="1e5"), entry(ref="3", currency="USD"), entry(ref="4"),
            entry(ref="5", day="0000-00-00"),
        ),
    )  # fmt: skip

    assert (report.added, report.rejected) == (1, 4)
    assert waiting() == [(1, "bad_date"), (2, "bad_amount"), (3, "wrong_currency"), (5, "bad_date")]


@pytest.mark.parametrize(
    ("head", "what"),
    [
        ('<!DOCTYPE Document [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;">]>', "declares a document type or entities"),
        ('<!DOCTYPE Document SYSTEM "file:///etc/passwd">', "declares a document type or entities"),
        ('<!DOCTYPE Document [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]>', "declares a document type or entities"),
    ],
)
def test_xml_made_to_do_harm_is_not_read(account: Path, head: str, what: str) -> None:
    with pytest.raises(UnreadableFile, match=what):
        read(account, f'<?xml version="1.0"?>{head}{statement(entry(ref="&b;"))}')
    assert count("transaction") == 0
    assert rows("SELECT state FROM customers_sourcefile WHERE name = 'statement.xml'") == [("stopped",)]


def test_a_declaration_hidden_behind_the_beginning_is_found(account: Path) -> None:
    with pytest.raises(UnreadableFile, match="declares"):
        read(account, statement(entry(ref="1"), " " * 70_000, "<!ENTITY a 'b'>"))


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (lambda text: text[:-40], "isn't well-formed XML"),
        (lambda text: text.replace("</Ntry>", "</Other>", 1), "isn't well-formed XML"),
        (lambda text: text.replace("<Ntry>", "<Ntry>" + "<a>" * 5_000, 1), "isn't well-formed XML"),
    ],
)
def test_xml_that_is_cut_broken_or_too_deep_is_one_sentence(account: Path, damage, what: str) -> None:
    with pytest.raises(UnreadableFile, match=what):
        read(account, damage(statement(entry(ref="1"), entry(ref="2"))))


def test_wrong_encoding_is_one_sentence(account: Path) -> None:
    account.write_bytes(statement(entry(ref="1", details="<TxDtls><Purp><Prtry>Bóthar</Prtry></Purp></TxDtls>")).encode("latin-1"))

    with pytest.raises(UnreadableFile, match="isn't well-formed XML"):
        ingestion.ingest("core", [account], at=AT)


def test_an_entry_that_never_ends_is_refused_before_it_fills_the_memory(account: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from customers.ingestion.formats import xml

    monkeypatch.setattr(xml, "LONGEST_ENTRY", 256 * 1024)
    with pytest.raises(UnreadableFile, match="has an entry of more than"):
        read(account, statement(entry(ref="1", details="<x>y</x>" * 100_000)))


def test_chunks_resume_behind_the_last_one_and_together_are_the_file(account: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "ROWS_PER_CHUNK", 300)
    lines = [{"entry_id": str(n), "amount": "1.00", "balance_after": f"{n}.00"} for n in range(1, 1_001)]
    exporters.camt053(account, rows_of(meridian.TRANSACTIONS, *lines))
    stops = []

    def stop(progress: ingestion.Progress) -> None:
        stops.append(progress.rows)
        raise KeyboardInterrupt

    for _ in range(4):
        with pytest.raises(KeyboardInterrupt):
            ingestion.ingest("core", [account], at=AT, progress=stop)
    (report,) = ingestion.ingest("core", [account], at=AT).files

    assert stops == [300, 600, 900, 1_001]
    assert (report.read, report.rejected, count("transaction")) == (1_001, 0, 1_000)
    kept = rows("SELECT raw FROM customers_sourcechunk c JOIN customers_sourcefile f ON f.id = c.file_id"
                " WHERE f.name = 'statement.xml' ORDER BY first_line")  # fmt: skip
    assert b"".join(zlib.decompress(bytes(raw)) for (raw,) in kept) == account.read_bytes()


def test_a_notification_books_and_a_statement_of_the_same_entries_adds_the_balance(account: Path) -> None:
    lines = rows_of(meridian.TRANSACTIONS, {"entry_id": "1", "balance_after": "87.50"})
    exporters.camt054(account, lines)
    exporters.camt053(account.with_name("later.xml"), lines)
    ingestion.ingest("core", [account], at=AT)
    assert rows("SELECT balance FROM customers_arrangement") == [(None,)]

    ingestion.ingest("core", [account.with_name("later.xml")], at=AT)

    assert count("transaction") == 1
    assert rows("SELECT balance FROM customers_arrangement") == [(Decimal("87.50"),)]
