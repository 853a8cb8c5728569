"""A file nobody knows waits; an administrator maps it, sees what it becomes, tries it, and puts the mapping in force."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.test import Client

from bankos.platform import clock, jobs
from bankos.platform.actors import Actor
from bankos.platform.models import Job
from customers import ingestion
from customers.ingestion import held
from customers.models import HeldPart, MappingVersion, RejectedRow, SourceFile, SourceMapping, SourceSystem, Transaction
from customers.sources import looking, mappings, overview, receiving, rejected
from customers.sources.preview import preview
from sentinel.actions import NotPossible
from sentinel.authority import NotPermitted
from sentinel.models import Decision
from tests.bank import Bank
from tests.customers.ingestion.extracts import IBAN, send_one_customer, state
from tests.customers.ingestion.test_mapping import SAID

pytestmark = pytest.mark.django_db
HEADER = "Buchungstag;Betrag;Waehrung;Konto;Beleg;Saldo;Art"
GOOD = f"{HEADER}\n02.11.2026;-12,50;EUR;{IBAN};B-1;100,00;K\n03.11.2026;1.000,00;EUR;{IBAN};B-2;1.100,00;U\n"
BROKEN = f"{GOOD}31.11.2026;1,00;EUR;{IBAN};B-3;1.101,00;U\n04.11.2026;1,00;EUR;IE00NOBODY;B-4;;U\n"
WHY = "Mapping the new ledger's files"


@pytest.fixture
def ledger(orla: Actor, tmp_path: Path) -> SourceSystem:
    """A source that was registered; its files are those of no feed."""
    send_one_customer(tmp_path / "before")
    return SourceSystem.objects.create(code="ledger", name="Branch ledger", freshness_promise=timedelta(hours=26))


@pytest.fixture
def waiting(ledger: SourceSystem, orla: Actor, file: Callable[[str, str], Path]) -> SourceFile:
    return hand_in(file("umsatz.csv", BROKEN), orla)


def hand_in(path: Path, actor: Actor) -> SourceFile:
    job = receiving.receive("ledger", path, name=path.name, actor=actor, at=clock.now())
    jobs.work(job, at=clock.now())
    return SourceFile.objects.get(pk=Job.objects.get(pk=job).given["file"])


def drafted(file: SourceFile, actor: Actor, code: str = "entries", definition=SAID) -> UUID:
    made = mappings.begin(file.pk, code=code, kind="transaction", actor=actor, at=clock.now())
    mappings.save(made, definition, actor=actor, at=clock.now())
    return made


def tried(mapping_id: UUID, actor: Actor) -> mappings.MappingView:
    jobs.work(mappings.try_out(mapping_id, actor=actor, at=clock.now()), at=clock.now())
    return mappings.view(mapping_id, actor=actor)


def in_force(file: SourceFile, actor: Actor, code: str = "entries", definition=SAID) -> UUID:
    made = drafted(file, actor, code, definition)
    tried(made, actor)
    mappings.activate(made, actor=actor, at=clock.now())
    return made


def test_a_file_nobody_knows_waits_with_all_its_bytes(waiting: SourceFile, orla: Actor) -> None:
    assert (waiting.state, waiting.rows_read) == ("waiting", 0)
    assert "doesn't begin with the header" in waiting.problem
    with held.restored(waiting) as path:
        assert (path.name, path.read_text()) == ("umsatz.csv", BROKEN)
    view = overview.source("ledger", actor=orla, at=clock.now())
    assert (view.waiting_files, view.stopped_files) == (1, 0)
    assert overview.files("ledger", actor=orla).files[0].mappable


def test_a_file_of_the_command_waits_too(ledger: SourceSystem, file: Callable[[str, str], Path]) -> None:
    with pytest.raises(ingestion.UnknownHeader):
        ingestion.ingest("ledger", [file("umsatz.csv", GOOD)], at=clock.now())

    assert SourceFile.objects.get(system="ledger").state == "waiting"
    assert HeldPart.objects.exists()


def test_a_preview_shows_what_came_and_what_it_becomes(waiting: SourceFile, orla: Actor) -> None:
    made = drafted(waiting, orla)
    assert preview(made, actor=orla, at=clock.now()) is None, "not before saying why"
    looking.look(waiting.pk, reason=WHY, actor=orla, at=clock.now())

    rows = preview(made, actor=orla, at=clock.now())

    assert [(row.line, row.fits) for row in rows] == [(2, True), (3, True), (4, False), (5, True)]
    assert dict(rows[1].came)["Betrag"] == "1.000,00"
    assert {cell.label: cell.value for cell in rows[1].becomes}["Amount, money in is positive"] == "1000.00"
    [wrong] = [cell for cell in rows[2].becomes if cell.problem]
    assert (wrong.label, wrong.problem) == ("Booked on", "“31.11.2026” is not a date; this mapping reads dates like 23.11.2026")


def test_a_draft_may_be_half_done_and_its_preview_shows_what_there_is(waiting: SourceFile, orla: Actor) -> None:
    half = {name: said for name, said in SAID.items() if name in ("amount", "source_key")}
    made = drafted(waiting, orla, definition=half)
    looking.look(waiting.pk, reason=WHY, actor=orla, at=clock.now())

    view = mappings.view(made, actor=orla)
    assert set(view.errors) == {"account_key", "booking_date", "sequence", "currency", "method"}
    assert {cell.label for cell in preview(made, actor=orla, at=clock.now())[0].becomes} == {
        "Amount, money in is positive", "Entry number",
    }  # fmt: skip
    with pytest.raises(NotPossible, match="cannot be used yet"):
        mappings.try_out(made, actor=orla, at=clock.now())


def test_a_dry_run_counts_and_keeps_nothing(waiting: SourceFile, orla: Actor) -> None:
    before = state()

    view = tried(drafted(waiting, orla), orla)

    assert view.tried_out
    assert [view.tried.counts[name] for name in ("rows", "accepted", "added", "rejected")] == [4, 2, 2, 2]
    assert view.tried.counts["reasons"] == {"bad_date": {"rows": 1, "lines": [4]}, "unknown_account": {"rows": 1, "lines": [5]}}
    assert state() == before
    assert not RejectedRow.objects.exists()
    assert SourceFile.objects.get(pk=waiting.pk).state == "waiting"


def test_a_dry_run_in_pieces_counts_the_same(waiting: SourceFile, orla: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    from customers.ingestion import reading

    monkeypatch.setattr(reading, "ROWS_PER_CHUNK", 1)
    monkeypatch.setattr(jobs, "PIECE_S", -1.0)
    made = drafted(waiting, orla)
    job = mappings.try_out(made, actor=orla, at=clock.now())
    pieces = 0
    while Job.objects.get(pk=job).state in jobs.OPEN:
        jobs.work(job, at=clock.now())
        pieces += 1

    tried = mappings.view(made, actor=orla).tried
    assert pieces == 5
    assert (tried.state, *(tried.counts[name] for name in ("rows", "accepted", "rejected"))) == ("done", 4, 2, 2)


def test_nothing_comes_into_force_untried_or_changed_since(waiting: SourceFile, orla: Actor) -> None:
    made = drafted(waiting, orla)
    with pytest.raises(NotPermitted, match="only after it was tried"):
        mappings.activate(made, actor=orla, at=clock.now())
    tried(made, orla)
    mappings.save(made, {**SAID, "purpose": {"from": ["Art"], "by": "text", "with": {}}}, actor=orla, at=clock.now())
    with pytest.raises(NotPermitted, match="exactly as it stands"):
        mappings.activate(made, actor=orla, at=clock.now())

    assert not MappingVersion.objects.exists()
    assert Decision.objects.filter(action="source.map", outcome="deny").count() == 2


def test_in_force_it_reads_the_file_that_waited(waiting: SourceFile, orla: Actor) -> None:
    in_force(waiting, orla)

    jobs.work(receiving.read_again(waiting.pk, actor=orla, at=clock.now()), at=clock.now())

    waiting.refresh_from_db()
    assert (waiting.state, waiting.feed, waiting.rows_read, waiting.rows_added, waiting.rows_rejected) == (
        "done",
        "ledger.entries.v1",
        4,
        2,
        2,
    )
    assert set(Transaction.objects.values_list("source_key", "amount", "balance_after").order_by()) == {
        ("B-1", -12.50, 100), ("B-2", 1000, 1100),
    }  # fmt: skip
    assert not HeldPart.objects.exists(), "the bytes are in the chunks now"
    assert MappingVersion.objects.get().decision_id == Decision.objects.get(action="source.map").pk


def test_rows_of_a_mapped_file_are_corrected_by_the_version_that_read_it(waiting: SourceFile, orla: Actor) -> None:
    made = in_force(waiting, orla)
    jobs.work(receiving.read_again(waiting.pk, actor=orla, at=clock.now()), at=clock.now())
    mappings.save(made, {**SAID, "booking_date": {"from": ["Buchungstag"], "by": "day", "with": {}}}, actor=orla, at=clock.now())
    mappings.retire(made, actor=orla, at=clock.now())

    row = RejectedRow.objects.get(line=4)
    assert row.feed == "ledger.entries.v1"
    assert rejected.correct(row.pk, {"Buchungstag": "30.11.2026"}, actor=orla, at=clock.now())


def test_a_later_file_with_a_column_more_is_read_and_one_that_lacks_a_needed_one_waits(
    waiting: SourceFile, orla: Actor, file: Callable[[str, str], Path]
) -> None:
    in_force(waiting, orla)

    more = hand_in(file("more.csv", f"Neu;{HEADER}\nx;05.11.2026;1,00;EUR;{IBAN};B-9;;U\n"), orla)
    less = hand_in(file("less.csv", "Buchungstag;Waehrung;Konto;Beleg;Saldo;Art\n"), orla)

    assert (more.state, more.rows_added) == ("done", 1)
    assert less.state == "waiting"


def test_a_changed_mapping_is_a_new_version(waiting: SourceFile, orla: Actor) -> None:
    made = in_force(waiting, orla)
    with pytest.raises(NotPossible, match="in force already"):
        mappings.activate(made, actor=orla, at=clock.now())
    mappings.save(made, {**SAID, "purpose": {"from": ["Art"], "by": "text", "with": {}}}, actor=orla, at=clock.now())
    tried(made, orla)

    assert mappings.activate(made, actor=orla, at=clock.now()) == "ledger.entries.v2"
    assert [version.number for version in mappings.versions(made, actor=orla)] == [2, 1]
    assert SourceMapping.history.filter(id=made).count() >= 4


def test_a_file_begun_by_one_version_is_read_to_its_end_by_it(waiting: SourceFile, orla: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    from customers.ingestion import reading

    made = in_force(waiting, orla)
    with monkeypatch.context() as slowly:
        slowly.setattr(reading, "ROWS_PER_CHUNK", 1)
        slowly.setattr(jobs, "PIECE_S", -1.0)
        job = receiving.read_again(waiting.pk, actor=orla, at=clock.now())
        jobs.work(job, at=clock.now())
    mappings.save(made, {**SAID, "purpose": {"from": ["Art"], "by": "text", "with": {}}}, actor=orla, at=clock.now())
    assert SourceFile.objects.get(pk=waiting.pk).lines_read == 1
    tried(made, orla)
    mappings.activate(made, actor=orla, at=clock.now())

    jobs.work(job, at=clock.now())

    waiting.refresh_from_db()
    assert (waiting.state, waiting.feed) == ("done", "ledger.entries.v1")
    assert set(Transaction.objects.values_list("source_key", "purpose")) == {("B-1", ""), ("B-2", "")}


def test_out_of_force_it_reads_no_further_file(waiting: SourceFile, orla: Actor, file: Callable[[str, str], Path]) -> None:
    made = in_force(waiting, orla)
    mappings.retire(made, actor=orla, at=clock.now())

    assert hand_in(file("next.csv", GOOD), orla).state == "waiting"
    with pytest.raises(NotPossible, match="isn’t in force"):
        mappings.retire(made, actor=orla, at=clock.now())


def test_json_lines_are_mapped_by_paths(ledger: SourceSystem, orla: Actor, file: Callable[[str, str], Path]) -> None:
    text = (
        f'{{"id": "J1", "account": {{"iban": "{IBAN}"}}, "on": "2026-11-02", "money": {{"value": -12.50, "currency": "EUR"}}}}\n'
        f'{{"id": "J2", "account": {{"iban": "{IBAN}"}}, "on": "2026-11-03", "money": {{"value": 7, "currency": "EUR"}}, "note": "more"}}\n'
    )
    waiting = hand_in(file("entries.jsonl", text), orla)
    said = {
        "source_key": {"from": ["id"], "by": "text", "with": {}},
        "account_key": {"from": ["account.iban"], "by": "text", "with": {}},
        "booking_date": {"from": ["on"], "by": "day", "with": {}},
        "sequence": {"from": ["id"], "by": "number_within", "with": {}},
        "amount": {"from": ["money.value"], "by": "amount", "with": {}},
        "currency": {"from": ["money.currency"], "by": "currency", "with": {}},
        "counterparty": {"from": ["note"], "by": "text", "with": {}},
        "method": {"always": "transfer"},
    }
    in_force(waiting, orla, "json_entries", said)
    jobs.work(receiving.read_again(waiting.pk, actor=orla, at=clock.now()), at=clock.now())

    assert set(Transaction.objects.values_list("source_key", "amount", "counterparty")) == {("J1", -12.50, ""), ("J2", 7, "more")}


def test_compliance_reads_mappings_and_does_not_write_them(waiting: SourceFile, orla: Actor, maeve: Actor, bank: Bank) -> None:
    made = drafted(waiting, orla)
    tried(made, orla)

    assert bank.desk(maeve).get(f"/sources/ledger/mappings/{made}/").status_code == 200
    for act in (
        lambda: mappings.save(made, {}, actor=maeve, at=clock.now()),
        lambda: mappings.begin(waiting.pk, code="other", kind="loan", actor=maeve, at=clock.now()),
        lambda: mappings.try_out(made, actor=maeve, at=clock.now()),
    ):
        with pytest.raises(NotPossible, match="Administrators write mappings"):
            act()
    with pytest.raises(NotPermitted):
        mappings.activate(made, actor=maeve, at=clock.now())


def test_a_mapping_is_written_on_its_page(waiting: SourceFile, desk: Client, orla: Actor) -> None:
    begun = desk.post(f"/sources/ledger/files/{waiting.pk}/map/", {"code": "entries", "kind": "transaction"})
    page = begun["Location"]
    said = {f"{field}-from-0": one["from"][0] for field, one in SAID.items()} | {f"{field}-by": one["by"] for field, one in SAID.items()}
    said |= {f"{field}-{name}": value for field, one in SAID.items() for name, value in one["with"].items()}

    half = desk.post(page, {**said, "amount-from-0": ""})
    assert half.status_code == 422
    assert "Amount, money in is positive is needed" in half.content.decode()
    assert desk.post(page, said).status_code == 302
    assert SourceMapping.objects.get().definition == SAID

    desk.post(f"{page}try/")
    jobs.work(Job.objects.get(kind="customers.source.dry_run").pk, at=clock.now())
    assert "Would be rejected" in desk.get(page).content.decode()
    desk.post(f"{page}activate/")
    assert MappingVersion.objects.get().feed == "ledger.entries.v1"
    assert desk.get(page).status_code == 200
    assert desk.get("/sources/ledger/").status_code == 200


def test_the_page_says_nothing_of_the_sample_before_a_look(waiting: SourceFile, desk: Client, orla: Actor) -> None:
    made = drafted(waiting, orla)
    text = desk.get(f"/sources/ledger/mappings/{made}/").content.decode()
    assert IBAN not in text
    assert "31.11.2026" not in text


@pytest.mark.parametrize(("code", "kind", "sentence"), [("entries", "gold", "no kind of record"), ("entries", "loan", "already")])
def test_a_mapping_that_cannot_begin_says_why(waiting: SourceFile, orla: Actor, code: str, kind: str, sentence: str) -> None:
    drafted(waiting, orla)
    with pytest.raises(NotPossible, match=sentence):
        mappings.begin(waiting.pk, code=code, kind=kind, actor=orla, at=clock.now())
