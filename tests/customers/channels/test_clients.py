"""Which programs are let in, to what, and to whom."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from bankos.platform import clock
from bankos.platform.actors import Actor, Role
from bankos.platform.ids import uuid7
from customers.channels import clients
from customers.channels.clients import Described, NotInCharge
from customers.models import ApiClient, ClientKey
from sentinel import actions
from sentinel.actions import NotPossible
from sentinel.people import leaving
from tests import arranging, programs
from tests.bank import Bank, Customer

from .conftest import EVERYTHING, Deploy, Program

READS = {
    "state.read": "customers/{id}/",
    "timeline.read": "customers/{id}/timeline/",
    "consents.read": "customers/{id}/consents/",
    "search": "customers/?q=Ines",
}


def test_a_program_with_a_key_reads_what_staff_read(deploy: Deploy, bank: Bank, ines: Customer) -> None:
    program, path = deploy(), f"customers/{ines.id}/"
    seen = program.get(path).json()
    by_staff = bank.desk(bank.staff(Role.CONTACT_CENTRE)).get(f"/api/v1/{path}").json()
    assert seen == by_staff


@pytest.mark.parametrize("authorization", ["Bearer", "Bearer bc_guess", "Bearer é", f"Bearer {'x' * 5_000}", "Basic YTpi"], ids=repr)
def test_who_is_not_known_is_told_how_to_ask(ines: Customer, authorization: str) -> None:
    for path in READS.values():
        answer = Client().get(f"/api/v1/{path.format(id=ines.id)}", headers={"Authorization": authorization})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_program_does_what_its_scopes_say_and_nothing_else(deploy: Deploy, ines: Customer) -> None:
    for scope in READS:
        program = deploy(scopes=[scope])
        for other, path in READS.items():
            answer = program.get(path.format(id=ines.id))
            assert answer.status_code == (200 if other == scope else 403), (scope, other)
        assert program.post(f"customers/{ines.id}/consents/", {}).json()["code"] == "insufficient_scope"


def test_scopes_change_with_the_next_request(deploy: Deploy, administrator: Actor, officer: Actor, ines: Customer) -> None:
    program = deploy(scopes=["state.read"], name="app")
    described = Described(name="app", kind="channel", scopes=("timeline.read",), reach="everybody")
    programs.changed(program.client.pk, described, by=administrator, officer=officer, at=clock.now())
    assert program.get(f"customers/{ines.id}/").status_code == 403
    assert program.get(f"customers/{ines.id}/timeline/").status_code == 200


def test_a_program_of_a_branch_knows_nobody_else(deploy: Deploy, ines: Customer, sean: Customer) -> None:
    assert ines.id != sean.id
    for kind in ("system", "agent", "channel"):
        program = deploy(kind=kind, branches=(ines.branch.code,))
        assert program.get(f"customers/{ines.id}/").status_code == 200
        hidden, missing = (program.get(f"customers/{party}/") for party in (sean.id, uuid7()))
        assert (hidden.status_code, hidden.content) == (404, missing.content)
        assert program.get("customers/?q=Brady").json() == []
        if kind != "agent":
            spoken_for = sean if kind == "channel" else None
            assert program.post(f"customers/{sean.id}/consents/", _said(True), for_=spoken_for).status_code == 404


def test_an_app_that_speaks_for_its_customer_sees_that_one_alone(deploy: Deploy, ines: Customer, sean: Customer) -> None:
    app = deploy(reach="spoken_for")
    path = f"customers/{ines.id}/"
    assert app.get(path, for_=ines).status_code == 200
    assert app.get(path).status_code == 404
    assert app.get(path, for_=sean).status_code == 404
    assert app.get(path, X_On_Behalf_Of="me").json()["code"] == "bad_on_behalf_of"
    assert [one["party_id"] for one in app.get("customers/?q=Ines", for_=ines).json()] == [str(ines.id)]
    assert app.get("customers/?q=Brady", for_=ines).json() == []


def test_agents_and_other_systems_speak_for_nobody(deploy: Deploy, ines: Customer) -> None:
    for kind in ("agent", "system"):
        assert deploy(kind=kind).get(f"customers/{ines.id}/", for_=ines).json()["code"] == "speaks_for_nobody"


def test_what_an_app_passes_on_rests_on_a_decision_that_names_app_and_customer(deploy: Deploy, ines: Customer) -> None:
    app = deploy(reach="spoken_for")
    assert app.post(f"customers/{ines.id}/consents/", _said(False), for_=ines).status_code == 204
    said = app.get(f"customers/{ines.id}/consents/", for_=ines).json()
    assert [one["given"] for one in said if one["purpose"] == "payment_insight"] == [False]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT actor_id, on_behalf_of->>'kind', on_behalf_of->>'sub' FROM sentinel_decision WHERE action = 'consent.change'"
        )
        assert cursor.fetchall() == [(f"client:{app.client.pk}", "customer", str(ines.id))]


def test_a_program_changes_no_consent_of_its_own_accord(deploy: Deploy, ines: Customer) -> None:
    for program in (deploy(), deploy(kind="system")):
        answer = program.post(f"customers/{ines.id}/consents/", _said(False))
        assert (answer.status_code, answer.json()["code"]) == (403, "refused")
    assert deploy().get(f"customers/{ines.id}/consents/").json()[0]["given"] is True


def test_a_consent_is_changed_only_as_it_was_read(deploy: Deploy, ines: Customer) -> None:
    app, path = deploy(reach="spoken_for"), f"customers/{ines.id}/consents/"
    tag = app.get(path, for_=ines).headers["ETag"]
    assert app.get(path, for_=ines, If_None_Match=tag).status_code == 304
    assert app.post(path, _said(False), for_=ines, If_Match=tag).status_code == 204
    late = app.post(path, _said(True), for_=ines, If_Match=tag)
    assert (late.status_code, late.json()["code"]) == (412, "changed")
    now = app.get(path, for_=ines)
    assert now.json()[0]["given"] is False
    assert app.post(path, _said(True), for_=ines, If_Match=now.headers["ETag"]).status_code == 204


def test_keys_follow_one_another_without_a_gap(deploy: Deploy, administrator: Actor, officer: Actor, ines: Customer) -> None:
    first = deploy()
    now = clock.now()
    key = programs.key_of(first.client.pk, by=administrator, officer=officer, at=now, overlap=timedelta(days=2))
    second = Program(first.client, key.secret)
    path = f"customers/{ines.id}/"
    assert (first.get(path).status_code, second.get(path).status_code) == (200, 200)
    with clock.stopped_at(now + timedelta(days=2, seconds=1)):
        assert (first.get(path).status_code, second.get(path).status_code) == (401, 200)
    with clock.stopped_at(now + clients.LIFETIME):
        assert second.get(path).status_code == 401


def test_a_revoked_key_and_a_revoked_program_end_at_once(deploy: Deploy, administrator: Actor, ines: Customer) -> None:
    program, path = deploy(), f"customers/{ines.id}/"
    key = ClientKey.objects.get(client=program.client)
    clients.revoke_key(program.client.pk, key.pk, actor=administrator, at=clock.now())
    assert program.get(path).status_code == 401
    with pytest.raises(clients.UnknownKey):
        clients.revoke_key(program.client.pk, key.pk, actor=administrator, at=clock.now())

    other = deploy()
    clients.revoke(other.client.pk, actor=administrator, at=clock.now())
    assert other.get(path).status_code == 401
    with pytest.raises(clients.UnknownClient):
        clients.issue_key(other.client.pk, reason="Lost it", actor=administrator, at=clock.now())


def test_what_a_leaver_answered_for_stops_until_somebody_else_does(
    deploy: Deploy, bank: Bank, administrator: Actor, officer: Actor, ines: Customer
) -> None:
    leaver, successor = bank.staff(Role.TEAM_LEAD, name="Cian Roche"), bank.staff(Role.TEAM_LEAD, name="Una Daly")
    program, other, path = deploy(owner=UUID(leaver.id)), deploy(), f"customers/{ines.id}/"
    assert program.get(path).status_code == 200

    assert leaving.leave(person_id=UUID(leaver.id), reason="Goes", actor=administrator, at=clock.now()).done

    assert (program.get(path).status_code, other.get(path).status_code) == (401, 200)
    described = replace(clients.described_of(ApiClient.objects.get(pk=program.client.pk)), owner=UUID(successor.id))
    asked = clients.change(program.client.pk, described, reason="Una takes it over", actor=administrator, at=clock.now()).carried
    assert program.get(path).status_code == 401, "not before a second person agrees"
    assert asked.request_id
    assert actions.approve(asked.request_id, actor=officer, at=clock.now()).done
    assert program.get(path).status_code == 200


def test_a_key_is_kept_as_a_hash_and_says_when_it_was_used(deploy: Deploy, ines: Customer) -> None:
    program = deploy()
    assert program.secret.startswith("bc_")
    with connection.cursor() as cursor:
        cursor.execute("SELECT k::text || c::text FROM customers_clientkey k, customers_apiclient c")
        assert program.secret not in str(cursor.fetchall())
    assert ClientKey.objects.get(client=program.client).last_used_at is None
    program.get(f"customers/{ines.id}/")
    assert ClientKey.objects.get(client=program.client).last_used_at is not None


def test_who_asks_too_often_is_told_when_to_come_back(deploy: Deploy, ines: Customer) -> None:
    hasty, patient = deploy(per_minute=12), deploy()
    path, now = f"customers/{ines.id}/", clock.now()
    with clock.stopped_at(now):
        answers = [hasty.get(path) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
        assert answers[-1].json()["code"] == "throttled"
        assert patient.get(path).status_code == 200
    wait = int(answers[-1].headers["Retry-After"])
    with clock.stopped_at(now + timedelta(seconds=wait)):
        assert hasty.get(path).status_code == 200


def test_only_administrators_have_to_do_with_programs(bank: Bank, deploy: Deploy) -> None:
    program = deploy()
    for role in set(Role) - {Role.ADMINISTRATOR}:
        with pytest.raises(NotInCharge):
            clients.issue_key(program.client.pk, reason="Lost it", actor=bank.staff(role), at=clock.now())


def test_no_agent_gets_the_right_to_change_consents_and_the_refusal_is_kept(deploy: Deploy) -> None:
    with pytest.raises(AssertionError, match="No AI agent"):
        deploy(kind="agent", scopes=EVERYTHING)
    assert not ApiClient.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT outcome, rules FROM sentinel_decision WHERE action = 'client.change'")
        [(outcome, rules)] = cursor.fetchall()
    assert (outcome, "agents-change-no-consents" in rules) == ("deny", True)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"kind": "agent", "reach": "spoken_for"}, "Only a channel app"),
        ({"reach": "listed"}, "Name branches"),
        ({"branches": ("NOWHERE",)}, "no branch NOWHERE"),
        ({"scopes": ["money.move"]}, "no right called money.move"),
        ({"name": " "}, "needs a name"),
        ({"per_minute": 0}, "between once"),
    ],
)
def test_a_program_that_makes_no_sense_is_not_made(deploy: Deploy, bank: Bank, said: dict, why: str) -> None:
    with pytest.raises(NotPossible, match=why):
        deploy(**said)
    assert not ApiClient.objects.exists()


def test_the_database_lets_only_channels_speak_for_customers(db: None) -> None:
    with pytest.raises(IntegrityError, match="only_a_channel_speaks_for_customers"), transaction.atomic(), arranging.before_everything():
        ApiClient.objects.create(name="x", kind="agent", scopes=[], reach="spoken_for", created_at=clock.now())


def test_every_change_of_a_program_is_in_its_history(deploy: Deploy, administrator: Actor, officer: Actor) -> None:
    program = deploy(name="app")
    described = Described(name="app", kind="channel", scopes=("state.read",), reach="everybody", per_minute=30)
    programs.changed(program.client.pk, described, by=administrator, officer=officer, at=clock.now())
    clients.revoke(program.client.pk, actor=administrator, at=clock.now())
    told = [(row.per_minute, row.revoked_at is not None) for row in program.client.history.order_by("history_id")]
    assert told[0][0] == 600
    assert told[-1] == (30, True)


def _said(given: bool) -> dict[str, object]:
    return {"purpose": "payment_insight", "given": given, "channel": "app"}
