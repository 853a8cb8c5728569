"""The pages of people: who finds them, what they show, and the way from a new colleague to their first sign-in."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from django.test import Client

from bankos.console.people import powers
from bankos.platform import attempts, clock
from bankos.platform.actors import OVERSEEING, Actor, Role, employee
from bankos.platform.ids import uuid7
from bankos.platform.models import User
from customers.models import Portfolio
from sentinel import approvals, policy
from sentinel.people import joining, ways_in
from tests import arranging, people

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
    lambda id: f"/people/{id}/withdraw/",
    lambda id: f"/people/{id}/reset/",
    lambda id: f"/people/{id}/leave/",
    lambda id: "/people/powers/",
]
ABOUT_ONE = PATHS[2:7]


@pytest.mark.parametrize("role", [role for role in Role if role not in OVERSEEING])
def test_to_who_is_not_in_charge_the_pages_do_not_exist(siobhan: Actor, role: Role) -> None:
    client = desk(people.colleague("curious", role))
    missing = client.get("/people/nowhere/")
    for path in PATHS:
        answer = client.get(path(siobhan.id))
        assert (answer.status_code, "Siobhan" in answer.content.decode()) == (missing.status_code, False)
    for act in ("withdraw", "reset", "leave"):
        assert client.post(f"/people/{siobhan.id}/{act}/", {"role": "branch_staff", "reason": "x"}).status_code == 404
    for act in ("grant", "link", "code", "sign-out", "unlock", "nonsense"):
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
    assert (f"{address}withdraw/" in shown, 'value="grant"' in shown, f"{address}reset/" in shown) == (True, False, False)
    assert client.post(f"{address}reset/", {"reason": "x"}).status_code == 404
    client.post(f"{address}act/", {"act": "grant", "role": "team_lead", "reason": "x"})
    client.post(f"{address}withdraw/", {"role": "branch_staff", "reason": "Moves on"})
    assert employee(User.objects.get(pk=siobhan.id)).roles == frozenset()


def test_letting_go_ends_an_open_session_at_the_next_request(orla: Actor, maeve: Actor, siobhan: Actor) -> None:
    theirs = desk(siobhan)
    assert theirs.get("/me/settings/").status_code == 200
    desk(orla).post(f"/people/{siobhan.id}/leave/", {"reason": "Goes"})
    assert theirs.get("/me/settings/").status_code == 302
    assert "Siobhan" not in page(desk(orla), "/people/")
    assert "Siobhan" in page(desk(orla), "/people/?gone=yes")


@pytest.mark.parametrize("act", ["withdraw", "leave", "reset", "grant"])
def test_what_changes_powers_has_a_reason(orla: Actor, maeve: Actor, siobhan: Actor, act: str) -> None:
    address = f"/people/{siobhan.id}/{'act' if act == 'grant' else act}/"
    answer = desk(orla).post(address, {"act": act, "role": "team_lead" if act == "grant" else "branch_staff", "reason": " "})
    assert answer.status_code == 422
    assert "This field is required" in answer.content.decode()
    assert employee(User.objects.get(pk=siobhan.id)).roles == {Role.BRANCH_STAFF}


def test_a_wait_after_wrong_passwords_is_ended_by_an_administrator(orla: Actor, siobhan: Actor) -> None:
    for _ in range(12):
        Client().post("/accounts/login/", {"login": "siobhan", "password": "wrong"})
    assert attempts.waits_until("siobhan", at=clock.now()) is not None
    client, address = desk(orla), f"/people/{siobhan.id}/"
    assert "Let them try again" in page(client, address)
    client.post(f"{address}act/", {"act": "unlock"})
    assert attempts.waits_until("siobhan", at=clock.now()) is None


def test_what_is_sent_after_the_session_ended_says_so_and_leads_back(orla: Actor, siobhan: Actor) -> None:
    client, address = Client(), f"/people/{siobhan.id}/"
    said = {"act": "grant", "role": "team_lead", "reason": "x"}
    answer = client.post(f"{address}act/", said, headers={"Referer": f"http://testserver{address}?from=list"})
    assert answer.status_code == 302
    assert parse_qs(urlsplit(answer["Location"]).query)["next"] == [f"{address}?from=list"]
    assert "nothing was done" in client.get(answer["Location"]).content.decode()
    elsewhere = Client().post(f"{address}act/", said, headers={"Referer": "http://elsewhere.example/people/"})
    assert parse_qs(urlsplit(elsewhere["Location"]).query)["next"] == ["/"]


def test_a_password_that_was_set_is_told_at_the_door(orla: Actor, maeve: Actor) -> None:
    joined = joining.join(joining.Newcomer("nora", "Nora", "Adviser", None), reason="Starts", actor=orla, at=clock.now())
    desk(maeve).post(f"/approvals/{joined.answer.request_id}/", {"answer": "approve"})
    secret = ways_in.make_link(joined.person_id, by=orla.id, at=clock.now())
    code = ways_in.make_code(joined.person_id, by=maeve.id, at=clock.now())
    form = {"code": code, "password": PASSWORD, "again": PASSWORD}
    answer = Client().post(f"/accounts/way-in/{secret}/", form, follow=True)
    assert "Your password is set" in answer.content.decode()


def test_pages_of_nobody_are_missing(orla: Actor) -> None:
    for path in ABOUT_ONE:
        assert desk(orla).get(path(str(uuid7()))).status_code == 404
    assert desk(orla).post(f"/people/{UUID(int=0)}/act/", {"act": "unlock"}).status_code == 404


def test_who_gave_which_power_and_who_agreed_stands_on_one_page(orla: Actor, maeve: Actor, siobhan: Actor) -> None:
    administrator, officer, address = desk(orla), desk(maeve), f"/people/{siobhan.id}/"
    administrator.post(f"{address}act/", {"act": "grant", "role": "team_lead", "reason": "Leads Galway"})
    [waits] = approvals.pending(actor=maeve, at=clock.now())
    asked = page(officer, f"/approvals/{waits.id}/")
    assert "<del>branch staff</del>" in asked  # what she holds now, beside what she is to get
    assert "Siobhan: Leads Galway" in page(officer, "/approvals/")
    officer.post(f"/approvals/{waits.id}/", {"answer": "approve"})

    [given] = [one for one in powers.powers(actor=maeve, at=clock.now()) if one.what == "Team lead"]
    assert (given.person, given.asked, given.agreed, given.until) == ("Siobhan", "Orla", "Maeve", None)
    assert given.decision_id
    for listed in (page(officer, "/people/powers/?q=siob"), page(officer, address)):
        assert f"/decisions/{given.decision_id}/" in listed
        assert all(name in listed for name in ("Team lead", "Orla", "Maeve"))
    assert "Team lead" not in page(officer, "/people/powers/?q=orla")

    officer.post(f"{address}withdraw/", {"role": "team_lead", "reason": "Steps down"})
    assert [one.what for one in powers.powers(actor=orla, at=clock.now(), ended=True)] == ["Team lead"]
    assert "Team lead" in page(administrator, "/people/powers/?ended=yes")
    assert "Team lead" not in page(administrator, "/people/powers/")


def test_a_second_person_sees_where_somebody_works_before_they_move(orla: Actor, maeve: Actor) -> None:
    cian = people.colleague("cian", Role.BRANCH_STAFF, branch_code="DUB1", job_title="Adviser")
    form = {"job_title": "Adviser", "branch": "", "manager": "", "reason": "Goes to head office"}
    desk(orla).post(f"/people/{cian.id}/move/", form)
    [waits] = approvals.pending(actor=maeve, at=clock.now())
    asked = page(desk(maeve), f"/approvals/{waits.id}/")
    assert "<del>DUB1</del></td><td><ins>head office</ins>" in asked
    assert "<del>Adviser</del>" not in asked  # it stays


def test_who_agreed_to_a_new_colleague_is_led_to_their_page(orla: Actor, maeve: Actor) -> None:
    joined = joining.join(joining.Newcomer("nora", "Nora", "Adviser", None), reason="Starts", actor=orla, at=clock.now())
    address = f"/approvals/{joined.answer.request_id}/"
    assert "nora: Starts" in page(desk(maeve), "/approvals/")
    desk(maeve).post(address, {"answer": "approve"})
    assert f'href="/people/{joined.person_id}/"' in page(desk(maeve), address)


@pytest.mark.parametrize("act", ["withdraw", "leave"])
def test_what_cannot_be_done_keeps_the_reason_that_was_typed(orla: Actor, maeve: Actor, act: str) -> None:
    answer = desk(orla).post(f"/people/{maeve.id}/{act}/", {"role": "compliance_officer", "reason": "Goes to the other bank"})
    assert answer.status_code == 422
    assert 'value="Goes to the other bank"' in answer.content.decode()


def test_before_somebody_goes_the_page_says_what_ends(orla: Actor, siobhan: Actor) -> None:
    desk(siobhan).get("/me/settings/")
    shown = page(desk(orla), f"/people/{siobhan.id}/leave/")
    assert "<li>Branch staff</li>" in shown
    assert "1 open session," in shown
    assert desk(orla).get(f"/people/{orla.id}/leave/").status_code == 404


def test_the_page_of_a_leaver_tells_what_ends_from_what_somebody_else_has_to_take_over(orla: Actor, siobhan: Actor) -> None:
    with arranging.before_everything():
        Portfolio.objects.create(code="p", name="Owners", manager_id=UUID(siobhan.id))
    shown = page(desk(orla), f"/people/{siobhan.id}/leave/")
    assert "<li>Sees customers of the portfolio Owners" not in shown
    assert "keeps them as its manager" in shown
