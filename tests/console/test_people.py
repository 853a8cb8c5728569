"""The pages of people: who finds them, what they show, and the way from a new colleague to their first sign-in."""

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from django.test import Client

from bankos.platform import attempts, clock
from bankos.platform.actors import OVERSEEING, Actor, Role, employee
from bankos.platform.ids import uuid7
from bankos.platform.models import User
from sentinel import approvals, policy
from sentinel.people import joining
from tests import people

pytestmark = pytest.mark.usefixtures("policies_in_force")

PASSWORD = "the heron waits at low tide"


@pytest.fixture
def policies_in_force(db: None) -> None:
    policy.load_starting_set(at=clock.now())


@pytest.fixture
def orla() -> Actor:
    return people.colleague("orla", Role.ADMINISTRATOR)


@pytest.fixture
def maeve() -> Actor:
    return people.colleague("maeve", Role.COMPLIANCE)


@pytest.fixture
def siobhan() -> Actor:
    return people.colleague("siobhan", Role.BRANCH_STAFF, job_title="Adviser")


def desk(person: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=person.id), backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


PATHS: list[Callable[[str], str]] = [
    lambda id: "/people/",
    lambda id: "/people/join/",
    lambda id: f"/people/{id}/",
    lambda id: f"/people/{id}/move/",
]


@pytest.mark.parametrize("role", [role for role in Role if role not in OVERSEEING])
def test_to_who_is_not_in_charge_the_pages_do_not_exist(siobhan: Actor, role: Role) -> None:
    client = desk(people.colleague("curious", role))
    missing = client.get("/people/nowhere/")
    for path in PATHS:
        answer = client.get(path(siobhan.id))
        assert (answer.status_code, "Siobhan" in answer.content.decode()) == (missing.status_code, False)
    for act in ("grant", "leave", "link", "code", "sign-out", "unlock", "nonsense"):
        assert client.post(f"/people/{siobhan.id}/act/", {"act": act, "role": "team_lead", "reason": "x"}).status_code == 404
    assert "/people/" not in client.get("/me/settings/").content.decode()
    assert employee(User.objects.get(pk=siobhan.id)).roles == {Role.BRANCH_STAFF}


def test_nobody_signed_in_is_led_to_the_door(siobhan: Actor) -> None:
    for path in (*(path(siobhan.id) for path in PATHS), "/me/sessions/"):
        assert Client().get(path).status_code == 302


@pytest.mark.parametrize(
    "path", ["/admin/auth/group/", "/admin/platform/user/", "/admin/mfa/authenticator/", "/admin/account/emailaddress/"]
)
def test_the_administration_has_no_pages_of_people(orla: Actor, path: str) -> None:
    assert desk(orla).get("/admin/").status_code == 200
    for address in (path, f"{path}add/", f"{path}1/change/", f"{path}1/delete/"):
        assert desk(orla).get(address).status_code == 404


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_the_administration_opens_to_administrators_only(role: Role) -> None:
    assert desk(people.colleague("curious", role)).get("/admin/").status_code == 302


def test_people_are_found_by_name_title_and_branch(orla: Actor, siobhan: Actor) -> None:
    people.colleague("cian", Role.BRANCH_STAFF, branch_code="DUB1")
    for text, found in (("sio", "Siobhan"), ("adviser", "Siobhan"), ("dub1", "Cian")):
        listed = page(desk(orla), f"/people/?q={text}")
        assert [name for name in ("Siobhan", "Cian") if f">{name}</a>" in listed] == [found]


def test_from_a_new_colleague_to_their_first_sign_in(orla: Actor, maeve: Actor) -> None:
    administrator, officer, newcomer = desk(orla), desk(maeve), Client()
    form = {"name": "Nora Quinn", "username": "nora", "job_title": "Adviser", "role": "branch_staff", "reason": "Starts on Monday"}
    assert administrator.post("/people/join/", form).headers["Location"] == "/people/"
    [waits] = approvals.pending(actor=maeve, at=clock.now())
    assert "Let a new colleague in" in page(administrator, "/people/")
    asked = page(officer, f"/approvals/{waits.id}/")
    assert "Let Nora Quinn in as a new colleague" in asked
    assert "branch staff" in asked
    officer.post(f"/approvals/{waits.id}/", {"answer": "approve"})
    nora = User.objects.get(username="nora")
    address = f"/people/{nora.pk}/"

    linked = administrator.post(f"{address}act/", {"act": "link"}).content.decode()
    [path] = re.findall(r"http://testserver(/accounts/way-in/[\w-]+/)", linked)
    coded = officer.post(f"{address}act/", {"act": "code"}).content.decode()
    [code] = re.findall(r'<p class="mono">(\w+)</p>', coded)
    assert path not in page(administrator, address)
    assert code not in page(officer, address)
    assert administrator.post(f"{address}act/", {"act": "code"}).status_code == 302  # not hers to make

    assert "Nora Quinn" in page(newcomer, path)
    wrong = {"code": "WRONGWRONG", "password": PASSWORD, "again": PASSWORD}
    assert newcomer.post(path, wrong).status_code == 422
    assert newcomer.post(path, wrong | {"code": code, "password": "nora", "again": "nora"}).status_code == 422
    assert newcomer.post(path, wrong | {"code": code, "again": "another"}).status_code == 422
    assert newcomer.post(path, wrong | {"code": code}).headers["Location"] == "/accounts/login/"
    newcomer.post("/accounts/login/", {"login": "nora", "password": PASSWORD}, headers={"User-Agent": "Firefox on Linux"})
    assert newcomer.get("/me/settings/").status_code == 200
    assert newcomer.get(path).status_code == Client().get(f"/accounts/way-in/{'x' * 43}/").status_code == 404
    assert "Firefox on Linux" in page(administrator, address)


def test_a_refused_colleague_is_nobody(orla: Actor, maeve: Actor) -> None:
    newcomer = joining.Newcomer("nora", "Nora", "Adviser", Role.TEAM_LEAD)
    asked = joining.join(newcomer, reason="Starts", actor=orla, at=clock.now())
    desk(maeve).post(f"/approvals/{asked.answer.request_id}/", {"answer": "refuse", "note": "We do not know her."})
    assert not User.objects.filter(username="nora").exists()


@pytest.mark.parametrize("username", ["orla", "ORLA", "Orla ", "o", "nora/../x", "nora\x00"])
def test_user_names_are_new_and_plain(orla: Actor, username: str) -> None:
    form = {"name": "Nora", "username": username, "job_title": "Adviser", "role": "none", "reason": "Starts"}
    assert desk(orla).post("/people/join/", form).status_code == 422


def test_compliance_takes_away_and_gives_nothing(maeve: Actor, orla: Actor, siobhan: Actor) -> None:
    client, address = desk(maeve), f"/people/{siobhan.id}/"
    shown = page(client, address)
    assert ('value="withdraw"' in shown, 'value="grant"' in shown, 'value="reset"' in shown) == (True, False, False)
    client.post(f"{address}act/", {"act": "grant", "role": "team_lead", "reason": "x"})
    client.post(f"{address}act/", {"act": "withdraw", "role": "branch_staff", "reason": "Moves on"})
    assert employee(User.objects.get(pk=siobhan.id)).roles == frozenset()


def test_letting_go_ends_an_open_session_at_the_next_request(orla: Actor, maeve: Actor, siobhan: Actor) -> None:
    theirs = desk(siobhan)
    assert theirs.get("/me/settings/").status_code == 200
    desk(orla).post(f"/people/{siobhan.id}/act/", {"act": "leave", "reason": "Goes"})
    assert theirs.get("/me/settings/").status_code == 302
    assert "Siobhan" not in page(desk(orla), "/people/")
    assert "Siobhan" in page(desk(orla), "/people/?gone=yes")


@pytest.mark.parametrize("act", ["withdraw", "leave", "reset", "grant"])
def test_what_changes_powers_has_a_reason(orla: Actor, maeve: Actor, siobhan: Actor, act: str) -> None:
    answer = desk(orla).post(f"/people/{siobhan.id}/act/", {"act": act, "role": "branch_staff", "reason": " "})
    assert answer.status_code == 422
    assert employee(User.objects.get(pk=siobhan.id)).roles == {Role.BRANCH_STAFF}


def test_a_wait_after_wrong_passwords_is_ended_by_an_administrator(orla: Actor, siobhan: Actor) -> None:
    for _ in range(12):
        Client().post("/accounts/login/", {"login": "siobhan", "password": "wrong"})
    assert attempts.waits_until("siobhan", at=clock.now()) is not None
    client, address = desk(orla), f"/people/{siobhan.id}/"
    assert "Let them try again" in page(client, address)
    client.post(f"{address}act/", {"act": "unlock"})
    assert attempts.waits_until("siobhan", at=clock.now()) is None


def test_pages_of_nobody_are_missing(orla: Actor) -> None:
    for path in PATHS[2:]:
        assert desk(orla).get(path(str(uuid7()))).status_code == 404
    assert desk(orla).post(f"/people/{UUID(int=0)}/act/", {"act": "leave", "reason": "x"}).status_code == 404
