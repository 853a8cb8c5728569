"""Extracts as Parquet."""

import gzip
import zlib
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from customers import ingestion
from customers.ingestion import UnknownHeader, UnreadableFile, reading
from customers.ingestion.feeds import meridian
from customers.ingestion.formats import parquet
from tests.customers.ingestion import exporters
from tests.customers.ingestion.extracts import AT, count, rows, rows_of, send_one_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path: Path) -> Path:
    send_one_customer(tmp_path / "before")
    lines = [{"entry_id": str(number), "balance_after": f"{number}.50"} for number in range(1, 701)]
    return exporters.parquet(tmp_path / "entries.parquet", meridian.TRANSACTIONS, rows_of(meridian.TRANSACTIONS, *lines), group=300)


def test_typed_columns_are_read_as_the_extract_writes_them(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "ROWS_PER_CHUNK", 250)
    with pytest.raises(KeyboardInterrupt):
        ingestion.ingest("core", [file], at=AT, progress=lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    (report,) = ingestion.ingest("core", [file], at=AT).files

    assert (report.feed, report.read, report.rejected, count("transaction")) == ("meridian.transactions", 700, 0, 700)
    assert rows("SELECT amount::text, booking_date::text, balance_after::text FROM customers_transaction WHERE source_line = 700") == [
        ("-12.50", "2026-11-02", "700.50")
    ]
    kept = rows("SELECT raw FROM customers_sourcechunk c JOIN customers_sourcefile f ON f.id = c.file_id WHERE f.name LIKE '%.parquet'"
                " ORDER BY first_line")  # fmt: skip
    assert sum(zlib.decompress(bytes(raw)).count(b"\n") for (raw,) in kept) == 700


def test_values_that_are_none_wait_with_their_reason(tmp_path: Path) -> None:
    send_one_customer(tmp_path / "before")
    (row,) = rows_of(meridian.TRANSACTIONS, {})
    columns = {name: [value] * 3 for name, value in row.items()} | {"entry_id": [1, 2, 3], "amount": [0.1 + 0.2, float("nan"), -12.5]}
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "floats.parquet")
    (report,) = ingestion.ingest("core", [tmp_path / "floats.parquet"], at=AT).files

    assert (report.added, report.rejected) == (1, 2)


def test_what_cannot_be_read_is_one_sentence(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = file.read_bytes()
    for name, content, what in (
        ("cut.parquet", whole[:-100], "isn't Parquet that can be read"),
        ("damaged.parquet", whole[:200] + b"x" * 300 + whole[500:], "isn't Parquet that can be read"),
        ("packed.parquet.gz", gzip.compress(whole), "packed with gzip"),
    ):
        path = file.with_name(name)
        path.write_bytes(content)
        with pytest.raises(UnreadableFile, match=what):
            ingestion.ingest("core", [path], at=AT)
    pyarrow.parquet.write_table(pyarrow.table({"a": [1]}), file.with_name("other.parquet"))
    with pytest.raises(UnknownHeader, match="doesn't begin with the header of any file"):
        ingestion.ingest("core", [file.with_name("other.parquet")], at=AT)
    monkeypatch.setattr(parquet, "LARGEST_GROUP", 1_000)
    with pytest.raises(UnreadableFile, match="Write it in smaller ones"):
        ingestion.ingest("core", [file], at=AT)
