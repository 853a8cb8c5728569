"""The copy a customer may ask for: everything held, with its sources, for people and programs; made in parts, kept for a week."""

import csv
import io
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zipfile import ZipFile

import jsonschema
import pytest
from django.apps import apps
from django.db import connection
from django.urls import reverse

import customers
from bankos.platform import clock, jobs
from bankos.platform.actors import Actor, Role
from customers import consents
from customers.models import AccessExport, AccessExportPart, Party, RightsRequest
from customers.rights import access, asking, contributions, files
from customers.visibility import NotVisible
from sentinel.authority import NotPermitted
from tests.bank import Bank, Branch, Customer

SCHEMA = json.loads((Path(customers.__file__).parent / "rights" / "access-copy-1.schema.json").read_text())


@pytest.fixture
def rich(bank: Bank, ines: Customer, adviser: Actor) -> Customer:
    """Somebody with a little of everything."""
    other = bank.customer("Tom Okafor")
    account = bank.current_account(ines)
    bank.hold(account, other)
    bank.guardian(ines, of=bank.customer("Mia Byrne", born=clock.today() - timedelta(days=3000)))
    bank.transactions(account, [(clock.today(), "-12.50", "=cmd|' /C calc'!A0"), (clock.today(), "2400.00", "Ardilaun Hotel")])
    bank.loan(ines)
    bank.contact(ines, "Called about a card", at=clock.now())
    bank.signal(ines, at=clock.now(), detail="Loan of 5,000")
    consents.change_consent(ines.id, purpose="marketing", given=False, channel="phone", actor=adviser, at=clock.now())
    return ines


def asked(customer: Customer, actor: Actor) -> UUID:
    return access.ask(customer.id, checked="document", heard_on="branch", actor=actor, at=clock.now())


def make(request_id: UUID) -> None:
    """What workers do."""
    for job in jobs.open_jobs(access.COPY, f"RightsRequest/{request_id}"):
        jobs.serve(job.pk, seconds=60)


def made(customer: Customer, actor: Actor) -> AccessExport:
    request_id = asked(customer, actor)
    make(request_id)
    return access.hand_out(request_id, actor=actor, at=clock.now())


def opened(export: AccessExport) -> ZipFile:
    return ZipFile(io.BytesIO(b"".join(files.zipped(export, at=clock.now()))))


def document(export: AccessExport) -> dict:
    return json.loads(opened(export).read("data.json"))


def sections(export: AccessExport) -> dict[str, list[dict]]:
    return {one["name"]: one["records"] for one in document(export)["sections"]}


def test_it_holds_everything_with_its_sources_and_fits_its_schema(rich: Customer, adviser: Actor) -> None:
    export = made(rich, adviser)
    whole = document(export)

    jsonschema.Draft202012Validator(SCHEMA).validate(whole)
    told = sections(export)
    assert {fact["value"] for fact in told["facts"]} >= {"Ines Byrne", "BYRNE INES", rich.email}
    assert all(fact["source"]["file"] and fact["source"]["line"] for fact in told["facts"])
    assert {one["kind"] for one in told["arrangements"]} == {"current account", "loan"}
    assert {one["counterparty"] for one in told["transactions"]} >= {"Ardilaun Hotel"}
    assert [one["summary"] for one in told["customers.interaction"]] == ["Called about a card"]
    assert {(one["purpose"], one["given"]) for one in told["customers.consent"]} == {("payment_insight", True), ("marketing", False)}
    assert [one["detail"] for one in told["customers.signal"]] == ["Loan of 5,000"]
    assert "Record what the customer agrees to" in {one["what"] for one in told["decisions"]}
    assert all(one["because"] for one in told["decisions"])
    assert told["relationships"][0]["relationship"] == "You are the guardian of Mia Byrne"


def test_of_others_it_says_no_more_than_the_customer_knows(bank: Bank, rich: Customer, adviser: Actor) -> None:
    text = json.dumps(document(made(rich, adviser)))
    for tom in Party.objects.filter(name__iexact="Tom Okafor"):
        assert tom.number not in text
        assert str(tom.pk) not in text


def test_an_authorised_person_gets_no_payments_of_somebody_elses_account(bank: Bank, rich: Customer, adviser: Actor) -> None:
    helper = bank.customer("Ana Lima")
    bank.hold(rich.accounts[0], helper, role="authorised")
    told = sections(made(helper, adviser))
    assert (told["transactions"], told["arrangements"][0]["your_role"]) == ([], "authorised user")
    assert "balance" not in told["arrangements"][0]


def test_every_table_that_names_customers_is_told_or_left_out_with_a_reason() -> None:
    """Made from the models there are: a new table is told from its first day, column by column."""
    covered = {label for one in contributions.contributions() for label in one.models}
    out = contributions.left_out()
    named = {model._meta.label for model in contributions.tables_of_customers()}
    assert {"customers.Consent", "customers.Signal", "insights.Recommendation", "journeys.WorkItem", "sentinel.Decision"} <= named
    assert named - covered - out.keys() == set()
    assert all(len(why) > 20 for why in out.values())
    assert (covered | out.keys()) <= {model._meta.label for model in apps.get_models()}, "a table that is not there any more"


def test_a_readable_page_and_harmless_cells_come_with_it(rich: Customer, adviser: Actor) -> None:
    archive = opened(made(rich, adviser))
    page = archive.read("readable.html").decode()
    assert "Payments on your accounts" in page
    assert "<script" not in page
    rows = list(csv.DictReader(io.StringIO(archive.read("payments.csv").decode())))
    assert {row["counterparty"] for row in rows} >= {"'=cmd|' /C calc'!A0"}
    assert "-12.50" in {row["amount"] for row in rows}


@pytest.mark.parametrize(
    ("cell", "shown"),
    [("=1+1", "'=1+1"), ("+353", "'+353"), ("@x", "'@x"), ("\t=1", "'\t=1"), ("-2+3", "'-2+3"), ("-12.50", "-12.50"), ("Café", "Café")],
)
def test_no_cell_is_a_formula(cell: str, shown: str) -> None:
    assert files.harmless(cell) == shown


def test_killed_after_any_part_it_comes_out_the_same(bank: Bank, rich: Customer, adviser: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "PART", 2)
    at_once, in_pieces = asked(rich, adviser), asked(rich, adviser)
    make(at_once)
    job, read, pieces = jobs.open_jobs(access.COPY).get(), access.contributions, 0

    def dying() -> object:
        nonlocal pieces
        pieces += 1
        if pieces % 7 == 0:  # in the middle of a piece
            raise SystemExit
        return read()

    with monkeypatch.context() as patched:
        patched.setattr(access, "contributions", dying)
        while job.state in jobs.OPEN:
            with suppress(SystemExit):
                jobs.work(job.pk, at=clock.now())
            jobs.sweep(at=clock.now() + timedelta(minutes=5))
            job.refresh_from_db()
    assert (job.state, pieces > len(read())) == ("done", True)

    def content(request_id: UUID) -> dict:
        told = sections(access.hand_out(request_id, actor=adviser, at=clock.now()))
        # The second asking is a decision and a request of its own.
        return {name: rows for name, rows in told.items() if name not in ("decisions", "customers.rightsrequest")}

    assert content(at_once) == content(in_pieces)


def test_asked_once_too_often_a_worker_does_nothing(rich: Customer, adviser: Actor) -> None:
    export = made(rich, adviser)
    assert not jobs.work(jobs.of(access.COPY).get().pk, at=clock.now())
    assert AccessExportPart.objects.filter(export=export).count() == export.parts


def test_a_copy_that_cannot_be_made_says_so(bank: Bank, rich: Customer, adviser: Actor) -> None:
    request_id = asked(rich, adviser)
    job = jobs.open_jobs(access.COPY).get()
    for _ in range(jobs.DEATHS):
        jobs._claimed(job.pk, clock.now())
        jobs.sweep(at=clock.now() + timedelta(minutes=5))

    page = bank.desk(adviser).get(reverse("access-copy", args=[request_id])).content.decode()
    assert f"This copy could not be made. {jobs.STOPPED_TWICE}" in page
    assert "hx-trigger" not in page.partition('id="copy"')[2].partition("</section>")[0]


def test_what_is_stored_cannot_be_read_without_its_key(rich: Customer, adviser: Actor) -> None:
    made(rich, adviser)
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(encode(cipher, 'escape'), '') FROM customers_accessexportpart")
        assert rich.email not in cursor.fetchone()[0]


def test_after_a_week_it_is_gone_with_its_key(rich: Customer, adviser: Actor) -> None:
    export = made(rich, adviser)
    assert access.delete_old(at=clock.now() + timedelta(days=6)) == 0
    assert access.delete_old(at=clock.now() + timedelta(days=8)) == 1
    row = AccessExport.objects.get(pk=export.pk)
    assert (row.state, row.key, row.pieces.count()) == ("gone", None, 0)
    with pytest.raises(access.NotReady):
        access.hand_out(export.pk, actor=adviser, at=clock.now())


def test_each_download_is_a_decision_of_its_own(rich: Customer, adviser: Actor) -> None:
    export = made(rich, adviser)
    access.hand_out(export.pk, actor=adviser, at=clock.now())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM sentinel_decision d JOIN sentinel_consumption c ON c.decision_id = d.id WHERE action = 'access.hand_out'"
        )
        assert cursor.fetchone()[0] == 2


def test_without_knowing_who_asks_nothing_is_recorded_and_the_refusal_is_kept(ines: Customer, adviser: Actor) -> None:
    with pytest.raises(NotPermitted, match="made sure"):
        access.ask(ines.id, checked="voice", heard_on="phone", actor=adviser, at=clock.now())
    assert not RightsRequest.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT outcome FROM sentinel_decision WHERE action = 'rights.ask'")
        assert cursor.fetchall() == [("deny",)]


def test_who_may_not_see_the_customer_finds_no_copy(bank: Bank, cork: Branch, rich: Customer, adviser: Actor) -> None:
    elsewhere = bank.staff(Role.BRANCH_STAFF, branch=cork)
    export = made(rich, adviser)
    for call in (access.copy_of, lambda id, actor: access.hand_out(id, actor=actor, at=clock.now())):
        with pytest.raises(NotVisible):
            call(export.pk, actor=elsewhere)
    assert bank.desk(elsewhere).get(reverse("access-copy", args=[export.pk])).status_code == 404
    assert bank.desk(elsewhere).post(reverse("access-download", args=[export.pk])).status_code == 404
    assert bank.desk(elsewhere).get(reverse("rights", args=[rich.id])).status_code == 404


def test_the_file_comes_through_the_page(bank: Bank, rich: Customer, adviser: Actor) -> None:
    desk = bank.desk(adviser)
    desk.post(reverse("access-ask", args=[rich.id]), {"checked": "document", "heard_on": "branch"})
    request_id = RightsRequest.objects.get().pk
    assert "Being made" in desk.get(reverse("access-copy", args=[request_id])).content.decode()
    make(request_id)
    assert "Ready" in desk.get(reverse("access-copy", args=[request_id]), headers={"HX-Request": "true"}).content.decode()
    answer = desk.post(reverse("access-download", args=[request_id]))
    archive = ZipFile(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
    assert archive.namelist() == ["data.json", "readable.html", "payments.csv"]


@pytest.mark.parametrize(
    ("asked_on", "due"),
    [("2026-01-31", "2026-02-28"), ("2026-11-24", "2026-12-24"), ("2026-12-10", "2027-01-10"), ("2028-01-31", "2028-02-29")],
)
def test_it_is_answered_within_a_month(asked_on: str, due: str) -> None:
    end = asking.due_from(datetime.fromisoformat(f"{asked_on}T10:00:00").replace(tzinfo=UTC))
    assert clock.bank_date(end).isoformat() == due


def test_those_who_oversee_see_the_most_pressing_first(bank: Bank, rich: Customer, adviser: Actor) -> None:
    later = bank.customer("Nuala McGettigan")
    officer = bank.staff(Role.COMPLIANCE)
    asked(rich, adviser)
    # It came in three weeks ago.
    RightsRequest.objects.filter(pk=asked(later, adviser)).update(due_at=clock.now() + timedelta(days=9))
    assert [one.name for one in asking.open_requests(actor=officer)] == ["Nuala McGettigan", "Ines Byrne"]
    assert asking.open_requests(actor=adviser) == ()
    assert bank.desk(adviser).get(reverse("rights-waiting")).status_code == 404
    assert "Nuala McGettigan" in bank.desk(officer).get(reverse("rights-waiting")).content.decode()
