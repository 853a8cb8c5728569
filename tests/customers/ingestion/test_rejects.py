"""Broken rows: kept with file, line and reason; corrected; tried again."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from customers import ingestion
from customers.ingestion import Correction, RejectView, UnknownCorrection
from customers.ingestion.feeds import meridian
from tests.customers.ingestion.extracts import AT, count, rows, rows_of, send, send_one_customer, state, write

pytestmark = pytest.mark.django_db

BROKEN = {
    3: {"booked_on": "2026-13-45"},
    5: {"account_no": "IE00NOBODY"},
    6: {"amount": "12,50"},
    8: {"currency": "USD"},
    9: {"balance_after": "1.005"},
}


@pytest.fixture
def five_broken(tmp_path: Path) -> Path:
    """A file of ten rows, five of them broken, each in another way."""
    send_one_customer(tmp_path / "before")
    lines = [{"entry_id": str(line)} | BROKEN.get(line, {}) for line in range(2, 12)]
    return write(tmp_path / "transactions.csv", meridian.TRANSACTIONS, rows_of(meridian.TRANSACTIONS, *lines))


def waiting() -> list[RejectView]:
    return list(ingestion.open_rejects())


def test_broken_rows_are_listed_and_the_rest_is_in(five_broken: Path) -> None:
    (report,) = ingestion.ingest("core", [five_broken], at=AT).files

    assert (report.read, report.added, report.unchanged, report.rejected) == (10, 5, 0, 5)
    assert [(reject.file, reject.line, reject.code, reject.reason) for reject in waiting()] == [
        ("transactions.csv", 3, "bad_date", "booked_on: “2026-13-45” is not a date; write it like 2026-11-23."),
        (
            "transactions.csv",
            5,
            "unknown_account",
            "Account “IE00NOBODY” is not known in core banking. Read the accounts first, or correct the number.",
        ),
        ("transactions.csv", 6, "bad_amount", "amount: “12,50” is not an amount; write it like -12.50."),
        ("transactions.csv", 8, "wrong_currency", "Account “IE29MRDN93115212345678” is not kept in USD."),
        ("transactions.csv", 9, "bad_amount", "balance_after: “1.005” has more than two decimals."),
    ]


def test_all_that_is_wrong_with_a_row_is_said_at_once(tmp_path: Path) -> None:
    send_one_customer(tmp_path)
    send(tmp_path, meridian.TRANSACTIONS, {"booked_on": "", "amount": "NaN", "currency": "euro"})

    assert [reject.reason for reject in waiting()] == [
        "booked_on: is empty. amount: “NaN” is not an amount; write it like -12.50. "
        "currency: “euro” is not a currency; write its three letters, like EUR."
    ]


def test_corrected_rows_load_and_keep_their_line(five_broken: Path, tmp_path: Path) -> None:
    ingestion.ingest("core", [five_broken], at=AT)
    corrections = tmp_path / "corrections.csv"
    corrections.write_text(
        "line,booked_on,account_no,amount,currency,balance_after\n"
        "3,2026-11-02,IE29MRDN93115212345678,-12.50,EUR,164.00\n"
        "5,2026-11-02,IE29MRDN93115212345678,-12.50,EUR,164.00\n"
        "6,2026-11-02,IE29MRDN93115212345678,-12.50,EUR,164.00\n"
        "8,2026-11-02,IE29MRDN93115212345678,-12.50,EUR,164.00\n"
        "9,2026-11-02,IE29MRDN93115212345678,-12.50,EUR,1.00\n"
    )
    out = StringIO()
    call_command("rejects", "core", correct=corrections, stdout=out)

    assert out.getvalue().splitlines() == ["5 rows corrected", "5 rows accepted, 0 still open", "No row waits for a correction."]
    assert rows("SELECT source_key, source_line FROM customers_transaction ORDER BY source_line") == [(str(n), n) for n in range(2, 12)]
    assert rows("SELECT rows_read, rows_added, rows_rejected FROM customers_sourcefile WHERE name = 'transactions.csv'") == [(10, 10, 0)]


def test_a_row_loads_on_rerun_once_what_it_refers_to_arrived(tmp_path: Path) -> None:
    send_one_customer(tmp_path)
    report = send(tmp_path, meridian.TRANSACTIONS, {"account_no": "IE77"})
    assert (report.rejected, ingestion.rerun(at=AT).accepted) == (1, 0)

    send(tmp_path, meridian.ACCOUNTS, {"account_no": "IE77"})
    again = ingestion.rerun("core", at=AT)

    assert (again.accepted, again.open, count("transaction")) == (1, 0, 1)


def test_an_old_row_run_again_does_not_overwrite_a_newer_file(tmp_path: Path) -> None:
    send_one_customer(tmp_path)
    send(tmp_path, meridian.LOANS, {"status": "arrears", "days_past_due": "x"})
    send(tmp_path, meridian.LOANS, {"status": "active", "days_past_due": "0"})
    ingestion.correct([Correction("", 2, {"days_past_due": "14"})])

    assert ingestion.rerun(at=AT).accepted == 1
    assert rows("SELECT status, days_past_due FROM customers_arrangement WHERE kind = 'loan'") == [("active", 0)]


def test_a_booked_entry_is_never_changed_by_another_row_of_its_number(tmp_path: Path) -> None:
    send_one_customer(tmp_path)
    send(tmp_path, meridian.TRANSACTIONS, {"entry_id": "7", "amount": "-12.50"})
    before = state()
    report = send(tmp_path, meridian.TRANSACTIONS, {"entry_id": "7", "amount": "-99.00"})

    assert (report.added, report.rejected) == (0, 1)
    assert [reject.code for reject in waiting()] == ["already_booked"]
    assert state() == before


@pytest.mark.parametrize(
    ("feed", "row", "code"),
    [
        (meridian.CUSTOMERS, {"customer_no": "1", "branch_code": "NOWHERE"}, "unknown_branch"),
        (meridian.ACCOUNTS, {"account_no": "IE5", "branch_code": "NOWHERE"}, "unknown_branch"),
        (meridian.ACCOUNT_HOLDERS, {"customer_no": "999"}, "unknown_customer"),
        (meridian.ACCOUNT_HOLDERS, {"account_no": "IE0"}, "unknown_account"),
        (meridian.ACCOUNT_HOLDERS, {"role": "friend"}, "unknown_word"),
        (meridian.CLIENTS, {"client_id": "CL9", "customer_no": "999"}, "unknown_customer"),
        (meridian.RELATIONSHIPS, {"related_client_id": "CL1"}, "same_client"),
        (meridian.RELATIONSHIPS, {"related_client_id": "CL77"}, "unknown_client"),
        (meridian.CONSENTS, {"client_id": "CL77"}, "unknown_client"),
        (meridian.CONSENTS, {"said_at": "2026-05-01T09:00:00"}, "bad_date"),
        (meridian.CONTACTS, {"client_id": "CL77"}, "unknown_client"),
        (meridian.LOANS, {"national_id": "nobody's"}, "unknown_customer"),
        (meridian.LOANS, {"instalment_day": "32"}, "bad_number"),
        (meridian.CARDS, {"customer_no": "999"}, "unknown_customer"),
        (meridian.STANDING_ORDERS, {"amount": "0.00"}, "bad_amount"),
        (meridian.STANDING_ORDERS, {"amount": "1e5"}, "bad_amount"),
        (meridian.STANDING_ORDERS, {"amount": "99999999999999.00"}, "bad_amount"),
        (meridian.SIGNALS, {"login_email": "nobody@example.org"}, "unknown_email"),
        (meridian.SIGNALS, {"detail": "x" * 201}, "too_long"),
        (meridian.CUSTOMERS, {"birth_date": "1586-06-13"}, "bad_date"),
    ],
)
def test_a_row_that_does_not_fit_is_kept_and_changes_nothing(tmp_path: Path, feed, row: dict[str, str], code: str) -> None:
    send_one_customer(tmp_path)
    before = state()
    report = send(tmp_path, feed, row)

    assert (report.added, report.rejected) == (0, 1)
    assert [(reject.code, reject.row) for reject in waiting()] == [(code, dict.fromkeys(feed.header, "") | rows_of(feed, row)[0])]
    assert state() == before


def test_a_correction_of_a_row_that_does_not_wait_is_refused(five_broken: Path) -> None:
    ingestion.ingest("core", [five_broken], at=AT)

    with pytest.raises(UnknownCorrection, match="Line 4 isn't waiting"):
        ingestion.correct([Correction("", 3, {"booked_on": "2026-11-02"}), Correction("", 4, {})])
    assert [reject.row["booked_on"] for reject in waiting() if reject.line == 3] == ["2026-13-45"]
    with pytest.raises(UnknownCorrection, match="has no column amonut"):
        ingestion.correct([Correction("", 3, {"amonut": "1"})])


def test_a_cut_line_can_be_completed(tmp_path: Path) -> None:
    send_one_customer(tmp_path / "before")
    path = write(tmp_path / "transactions.csv", meridian.TRANSACTIONS, rows_of(meridian.TRANSACTIONS, {}))
    path.write_text(path.read_text()[: -len(",,7519\n")])
    assert ingestion.ingest("core", [path], at=AT).rejected == 1
    assert waiting()[0].code == "wrong_columns"

    ingestion.correct([Correction("transactions.csv", 2, {"counterparty_account": "", "mcc": "7519"})])

    assert ingestion.rerun(at=AT).accepted == 1


def test_the_command_lists_rejects_as_table_and_json(five_broken: Path) -> None:
    ingestion.ingest("core", [five_broken], at=AT)
    table, lines = StringIO(), StringIO()
    call_command("rejects", stdout=table)
    call_command("rejects", "core", json=True, stdout=lines)

    assert "core    transactions.csv     3  booked_on: “2026-13-45” is not a date" in table.getvalue()
    assert lines.getvalue().count('"file": "transactions.csv"') == 5
    with pytest.raises(CommandError, match="is not a system bankos reads"):
        call_command("rejects", "ledger")
