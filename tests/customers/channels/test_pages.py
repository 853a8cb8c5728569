"""Administrators make programs, give them keys and tell them of changes; to everybody else these pages do not exist."""

import re

import pytest
from django.test import Client

from bankos.platform.actors import Actor, Role
from bankos.platform.models import User
from customers.channels.webhooks import sending
from customers.models import ApiClient, EventKind, WebhookDelivery
from sentinel.models import ApprovalRequest
from tests.bank import Bank, Customer

from .conftest import Deploy, Program
from .test_webhooks import Receiver, receiver, subscribe  # noqa: F401 - a fixture


@pytest.fixture
def desk(bank: Bank, administrator: Actor) -> Client:
    return bank.desk(administrator)


def agree(officer: Actor) -> None:
    """A compliance officer agrees to all that waits, on its page."""
    desk = Client()
    desk.force_login(User.objects.get(pk=officer.id), backend="django.contrib.auth.backends.ModelBackend")
    waiting = list(ApprovalRequest.objects.filter(answer=None))
    assert waiting
    for one in waiting:
        assert "needed" in desk.get(f"/approvals/{one.pk}/").content.decode()
        assert desk.post(f"/approvals/{one.pk}/", {"answer": "approve", "note": "Looked at it."}).status_code == 302


def test_a_program_is_made_given_a_key_and_asks(desk: Client, officer: Actor, ines: Customer) -> None:
    said = {
        "name": "Mobile app",
        "kind": "channel",
        "scopes": ["state.read"],
        "reach": "everybody",
        "channel": "app",
        "per_minute": 60,
        "reason": "It is needed",
    }
    assert desk.post("/programs/new/", said).status_code == 302
    assert not ApiClient.objects.exists()
    assert "It is needed" in desk.get("/programs/").content.decode()
    agree(officer)
    home = f"/programs/{ApiClient.objects.get().pk}/"
    asked = desk.post(f"{home}keys/", {"days": 30, "overlap": 0, "reason": "It is needed"}, follow=True).content.decode()
    assert "bc_" not in asked
    agree(officer)
    [make] = re.findall(rf'action="({home}keys/[0-9a-f-]+/make/)"', desk.get(home).content.decode())
    page = desk.post(make).content.decode()
    [secret] = re.findall(r"bc_[\w-]{43}", page)
    assert desk.post(make).status_code == 404
    program = Program(ApiClient.objects.get(), secret)
    assert program.get(f"customers/{ines.id}/").status_code == 200
    assert secret not in desk.get(home).content.decode()
    assert "Mobile app" in desk.get("/programs/").content.decode()

    said |= {"scopes": ["timeline.read"]}
    assert desk.post(f"{home}change/", said).status_code == 302
    assert program.get(f"customers/{ines.id}/").status_code == 200
    agree(officer)
    assert program.get(f"customers/{ines.id}/").status_code == 403
    ending = secret[-4:]
    [revoking] = re.findall(rf'href="({home}keys/[0-9a-f-]+/revoke/)"', desk.get(home).content.decode())
    assert f"Revoke the key that ends in {ending}?" in desk.get(revoking).content.decode()
    assert "Revoke Mobile app?" in desk.get(f"{home}revoke/").content.decode()
    assert ApiClient.objects.get().revoked_at is None
    assert desk.post(f"{home}revoke/").status_code == 302
    assert desk.get(f"{home}revoke/").status_code == 404
    assert program.get(f"customers/{ines.id}/timeline/").status_code == 401
    assert "Revoked" in desk.get(home).content.decode()


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"kind": "agent", "scopes": ["consents.write"]}, "No AI agent"),
        ({"kind": "agent", "reach": "spoken_for"}, "Only a channel app"),
        ({"scopes": []}, "This field is required"),
    ],
)
def test_what_cannot_be_says_why(desk: Client, said: dict, why: str) -> None:
    usual = {
        "reason": "It is needed",
        "name": "x",
        "kind": "channel",
        "scopes": ["state.read"],
        "reach": "everybody",
        "channel": "app",
        "per_minute": 60,
    }
    answer = desk.post("/programs/new/", usual | said)
    assert answer.status_code == 422
    assert why in answer.content.decode()


def test_a_webhook_is_added_tried_and_repeated(desk: Client, deploy: Deploy, receiver: Receiver) -> None:  # noqa: F811
    program = deploy()
    home = f"/programs/{program.client.pk}/"
    page = desk.post(f"{home}webhooks/", {"url": receiver.url}).content.decode()
    assert "whsec_" in page
    webhook = f"{home}webhooks/{program.get('webhooks/').json()[0]['id']}/"
    assert "whsec_" not in desk.get(webhook).content.decode()

    desk.post(f"{webhook}act/", {"act": "test"})
    sending.send_due(seconds=10)
    assert "200" in desk.get(webhook).content.decode()
    desk.post(f"{webhook}act/", {"act": "replay", "delivery": WebhookDelivery.objects.get().pk})
    desk.post(f"{webhook}act/", {"act": "replay-time", "start": "2020-01-01T00:00", "end": "2040-01-01T00:00"})
    sending.send_due(seconds=10)
    assert len(receiver.got) == 3
    for act, state in (("pause", "Paused"), ("resume", "Active"), ("secret", "whsec_")):
        assert state in desk.post(f"{webhook}act/", {"act": act}, follow=True).content.decode()
    assert "inside a network" in desk.post(f"{home}webhooks/", {"url": "https://10.0.0.1/"}).content.decode()
    desk.post(f"{webhook}act/", {"act": "remove"})
    assert desk.get(webhook).status_code == 404


def test_to_everybody_else_the_pages_do_not_exist(bank: Bank, deploy: Deploy, receiver: Receiver) -> None:  # noqa: F811
    program = deploy()
    webhook, _ = subscribe(program, receiver)
    home = f"/programs/{program.client.pk}/"
    for role in set(Role) - {Role.ADMINISTRATOR}:
        desk = bank.desk(bank.staff(role))
        for path in ("/programs/", "/programs/new/", home, f"{home}change/", f"{home}webhooks/{webhook}/"):
            assert desk.get(path).status_code == 404, (role, path)
        for path in (f"{home}keys/", f"{home}revoke/", f"{home}webhooks/", f"{home}webhooks/{webhook}/act/"):
            assert desk.post(path, {"act": "test"}).status_code == 404, (role, path)
    assert ApiClient.objects.get().revoked_at is None


def test_the_admin_shows_histories_and_takes_new_kinds_of_events(bank: Bank, deploy: Deploy, administrator: Actor) -> None:
    program = deploy()
    desk = bank.desk(administrator)
    assert program.client.name in desk.get("/admin/customers/apiclient/").content.decode()
    assert desk.get(f"/admin/customers/apiclient/{program.client.pk}/history/").status_code == 200
    assert desk.get("/admin/customers/webhooksubscription/").status_code == 200
    assert desk.post("/admin/customers/eventkind/add/", {"code": "sunset_watched", "title": "Sunset watched"}).status_code == 302
    assert EventKind.objects.filter(code="sunset_watched").exists()
