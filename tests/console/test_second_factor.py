"""Who holds powers signs in with a second step, at every door; without one they can set it up and do nothing else."""

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from bankos.console import second_factor
from bankos.platform.actors import Role
from bankos.platform.models import User
from tests import people

from .test_sign_in import AT, PASSWORD, code, in_session, inside, sign_in, with_app

pytestmark = pytest.mark.django_db
POWERS = ["administrator", "compliance_officer", "team_lead"]


@pytest.fixture(autouse=True)
def required(settings: Any) -> None:
    settings.SECOND_FACTOR_ROLES = POWERS


def person(name: str, *roles: str, **more: Any) -> User:
    user = User.objects.create_user(name, password=PASSWORD, name=name.title(), **more)
    return people.give(user, *map(Role, roles))


@pytest.fixture
def admin() -> User:
    return person("siobhan", "administrator")


def addresses(patterns: list[Any] | None = None, prefix: str = "/") -> Iterator[tuple[str, str]]:
    """Every address of the project with a name for each id in it, and its view's name."""
    for one in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(one, URLResolver):
            yield from addresses(one.url_patterns, prefix + str(one.pattern))
        elif isinstance(one, URLPattern):
            path = prefix + str(one.pattern).strip("^$")
            yield path, one.name or ""


def concrete(path: str) -> str | None:
    import re

    path = re.sub(r"<uuid:\w+>", "018f0000-0000-7000-8000-000000000000", path)
    path = re.sub(r"<(int|path|slug|str):\w+>|<\w+>", "1", path)
    return None if re.search(r"[\\(\[*?]", path) else path


@pytest.mark.parametrize("role", POWERS)
def test_without_a_second_step_every_address_leads_to_setting_it_up(role: str) -> None:
    client = inside(person("somebody", role))
    walked = 0
    for path, name in addresses():
        address = concrete(path)
        if address is None or name in second_factor._OPEN | second_factor._OPEN_TO_ALL:
            continue
        for method in ("get", "post"):
            answer: HttpResponse = getattr(client, method)(address)
            walked += 1
            if address.startswith("/api/"):
                assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_required"), address
                assert answer.headers["Content-Type"] == "application/problem+json"
            else:
                assert answer.status_code == 302, (method, address, answer.status_code)
                assert answer.headers["Location"].startswith("/accounts/2fa/totp/activate/"), address
    assert walked > 200


def test_fragments_are_told_where_to_go(admin: User) -> None:
    answer = inside(admin).get("/search/?q=x", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (403, "/accounts/2fa/totp/activate/")


@pytest.mark.parametrize("roles", [[], ["branch_staff"], ["contact_centre"]])
def test_others_may_choose(roles: list[str]) -> None:
    assert inside(person("aoife", *roles)).get("/me/settings/").status_code == 200


def test_with_the_code_everything_is_open(admin: User) -> None:
    with_app(admin)
    client = Client()
    sign_in(client, name="siobhan")
    assert not in_session(client)
    client.post("/accounts/2fa/authenticate/", {"code": code()}, REMOTE_ADDR=AT)
    assert client.get("/me/settings/").status_code == 200
    assert client.get("/admin/").status_code == 200


def test_a_session_from_before_the_app_was_set_up_has_to_show_it(admin: User) -> None:
    """A stolen password must not wait until its owner sets an app up."""
    thief = inside(admin)
    with_app(admin)
    assert thief.get("/me/settings/").headers["Location"].startswith("/accounts/2fa/reauthenticate/")
    assert thief.post("/accounts/reauthenticate/", {"password": PASSWORD}).headers["Location"].startswith("/accounts/2fa/reauthenticate/")
    assert thief.get("/me/settings/").status_code == 302
    assert thief.post("/accounts/2fa/reauthenticate/", {"code": code()}, REMOTE_ADDR=AT).status_code == 302
    assert thief.get("/me/settings/").status_code == 200


def test_setting_an_app_up_opens_this_session_and_no_other(admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client, other = Client(), Client()
    sign_in(client, name="siobhan")
    sign_in(other, name="siobhan")
    client.post("/accounts/reauthenticate/", {"password": PASSWORD}, REMOTE_ADDR=AT)
    page = client.get("/accounts/2fa/totp/activate/")
    assert page.status_code == 200
    secret = client.session["mfa.totp.secret"]
    monkeypatch.setattr("tests.console.test_sign_in.SECRET", secret)
    assert client.post("/accounts/2fa/totp/activate/", {"code": code()}, REMOTE_ADDR=AT).status_code == 302
    assert client.get("/me/settings/").status_code == 200
    assert other.get("/me/settings/").headers["Location"].startswith("/accounts/2fa/reauthenticate/")


def test_whoever_takes_the_app_away_is_led_back_to_it(admin: User) -> None:
    with_app(admin)
    client = Client()
    sign_in(client, name="siobhan")
    client.post("/accounts/2fa/authenticate/", {"code": code()}, REMOTE_ADDR=AT)
    Authenticator.objects.all().delete()
    assert client.get("/me/settings/").headers["Location"].startswith("/accounts/2fa/totp/activate/")


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("path", ["/admin/login/", "/admin/password_change/", "/admin/", "/admin/login/?next=/admin/auth/"])
def test_the_administration_takes_no_secret(admin: User, method: str, path: str) -> None:
    client = Client()
    answer = getattr(client, method)(path, {"username": "siobhan", "password": PASSWORD})
    assert answer.status_code == 302
    assert not in_session(client)


def test_nobody_becomes_somebody_else_at_the_administration(admin: User, settings: Any) -> None:
    settings.SECOND_FACTOR_ROLES = []
    person("ruairi", "compliance_officer")
    client = inside(admin)
    client.post("/admin/login/", {"username": "ruairi", "password": PASSWORD})
    assert client.session["_auth_user_id"] == str(admin.pk)


def test_the_way_out_is_open(admin: User) -> None:
    client = inside(admin)
    assert client.post("/accounts/logout/").status_code == 302
    assert not in_session(client)


def test_programs_have_keys_and_no_second_step() -> None:
    assert Client().get("/api/v1/customers/?q=x", headers={"Authorization": "Bearer bc_x"}).status_code == 401
