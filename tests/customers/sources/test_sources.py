"""Which sources there are, how fresh each is, who may know, and how one is registered."""

from datetime import timedelta

import pytest
from django.test import Client

from bankos.platform import clock
from bankos.platform.actors import Actor, Role
from bankos.platform.models import User
from customers import ingestion
from customers.ingestion.feeds import meridian
from customers.models import SourceFile, SourceSystem
from customers.sources import lag, overview, registering
from customers.sources.access import SourceNotVisible
from customers.sources.registering import Entry
from sentinel.actions import NotPossible
from sentinel.authority import NotPermitted
from sentinel.models import Decision
from tests.bank import Bank
from tests.customers.ingestion.extracts import send

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
LEDGER = Entry(name="Branch ledger", promise=6 * HOUR, rank=7, owner=None)


def test_a_source_says_what_it_sent_and_what_waits(bank: Bank, orla: Actor) -> None:
    bank.transactions(bank.current_account(bank.customer()), [(clock.today(), -5, "Velo Rentals")])
    bank.deliver()

    [core] = [one for one in overview.sources(actor=orla, at=clock.now()) if one.code == "core"]
    page = overview.files("core", actor=orla)

    assert (core.name, core.stale, core.waiting_rows, core.stopped_files) == ("Core banking", False, 0, 0)
    assert {file.name for file in page.files} == {
        "branches.csv",
        "customers.csv",
        "accounts.csv",
        "account_holders.csv",
        "transactions.csv",
    }
    assert [(file.rows, file.added, file.unchanged) for file in page.files if file.name == "transactions.csv"] == [(2, 2, 0)]


def test_a_source_that_breaks_its_promise_is_late_and_stands_first(bank: Bank, orla: Actor) -> None:
    bank.customer()
    bank.deliver()
    SourceSystem.objects.filter(pk="crm").update(freshness_promise=timedelta(minutes=1))

    first = overview.sources(actor=orla, at=clock.now() + timedelta(minutes=2))[0]

    assert (first.code, first.stale) == ("crm", True)


def test_the_lag_is_measured_on_the_files_that_came(bank: Bank, orla: Actor) -> None:
    bank.customer()
    bank.deliver()
    for place, file in enumerate(SourceFile.objects.filter(system="core").order_by("pk")):
        file.finished_at = file.received_at + timedelta(seconds=10 * (place + 1))
        file.save()

    measured = lag.of_sources(["core", "crm", "nowhere"])["core"]

    assert (measured.median, measured.p95, measured.measured) == (timedelta(seconds=15), timedelta(seconds=19.5), 2)


def test_a_stopped_file_is_told_with_its_sentence(bank: Bank, orla: Actor, file) -> None:
    bank.customer()
    bank.deliver()
    good = ",".join(meridian.BRANCHES.header) + "\n"
    broken = file("branches.csv", good)
    broken.write_bytes(good.encode() + b"X1,K\xf6ln,K\xf6ln\n")
    with pytest.raises(ingestion.UnreadableFile):
        ingestion.ingest("core", [broken], at=clock.now())

    view = overview.source("core", actor=orla, at=clock.now())
    [stopped] = overview.files("core", actor=orla, only_troubled=True).files

    assert (view.stopped_files, stopped.name) == (1, "branches.csv")
    assert "isn't UTF-8" in stopped.problem


def test_rejected_rows_are_counted_by_their_reason(bank: Bank, orla: Actor, tmp_path) -> None:
    bank.customer()
    bank.deliver()
    send(tmp_path / "more", meridian.TRANSACTIONS, {"account_no": "IE0"}, {"account_no": "IE1", "entry_id": "2"}, {"booked_on": "x"})

    reasons = overview.reasons("core", actor=orla)

    assert [(reason.code, reason.rows, reason.files) for reason in reasons] == [("unknown_account", 2, 1), ("bad_date", 1, 1)]


def test_files_are_paged_without_a_gap(bank: Bank, orla: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "FILES_PER_PAGE", 2)
    bank.current_account(bank.customer())
    bank.deliver()

    names, before = [], None
    while True:
        page = overview.files("core", actor=orla, before=before)
        names += [file.name for file in page.files]
        before = page.next_before
        if before is None:
            break

    assert names == [row.name for row in SourceFile.objects.filter(system="core").order_by("-pk")]


@pytest.mark.parametrize("role", [Role.BRANCH_STAFF, Role.CONTACT_CENTRE, Role.TEAM_LEAD])
def test_to_others_sources_do_not_exist(bank: Bank, policies: None, role: Role) -> None:
    bank.customer()
    bank.deliver()
    somebody = bank.staff(role)
    desk = bank.desk(somebody)

    for path in ("/sources/", "/sources/core/", "/sources/new/", "/sources/core/change/"):
        assert desk.get(path).status_code == 404, path
    with pytest.raises(SourceNotVisible):
        overview.sources(actor=somebody, at=clock.now())
    with pytest.raises(SourceNotVisible):
        registering.register("ledger", LEDGER, actor=somebody, at=clock.now())


def test_compliance_sees_sources_and_does_not_run_them(bank: Bank, maeve: Actor) -> None:
    bank.customer()
    bank.deliver()
    desk = bank.desk(maeve)

    assert desk.get("/sources/core/").status_code == 200
    assert desk.get("/sources/new/").status_code == 404
    with pytest.raises(NotPermitted, match="No rule permits"):
        registering.register("ledger", LEDGER, actor=maeve, at=clock.now())
    assert Decision.objects.filter(action="source.register", outcome="deny").count() == 1
    assert not SourceSystem.objects.filter(pk="ledger").exists()


def test_a_registered_source_may_send_files(bank: Bank, orla: Actor, desk: Client, tmp_path) -> None:
    said = {"code": "ledger", "name": "Branch ledger", "promise_hours": "6", "rank": "7", "owner": str(orla.id)}

    assert desk.post("/sources/new/", said).status_code == 302

    system = SourceSystem.objects.get(pk="ledger")
    assert (system.freshness_promise, system.rank, system.owner) == (6 * HOUR, 7, User.objects.get(pk=orla.id))
    assert Decision.objects.get(action="source.register").outcome == "permit"
    unknown = tmp_path / "unknown.csv"
    unknown.write_text("a,b\n1,2\n")
    with pytest.raises(ingestion.UnknownHeader):
        ingestion.ingest("ledger", [unknown], at=clock.now())


def test_what_was_said_of_a_source_before_is_kept(bank: Bank, orla: Actor, desk: Client) -> None:
    bank.customer()
    bank.deliver()

    assert desk.post("/sources/crm/change/", {"name": "CRM", "promise_hours": "0.5", "rank": "1", "owner": ""}).status_code == 302

    history = SourceSystem.history.filter(code="crm").order_by("history_date")
    assert [row.freshness_promise for row in history][-2:] == [26 * HOUR, HOUR / 2]
    assert history.last().history_user_id == User.objects.get(pk=orla.id).pk


@pytest.mark.parametrize(
    ("code", "entry", "sentence"),
    [
        ("Ledger", LEDGER, "begins with a letter"),
        ("core", LEDGER, "There is a source"),
        ("ledger", Entry(name=" ", promise=HOUR, rank=1, owner=None), "needs a name"),
        ("ledger", Entry(name="Ledger", promise=timedelta(), rank=1, owner=None), "A promise is"),
        ("ledger", Entry(name="Ledger", promise=HOUR, rank=0, owner=None), "A rank is"),
    ],
)
def test_a_source_that_makes_no_sense_is_refused(bank: Bank, orla: Actor, code: str, entry: Entry, sentence: str) -> None:
    bank.customer()
    bank.deliver()
    before = SourceSystem.objects.count()

    with pytest.raises(NotPossible, match=sentence):
        registering.register(code, entry, actor=orla, at=clock.now())
    assert SourceSystem.objects.count() == before


def test_the_pages_ask_a_fixed_number_of_queries(bank: Bank, orla: Actor, queries_of) -> None:
    bank.current_account(bank.customer())
    bank.deliver()

    assert queries_of(lambda: overview.sources(actor=orla, at=clock.now())) == 2
    assert queries_of(lambda: overview.source("core", actor=orla, at=clock.now())) == 3
    assert queries_of(lambda: overview.files("core", actor=orla)) == 4
