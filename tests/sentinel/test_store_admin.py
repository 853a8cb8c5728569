from typing import Any

import pytest
from django.contrib.admin import site
from django.test import Client

from bankos.platform import clock
from bankos.platform.actors import Role
from bankos.platform.models import User
from sentinel.authzen import access
from sentinel.models import PolicyStore, StoreClient, StoreEntity
from tests import people

from .authzen.certification import POLICIES, SCHEMA
from .authzen.service import Caller, client_of, make

pytestmark = pytest.mark.django_db


@pytest.fixture
def root() -> Client:
    user = people.give(User.objects.create(username="root", name="Root"), Role.ADMINISTRATOR)
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


@pytest.fixture
def records() -> PolicyStore:
    make("records")
    client_of("records", manages=True).manage("put", "policies/", {"policies": POLICIES, "schema": SCHEMA})
    return PolicyStore.objects.get(name="records")


def add_entity(root: Client, store: PolicyStore, **said: Any) -> Any:
    form = {"store": store.name, "type": "user", "entity_id": "bob", "attributes": "{}", "parents": "[]"} | said
    return root.post("/admin/sentinel/storeentity/add/", form)


def test_a_secret_is_shown_once_and_works(root: Client, records: PolicyStore) -> None:
    page = root.post(
        "/admin/sentinel/storeclient/add/", {"store": records.name, "name": "app", "per_minute": 60}, follow=True
    ).content.decode()

    secret = page.split("shown this once: ")[1].split("<")[0].strip()
    assert access.client_with(secret) == StoreClient.objects.get(name="app")
    assert secret not in root.get("/admin/sentinel/storeclient/").content.decode()


def test_a_client_is_revoked_not_changed_or_deleted(root: Client, records: PolicyStore) -> None:
    client, secret = access.issue("records", name="app", may_manage=False, at=clock.now())

    root.post("/admin/sentinel/storeclient/", {"action": "revoke", "_selected_action": [str(client.pk)]})

    assert access.client_with(secret) is None
    assert Caller("records", secret).send("evaluation", b"{}").status_code == 401
    assert root.post(f"/admin/sentinel/storeclient/{client.pk}/delete/", {"post": "yes"}).status_code == 403
    assert root.post(f"/admin/sentinel/storeclient/{client.pk}/change/", {"may_manage": "on"}).status_code == 403


def test_a_store_keeps_its_name_and_stays(root: Client, records: PolicyStore) -> None:
    root.post(f"/admin/sentinel/policystore/{records.pk}/change/", {"name": "other", "title": "New title", "owner": ""})

    records.refresh_from_db()
    assert (records.name, records.title) == ("records", "New title")
    assert root.post(f"/admin/sentinel/policystore/{records.pk}/delete/", {"post": "yes"}).status_code == 403


def test_an_entity_is_taken_as_the_interface_takes_it(root: Client, records: PolicyStore) -> None:
    assert add_entity(root, records, attributes='{"role": "admin"}').status_code == 302

    assert StoreEntity.objects.get().attributes == {"role": "admin"}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"attributes": '{"role": 7}'}, "expected to have type string"),
        ({"type": "spaceship"}, "no type spaceship"),
        ({"parents": '[{"type": "team"}]'}, "parents"),
        ({"attributes": "[]"}, "attributes"),
    ],
    ids=str,
)
def test_an_entity_that_does_not_fit_is_sent_back_with_its_reason(
    root: Client, records: PolicyStore, said: dict[str, str], reason: str
) -> None:
    page = add_entity(root, records, **said)

    assert page.status_code == 200
    assert reason in page.content.decode()
    assert not StoreEntity.objects.exists()


@pytest.mark.parametrize("deep", ["[" * 100_000, '{"a":' * 17 + "1" + "}" * 17], ids=["far too deep", "too deep"])
@pytest.mark.parametrize("field", ["attributes", "parents"])
def test_an_entity_deeper_than_the_interface_takes_it_is_sent_back(root: Client, records: PolicyStore, field: str, deep: str) -> None:
    page = add_entity(root, records, **{field: deep})

    assert page.status_code == 200
    assert "is nested deeper than 16 levels" in page.content.decode()
    assert not StoreEntity.objects.exists()


def test_the_bank_has_no_entities_here(root: Client, authority: None) -> None:
    page = add_entity(root, PolicyStore.objects.get(name="bank"), type="Party")

    assert "own floors" in page.content.decode()
    assert not StoreEntity.objects.exists()


def test_every_page_of_stores_opens(root: Client, records: PolicyStore) -> None:
    for model in (PolicyStore, StoreEntity, StoreClient):
        assert site.is_registered(model)
        for address in ("", "add/"):
            assert root.get(f"/admin/sentinel/{model._meta.model_name}/{address}").status_code == 200
