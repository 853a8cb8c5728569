"""Administrators look at ledger and work list; nobody changes them, and nobody sees other branches' customers there."""

from collections.abc import Callable

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from bankos.platform import clock, events
from bankos.platform.actors import Actor, Role
from bankos.platform.ids import uuid7
from journeys.models import Effect
from tests import arranging, people

from . import household
from .household import Household

pytestmark = pytest.mark.django_db

Admin = Callable[[Actor], Client]
PAGES = ["effect", "effectdelivery", "workitem"]


@pytest.fixture
def admin() -> Admin:
    """Signs a person in who may look at every table of this floor: an administrator, whatever else they are."""

    def sign_in(actor: Actor) -> Client:
        user = get_user_model().objects.get(pk=actor.user_id)
        people.give(user, Role.ADMINISTRATOR)
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


@pytest.fixture
def effect(home: Household, staff: Actor) -> Effect:
    done = household.perform(actor=staff, **home.transfer(), at=clock.now(), summary="Moved EUR 120.00 from savings")
    return Effect.objects.get(pk=done.result)


def test_an_effect_is_shown_with_the_state_of_its_delivery(effect: Effect, administrator: Actor, admin: Admin) -> None:
    client = admin(administrator)
    assert "not yet" in client.get("/admin/journeys/effect/").content.decode()
    assert events.drain("journeys.sender") == 1
    page = client.get(f"/admin/journeys/effect/{effect.pk}/change/").content.decode()
    assert str(effect.decision_id) in page
    assert "not yet" not in client.get("/admin/journeys/effect/").content.decode()
    assert f"core/{effect.decision_id}.json" in client.get("/admin/journeys/effectdelivery/").content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_added_changed_or_deleted_here(effect: Effect, administrator: Actor, admin: Admin, page: str) -> None:
    client = admin(administrator)
    assert client.get(f"/admin/journeys/{page}/").status_code == 200
    assert client.post(f"/admin/journeys/{page}/add/").status_code == 403
    if page == "effect":
        assert client.post(f"/admin/journeys/{page}/{effect.pk}/change/", {"action": "other"}).status_code == 403
        assert client.post(f"/admin/journeys/{page}/{effect.pk}/delete/", {"post": "yes"}).status_code == 403


def test_who_is_not_listed_for_a_protected_customer_finds_nothing(
    effect: Effect, home: Household, administrator: Actor, admin: Admin
) -> None:
    events.drain("journeys.sender")
    arranging.make_circle("private", name="Private office")
    arranging.protect(home.party_id, circle="private")
    client = admin(administrator)
    for page in PAGES:
        assert str(effect.decision_id) not in client.get(f"/admin/journeys/{page}/").content.decode()
    known = client.get(f"/admin/journeys/effect/{effect.pk}/change/")
    unknown = client.get(f"/admin/journeys/effect/{uuid7()}/change/")
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
