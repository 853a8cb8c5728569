"""An administrator alone, with a browser and bad intent: the administration pages give nobody anything, whatever is sent to them."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin import site
from django.db import connection, models
from django.test import Client
from django.urls import reverse

from bankos.platform import actors, clock
from bankos.platform.actors import Role
from bankos.platform.models import User
from sentinel import policy
from tests import people

pytestmark = pytest.mark.django_db
# What may be written there: how the bank works, and what other systems ask. Who adds to this says why it gives nobody a power here.
LISTED = {"customers.ConsentPurpose", "customers.EventKind", "customers.LinkageSettings", "customers.SurvivorshipRule"}
STORES = {"sentinel.StoreEntity", "sentinel.PolicyVersion"}
WRITTEN = {
    "add": {*LISTED, *STORES, "customers.ConsentNotice"},
    "change": {*LISTED, *STORES, "customers.CareSettings"},
    "delete": {"sentinel.StoreEntity"},
}
# Of everybody's powers: who works here, as what, who sees whom, what programs and machines may do, what was agreed.
POWERS = (
    "platform_user",
    "platform_rolemembership",
    "sentinel_delegation",
    "sentinel_personalmandate",
    "sentinel_policyversion",
    "sentinel_autonomysetting",
    "sentinel_automationstop",
    "sentinel_approvalanswer",
    "sentinel_decision",
    "customers_branchuserpermission",
    "customers_teamuserpermission",
    "customers_portfoliouserpermission",
    "customers_circleuserpermission",
    "customers_partyuserpermission",
    "customers_protection",
    "customers_maskingrule",
    "customers_apiclient",
    "customers_clientkey",
    "customers_keyleave",
    "sentinel_policystore",
    "sentinel_storeclient",
)


@pytest.fixture
def mallory(db: None) -> User:
    policy.load_starting_set(at=clock.now())
    return people.give(User.objects.create(username="mallory", name="Mallory"), Role.ADMINISTRATOR)


@pytest.fixture
def browser(mallory: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(mallory, backend="django.contrib.auth.backends.ModelBackend")
    return client


def powers() -> dict[str, list[str]]:
    found = {}
    with connection.cursor() as cursor:
        for table in POWERS:
            cursor.execute(f"SELECT (to_jsonb(t) - 'last_login')::text FROM {table} t ORDER BY 1")
            found[table] = [row for (row,) in cursor.fetchall()]
    return found


def allowed(permission: str, request: Any) -> set[str]:
    return {model._meta.label for model, pages in site._registry.items() if getattr(pages, f"has_{permission}_permission")(request)}


def test_what_an_administrator_writes_there_is_known(mallory: User, rf: Any) -> None:
    reverse("admin:index")  # the addresses say which pages there are
    request = rf.get("/admin/")
    request.user, request.actor = mallory, actors.employee(mallory)
    assert {permission: allowed(permission, request) for permission in WRITTEN} == WRITTEN
    tables = {apps.get_model(label)._meta.db_table for labels in WRITTEN.values() for label in labels}
    assert tables & set(POWERS) <= {"sentinel_policyversion"}, "whose pages go to the acts"


def said(model: type[models.Model], mallory: User) -> dict[str, str]:
    """For every field of the model something, and where it asks for a person, the attacker."""
    values = {"_selected_action": "1", "action": "delete_selected", "post": "yes", "_save": "Save"}
    for field in model._meta.fields:
        if field.related_model is User:
            values[field.name] = str(mallory.pk)
        elif field.choices:
            values[field.name] = str(list(field.flatchoices)[-1][0])
        else:
            values[field.name] = "administrator" if isinstance(field, models.CharField) else "1"
    return values


@pytest.mark.parametrize("how", ["add", "change", "delete", "history", "action", "permissions", "password", "import"])
def test_nothing_sent_to_any_page_changes_a_power(browser: Client, mallory: User, how: str) -> None:
    people.colleague("victim", Role.COMPLIANCE)
    reverse("admin:index")
    before, statuses = powers(), {}
    for model in list(site._registry):
        base = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        key = model._default_manager.values_list("pk", flat=True).first() or "1"
        address = {
            "add": "add/",
            "change": f"{key}/change/",
            "delete": f"{key}/delete/",
            "history": f"{key}/history/1/",
            "action": "",
            "permissions": f"{key}/permissions/user-manage/{mallory.pk}/",
            "password": f"{key}/password/",
            "import": "import/",
        }[how]
        statuses[model._meta.label] = browser.post(base + address, said(model, mallory)).status_code

    assert powers() == before
    assert 500 not in statuses.values(), {label for label, status in statuses.items() if status == 500}


@pytest.mark.parametrize(
    "path", ["auth/group/", "auth/permission/", "platform/user/", "platform/rolemembership/", "guardian/userobjectpermission/"]
)
@pytest.mark.parametrize("end", ["", "add/", "1/change/", "1/delete/", "1/password/"])
def test_people_groups_and_permissions_have_no_page_there(browser: Client, path: str, end: str) -> None:
    for ask in (browser.get, browser.post):
        assert ask(f"/admin/{path}{end}").status_code == 404
