"""Erasing reaches everything that is held: whatever table it stands in, whatever file it came in, however often."""

import zlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.db.models import Model

from bankos.platform import clock
from bankos.platform.actors import Actor
from bankos.platform.models import User
from customers import ingestion, state
from customers.identity import members_of
from customers.models import (
    ApiClient,
    Circle,
    EmergencyAccess,
    EmergencyReview,
    HeldPart,
    Interaction,
    LegalHold,
    LinkVerdict,
    Party,
    PartyAct,
    PartyFact,
    PartyLink,
    PartyUserPermission,
    Protection,
    RejectedRow,
    Reveal,
    Signal,
    SourceChunk,
    SourceFile,
    SourceLook,
    Transaction,
    WebhookAttempt,
    WebhookDelivery,
    WebhookSubscription,
)
from customers.rights import correcting, reach
from demobank.extracts import HEADERS
from journeys.acts.act import is_act
from journeys.models import WorkItem
from sentinel import catalogue
from tests import arranging
from tests.bank import Account, Bank, Customer
from tests.customers.channels.conftest import Program, administrator, deploy  # noqa: F401 - fixtures
from tests.customers.ingestion import exporters

from .everywhere import places
from .test_erasing import close_accounts, erase, rules

OURS = ("platform", "sentinel", "customers", "journeys", "insights")
NAMES = ("McGettigan", "Nuala", "Ní Dhuibhir", "posteo.example", "86 555 0101", "Inishbofin Quay")
PAYEES = ("Boat yard Kilrush", "Harbour Chandlers", "Sailmaker Kinsale", "Lighthouse Trust")
WORD = "Saltwhistle"
"""In every word anybody wrote about her."""


@pytest.fixture
def nuala(bank: Bank) -> Customer:
    """Two sources knew her under other words before."""
    nuala = bank.customer("Nuala McGettigan", email="nuala@posteo.example", phone="+353 86 555 0101", street="7 Inishbofin Quay")
    assert nuala.id
    for day, name in (("1961-02-28", "NÍ DHUIBHIR NUALA"), ("1961-02-27", "MCGETTIGAN NUALA")):
        bank.restate(nuala, "core", name=name, birth_date=day)
        bank.restate(nuala, "crm", birth_date=day)
        bank.deliver()
    return nuala


@pytest.fixture
def account(bank: Bank, nuala: Customer) -> Account:
    account = bank.current_account(nuala)
    bank.transactions(account, [(clock.today(), "-20.00", "Boat yard Kilrush")], purpose=f"{WORD} rig")
    bank.standing_order(nuala, beneficiary="Lighthouse Trust")
    bank.loan(nuala)
    bank.card(nuala, embossed="NUALA MCGETTIGAN")
    assert account.id
    return account


def send(folder: Path, name: str, *rows: dict[str, str], feed: str = "") -> Path:
    """An extract of a source, let in, whatever becomes of its rows."""
    path = folder / f"{uuid4().hex}-{Path(name).name}"
    header = HEADERS[name]
    lines = [",".join(header), *(",".join(row.get(column, "") for column in header) for row in rows)]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    ingestion.ingest(name.split("/")[0], [path], at=clock.now())
    return path


def entry(account: Account, number: int, payee: str) -> dict[str, str]:
    return {
        "entry_id": str(number), "account_no": account.number, "booked_on": clock.today().isoformat(), "amount": "-12.50",
        "currency": "EUR", "balance_after": f"{100 - 12.5 * number:.2f}", "method": "transfer", "purpose": "sails",
        "counterparty": payee, "counterparty_account": "IE06SAIL80940952810575", "mcc": "",
    }  # fmt: skip


def said_about(customer: Customer, officer: Actor, adviser: Actor) -> None:
    """In every table in which somebody writes something down about a customer."""
    now, party = clock.now(), Party.objects.get(pk=customer.id)
    user = User.objects.get(pk=officer.id)
    other = Party.objects.exclude(golden=party.golden).order_by("pk")[0]
    low, high = sorted([party, other], key=lambda one: one.pk)
    link = PartyLink.objects.create(
        left=low, right=high, probability=0.7, bits=1, levels={"name": WORD}, fingerprint=WORD, scored_at=now, state="apart"
    )
    by = {"decided_by": officer.id, "decided_by_name": officer.name}
    LinkVerdict.objects.create(link=link, verdict="different", reason=WORD, fingerprint="f", probability=0.7, recorded_at=now, **by)
    done = {"done_by": officer.id, "done_by_name": officer.name, "decision_id": uuid4(), "recorded_at": now}
    PartyAct.objects.create(id=uuid4(), kind="join", kept=party, moved=other, reason=WORD, **done)
    later = now + timedelta(minutes=2)
    Reveal.objects.create(
        party=party, field="phone", user=user, reason=WORD, decision_id=uuid4(), revealed_at=now, until=later, officers_told=False
    )
    access = EmergencyAccess.objects.create(
        asked_by=user, number=customer.number, party=party, resource_id=party.pk, reason_code="fraud", reason=WORD, asked_at=now
    )
    EmergencyReview.objects.create(access=access, justified=False, note=WORD, reviewed_by=user, decision_id=uuid4(), reviewed_at=now)
    see = Permission.objects.get(content_type__app_label="customers", codename="view_party")
    with arranging.before_everything():
        PartyUserPermission.objects.create(content_object=party, user=user, permission=see, until=later, reason=WORD)
        circle = Circle.objects.create(code="c", name="Circle")
        protection = Protection.objects.create(party=party, kind="vip", circle=circle, reason=WORD, until=later)
        protection.reason = f"{WORD} again"
        protection.save()
        Protection.objects.update(until=now - timedelta(minutes=1))
    LegalHold.objects.create(
        party=party, reason=WORD, until=clock.today(), placed_by="x", placed_at=now, decision_id=uuid4(), lifted_at=now, lifted_by=uuid4()
    )
    file = SourceFile.objects.order_by("pk")[0]
    looked = {"looked_by": officer.id, "looked_by_name": officer.name, "looked_at": now, "until": later, "decision_id": uuid4()}
    SourceLook.objects.create(file=file, reason=f"{customer.name} says {WORD}", **looked)
    for name in (f"{customer.email}.csv", f"all of {customer.email}.csv"):
        SourceFile.objects.filter(pk=file.pk).update(name=name, changed_at=clock.now())
    wrong = next(one for one in correcting.stated_of(customer.id, actor=adviser, at=now) if one.label == "Name")
    asked = correcting.ask(
        customer.id, wrong.fact_id, said=WORD, evidence=WORD, checked="document", heard_on="branch", actor=adviser, at=now
    )
    correcting.answer(asked, corrected=False, answer=f"No, {WORD}", actor=officer, at=now)
    WorkItem.objects.create(kind="approval", subject_id=uuid4(), party_id=party.pk, title=WORD, why=WORD, due_at=later, added_at=now)
    told = WebhookSubscription.objects.create(client=ApiClient.objects.all()[0], url="https://app.example/", created_at=now)
    message = WebhookDelivery.objects.create(subscription=told, message_id=uuid4(), party=party, body="{}", due_at=now, created_at=now)
    WebhookAttempt.objects.create(delivery=message, tried_at=now, status=500, milliseconds=3, problem=WORD, answer=f"{WORD} not found")


def events(app: Program, customer: Customer, other: Customer) -> None:
    """Signing in, twice; events, one again; one of an id nobody knows; and one in a request with somebody else's."""
    sign_in = {"type": "identify", "messageId": "i-1", "userId": "user-nuala-77", "traits": {"email": customer.email, "name": WORD}}
    track = {"type": "track", "event": "Travel Notice", "timestamp": "2026-11-20T09:12:00Z"}
    requests: list[Any] = [
        sign_in,
        {**sign_in, "messageId": "i-2"},
        {**track, "messageId": "m-1", "userId": "user-nuala-77", "properties": {"to": WORD, "campaign": f"{WORD} autumn"}},
        {**track, "messageId": "m-1", "userId": "user-nuala-77", "properties": {"to": WORD, "campaign": f"{WORD} autumn"}},
        {**track, "messageId": "m-2", "event": "Not Known Here", "userId": "user-nuala-77", "properties": {"to": WORD}},
        [
            {**track, "messageId": "m-3", "traits": {"email": customer.email}},
            {**track, "messageId": "m-4", "traits": {"email": other.email}, "properties": {"to": "Porto"}},
        ],
    ]
    for body in requests:
        assert app.post("events/", body).status_code == 202


def test_nothing_is_left_in_any_table_of_any_schema_wherever_it_came_from(
    bank: Bank,
    tmp_path: Path,
    deploy: Any,  # noqa: F811 - the fixture
    ines: Customer,
    nuala: Customer,
    account: Account,
    adviser: Actor,
    officer: Actor,
    second: Actor,
) -> None:
    bank.contact(nuala, f"About {WORD}", at=clock.now())
    bank.signal(nuala, at=clock.now(), detail=WORD)
    bank.contact(ines, "Called about a card", at=clock.now())
    theirs = bank.current_account(ines)
    bank.transactions(theirs, [(clock.today(), "-3.00", "Baker")])
    bank.deliver()
    core, crm = nuala.said["core"], nuala.said["crm"]
    # The same again, with somebody else's: nothing comes of it.
    send(tmp_path, "core/customers.csv", core, ines.said["core"])
    send(tmp_path, "crm/clients.csv", ines.said["crm"], crm)
    # What cannot be read, and is never put right.
    send(tmp_path, "crm/contacts.csv", {"contact_id": "CT-bad", "client_id": nuala.client, "at": "never", "summary": f"{WORD} rejected"})
    send(tmp_path, "core/transactions.csv", {**entry(account, 5, "Sailmaker Kinsale"), "amount": "much"})
    for name, number, write in (("log.json", 6, exporters.json_lines), ("statement.xml", 7, exporters.camt053)):
        booked = [entry(account, number, "Harbour Chandlers"), entry(theirs, number + 40, "Porter")]
        ingestion.ingest("core", [write(tmp_path / name, booked)], at=clock.now())
    mt940 = exporters.mt940(tmp_path / "mt940.sta", [entry(account, 8, "Sailmaker Kinsale")])
    ingestion.ingest("core", [mt940], at=clock.now())
    unknown = tmp_path / "unknown.csv"
    unknown.write_text(f"Wer;Was\n{nuala.number};{WORD}\n", encoding="utf-8")
    with pytest.raises(ingestion.UnknownHeader):
        ingestion.ingest("core", [unknown], at=clock.now())
    events(deploy(name="app"), nuala, ines)
    said_about(nuala, officer, adviser)
    close_accounts(nuala)
    rules()

    keys = (nuala.number, nuala.national_id, account.number, "user-nuala-77", "1961-02-27", "1961-02-28")
    texts = (*NAMES, *PAYEES, *keys, WORD, Party.objects.get(pk=nuala.id).number)
    before = places(*texts)
    assert all(before.values()), [text for text, found in before.items() if not found]
    for place in (
        "past.customers_party.name", "past.customers_party.birth_date", "customers_eventpost.body", "customers_eventarrival.cells",
        "customers_rejectedrow.raw", "customers_heldpart.data", "customers_sourcechunk.raw", "customers_historicalprotection.reason",
        "customers_webhookattempt.answer", "past.customers_sourcefile.name",
    ):  # fmt: skip
        assert any(found.endswith(place) for held in before.values() for found in held), place

    assert erase(nuala, officer, second).done

    assert {text: found for text, found in places(*texts).items() if found} == {}
    left = state.state_of(ines.id, actor=officer, at=clock.now())
    assert left.name == "Ines Byrne"
    assert PartyFact.objects.filter(party__in=members_of(ines.id), attribute="email", value=ines.email).exists()
    assert Interaction.objects.filter(party__in=members_of(ines.id), summary="Called about a card").exists()
    paid = Transaction.objects.filter(arrangement=theirs.id).values_list("counterparty", flat=True)
    assert {"Baker", "Porter"} <= set(paid)
    assert Signal.objects.get(party__in=members_of(ines.id)).details == {"to": "Porto"}
    assert any(ines.email in kept for kept in chunks()), "others' lines stand where they stood"
    assert "Porter" in next(kept for kept in chunks() if kept.startswith("{") or "\n{" in kept)


def chunks() -> Iterator[str]:
    return (zlib.decompress(bytes(chunk.raw)).decode() for chunk in SourceChunk.objects.all())


def test_somebody_elses_rejected_row_that_names_the_account_stays(
    bank: Bank, tmp_path: Path, ines: Customer, nuala: Customer, account: Account, officer: Actor, second: Actor
) -> None:
    """It is their payment: to whom it went is theirs to know."""
    theirs = bank.current_account(ines)
    bank.deliver()
    send(tmp_path, "core/transactions.csv", {**entry(theirs, 5, "N. McG."), "amount": "much", "counterparty_account": account.number})
    close_accounts(nuala)
    rules()
    erase(nuala, officer, second)
    [row] = RejectedRow.objects.all()
    assert row.raw["counterparty_account"] == account.number
    assert any(account.number in kept for kept in chunks())


def test_a_file_nobody_has_read_is_let_go_and_says_why(tmp_path: Path, nuala: Customer, officer: Actor, second: Actor) -> None:
    for name, who in (("hers.csv", nuala.number), ("others.csv", "nobody of ours")):
        (tmp_path / name).write_text(f"Wer;Was\n{who};x\n", encoding="utf-8")
        with pytest.raises(ingestion.UnknownHeader):
            ingestion.ingest("core", [tmp_path / name], at=clock.now())
    rules()
    erase(nuala, officer, second)
    assert [part.file.name for part in HeldPart.objects.select_related("file")] == ["others.csv"]
    assert "Send it again" in SourceFile.objects.get(state=SourceFile.State.STOPPED).problem


@pytest.mark.parametrize("model", [one for one in apps.get_models() if one._meta.app_label in OURS], ids=lambda one: one._meta.label)
def test_of_every_column_that_could_hold_words_it_is_said_whether_it_goes(model: type[Model]) -> None:
    if model._meta.managed:
        assert reach.undecided(model) == [], f"say in customers.rights.erased or kept what becomes of them: {model._meta.label}"


def test_what_effects_and_their_requests_are_given_holds_no_words() -> None:
    """Which is why it stays (journeys.forgetting)."""
    acts = [one for one in catalogue.all_types() if is_act(one.name)]
    assert acts
    for one in acts:
        assert not {catalogue.ParameterKind.TEXT, catalogue.ParameterKind.NAME} & set(one.parameters.values()), one.name
