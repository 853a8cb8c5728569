from typing import Any

import pytest
from django.contrib.admin import site
from django.test import Client

from bankos.platform.actors import Role
from bankos.platform.models import User
from sentinel.models import PolicyStore, StoreClient, StoreEntity
from tests import people

from .authzen.certification import POLICIES, SCHEMA
from .authzen.service import client_of, make

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


@pytest.mark.parametrize("model", ["policystore", "storeclient"])
def test_who_runs_and_asks_a_store_is_only_looked_at_here(root: Client, records: PolicyStore, model: str) -> None:
    row = records if model == "policystore" else StoreClient.objects.get()

    assert root.get(f"/admin/sentinel/{model}/{row.pk}/change/").status_code == 200
    for address in ("add/", f"{row.pk}/change/", f"{row.pk}/delete/"):
        assert root.post(f"/admin/sentinel/{model}/{address}", {"post": "yes", "title": "Mine", "may_manage": "on"}).status_code == 403


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
        assert root.get(f"/admin/sentinel/{model._meta.model_name}/").status_code == 200
    assert root.get("/admin/sentinel/storeentity/add/").status_code == 200
