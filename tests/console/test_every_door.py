"""There is no door the counter does not know: every address of the project is opened, and every form that asks for a secret is tried."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.authentication import SessionAuthentication

from bankos.platform import clock
from bankos.platform.models import AttemptCount, User
from customers.channels.access import ClientAuthentication
from sentinel.authzen.api import ClientAuthentication as StoreClientAuthentication

from .test_second_factor import concrete
from .test_sign_in import AT, PASSWORD, at_second_step, inside, with_app

pytestmark = pytest.mark.django_db
SECRET_FIELD = re.compile(r"<input[^>]*(?:type=\"password\"|name=\"(?:code|otp|token|secret|pin|oldpassword)\")[^>]*>")
# The code of an app that is being set up: its secret is shown on the same page, there is nothing to guess.
NOTHING_TO_GUESS = {"mfa_activate_totp"}


def patterns(found: list[Any] | None = None, prefix: str = "/") -> Iterator[tuple[str, URLPattern]]:
    for one in get_resolver().url_patterns if found is None else found:
        if isinstance(one, URLResolver):
            yield from patterns(one.url_patterns, prefix + str(one.pattern))
        elif isinstance(one, URLPattern):
            yield prefix + str(one.pattern).strip("^$"), one


def nobody(user: User) -> Client:
    return Client()


def signed_in(user: User) -> Client:
    Authenticator.objects.all().delete()
    return inside(user)


def signed_in_with_an_app(user: User) -> Client:
    Authenticator.objects.all().delete()
    return inside(with_app(user))


def at_the_second_step(user: User) -> Client:
    Authenticator.objects.all().delete()
    return at_second_step(with_app(user))


VISITORS: list[Callable[[User], Client]] = [nobody, signed_in, signed_in_with_an_app, at_the_second_step]
WRONG = {
    "login": "tomas",
    "username": "tomas",
    "password": "wrong",
    "oldpassword": "wrong",
    "code": "000000",
    "password1": "x",
    "password2": "x",
}


def doors(visitor: Callable[[User], Client], user: User) -> dict[str, str]:
    """The addresses where this visitor is asked for a secret, by name."""
    found, client = {}, visitor(user)
    for path, pattern in patterns():
        address = concrete(path)
        if address is None or address.startswith(("/api/", "/authzen/")) or pattern.name in NOTHING_TO_GUESS:
            continue
        if address.startswith("/accounts/"):
            client = visitor(user)  # another page of signing in ends the second step, and leaving ends all
        page = client.get(address, REMOTE_ADDR=AT)
        if page.status_code == 200 and not page.streaming and SECRET_FIELD.search(page.content.decode("utf-8", "replace")):
            found[pattern.name or address] = address
    return found


def test_every_form_that_asks_for_a_secret_is_counted() -> None:
    user = User.objects.create_user("tomas", password=PASSWORD)
    seen: set[str] = set()
    with clock.stopped_at(clock.now()):
        for visitor in VISITORS:
            for name, address in doors(visitor, user).items():
                seen.add(name)
                AttemptCount.objects.all().delete()
                client = visitor(user)
                answers = [client.post(address, WRONG, REMOTE_ADDR=AT).status_code for _ in range(9)]
                AttemptCount.objects.all().delete()
                assert answers[-1] == 429, (visitor.__name__, name, answers)
    # The walk is not blind.
    assert {"account_login", "account_reauthenticate", "account_change_password", "mfa_authenticate", "mfa_reauthenticate"} <= seen


def test_no_interface_takes_a_secret_that_is_not_counted() -> None:
    counted = {ClientAuthentication, StoreClientAuthentication}
    looked = 0
    for path, pattern in patterns():
        view = getattr(pattern.callback, "cls", None)
        if view is None:
            continue
        looked += 1
        assert set(view.authentication_classes) <= counted | {SessionAuthentication}, path
    assert looked > 40
