from typing import Any

import pytest
from django.contrib.admin import site
from django.contrib.auth import get_user_model
from django.db.models import Model
from django.test import Client, RequestFactory

from bankos.platform import clock
from bankos.platform.actors import Role
from bankos.platform.models import User
from sentinel import policy, policy_changes
from sentinel.autonomy import Level
from sentinel.models import AutomationStop, AutonomySetting, Decision, PolicyVersion, Review
from tests import machines, people

from . import policy_life as life

VERSIONS = "/admin/sentinel/policyversion/"

pytestmark = pytest.mark.usefixtures("authority")


@pytest.fixture
def request_of_admin() -> Any:
    request = RequestFactory().get("/")
    request.user = people.give(get_user_model().objects.create(username="root"), Role.ADMINISTRATOR)
    return request


@pytest.fixture
def administrator() -> Client:
    actor = life.employee("orla", Role.ADMINISTRATOR)
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def test_versions_are_written_on_the_page_made_for_it(request_of_admin: Any) -> None:
    answer = site.get_model_admin(PolicyVersion).add_view(request_of_admin)

    assert (answer.status_code, answer["Location"]) == (302, "/policies/new/")


def test_a_version_proposed_here_still_needs_a_second_person(administrator: Client) -> None:
    before = policy.active().number
    version = life.ready(life.officer("paula"))

    answer = administrator.post(VERSIONS, {"action": "propose", "_selected_action": [str(version.pk)]}, follow=True)

    assert "A second person has to agree" in answer.content.decode()
    assert policy.active().number == before
    assert policy_changes.open_request(version, at=clock.now()) is not None


def test_a_version_that_is_not_ready_is_not_proposed_from_here_either(administrator: Client) -> None:
    version = life.draft(life.officer("paula"))

    answer = administrator.post(VERSIONS, {"action": "propose", "_selected_action": [str(version.pk)]}, follow=True)

    assert "its impact has been looked at" in answer.content.decode()
    assert policy_changes.open_request(version, at=clock.now()) is None


def test_the_text_of_a_version_is_only_shown(request_of_admin: Any) -> None:
    pages = site.get_model_admin(PolicyVersion)
    version = PolicyVersion.objects.first()

    assert {"policies", "schema", "sha256", "state"} <= set(pages.get_readonly_fields(request_of_admin, version))
    assert not pages.has_delete_permission(request_of_admin, version)


@pytest.mark.parametrize("model", [AutomationStop, AutonomySetting, Decision, Review])
def test_what_is_evidence_or_changes_by_acts_of_its_own_is_only_shown(request_of_admin: Any, model: type[Model]) -> None:
    pages = site.get_model_admin(model)

    assert pages.has_view_permission(request_of_admin)
    assert not pages.has_add_permission(request_of_admin)
    assert not pages.has_change_permission(request_of_admin)
    assert not pages.has_delete_permission(request_of_admin)


def test_every_change_of_a_level_can_be_looked_at(request_of_admin: Any, client: Client) -> None:
    for level, reason in ((Level.SUGGEST, "as agreed"), (Level.OFF, "strange amounts")):
        machines.let(subject="x", action="", level=level, reason=reason, at=clock.now())
    client.force_login(request_of_admin.user)

    shown = client.get(f"/admin/sentinel/autonomysetting/{AutonomySetting.objects.get().pk}/history/")

    assert shown.status_code == 200
    assert all(reason in shown.content.decode() for reason in ("as agreed", "strange amounts"))
