"""Rows that wait, for people: hidden until they say why, corrected, tried again, alone or all together."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from bankos.platform import clock, jobs
from bankos.platform.actors import Actor, Role
from bankos.platform.models import Job
from customers.ingestion.feeds import meridian
from customers.models import RejectedRow, SourceLook
from customers.sources import looking, rejected
from customers.sources.access import SourceNotVisible
from sentinel.actions import NotPossible
from sentinel.authority import NotPermitted
from sentinel.models import Decision
from tests.bank import Bank
from tests.customers.ingestion.extracts import IBAN, count, send, send_one_customer

pytestmark = pytest.mark.django_db
WHY = "Dates of last night's file are wrong"


@pytest.fixture
def broken(orla: Actor, tmp_path: Path) -> RejectedRow:
    """One of two entries of a ledger's file, with a day that does not exist."""
    send_one_customer(tmp_path / "before")
    send(tmp_path / "after", meridian.TRANSACTIONS, {"booked_on": "2026-13-45"}, {"entry_id": "2", "account_no": "IE00NOBODY"})
    return RejectedRow.objects.get(line=2)


def see(row: RejectedRow, actor: Actor) -> None:
    looking.look(row.file_id, reason=WHY, actor=actor, at=clock.now())


def only_row(row: RejectedRow, actor: Actor) -> rejected.RowView:
    return rejected.row(row.pk, actor=actor, at=clock.now())


def test_before_saying_why_nobody_reads_what_a_row_says(broken: RejectedRow, orla: Actor, maeve: Actor, bank: Bank) -> None:
    for actor in (orla, maeve):
        view = only_row(broken, actor)
        assert (view.reason, view.columns, view.line) == ("", "booked_on", 2)
        assert {cell.came + cell.now for cell in view.cells} == {""}
        for path in ("rejected/", f"rejected/{broken.pk}/"):
            page = bank.desk(actor).get(f"/sources/core/{path}").content.decode()
            assert "2026-13-45" not in page
            assert IBAN not in page
            assert "Velo" not in page


def test_whoever_says_why_sees_the_rows_of_that_file_for_half_an_hour(broken: RejectedRow, maeve: Actor, orla: Actor) -> None:
    see(broken, maeve)

    view = only_row(broken, maeve)
    assert view.reason == "booked_on: “2026-13-45” is not a date; write it like 2026-11-23."
    assert {cell.column: cell.came for cell in view.cells}["booked_on"] == "2026-13-45"
    later = clock.now() + looking.LASTS + timedelta(seconds=1)
    assert rejected.row(broken.pk, actor=maeve, at=later).shown_until is None
    assert only_row(broken, orla).shown_until is None
    look = SourceLook.objects.get()
    assert (look.looked_by_name, look.reason, Decision.objects.get(pk=look.decision_id).action) == ("Maeve Costello", WHY, "source.look")


def test_a_look_is_evidence(broken: RejectedRow, maeve: Actor) -> None:
    see(broken, maeve)

    with pytest.raises(DatabaseError, match="permission denied for table customers_sourcelook"), transaction.atomic():
        SourceLook.objects.update(reason="Nothing of interest")


def test_a_reason_has_to_say_something(broken: RejectedRow, orla: Actor) -> None:
    with pytest.raises(NotPossible, match="Say why"):
        looking.look(broken.file_id, reason="  why    ", actor=orla, at=clock.now())
    assert only_row(broken, orla).shown_until is None


def test_others_are_not_told_that_a_row_exists(broken: RejectedRow, bank: Bank) -> None:
    lead = bank.staff(Role.TEAM_LEAD)
    desk = bank.desk(lead)

    for path in ("rejected/", f"rejected/{broken.pk}/"):
        assert desk.get(f"/sources/core/{path}").status_code == 404
    assert desk.post(f"/sources/core/files/{broken.file_id}/look/", {"reason": WHY}).status_code == 404
    assert desk.post("/sources/core/rejected/again/").status_code == 404
    for act in (lambda: see(broken, lead), lambda: rejected.correct(broken.pk, {}, actor=lead, at=clock.now())):
        with pytest.raises(SourceNotVisible):
            act()


def test_a_row_of_another_source_is_not_found_there(broken: RejectedRow, desk: Client) -> None:
    assert desk.get(f"/sources/crm/rejected/{broken.pk}/").status_code == 404
    assert desk.post(f"/sources/crm/files/{broken.file_id}/look/", {"reason": WHY}).status_code == 404


def test_a_corrected_row_is_in(broken: RejectedRow, orla: Actor) -> None:
    assert rejected.correct(broken.pk, {"booked_on": "2026-11-02"}, actor=orla, at=clock.now())

    assert count("transaction") == 1
    broken.refresh_from_db()
    assert (broken.state, broken.raw["booked_on"], broken.corrected["booked_on"]) == ("accepted", "2026-13-45", "2026-11-02")
    assert Decision.objects.get(action="source.correct").outcome == "permit"


def test_what_was_typed_is_kept_though_it_does_not_fit(broken: RejectedRow, orla: Actor) -> None:
    see(broken, orla)
    assert not rejected.correct(broken.pk, {"booked_on": "2026-02-30"}, actor=orla, at=clock.now())

    view = only_row(broken, orla)
    booked_on = next(cell for cell in view.cells if cell.column == "booked_on")
    assert (booked_on.came, booked_on.now, view.corrected) == ("2026-13-45", "2026-02-30", True)
    assert "2026-02-30" in view.reason


def test_compliance_looks_and_does_not_correct(broken: RejectedRow, maeve: Actor, bank: Bank) -> None:
    with pytest.raises(NotPermitted):
        rejected.correct(broken.pk, {"booked_on": "2026-11-02"}, actor=maeve, at=clock.now())
    assert bank.desk(maeve).post(f"/sources/core/rejected/{broken.pk}/", {"cell-0": "1"}).status_code == 404
    assert count("transaction") == 0


def test_a_row_is_corrected_on_its_page(broken: RejectedRow, desk: Client) -> None:
    path = f"/sources/core/rejected/{broken.pk}/"
    desk.post(f"/sources/core/files/{broken.file_id}/look/", {"reason": WHY, "next": path})
    form = desk.get(path).context["form"]
    said = {name: field.initial for name, field in form.fields.items()}
    place = next(name for name, field in form.fields.items() if field.label == "booked_on")

    refused = desk.post(path, {**said, place: "30.2.2026"})
    assert (refused.status_code, refused.context["form"][place].value()) == (422, "30.2.2026")
    assert "“30.2.2026” is not a date" in refused.content.decode()

    assert desk.post(path, {**said, place: "2026-11-02"}).status_code == 302
    assert count("transaction") == 1
    assert "This row is in." in desk.get(path).content.decode()


def test_a_cut_row_offers_the_columns_it_lacks(orla: Actor, tmp_path: Path) -> None:
    send_one_customer(tmp_path / "before")
    path = tmp_path / "transactions.csv"
    path.write_text(",".join(meridian.TRANSACTIONS.header) + f"\n1,{IBAN},2026-11-02\n")
    from customers import ingestion

    ingestion.ingest("core", [path], at=clock.now())
    row = RejectedRow.objects.get()

    assert [cell.column for cell in only_row(row, orla).cells] == list(meridian.TRANSACTIONS.header)


def test_all_rows_are_tried_again_by_a_worker(broken: RejectedRow, orla: Actor, tmp_path: Path) -> None:
    send(tmp_path / "late", meridian.ACCOUNTS, {"account_no": "IE00NOBODY"})

    job_id = rejected.rerun("core", actor=orla, at=clock.now())
    assert rejected.rerun("core", actor=orla, at=clock.now()) == job_id, "the same work is asked for once"
    assert jobs.one_for(job_id, actor=orla).going_on
    jobs.work(job_id, at=clock.now())
    jobs.work(job_id, at=clock.now())

    done = jobs.one_for(job_id, actor=orla)
    assert (done.state, done.counts, done.percent) == ("done", {"rows": 2, "accepted": 1, "rejected": 1}, 100)
    assert count("transaction") == 1


def test_only_the_rows_of_one_file_are_tried_again(broken: RejectedRow, orla: Actor, tmp_path: Path) -> None:
    send(tmp_path / "other", meridian.TRANSACTIONS, {"entry_id": "9", "account_no": "IE00NOBODY"})
    send(tmp_path / "late", meridian.ACCOUNTS, {"account_no": "IE00NOBODY"})

    jobs.work(rejected.rerun("core", file=broken.file_id, actor=orla, at=clock.now()), at=clock.now())

    assert RejectedRow.objects.filter(state="open").values_list("line", "file__name").count() == 2
    assert RejectedRow.objects.get(line=3).accepted_at is not None


def test_where_no_row_waits_there_is_nothing_to_try(orla: Actor, tmp_path: Path) -> None:
    send_one_customer(tmp_path)

    with pytest.raises(NotPossible, match="No row waits"):
        rejected.rerun("core", actor=orla, at=clock.now())
    assert not Job.objects.exists()


def test_the_list_is_read_in_pages_and_by_reason(broken: RejectedRow, orla: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejected, "ROWS_PER_PAGE", 1)
    at = clock.now()

    first = rejected.rows("core", actor=orla, at=at)
    second = rejected.rows("core", actor=orla, at=at, after=first.next_after)

    assert [row.line for row in (*first.rows, *second.rows)] == [2, 3]
    assert second.next_after is None
    assert [row.line for row in rejected.rows("core", actor=orla, at=at, why="unknown_account").rows] == [3]


def test_the_admin_does_not_show_what_a_row_says(broken: RejectedRow, orla: Actor, bank: Bank) -> None:

    desk = bank.desk(orla)

    for path in ("", f"{broken.pk}/change/"):
        answer = desk.get(f"/admin/customers/rejectedrow/{path}")
        assert answer.status_code == 200
        assert "2026-13-45" not in answer.content.decode()
