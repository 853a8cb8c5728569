from typing import Any

import pytest
from django.contrib.admin import site
from django.contrib.auth import get_user_model
from django.test import RequestFactory

from bankos.platform import clock
from sentinel import policy
from sentinel.admin import DraftForm
from sentinel.autonomy import Level, set_level
from sentinel.models import AutonomySetting, Decision, PolicyVersion

from .desk import ask
from .test_examples import POLICIES, SCHEMA

pytestmark = pytest.mark.usefixtures("authority")


@pytest.fixture
def request_of_admin() -> Any:
    request = RequestFactory().get("/")
    request.user = get_user_model().objects.create(username="root", is_superuser=True, is_staff=True)
    return request


def test_a_draft_with_a_mistake_is_sent_back_with_its_reason() -> None:
    form = DraftForm({"note": "", "policies": "permit (principal, action, resource);", "schema": SCHEMA})

    assert not form.is_valid()
    assert "lacks @id" in str(form.errors)


def test_a_draft_made_here_waits_to_be_put_in_force(request_of_admin: Any) -> None:
    form = DraftForm({"note": "Again", "policies": POLICIES, "schema": SCHEMA})
    assert form.is_valid(), form.errors
    before = policy.active().number

    site.get_model_admin(PolicyVersion).save_model(request_of_admin, form.save(commit=False), form, change=False)

    drafted = PolicyVersion.objects.get(number=before + 1)
    assert (drafted.state, drafted.note) == ("draft", "Again")
    assert policy.active().number == before


def test_the_text_of_a_version_is_only_shown(request_of_admin: Any) -> None:
    pages = site.get_model_admin(PolicyVersion)
    version = PolicyVersion.objects.first()

    assert {"policies", "schema", "sha256", "state"} <= set(pages.get_readonly_fields(request_of_admin, version))
    assert not pages.has_delete_permission(request_of_admin, version)


def test_decisions_are_only_shown(request_of_admin: Any) -> None:
    ask()
    pages = site.get_model_admin(Decision)

    assert pages.has_view_permission(request_of_admin)
    assert not pages.has_add_permission(request_of_admin)
    assert not pages.has_change_permission(request_of_admin)
    assert not pages.has_delete_permission(request_of_admin)


def test_a_level_changed_here_carries_its_moment(request_of_admin: Any) -> None:
    set_level(subject="x", action="", level=Level.SUGGEST, reason="test", at=clock.now())
    setting = AutonomySetting.objects.get()
    before, setting.level = setting.changed_at, Level.OFF

    site.get_model_admin(AutonomySetting).save_model(request_of_admin, setting, None, change=True)

    assert AutonomySetting.objects.get().changed_at > before
    assert setting.history.count() == 2
