"""Whoever may not see a customer learns nothing of them, at any address of the project.

The addresses come from the URL configuration, so a new one is asked by itself. An address about one thing (a customer, a decision,
a piece of work) is asked for that of the planted customer and for one that does not exist: the two answers have to be the same. All
others are asked plainly and with everything that can be searched for. No answer may hold a key of the customer.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import ForeignKey, Model
from django.test import Client

from bankos.platform import clock
from bankos.platform.actors import Role
from bankos.platform.models import User
from customers.channels import clients
from customers.ingestion.systems import system_of
from customers.models import PartyIdentifier, Signal
from customers.models.clients import Scope
from sentinel import policy
from tests import arranging, programs
from tests.bank import Bank, Branch

from .leaks.addresses import Address, every_address
from .leaks.planted import EMAIL, NOBODY, OURS, Planted, alike, decoy, made_anew

# The arguments of addresses that stand for one row: its kind.
ROWS: Mapping[str, str] = {
    "party_id": "customers.Party",
    "decision_id": "sentinel.Decision",
    "request_id": "sentinel.ApprovalRequest",
    "item_id": "journeys.WorkItem",
    "effect_id": "journeys.Effect",
    "recommendation_id": "insights.Recommendation",
    "row_id": "customers.RejectedRow",
    "record_id": "customers.Consent",
    "access_id": "customers.EmergencyAccess",
    "member_id": "customers.Party",
    "link_id": "customers.PartyLink",
    "asked_id": "customers.Correction",
    "copy_id": "customers.AccessExport",
    "hold_id": "customers.LegalHold",
    "fact_id": "customers.PartyFact",
}
# Rows whose place is known to who is in charge of them, but never what they say: of these only the keys are looked for.
PLACES = ("rejectedrow", "row_id")
# The arguments that stand for nobody: one value that leads somewhere.
PLAIN: Mapping[str, object] = {
    "purpose": "marketing",
    "field": "phone",
    "item": "customer",
    "kind": "csv",
    "code": "core",
    "what": "need",
    "attribute": "phone",
    "key": "hearing",
    "file_id": uuid4(),
    "mapping_id": uuid4(),
    "webhook_id": uuid4(),
    "act_id": uuid4(),
    "job_id": uuid4(),
    "drift_id": uuid4(),
    "store": "bank",
    "name": "records",
    "number": 1,
    "text": "policies",
    "rule_id": "staff-own-branch",
    "index": 0,
    "first": 0,
    "second": 1,
    "stop_id": uuid4(),
    "run_id": uuid4(),
    "client_id": uuid4(),
    "key_id": uuid4(),
    "secret": "nobody-was-given-this",
    "list_id": uuid4(),
    "person_id": uuid4(),
    "protection_id": uuid4(),
    "leave_id": uuid4(),
    "user_id": uuid4(),
    "group_id": 1,
    "app_label": "customers",
    "url": "nowhere/",
}
# What lists are searched by.
TEXTS = ("q", "text", "who", "term", "search", "number", "id")
KEYS = ("name", "number", "phone", "email", "account", "id")
ASKERS = ("clerk_elsewhere", "colleague", "administrator", "officer", "agent_elsewhere", "app_of_another", "nobody")
PROGRAMS = ("agent_elsewhere", "app_of_another")


@dataclass
class Asker:
    """Somebody who may not see the planted customer; `session` is that of a browser in which they are signed in, `headers` are
    those a program sends.

    `oversees`: sees decisions about customers they may not see, by id alone. To everybody else also a refusal may not differ from that
    for what does not exist.
    """

    session: Client
    oversees: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)

    def ask(self, method: str, path: str, data: Mapping[str, Any], *, json: bool) -> tuple[int, str]:
        """The answer's status and text, with its place to go; whatever it did is undone."""
        client = Client(raise_request_exception=False)
        client.cookies = SimpleCookie(self.session.cookies.output(header="", sep=";"))
        kind = {"content_type": "application/json"} if json and method != "get" else {}
        with transaction.atomic():
            answer = getattr(client, method)(path, data, headers=self.headers, **kind)
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            transaction.set_rollback(True)
        return answer.status_code, f"{answer.headers.get('Location', '')}\n{body.decode(errors='replace')}"


@pytest.fixture
def planted(bank: Bank, galway: Branch) -> Planted:
    policy.load_starting_set(at=clock.now())
    return Planted(bank, galway)


@pytest.fixture
def clerk_elsewhere(bank: Bank, cork: Branch) -> Asker:
    actor = bank.staff(branch=cork, name="Eoin Walsh")
    return Asker(bank.desk(actor))


@pytest.fixture
def colleague(bank: Bank, galway: Branch, planted: Planted) -> Asker:
    """Of the same branch as the customer – who works there, too."""
    actor, employee = bank.staff(branch=galway), bank.staff(branch=galway, name="Zora Quinn")
    arranging.make_circle("staff", name="Staff desk")
    arranging.protect(planted.id, circle="staff", employee=User.objects.get(pk=employee.id))
    return Asker(bank.desk(actor))


@pytest.fixture
def administrator(bank: Bank, planted: Planted) -> Asker:
    """An administrator, who may look at every administration page, but is not listed for this protected customer."""
    actor = bank.staff(Role.ADMINISTRATOR, name="Eoin Walsh")
    arranging.make_circle("private", name="Private office")
    arranging.protect(planted.id, circle="private")
    return Asker(bank.desk(actor), oversees=True)


@pytest.fixture
def officer(bank: Bank, planted: Planted) -> Asker:
    """Oversees every decision, but is not listed for this protected customer."""
    actor = bank.staff(Role.COMPLIANCE)
    arranging.make_circle("private", name="Private office")
    arranging.protect(planted.id, circle="private")
    return Asker(bank.desk(actor), oversees=True)


@pytest.fixture
def agent_elsewhere(bank: Bank, cork: Branch, planted: Planted) -> Asker:
    """An AI agent with every scope there is, and the customers of another branch."""
    bank.deliver()
    return Asker(Client(), headers=_key(bank, kind="agent", reach="listed", branches=(cork.code,)))


@pytest.fixture
def app_of_another(bank: Bank, cork: Branch, planted: Planted) -> Asker:
    """A channel's app, which knows a customer only while it speaks for them: now it speaks for somebody else."""
    other = bank.customer("Eoghan Tierney", branch=cork)
    return Asker(Client(), headers={**_key(bank, kind="channel", reach="spoken_for"), "X-On-Behalf-Of": str(other.id)})


def _key(bank: Bank, *, kind: str, reach: str, branches: tuple[str, ...] = ()) -> dict[str, str]:
    administrator = bank.staff(Role.ADMINISTRATOR, name="Niamh Regan")
    system_of("digital", at=clock.now())
    scopes = tuple(scope for scope in Scope.values if kind == "channel" or scope != Scope.CONSENTS_WRITE)
    described = clients.Described(
        name="A program", kind=kind, scopes=scopes, reach=reach, system="digital", branches=branches, per_minute=6_000,
        owner=bank.staff(Role.TEAM_LEAD, name="Oskar Owner").user_id,
    )  # fmt: skip
    by: dict[str, Any] = {"by": administrator, "officer": bank.staff(Role.COMPLIANCE, name="Cora Compliance"), "at": clock.now()}
    client = programs.made(described, **by)
    return {"Authorization": f"Bearer {programs.key_of(client.pk, **by).secret}"}


@pytest.fixture
def nobody(db: None) -> Asker:
    return Asker(Client())


@pytest.mark.parametrize("who", ASKERS)
def test_no_address_gives_a_customer_away(request: pytest.FixtureRequest, planted: Planted, who: str) -> None:
    asker: Asker = request.getfixturevalue(who)
    for address in every_address():
        if address.template.startswith("admin/") and who not in ("administrator", "nobody"):
            continue  # all of it is closed to who is not let into the administration pages
        if who in PROGRAMS and not address.template.startswith("api/"):
            continue  # a key opens the programs' interface and nothing else: to the pages it is nobody
        for mine, other in _values(address, planted):
            _compare(asker, address, mine, other, planted)
    assert not asker.troubles, "\n".join(asker.troubles)
    # What was sent about the customer reached nobody either.
    assert not [row for row in Signal.objects.filter(party__golden=planted.id) if "leak walk" in str(row.details)]
    assert not PartyIdentifier.objects.filter(value="leak-walk").exists()


def test_what_gives_a_customer_away_is_noticed(settings: Any, clerk_elsewhere: Asker, planted: Planted) -> None:
    leaky = "tests.leaks.leaky"
    settings.ROOT_URLCONF = leaky
    noticed = set()
    for address in every_address(leaky):
        for mine, other in _values(address, planted):
            _compare(clerk_elsewhere, address, mine, other, planted)
        if clerk_elsewhere.troubles:
            noticed.add(str(address))
            clerk_elsewhere.troubles.clear()
    assert noticed == {str(address) for address in every_address(leaky)}


def test_every_address_can_be_asked() -> None:
    """A new address with an argument nobody knows is not asked about anybody: say what stands for it."""
    known = ROWS.keys() | PLAIN.keys() | {"object_id", "object_pk", "content_type_id"}
    unknown = {
        f"{address}: say in ROWS of {__name__} which kind of row {name!r} stands for, or in PLAIN a value that stands for nobody"
        for address in every_address()
        for name in address.arguments
        if name not in known and not name.startswith("_")
    }
    assert not unknown, "\n".join(sorted(unknown))


def test_the_planted_customer_has_left_traces_everywhere(planted: Planted) -> None:
    """An address asked about nothing would prove nothing."""
    missing = [name for name, kind in ROWS.items() if planted.key_of(apps.get_model(kind)) is None]
    assert not missing, f"{missing}: let Planted leave one"


def test_who_may_see_the_customer_is_told_everything(bank: Bank, galway: Branch, planted: Planted) -> None:
    """The same questions find the customer for who may: the keys looked for are those that answers hold."""
    desk = bank.desk(bank.staff(branch=galway))
    found = "".join(
        desk.get(path).content.decode()
        for path in (f"/customers/{planted.id}/", f"/api/v1/customers/{planted.id}/", "/customers/?q=quatermass", "/work/")
    )
    assert {kind.split(" (")[0] for kind in planted.found_in(found)} >= {"name", "number", "id"}


def test_a_program_that_may_see_the_customer_is_told_everything(bank: Bank, galway: Branch, planted: Planted) -> None:
    headers = _key(bank, kind="agent", reach="listed", branches=(galway.code,))
    told = Client().get(f"/api/v1/customers/{planted.id}/", headers=headers).content.decode()
    assert {kind.split(" (")[0] for kind in planted.found_in(told)} >= {"name", "number", "id"}


def _values(address: Address, planted: Planted) -> Iterator[tuple[dict[str, object], dict[str, object]]]:
    """For each row an address may be about: its arguments, and those of a row that does not exist."""
    plain = {name: PLAIN[name] for name in address.arguments if name in PLAIN}
    rows = {name: apps.get_model(ROWS[name]) for name in address.arguments if name in ROWS}
    if address.admin_model and (keys := [name for name in address.arguments if name in ("object_id", "object_pk") or name == "_0"]):
        model = apps.get_model(*address.admin_model)
        rest = {name: 1 for name in address.arguments if name.startswith("_") and name != "_0"}
        for key in planted.rows.get(model, [None])[:3]:
            yield {**plain, **rest, keys[0]: key or decoy(model)}, {**plain, **rest, keys[0]: decoy(model)}
    elif "content_type_id" in address.arguments:
        kind = ContentType.objects.get_for_model(apps.get_model("customers.Party")).pk
        yield {"content_type_id": kind, "object_id": planted.id}, {"content_type_id": kind, "object_id": uuid4()}
    else:
        mine = {name: planted.key_of(model) or decoy(model) for name, model in rows.items()}
        yield {**plain, **mine}, {**plain, **{name: decoy(model) for name, model in rows.items()}}


def _compare(asker: Asker, address: Address, mine: dict[str, object], other: dict[str, object], planted: Planted) -> None:
    about_one = mine != other
    if about_one and any(place in str(address) for place in PLACES):
        other = mine
    status = _alike(asker, "get", address, (mine, {}), (other, {}), planted)
    if mine != other and status == 200 and not asker.oversees:
        asker.troubles.append(f"GET {address}: {status}, although it is about somebody the asker may not see")
    for method in address.methods:
        _alike(asker, method, address, (mine, _payload(planted)), (other, _payload(None)), planted)
    if not about_one and status == 200:
        for found, nobody in _searches(address, planted):
            _alike(asker, "get", address, (mine, found), (other, nobody), planted)


def _alike(
    asker: Asker,
    method: str,
    address: Address,
    mine: tuple[dict[str, object], dict[str, Any]],
    other: tuple[dict[str, object], dict[str, Any]],
    planted: Planted,
) -> int:
    """Ask about the customer, and about nobody; note what is wrong. Returns the status."""
    asked, json = f"{method.upper()} {address} {mine[1] if method == 'get' else ''}", address.template.startswith("api/")
    status, text = asker.ask(method, address.path(mine[0]), mine[1], json=json)
    if status == 405:
        return status
    own = [str(one) for one in (*mine[0].values(), *mine[1].values())]
    others = [str(one) for one in (*other[0].values(), *other[1].values())]
    text = alike(text, [one for one in own if one not in others])
    if found := planted.found_in(text, besides=("id",) if asker.oversees else ()):
        asker.troubles.append(f"{asked}: {status} gives away {', '.join(found)}")
    if status == 500:
        asker.troubles.append(f"{asked}: {status}")
    if asker.oversees or mine == other:
        return status
    other_status, other_text = asker.ask(method, address.path(other[0]), other[1], json=json)
    other_text = alike(other_text, [one for one in others if one not in own])
    if method != "get":
        text, other_text = made_anew(text), made_anew(other_text)
    if (status, text) != (other_status, other_text):
        difference = _difference(text, other_text)
        asker.troubles.append(f"{asked}: {status} differs from the {other_status} for what does not exist\n{difference}")
    return status


def _searches(address: Address, planted: Planted) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """A list, looked through for each key of the customer, and for the like of nobody."""
    for kind in KEYS:
        key = planted.secrets[kind][0]
        stranger = NOBODY.get(kind) or ("".join("7" if char.isdigit() else char for char in key) if kind != "id" else str(uuid4()))
        yield dict.fromkeys(TEXTS, key), dict.fromkeys(TEXTS, stranger)
    for name in ("customer", "party", "party_id"):
        yield {name: str(planted.id)}, {name: str(uuid4())}
    if address.template == "admin/autocomplete/":
        yield from _autocompletes(planted)


def _autocompletes(planted: Planted) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Every field of ours that the administration pages could complete."""
    for model in (model for app in OURS for model in apps.get_app_config(app).get_models()):
        for one in model._meta.get_fields():
            if isinstance(one, ForeignKey) and admin.site.is_registered(one.related_model):  # type: ignore[arg-type]
                fields = {"app_label": model._meta.app_label, "model_name": model._meta.model_name or "", "field_name": one.name}
                yield {**fields, "term": planted.number}, {**fields, "term": "C-777 777 77"}


def _payload(planted: Planted | None) -> dict[str, Any]:
    """What any form may want to know, about the customer or about nobody."""
    party, number = (planted.id, planted.number) if planted else (uuid4(), "C-777 777 77")
    request = planted.key_of(apps.get_model("sentinel.ApprovalRequest")) if planted else uuid4()
    return {
        "party_id": str(party), "party": str(party), "customer": str(party), "request": str(request), "number": number,
        "q": number, "purpose": "marketing", "given": "yes", "channel": "phone", "answer": "approve", "note": "Looked at it.",
        "reason": "wrong_moment", "until": "2030-01-01", "confirm": "yes",
        "value": "+353 88 700 4800", "evidence": "word", "checked": "document", "heard_on": "branch",
        "field": "phone", "reason_code": "danger",
        # As programs name somebody in what they send: by id, by address, by an id of their own.
        "type": "track", "event": "travel_notice", "subject": str(party), "other": str(party), "userId": "leak-walk",
        "traits": {"email": EMAIL if planted else NOBODY["email"]}, "properties": {"from": "leak walk"}, "kind": "travel_notice",
        "party_ids": [str(party)], "title": "A title",
    }  # fmt: skip


def _difference(one: str, other: str) -> str:
    place = next((place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), min(len(one), len(other)))
    return f"    …{one[max(0, place - 60) : place + 90]!r}\n    …{other[max(0, place - 60) : place + 90]!r}"


def test_the_key_of_a_row_is_known_for_every_kind(planted: Planted) -> None:
    """Rows about the customer are found through others: an effect's delivery by the effect, its decision by the customer."""
    kinds: set[type[Model]] = set(planted.rows)
    assert {apps.get_model(kind) for kind in ROWS.values()} <= kinds
