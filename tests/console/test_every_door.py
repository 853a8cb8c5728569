"""There is no door the counter does not know: every address of the project is opened, and every form that asks for a secret is tried."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.authentication import SessionAuthentication

from bankos.platform import clock
from bankos.platform.models import User
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


def visitors(user: User) -> Iterator[tuple[str, Client]]:
    yield "nobody", Client()
    yield "signed in", inside(user)
    with_app(user)
    yield "signed in, with an app", inside(user)
    yield "at the second step", at_second_step(user)


def test_every_form_that_asks_for_a_secret_is_counted() -> None:
    now = clock.now()
    user = User.objects.create_user("tomas", password=PASSWORD, is_staff=True, is_superuser=hasattr(User, "is_superuser"))
    doors: dict[tuple[str, str], str] = {}
    with clock.stopped_at(now):
        for who, client in visitors(user):
            for path, pattern in patterns():
                address = concrete(path)
                if address is None or address.startswith(("/api/", "/authzen/")) or pattern.name == "account_logout":
                    continue
                page = client.get(address, REMOTE_ADDR=AT)
                body = b"" if page.streaming else page.content
                if page.status_code == 200 and SECRET_FIELD.search(body.decode("utf-8", "replace")):
                    doors[who, pattern.name or address] = address
            if who != "signed in, with an app":
                assert any(seen == who for seen, _ in doors), f"{who} finds no door at all: the walk is blind"
        counted = {name for _, name in doors} - NOTHING_TO_GUESS
        assert {"account_login", "account_reauthenticate", "account_change_password", "mfa_authenticate", "mfa_reauthenticate"} <= counted
        wrong = {
            "login": "tomas",
            "username": "tomas",
            "password": "wrong",
            "oldpassword": "wrong",
            "code": "000000",
            "password1": "x",
            "password2": "x",
        }
        for (who, name), address in doors.items():
            if name in NOTHING_TO_GUESS:
                continue
            from allauth.mfa.models import Authenticator

            from bankos.platform import attempts

            Authenticator.objects.all().delete()
            attempts.clear("tomas")
            client = next(client for visitor, client in visitors(user) if visitor == who)
            attempts.clear("tomas")
            answers = [client.post(address, wrong, REMOTE_ADDR=AT).status_code for _ in range(9)]
            assert answers[-1] == 429, (who, name, answers)


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
