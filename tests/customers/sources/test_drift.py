"""Files that are no longer as they were are noticed, and so is what comes late or is taken back."""

import contextlib
import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from bankos.platform import clock
from bankos.platform.actors import Actor, Role
from customers import ingestion
from customers.ingestion import drift, reading
from customers.ingestion.feeds import meridian
from customers.models import FileProfile, SchemaDrift, SourceFile
from customers.sources import drifts, overview
from customers.visibility import NotVisible
from sentinel.authority import NotPermitted
from tests.bank import Bank
from tests.customers.ingestion.extracts import rows_of, send, send_one_customer

pytestmark = pytest.mark.django_db
File = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def one_customer(db: None, tmp_path: Path) -> None:
    send_one_customer(tmp_path / "before")


def entries(name: str, rows: Sequence[Mapping[str, str]], file: File, header: Sequence[str] = meridian.TRANSACTIONS.header) -> Path:
    text = io.StringIO()
    writer = csv.DictWriter(text, header, extrasaction="ignore", restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file(name, text.getvalue())


def thirty(first: int, **said: str) -> list[dict[str, str]]:
    return rows_of(meridian.TRANSACTIONS, *({"entry_id": str(first + place), "purpose": "rent"} | said for place in range(30)))


def noticed() -> set[tuple[str, str, str, str]]:
    return set(SchemaDrift.objects.values_list("kind", "column", "was", "now"))


def read(path: Path) -> None:
    with contextlib.suppress(ingestion.UnknownHeader):
        ingestion.ingest("core", [path], at=clock.now())


def test_files_that_stay_as_they_are_are_not_noticed(file: File) -> None:
    for number in range(3):
        read(entries(f"{number}.csv", thirty(100 * number), file))

    assert noticed() == set()


def test_columns_that_come_go_and_change_their_names_are_noticed(file: File) -> None:
    header = ["branch", *(name for name in meridian.TRANSACTIONS.header if name not in ("mcc", "booked_on")), "booked_at_day"]
    read(entries("a.csv", thirty(1), file, header))

    assert noticed() == {("missing", "mcc", "", ""), ("renamed", "booked_on", "booked_on", "booked_at_day"), ("added", "branch", "", "")}


def test_a_column_that_begins_to_stay_empty_is_noticed(file: File) -> None:
    read(entries("a.csv", thirty(1), file))
    read(entries("b.csv", thirty(100, purpose=""), file))

    assert noticed() == {("empty", "purpose", "0% empty", "more often")}


def test_values_written_in_another_way_are_noticed(file: File) -> None:
    read(entries("a.csv", thirty(1), file))
    rows = thirty(100)
    read(entries("b.csv", [row | {"counterparty_account": "123,45", "mcc": "food"} for row in rows], file))
    read(entries("c.csv", [row | {"entry_id": f"{number}", "mcc": "food"} for number, row in enumerate(rows, 300)], file))

    found = noticed()
    assert ("look", "mcc", "digits", "words") in found
    drifted = SchemaDrift.objects.get(column="mcc")
    assert drifted.last_seen_at >= drifted.first_seen_at
    assert drifted.first_file.name == "b.csv"


def test_the_same_drift_again_is_seen_last_with_the_newest_file(file: File, orla: Actor) -> None:
    header = [name for name in meridian.TRANSACTIONS.header if name != "mcc"]
    for number in range(3):
        read(entries(f"{number}.csv", thirty(number * 100), file, header))

    [view] = drifts.drifts("core", actor=orla)
    assert (view.column, view.label, view.files, view.first_file) == ("mcc", "column missing", 3, "0.csv")


def test_what_is_acknowledged_is_counted_on_and_warned_of_no_more(file: File, orla: Actor, bank: Bank, policies: None) -> None:
    header = [name for name in meridian.TRANSACTIONS.header if name != "mcc"]
    read(entries("0.csv", thirty(0), file, header))
    [view] = drifts.drifts("core", actor=orla)
    desk = bank.desk(orla)
    assert overview.source("core", actor=orla, at=clock.now()).changes == 1
    assert "Files have changed" in desk.get("/sources/").content.decode()

    address = f"/sources/core/changes/{view.id}/acknowledge/"
    refused = desk.post(address, {"reason": "x" * 301})
    assert refused.status_code == 422
    assert "x" * 301 in refused.content.decode()
    assert desk.post(address, {"reason": "The ledger no longer has it."}).status_code == 302
    desk.post(address, {"reason": "A second click."})

    read(entries("1.csv", thirty(100), file, header))
    [view] = drifts.drifts("core", actor=orla)
    assert view.acknowledged is not None
    assert (view.acknowledged.reason, view.acknowledged.by, view.files) == ("The ledger no longer has it.", orla.name, 2)
    assert overview.source("core", actor=orla, at=clock.now()).changes == 0
    assert "Files have changed" not in desk.get("/sources/").content.decode()


def test_who_does_not_run_sources_acknowledges_nothing(file: File, orla: Actor, bank: Bank, policies: None) -> None:
    read(entries("0.csv", thirty(0), file, [name for name in meridian.TRANSACTIONS.header if name != "mcc"]))
    [view] = drifts.drifts("core", actor=orla)
    officer, clerk = bank.staff(Role.COMPLIANCE), bank.staff()
    with pytest.raises(NotPermitted):
        drifts.acknowledge(view.id, "core", "Fine.", actor=officer, at=clock.now())
    for actor, code in ((clerk, "core"), (orla, "crm")):
        with pytest.raises(NotVisible):
            drifts.acknowledge(view.id, code, "Fine.", actor=actor, at=clock.now())
    assert overview.source("core", actor=orla, at=clock.now()).changes == 1


@pytest.mark.parametrize("rows_per_chunk", [7, 5_000])
def test_the_profile_is_the_same_however_a_file_is_cut(file: File, monkeypatch: pytest.MonkeyPatch, rows_per_chunk: int) -> None:
    monkeypatch.setattr(reading, "ROWS_PER_CHUNK", rows_per_chunk)
    monkeypatch.setattr(drift, "WHOLE", 5)
    read(entries("a.csv", thirty(1), file))

    columns = FileProfile.objects.get(feed="meridian.transactions").columns
    # Lines 2 to 6, and line 25.
    assert columns["purpose"] == {"rows": 6, "empty": 0, "looks": {"words": 6}}
    assert columns["amount"]["looks"] == {"1234.50": 6}


@pytest.mark.parametrize(
    ("text", "look"),
    [
        ("2026-11-23", "2026-11-23"), ("23.11.2026", "23.11.2026"), ("1/2/26", "23/11/2026"), ("2026-11-23T09:41:00Z", "2026-11-23T09:41"),
        ("-12", "digits"), ("1,234.50", "1234.50"), ("1.234,50", "1234,50"), ("12-", "words"), ("IE29", "words"), ("-", "words"),
    ],
)  # fmt: skip
def test_a_text_has_a_look(text: str, look: str) -> None:
    assert drift.look_of(text) == look


def test_the_newest_moment_is_marked_and_late_rows_are_counted(file: File, orla: Actor) -> None:
    def on(*days: str, first: int) -> list[dict[str, str]]:
        return rows_of(meridian.TRANSACTIONS, *({"entry_id": str(first + place), "booked_on": day} for place, day in enumerate(days)))

    read(entries("a.csv", on("2026-11-05", "2026-11-02", first=1), file))
    marks = {mark.feed: mark for mark in overview.watermarks("core", actor=orla)}
    assert (clock.bank_date(marks["meridian.transactions"].newest).isoformat(), marks["meridian.transactions"].late_rows) == (
        "2026-11-05",
        0,
    )
    assert marks["meridian.branches"].newest is None

    # Two are new and late; one is known, one on the last day, one behind it.
    late = [*on("2026-11-03", "2026-11-04", "2026-11-05", "2026-11-06", first=10), *on("2026-11-05", "2026-11-02", first=1)]
    read(entries("b.csv", late, file))

    mark = next(mark for mark in overview.watermarks("core", actor=orla) if mark.feed == "meridian.transactions")
    assert (clock.bank_date(mark.newest).isoformat(), mark.late_rows, mark.last_file) == ("2026-11-06", 2, "b.csv")


def test_the_source_page_shows_drift_and_watermarks(file: File, orla: Actor, bank: Bank) -> None:
    read(entries("a.csv", thirty(1), file))
    read(entries("b.csv", thirty(100, purpose=""), file))

    page = bank.desk(orla).get("/sources/core/").content.decode()

    assert "Files are not as they were" in page
    assert "How far it reaches" in page
    assert SourceFile.objects.get(name="b.csv").state == "done"


def test_signals_that_come_late_are_counted_by_their_moment(tmp_path: Path, orla: Actor) -> None:
    send(tmp_path / "s", meridian.SIGNALS, {"event_id": "E1", "at": "2026-11-20T20:00:00+00:00"})
    send(tmp_path / "s", meridian.SIGNALS, {"event_id": "E2", "at": "2026-11-20T19:00:00+00:00"})

    [mark] = overview.watermarks("digital", actor=orla)
    assert mark.late_rows == 1
