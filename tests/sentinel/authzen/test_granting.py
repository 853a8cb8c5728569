"""Who answers for a store and who may ask or change it: by decisions, by two people where it gives power, and never past the database."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from bankos.platform import actors, clock
from bankos.platform.actors import Actor, Role
from bankos.platform.models import User
from sentinel import actions, approvals
from sentinel.actions import NotPossible, Ran
from sentinel.authzen import granting
from sentinel.authzen.access import UnknownClient, client_with
from sentinel.models import Decision, PolicyStore, StoreClient
from tests import arranging

from .service import administrator, client_of, make, person, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("authority")]
JSON = "application/json"


@pytest.fixture
def ada() -> Actor:
    return actors.employee(administrator())


@pytest.fixture
def cora() -> Actor:
    return actors.employee(person("cora", Role.COMPLIANCE))


def assign(by: Actor, *, owner: User | None = None, store: str = "records", title: str = "Records") -> Ran:
    return granting.assign(store, title=title, owner=owner.pk if owner else None, reason="It asks", actor=by, at=clock.now())


def let_ask(by: Actor, *, manages: bool = False, store: str = "records", per_minute: int = 60) -> granting.Asked:
    said: dict[str, Any] = {"name": "app", "manages": manages, "per_minute": per_minute, "reason": "It asks"}
    return granting.let_ask(store, **said, actor=by, at=clock.now())


def agree(carried: Ran, by: Actor) -> Ran:
    assert carried.request_id is not None, carried.sentence
    return actions.approve(carried.request_id, actor=by, at=clock.now())


def owner_of(store: str = "records") -> str:
    found = PolicyStore.objects.get(name=store).owner
    return found.username if found else ""


# ---- who may ----


def test_an_administrator_makes_a_store_alone_as_it_gives_nobody_anything(ada: Actor) -> None:
    assert assign(ada).done

    made = PolicyStore.objects.get(name="records")
    assert (made.title, made.owner) == ("Records", None)
    assert Decision.objects.get(pk=made.decision_id).action == "store.assign"


def test_somebody_answers_for_a_store_once_a_second_person_agreed(ada: Actor, cora: Actor) -> None:
    olga = person("olga", Role.BRANCH_STAFF)
    asked = assign(ada, owner=olga)

    assert not PolicyStore.objects.filter(name="records").exists()
    assert agree(asked, cora).done
    assert owner_of() == "olga"


def test_nobody_makes_themselves_answer_for_a_store(ada: Actor, cora: Actor) -> None:
    own = assign(ada, owner=administrator())
    assert (own.done, own.request_id) == (False, None)

    gains = assign(ada, owner=User.objects.get(username="cora"))
    with pytest.raises(approvals.NotEligible):
        agree(gains, cora)
    assert not PolicyStore.objects.filter(name="records").exists()


def test_who_hands_a_store_on_is_no_second_person_to_it(ada: Actor, cora: Actor) -> None:
    colin = person("colin", Role.COMPLIANCE)
    make("records", owner=colin)
    asked = assign(ada, owner=person("olga", Role.BRANCH_STAFF))

    with pytest.raises(approvals.NotEligible):
        agree(asked, actors.employee(colin))
    assert agree(asked, cora).done


def test_the_bank_s_own_store_has_no_owner(ada: Actor) -> None:
    with pytest.raises(NotPossible, match="compliance answers"):
        assign(ada, store="bank", owner=person("olga", Role.BRANCH_STAFF))


@pytest.mark.parametrize("role", [Role.BRANCH_STAFF, Role.TEAM_LEAD, Role.COMPLIANCE])
def test_nobody_else_makes_or_assigns_a_store(role: Role) -> None:
    carried = assign(actors.employee(person("other", role)))

    assert (carried.done, carried.request_id) == (False, None)


def test_a_program_that_asks_takes_one_person_and_one_that_changes_a_store_two(ada: Actor, cora: Actor) -> None:
    make("records")
    asks, manages = let_ask(ada), let_ask(ada, manages=True)

    assert asks.carried.done
    assert not StoreClient.objects.filter(pk=manages.client_id).exists()
    assert agree(manages.carried, cora).done
    assert StoreClient.objects.get(pk=manages.client_id).may_manage


def test_an_owner_cannot_alone_make_a_program_that_changes_the_store() -> None:
    olga = person("olga", Role.BRANCH_STAFF)
    make("records", owner=olga)

    assert let_ask(actors.employee(olga)).carried.done
    assert let_ask(actors.employee(olga), manages=True).carried.request_id
    make("ledgers")
    foreign = let_ask(actors.employee(olga), store="ledgers").carried
    assert (foreign.done, foreign.request_id) == (False, None)


def test_a_secret_is_made_once_in_time_and_by_who_asked(ada: Actor, cora: Actor) -> None:
    make("records")
    asked = let_ask(ada)
    by: dict[str, Any] = {"at": clock.now()}

    for actor, at in ((cora, by["at"]), (ada, by["at"] + timedelta(days=2))):
        with pytest.raises(UnknownClient):
            granting.make_secret("records", asked.client_id, actor=actor, at=at)
    client, secret = granting.make_secret("records", asked.client_id, actor=ada, **by)
    assert client_with(secret) == client
    with pytest.raises(UnknownClient):
        granting.make_secret("records", asked.client_id, actor=ada, **by)


def test_a_revoked_program_gets_no_secret_any_more(ada: Actor) -> None:
    make("records")
    asked = let_ask(ada)
    assert granting.revoke("records", asked.client_id, actor=ada, at=clock.now()).done

    with pytest.raises(UnknownClient):
        granting.make_secret("records", asked.client_id, actor=ada, at=clock.now())
    with pytest.raises(UnknownClient):
        granting.revoke("records", asked.client_id, actor=ada, at=clock.now())


# ---- over HTTP ----


def test_what_waits_is_answered_with_202_and_made_after_the_agreement(cora: Actor) -> None:
    make("records")
    browser = signed_in(administrator())
    said = json.dumps({"name": "loader", "may_manage": True, "reason": "Loads by night"})
    waits = browser.post("/api/v1/stores/records/clients/", said, content_type=JSON)

    assert (waits.status_code, set(waits.json())) == (202, {"request", "client"})
    secret = f"/api/v1/stores/records/clients/{waits.json()['client']}/secret/"
    assert browser.post(secret).status_code == 404
    assert actions.approve(UUID(waits.json()["request"]), actor=cora, at=clock.now()).done
    made = browser.post(secret)
    assert (made.status_code, made.headers["Cache-Control"]) == (201, "no-store")
    assert client_with(made.json()["secret"]) is not None
    assert browser.post(secret).status_code == 404


def test_a_store_is_assigned_over_http(cora: Actor) -> None:
    olga = person("olga", Role.BRANCH_STAFF)
    browser = signed_in(administrator())
    said = {"name": "records", "title": "Records", "reason": "It asks"}

    assert browser.post("/api/v1/stores/", json.dumps(said), content_type=JSON).status_code == 201
    waits = browser.put("/api/v1/stores/records/", json.dumps(said | {"owner": str(olga.pk)}), content_type=JSON)
    assert waits.status_code == 202
    assert actions.approve(UUID(waits.json()["request"]), actor=cora, at=clock.now()).done
    assert owner_of() == "olga"
    own = signed_in(olga).put("/api/v1/stores/records/", json.dumps(said | {"title": "Mine"}), content_type=JSON)
    assert (own.status_code, own.json()["code"]) == (403, "not_allowed")


def test_programs_give_nothing_and_take_nothing() -> None:
    make("records")
    manager = client_of("records", manages=True)
    other = StoreClient.objects.get(may_manage=True).pk

    assert manager.manage("put", "", {"title": "Mine", "reason": "So"}).status_code == 403
    assert manager.manage("delete", f"clients/{other}/").status_code == 403
    assert manager.manage("post", f"clients/{other}/secret/").status_code == 403


# ---- pages ----


def test_the_pages_let_a_program_in_and_show_its_secret_once(cora: Actor) -> None:
    browser = signed_in(administrator())
    added = browser.post("/stores/add/", {"name": "records", "title": "Records", "owner": "", "reason": "It asks"}, follow=True)
    assert "every evaluation is refused" in added.content.decode()

    said = {"name": "app", "per_minute": "60", "reason": "It asks"}
    shown = browser.post("/stores/records/programs/", said).content.decode()
    secret = shown.split('id="the-secret">')[1].split("<")[0]
    client = client_with(secret)
    assert client is not None
    assert secret not in browser.get("/stores/records/").content.decode()

    waits = browser.post("/stores/records/programs/", said | {"name": "loader", "manages": "on"}, follow=True).content.decode()
    assert "Waits for a second person" in waits
    (request,) = approvals.pending(actor=cora, at=clock.now())
    page = signed_in(User.objects.get(username="cora")).get(f"/approvals/{request.id}/").content.decode()
    assert "Let the program loader change the policy store records" in page
    assert actions.approve(request.id, actor=cora, at=clock.now()).done
    assert "Make the secret of loader" in browser.get("/stores/records/").content.decode()

    asked = browser.get(f"/stores/records/programs/{client.pk}/revoke/").content.decode()
    assert "Revoke app?" in asked
    browser.post(f"/stores/records/programs/{client.pk}/revoke/")
    assert client_with(secret) is None


@pytest.mark.parametrize("path", ["", "add/", "records/", "records/change/", "bank/", "nowhere/"])
def test_to_others_the_pages_do_not_exist(path: str) -> None:
    make("records")

    assert signed_in(person("cora", Role.COMPLIANCE)).get(f"/stores/{path}").status_code == 404
    assert Client().get(f"/stores/{path}").status_code == 302


def test_an_owner_sees_the_own_store_and_does_not_hand_it_on() -> None:
    olga = person("olga", Role.BRANCH_STAFF)
    make("records", owner=olga)
    make("ledgers")
    browser = signed_in(olga)

    assert [browser.get(f"/stores/{path}").status_code for path in ("", "records/", "ledgers/", "records/change/")] == [200, 200, 404, 404]
    assert browser.post("/stores/records/change/", {"title": "X", "owner": "", "reason": "Y"}).status_code == 404


def test_a_form_with_a_fault_is_kept_with_its_reason(ada: Actor) -> None:
    make("records")
    page = signed_in(administrator()).post("/stores/records/programs/", {"name": "app", "per_minute": "0", "reason": ""})

    assert page.status_code == 422
    assert 'value="app"' in page.content.decode()
    again = signed_in(administrator()).post("/stores/add/", {"name": "records", "title": "R", "reason": "Y"})
    assert (again.status_code, "There is a store of this name." in again.content.decode()) == (422, True)


# ---- past the program, as its database role ----


def refused(statement: str, *values: object) -> None:
    with (
        pytest.raises(DatabaseError, match=r"no decision|a policy store stays|is not signed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, values)


CLIENT = """INSERT INTO sentinel_storeclient (id, store, name, may_manage, per_minute, created_at, asked_by_id, secret_until, decision_id)
            VALUES (%s, %s, 'app', %s, %s, now(), %s, now() + interval '1 day', %s)"""


def test_the_database_lets_no_program_in_without_a_decision_for_just_that(ada: Actor) -> None:
    make("records")
    make("ledgers")
    asked = let_ask(ada)
    decision, user = asked.carried.decision.id, ada.user_id
    with arranging.past_triggers():  # what was let in is written again, as something else
        StoreClient.objects.all().delete()

    for changed in (
        (uuid4(), "records", False, 60, user, decision),
        (asked.client_id, "ledgers", False, 60, user, decision),
        (asked.client_id, "records", True, 60, user, decision),
        (asked.client_id, "records", False, 61, user, decision),
        (asked.client_id, "records", False, 60, person("mal", Role.ADMINISTRATOR).pk, decision),
        (asked.client_id, "records", False, 60, user, None),
        (asked.client_id, "records", False, 60, user, uuid4()),
    ):
        refused(CLIENT, *changed)


@pytest.mark.parametrize(
    "change",
    [
        "may_manage = true",
        "per_minute = 1000000",
        "store = 'ledgers'",
        "name = 'other'",
        "revoked_at = NULL",
        "secret_sha256 = repeat('a', 64)",
        "secret_until = now() + interval '1 year'",
    ],
)
def test_a_program_stays_as_it_was_let_in(ada: Actor, change: str) -> None:
    make("records")
    make("ledgers")
    asked = let_ask(ada)
    granting.make_secret("records", asked.client_id, actor=ada, at=clock.now())
    if "revoked" in change:
        granting.revoke("records", asked.client_id, actor=ada, at=clock.now())

    refused(f"UPDATE sentinel_storeclient SET {change} WHERE id = %s", asked.client_id)
    refused("DELETE FROM sentinel_storeclient WHERE id = %s", asked.client_id)


def test_the_database_gives_no_store_to_anybody_without_the_newest_decision(ada: Actor, cora: Actor) -> None:
    olga, otto = person("olga", Role.BRANCH_STAFF), person("otto", Role.BRANCH_STAFF)
    first = agree(assign(ada, owner=olga), cora).decision.id
    agree(assign(ada, owner=otto), cora)

    refused("UPDATE sentinel_policystore SET owner_id = %s WHERE name = 'records'", olga.pk)
    refused("UPDATE sentinel_policystore SET owner_id = %s, decision_id = %s WHERE name = 'records'", olga.pk, first)
    refused("UPDATE sentinel_policystore SET owner_id = %s WHERE name = 'bank'", olga.pk)
    refused("UPDATE sentinel_policystore SET name = 'mine' WHERE name = 'records'")
    refused("DELETE FROM sentinel_policystore WHERE name = 'records'")
    refused("INSERT INTO sentinel_policystore (id, name, title, created_at) VALUES (%s, 'mine', 'Mine', now())", uuid4())
    assert owner_of() == "otto"
