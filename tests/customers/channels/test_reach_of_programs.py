"""A program knows and tells of those within its reach; of everybody else as of nobody. More than that nobody gives it alone."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import ProgrammingError, connection, transaction

from bankos.platform import clock
from bankos.platform.actors import Actor, Role
from bankos.platform.ids import uuid7
from bankos.platform.models import User
from customers import programs as reach
from customers.channels import clients
from customers.channels.clients import Described
from customers.ingestion.systems import system_of
from customers.models import ApiClient, Branch, ClientKey, KeyLeave, PartyIdentifier, RejectedRow, Signal
from customers.visibility import visible_party_ids
from sentinel import actions, approvals
from sentinel.actions import NotPossible
from tests import arranging, programs
from tests.bank import Bank, Customer

from .conftest import Deploy, Program


@pytest.fixture
def vip(bank: Bank) -> Customer:
    customer = bank.customer("Violet Prominent", branch=bank.branch("Galway"))
    arranging.make_circle("private", name="Private office")
    arranging.protect(customer.id, circle="private")
    return customer


def event(customer: Customer, **more: Any) -> dict[str, Any]:
    at = clock.now().isoformat()
    return {
        "specversion": "1.0",
        "id": str(uuid7()),
        "source": "/app",
        "type": "travel_notice",
        "subject": str(customer.id),
        "time": at,
    } | more


def send(program: Program, said: dict[str, Any], *, for_: Customer | None = None) -> dict[str, Any]:
    answer = program.post("events/", said, for_=for_, Content_Type="application/cloudevents+json")
    assert answer.status_code == 202, answer.content
    [fate] = json.loads(answer.content)["events"]
    return {name: value for name, value in fate.items() if name != "id"}


def by_email(customer: Customer) -> dict[str, Any]:
    return event(customer, subject=customer.email)


WAYS = [event, by_email]


@pytest.mark.parametrize("way", WAYS)
def test_an_app_tells_of_the_customer_it_speaks_for_alone(deploy: Deploy, ines: Customer, sean: Customer, vip: Customer, way: Any) -> None:
    app = deploy(reach="spoken_for")
    told = [
        send(app, way(sean), for_=ines),
        send(app, way(sean)),
        send(app, way(vip), for_=ines),
        send(app, way(vip)),
        send(app, event(sean, subject="nobody@mail.example"), for_=ines),
        send(app, way(ines), for_=ines),
    ]
    assert [one == told[0] for one in told] == [True] * 6
    assert set(Signal.objects.values_list("party__golden", flat=True)) == {ines.id}
    assert {row.code for row in RejectedRow.objects.all()} == {"unknown_login"}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["agent", "system", "channel"])
def test_a_program_of_everybody_tells_of_no_protected_customer(deploy: Deploy, ines: Customer, vip: Customer, kind: str, way: Any) -> None:
    program = deploy(kind=kind)
    assert send(program, way(vip)) == send(program, way(ines))
    assert set(Signal.objects.values_list("party__golden", flat=True)) == {ines.id}


def test_what_an_app_speaks_for_does_not_widen_its_branches(deploy: Deploy, ines: Customer, sean: Customer) -> None:
    app = deploy(branches=(ines.branch.code,))
    send(app, event(sean), for_=sean)
    send(app, event(sean), for_=ines)
    send(app, event(ines), for_=sean)
    assert not Signal.objects.exists()
    send(app, event(ines), for_=ines)
    assert Signal.objects.count() == 1


def test_no_id_is_tied_to_a_stranger(deploy: Deploy, ines: Customer, sean: Customer, vip: Customer) -> None:
    app = deploy(reach="spoken_for")
    for whom in (sean, vip):
        identify = {"type": "identify", "userId": f"u-{whom.number}", "messageId": str(uuid7()), "traits": {"email": whom.email}}
        assert app.post("events/", identify).status_code == 202
        named = {**event(whom), "type": "identify", "data": {"userId": f"v-{whom.number}"}}
        assert app.post("events/", named, for_=ines, Content_Type="application/cloudevents+json").status_code == 202
    assert not PartyIdentifier.objects.filter(kind="user_id").exists()
    mine = {"type": "identify", "userId": "u-1", "messageId": "m-1", "traits": {"email": ines.email}}
    assert app.post("events/", mine, for_=ines).status_code == 202
    assert PartyIdentifier.objects.get(kind="user_id").party_id == ines.id


def test_what_waited_is_tried_again_with_the_same_reach(bank: Bank, deploy: Deploy, ines: Customer, sean: Customer) -> None:
    from customers.channels.events import waiting

    app = deploy(reach="spoken_for")
    send(app, by_email(sean))
    send(app, event(sean), for_=ines)
    assert waiting.try_again([sean.id], at=clock.now()) == 0
    assert not Signal.objects.exists()


def test_events_and_pages_ask_the_same_guest_list(bank: Bank, deploy: Deploy, ines: Customer, sean: Customer, vip: Customer) -> None:
    """Whoever a program may tell of is whom it may see, while it speaks for them and while it does not."""
    owner = bank.staff(Role.TEAM_LEAD, name="Oskar").user_id
    people = [ines, sean, vip]
    ids = [one.id for one in people]
    for said in (
        {"reach": "spoken_for"}, {"branches": (ines.branch.code,)}, {}, {"kind": "system", "owner": owner}, {"kind": "agent"},
    ):  # fmt: skip
        app = deploy(**said)
        for for_ in (None, *(people if app.client.kind == "channel" else ())):
            viewer = reach.customer_through(app.client, for_.id) if for_ else reach.actor_of(app.client)
            may_see = visible_party_ids(viewer, ids)
            for whom in people:
                before = Signal.objects.count()
                send(app, event(whom), for_=for_)
                assert (Signal.objects.count() > before) == (whom.id in may_see), (said, for_ and for_.name, whom.name)


# ---- what nobody gives a program alone ----


@pytest.fixture
def wide(bank: Bank, policies: None) -> Described:
    """The whole bank, unmasked."""
    system_of("digital", at=clock.now())
    owner = bank.staff(Role.TEAM_LEAD, name="Oskar Owner")
    return Described("wide", "system", ("state.read", "state.unmasked"), "everybody", owner=owner.user_id)


def test_one_administrator_alone_gives_a_program_nothing(bank: Bank, administrator: Actor, officer: Actor, wide: Described) -> None:
    by: dict[str, Any] = {"actor": administrator, "at": clock.now(), "reason": "It is needed"}
    asked = clients.make(wide, **by)
    assert not asked.carried.done
    assert not ApiClient.objects.exists()
    assert asked.carried.request_id
    with pytest.raises(approvals.ApprovalError):
        actions.approve(asked.carried.request_id, actor=administrator, at=clock.now())
    with pytest.raises(approvals.ApprovalError):
        actions.approve(asked.carried.request_id, actor=bank.staff(Role.ADMINISTRATOR), at=clock.now())
    assert actions.approve(asked.carried.request_id, actor=officer, at=clock.now()).done

    client = ApiClient.objects.get()
    key = clients.issue_key(client.pk, **by)
    assert not key.carried.done
    assert not clients.key_leaves(client.pk, actor=administrator, at=clock.now())
    assert not ClientKey.objects.exists()


@pytest.mark.parametrize(
    "more",
    [
        {"scopes": ("state.read", "search")},
        {"reach": "everybody", "branches": ()},
        {"branches": ("GAL1", "COR2")},
        {"kind": "channel"},
        {"owner": "other"},
        {"protected": True},
    ],
    ids=str,
)
def test_each_thing_a_program_gets_waits_for_a_second_person(
    bank: Bank, deploy: Deploy, administrator: Actor, officer: Actor, ines: Customer, sean: Customer, more: dict[str, Any]
) -> None:
    assert [one.code for one in (ines.branch, sean.branch)] == ["GAL1", "COR2"]
    narrow = Described("narrow", "system", ("state.read",), "listed", branches=("GAL1",))
    client = programs.made(narrow, by=administrator, officer=officer, at=clock.now())
    if more.get("owner"):
        more = {"owner": bank.staff(Role.TEAM_LEAD).user_id}
    by: dict[str, Any] = {"actor": administrator, "at": clock.now(), "reason": "It is needed"}
    assert not clients.change(client.pk, replace(narrow, **more), **by).carried.done
    assert clients.described_of(ApiClient.objects.get(pk=client.pk)) == narrow


def test_what_only_takes_from_a_program_counts_at_once(administrator: Actor, officer: Actor, wide: Described, ines: Customer) -> None:
    client = programs.made(wide, by=administrator, officer=officer, at=clock.now())
    by: dict[str, Any] = {"actor": administrator, "at": clock.now(), "reason": "Too much"}
    assert clients.change(client.pk, replace(wide, scopes=("state.read",)), **by).carried.done
    less = replace(wide, scopes=("state.read",), reach="listed", branches=(ines.branch.code,))
    assert clients.change(client.pk, less, **by).carried.done


def test_nobody_opens_masked_fields_or_protected_customers_to_a_program_of_their_own(
    administrator: Actor, officer: Actor, wide: Described
) -> None:
    by: dict[str, Any] = {"actor": administrator, "at": clock.now(), "reason": "It is needed"}
    for owner in (None, administrator.user_id):
        asked = clients.make(replace(wide, owner=owner), **by)
        assert (asked.carried.done, asked.carried.request_id) == (False, None)
    asked = clients.make(replace(wide, owner=officer.user_id), **by)
    assert asked.carried.request_id
    with pytest.raises(approvals.ApprovalError):
        actions.approve(asked.carried.request_id, actor=officer, at=clock.now())


def test_who_may_not_see_protected_customers_makes_no_program_that_does(
    bank: Bank, administrator: Actor, officer: Actor, wide: Described, vip: Customer
) -> None:
    seeing = replace(wide, protected=True)
    asked = clients.make(seeing, actor=administrator, at=clock.now(), reason="It is needed")
    assert asked.carried.request_id
    with pytest.raises(NotPossible, match="listed in every circle"), transaction.atomic():
        actions.approve(asked.carried.request_id, actor=officer, at=clock.now())

    arranging.list_in_circle("private", User.objects.get(pk=administrator.id))
    by: dict[str, Any] = {"by": administrator, "officer": officer, "at": clock.now()}
    client = programs.made(seeing, **by)
    program = Program(client, programs.key_of(client.pk, **by).secret)
    assert program.get(f"customers/{vip.id}/").status_code == 200
    # Not listed any more, they get no key of it either.
    other = bank.staff(Role.ADMINISTRATOR, name="Not Listed")
    key = clients.issue_key(client.pk, actor=other, at=clock.now(), reason="It is needed")
    assert key.carried.request_id
    with pytest.raises(NotPossible, match="listed in every circle"):
        actions.approve(key.carried.request_id, actor=officer, at=clock.now())


def test_an_app_speaks_for_no_protected_customer_unless_it_was_decided(deploy: Deploy, vip: Customer, ines: Customer) -> None:
    app = deploy(reach="spoken_for")
    hidden, nobody = app.get(f"customers/{vip.id}/", for_=vip), app.get(f"customers/{uuid7()}/", for_=vip)
    assert (hidden.status_code, hidden.content) == (404, nobody.content)
    assert app.get(f"customers/{ines.id}/", for_=ines).status_code == 200


def test_a_key_is_made_once_by_who_asked_and_within_a_day(bank: Bank, administrator: Actor, officer: Actor, wide: Described) -> None:
    client = programs.made(wide, by=administrator, officer=officer, at=clock.now())
    asked = clients.issue_key(client.pk, actor=administrator, at=clock.now(), reason="It is needed")
    assert asked.carried.request_id
    actions.approve(asked.carried.request_id, actor=officer, at=clock.now())
    leave = KeyLeave.objects.get().pk
    for who, at in ((bank.staff(Role.ADMINISTRATOR), clock.now()), (administrator, clock.now() + timedelta(days=1, minutes=1))):
        with pytest.raises(clients.UnknownKey):
            clients.make_key(leave, actor=who, at=at)
    clients.make_key(leave, actor=administrator, at=clock.now())
    with pytest.raises(clients.UnknownKey):
        clients.make_key(leave, actor=administrator, at=clock.now())


def _insert_key(client: UUID) -> None:
    at = clock.now()
    ClientKey.objects.create(
        client_id=client, sha256="0" * 64, ending="0000", created_at=at, created_by="x", expires_at=at + timedelta(days=1)
    )


def _list_branch(client: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_apiclient_branches (apiclient_id, branch_id) VALUES (%s, %s)", [client, Branch.objects.latest("id").pk]
        )


FORGED: dict[str, Any] = {
    "every scope": lambda client: ApiClient.objects.filter(pk=client).update(scopes=["state.read", "state.unmasked"]),
    "protected": lambda client: ApiClient.objects.filter(pk=client).update(sees_protected=True),
    "everybody": lambda client: ApiClient.objects.filter(pk=client).update(reach="everybody"),
    "living again": lambda client: ApiClient.objects.filter(pk=client).update(revoked_at=None, name="again"),
    "a key": _insert_key,
    "a longer key": lambda client: ClientKey.objects.update(expires_at=clock.now() + timedelta(days=3_000)),
    "another's key": lambda client: ClientKey.objects.update(sha256="1" * 64),
    "a branch": _list_branch,
    "a leave": lambda client: KeyLeave.objects.update(key=None),
}


@pytest.mark.parametrize("attempt", FORGED)
def test_the_database_gives_a_program_nothing_without_a_decision(deploy: Deploy, ines: Customer, sean: Customer, attempt: str) -> None:
    program = deploy(kind="system", scopes=["state.read"], branches=(ines.branch.code,))
    assert sean.id
    with pytest.raises(ProgrammingError, match="nothing changes without a decision"), transaction.atomic():
        FORGED[attempt](program.client.pk)
