"""Files as they really come: wrong, cut, quoted, packed. One clear error, and nothing applied beyond whole chunks."""

import gzip
import itertools
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from customers import ingestion
from customers.ingestion import IngestReport, Progress, ReadElsewhere, UnknownHeader, UnknownSystem, UnreadableFile, reading
from customers.ingestion.feeds import meridian
from customers.ingestion.formats import Stretch, recognise
from customers.ingestion.reading import opened
from tests.customers.ingestion.extracts import AT, count, rows, rows_of, send, send_one_customer, write

pytestmark = pytest.mark.django_db


def transactions(path: Path, number: int) -> Path:
    return write(path, meridian.TRANSACTIONS, rows_of(meridian.TRANSACTIONS, *({"entry_id": str(n)} for n in range(number))))


def test_an_unknown_system_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownSystem, match="“ledger” is not a system bankos reads"):
        ingestion.ingest("ledger", [transactions(tmp_path / "t.csv", 1)], at=AT)


def test_a_header_that_is_nearly_right_is_explained(tmp_path: Path) -> None:
    path = transactions(tmp_path / "t.csv", 1)
    path.write_text(path.read_text().replace("balance_after", "balance"))

    with pytest.raises(UnknownHeader, match="its header lacks balance_after and has in addition balance"):
        ingestion.ingest("core", [path], at=AT)


def test_a_file_of_another_system_is_refused_before_any_file_lands(tmp_path: Path) -> None:
    good = write(tmp_path / "a.csv", meridian.BRANCHES, rows_of(meridian.BRANCHES, {}))
    wrong = write(tmp_path / "b.csv", meridian.CARDS, rows_of(meridian.CARDS, {}))

    with pytest.raises(UnknownHeader, match=r"b\.csv is a file of the system “cards”"):
        ingestion.ingest("core", [good, wrong], at=AT)
    assert count("branch") == 0
    assert rows("SELECT name, state, problem <> '' FROM customers_sourcefile") == [("b.csv", "waiting", True)]


def test_the_order_of_columns_and_of_files_does_not_matter(tmp_path: Path) -> None:
    branches = tmp_path / "z.csv"
    branches.write_text("town,branch_code,name\nGalway,GAL1,Eyre Square\n")
    customers = write(tmp_path / "a.csv", meridian.CUSTOMERS, rows_of(meridian.CUSTOMERS, {}))

    report = ingestion.ingest("core", [customers, branches], at=AT)

    assert [file.name for file in report.files] == ["z.csv", "a.csv"]
    assert (report.added, report.rejected) == (2, 0)


def test_a_wrong_encoding_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "branches.csv"
    path.write_bytes("branch_code,name,town\nA,Cork,Cork\nB,Bóthar,Cork\n".encode("latin-1"))

    with pytest.raises(UnreadableFile, match=r"branches.csv, line 3: byte 4 isn't UTF-8"):
        ingestion.ingest("core", [path], at=AT)
    assert rows("SELECT state, lines_read, problem <> '' FROM customers_sourcefile") == [("stopped", 0, True)]


def test_a_cut_gzip_keeps_whole_chunks_and_comes_again_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "ROWS_PER_CHUNK", 5_000)
    send_one_customer(tmp_path / "before")
    whole = gzip.compress(transactions(tmp_path / "t.csv", 7_000).read_bytes())
    cut = tmp_path / "t.csv.gz"
    cut.write_bytes(whole[: int(len(whole) * 0.9)])

    with pytest.raises(UnreadableFile, match="is cut off behind line"):
        ingestion.ingest("core", [cut], at=AT)
    assert count("transaction") == 5_000

    cut.write_bytes(whole)
    (report,) = ingestion.ingest("core", [cut], at=AT).files
    assert (report.read, report.added, report.unchanged) == (7_000, 2_000, 5_000)
    assert count("transaction") == 7_000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "doesn't begin with a header line"),
        (b"\x1f\x8b\x08\x00garbage-that-is-no-gzip", "is damaged|is cut off"),
        (b"branch_code,name,town\n" + b"x" * 100_000, "isn't a file of rows"),
        (b"a,b\n", "doesn't begin with the header of any file"),
    ],
)
def test_a_file_that_is_no_extract_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)

    with pytest.raises(ingestion.IngestError, match=message):
        ingestion.ingest("core", [path], at=AT)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be opened: No such file"):
        call_command("ingest", "core", str(tmp_path / "none.csv"))


def test_quotes_blank_lines_carriage_returns_and_marks_are_read(tmp_path: Path) -> None:
    path = tmp_path / "branches.csv"
    path.write_bytes(
        '\ufeffbranch_code,name,town\r\nA,"Cork, Lavitt\'s Quay",Cork\r\n\r\nB,"The ""Old"" Mill\nfirst floor",Cork\r\nC,Trieste,'.encode()
    )
    (report,) = ingestion.ingest("core", [path], at=AT).files

    assert (report.read, report.added, report.rejected) == (3, 3, 0)
    assert rows("SELECT code, name, town FROM customers_branch ORDER BY code") == [
        ("A", "Cork, Lavitt's Quay", "Cork"),
        ("B", 'The "Old" Mill first floor', "Cork"),
        ("C", "Trieste", ""),
    ]
    assert rows("SELECT lines_read, rows_read FROM customers_sourcefile") == [(5, 3)]


def test_a_quotation_that_never_closes_costs_one_row(tmp_path: Path) -> None:
    path = tmp_path / "branches.csv"
    path.write_text('branch_code,name,town\nA,"Cork,Cork\nB,Galway,Galway\nC,Trieste,Trieste\n')
    (report,) = ingestion.ingest("core", [path], at=AT).files

    assert (report.added, report.rejected) == (2, 1)
    assert [(reject.line, reject.code) for reject in ingestion.open_rejects()] == [(2, "wrong_columns")]


def test_chunks_cover_each_line_once(tmp_path: Path) -> None:
    path = transactions(tmp_path / "t.csv", 25)
    layout = recognise("core", path)

    for after in (0, 6, 7, 24):
        with opened(path) as source:
            chunks = list(layout.chunks(source, Stretch(after=after, size=7, shift=timedelta())))
        assert all(one.first_line + one.line_count == two.first_line for one, two in itertools.pairwise(chunks))
        assert [record.line for chunk in chunks for record in chunk.batches[0].records] == list(range(after + 2, 27))


def test_the_command_ends_with_a_table_of_what_happened(tmp_path: Path) -> None:
    send_one_customer(tmp_path / "before")
    path = transactions(tmp_path / "transactions.csv", 3)
    out = StringIO()
    call_command("ingest", "core", str(path), stdout=out)
    again = StringIO()
    call_command("ingest", "core", str(path), stdout=again)

    assert out.getvalue().splitlines()[-2:] == [
        "file                    read       added   unchanged    rejected",
        "transactions.csv           3           3           0           0",
    ]
    assert again.getvalue().splitlines()[-1] == "transactions.csv           3           0           3           0  read before"


def test_a_file_somebody_else_reads_meanwhile_is_left_to_them(tmp_path: Path) -> None:
    send_one_customer(tmp_path / "before")
    path = transactions(tmp_path / "transactions.csv", 11_000)
    read_by_the_other: list[IngestReport] = []

    def other_process(progress: Progress) -> None:
        if not read_by_the_other:
            read_by_the_other.append(ingestion.ingest("core", [path], at=AT))

    with pytest.raises(ReadElsewhere):
        ingestion.ingest("core", [path], at=AT, progress=other_process)
    assert (read_by_the_other[0].added, count("transaction")) == (11_000, 11_000)


def test_what_a_source_says_last_is_what_freshness_is_measured_from(tmp_path: Path) -> None:
    send_one_customer(tmp_path)
    send(tmp_path, meridian.TRANSACTIONS, {"entry_id": "1", "booked_on": "2026-11-20"}, {"entry_id": "2", "booked_on": "2026-11-02"})
    send(tmp_path, meridian.CONTACTS, {})

    found = dict(rows("SELECT feed, (data_until AT TIME ZONE 'UTC')::date::text FROM customers_sourcefile WHERE data_until IS NOT NULL"))
    assert found == {"meridian.transactions": "2026-11-20", "meridian.contacts": "2026-11-12"}
