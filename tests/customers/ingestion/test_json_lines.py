"""JSON Lines whose keys are the columns of an extract."""

import json
from pathlib import Path

import pytest

from customers import ingestion
from customers.ingestion import UnknownHeader
from customers.ingestion.feeds import meridian
from tests.customers.ingestion import exporters
from tests.customers.ingestion.extracts import AT, count, rows, rows_of, send_one_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def entries(tmp_path: Path) -> Path:
    send_one_customer(tmp_path / "before")
    return tmp_path / "entries.jsonl"


def test_numbers_are_read_digit_by_digit_and_keys_may_be_left_out(entries: Path) -> None:
    (row,) = rows_of(meridian.TRANSACTIONS, {"counterparty_account": ""})
    second = {name: value for name, value in row.items() if value} | {"entry_id": "2"}
    lines = [json.dumps(row), json.dumps(second).replace('"-12.50"', "-12.50").replace('"164.00"', "12345678901.10")]
    entries.write_text("\ufeff" + "\n\n".join(lines))

    (report,) = ingestion.ingest("core", [entries], at=AT).files

    assert (report.feed, report.read, report.added, report.rejected) == ("meridian.transactions", 2, 2, 0)
    assert rows("SELECT amount::text, balance_after::text, source_line FROM customers_transaction ORDER BY source_line") == [
        ("-12.50", "164.00", 1),
        ("-12.50", "12345678901.10", 3),
    ]


def test_lines_that_are_no_rows_are_kept_with_a_reason(entries: Path) -> None:
    good = rows_of(meridian.TRANSACTIONS, {}, {"entry_id": "2", "amount": "NaN"})
    exporters.json_lines(entries, good)
    deep = '{"entry_id":' + "[" * 20_000 + "]" * 20_000 + "}"
    more = json.dumps(good[0] | {"note": "=HYPERLINK()"})
    with entries.open("a") as lines:
        lines.write(f'{{"entry_id": "3", \n[1, 2]\n{deep}\n{more}\n')

    (report,) = ingestion.ingest("core", [entries], at=AT).files

    assert (report.added, report.rejected, count("transaction")) == (1, 5, 1)
    assert [(reject.line, reject.code) for reject in ingestion.open_rejects()] == [
        (2, "bad_amount"), (3, "wrong_columns"), (4, "wrong_columns"), (5, "wrong_columns"), (6, "wrong_columns"),
    ]  # fmt: skip


def test_keys_of_no_extract_are_named(entries: Path) -> None:
    exporters.json_lines(entries, [{name: "x" for name in meridian.BRANCHES.header if name != "town"} | {"city": "Galway"}])

    with pytest.raises(UnknownHeader, match="lacks town and has in addition city"):
        ingestion.ingest("core", [entries], at=AT)
    assert rows("SELECT state, problem FROM customers_sourcefile WHERE name = 'entries.jsonl'") == [
        ("waiting", "entries.jsonl looks like meridian.branches, but its header lacks town and has in addition city.")
    ]
