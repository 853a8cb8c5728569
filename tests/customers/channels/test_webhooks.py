"""Changes out: to a real receiver, signed, until it is received, and only what its program may know of."""

import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.db import connection

from bankos.platform import clock, egress, events
from bankos.platform.actors import Actor
from customers import consents
from customers.channels import clients
from customers.channels.webhooks import sending, subscriptions
from customers.channels.webhooks.sending import WAITS
from customers.models import WebhookAttempt, WebhookDelivery, WebhookSubscription
from tests import programs
from tests.bank import Bank, Customer

from .conftest import Deploy
from .receiver import Receiver, listening, subscribe


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    with listening() as receiver:
        settings.WEBHOOK_INTERNAL_HOSTS = [receiver.host]
        yield receiver


def happen(customer: Customer, adviser: Actor, *, given: bool = False) -> None:
    """Something changes, and those who listen are handed the event."""
    consents.change_consent(customer.id, purpose="payment_insight", given=given, channel="phone", actor=adviser, at=clock.now())
    events.drain("customers.webhooks")


def send_all() -> None:
    assert sending.send_due(seconds=30)


def due_now() -> None:
    """The next try's moment has come."""
    WebhookDelivery.objects.update(due_at=clock.now())
    WebhookSubscription.objects.update(not_before=None)


def test_a_change_is_told_once_with_ids_alone_and_a_signature_that_holds(
    deploy: Deploy, receiver: Receiver, ines: Customer, adviser: Actor
) -> None:
    program = deploy()
    _, secret = subscribe(program, receiver)
    events.drain("customers.webhooks")
    happen(ines, adviser)
    send_all()
    send_all()

    [(headers, body)] = receiver.got
    said = json.loads(body)
    assert said["type"] == "customers.state.changed"
    assert said["data"]["customer"] == str(ines.id)
    assert said["data"]["changed"] == ["consents"]
    assert program.get(said["data"]["links"]["state"].removeprefix("/api/v1/")).json()["version"] == said["data"]["version"]
    assert not any(word in body.decode() for word in ("Ines", "Byrne", ines.email, ines.number))

    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = b64decode(secret.removeprefix("whsec_"))
    assert headers["webhook-signature"] == "v1," + b64encode(hmac.digest(key, signed, sha256)).decode()


def test_two_secrets_sign_until_the_older_ends(deploy: Deploy, receiver: Receiver, ines: Customer, adviser: Actor) -> None:
    program = deploy()
    webhook, _ = subscribe(program, receiver)
    assert program.post(f"webhooks/{webhook}/secrets/", {}).status_code == 201
    happen(ines, adviser)
    send_all()
    assert len(receiver.got[-1][0]["webhook-signature"].split()) == 2
    with clock.stopped_at(clock.now() + timedelta(days=1, seconds=1)):
        WebhookDelivery.objects.update(state="waiting", due_at=clock.now())
        send_all()
    assert len(receiver.got[-1][0]["webhook-signature"].split()) == 1


@pytest.mark.parametrize("answer", [500, 404, 302, 429])
def test_what_is_not_received_is_sent_again_later_with_the_same_id(
    deploy: Deploy, receiver: Receiver, ines: Customer, adviser: Actor, answer: int
) -> None:
    receiver.answer, receiver.headers = answer, {"Location": "http://127.0.0.1:1/", "Retry-After": "90"}
    subscribe(deploy(), receiver)
    happen(ines, adviser)
    began = clock.now()
    send_all()
    send_all()  # not due yet
    assert len(receiver.got) == 1
    waits = WebhookDelivery.objects.get()
    assert waits.state == "waiting"
    assert waits.due_at >= began + timedelta(seconds=90)

    receiver.answer = 204
    due_now()
    send_all()
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert WebhookDelivery.objects.get().state == "delivered"
    assert list(WebhookAttempt.objects.order_by("id").values_list("status", flat=True)) == [answer, 204]
    assert WebhookSubscription.objects.get().failing_since is None


def test_a_receiver_that_is_down_or_slow_is_waited_for(
    deploy: Deploy, receiver: Receiver, ines: Customer, adviser: Actor, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(egress, "ANSWER_WITHIN", 0.3)
    receiver.slowness = 1
    subscribe(deploy(), receiver)
    happen(ines, adviser)
    send_all()
    assert WebhookAttempt.objects.get().problem == "did not answer in time"

    settings.WEBHOOK_INTERNAL_HOSTS = ["127.0.0.1:9"]
    WebhookSubscription.objects.update(url="http://127.0.0.1:9/")
    due_now()
    send_all()
    assert WebhookAttempt.objects.latest("id").problem.startswith("cannot be reached")
    assert WebhookDelivery.objects.get().state == "waiting"


def test_after_the_last_try_it_is_given_up(deploy: Deploy, receiver: Receiver, ines: Customer, adviser: Actor) -> None:
    receiver.answer = 500
    subscribe(deploy(), receiver)
    happen(ines, adviser)
    for _ in range(len(WAITS) + 1):
        due_now()
        send_all()
    assert WebhookDelivery.objects.get().state == "given_up"
    assert len(receiver.got) == len(WAITS) + 1


def test_who_receives_nothing_for_days_or_is_gone_is_left_alone_with_a_note(
    deploy: Deploy, receiver: Receiver, ines: Customer, adviser: Actor, administrator: Actor
) -> None:
    program = deploy()
    webhook, _ = subscribe(program, receiver)
    receiver.answer = 500
    happen(ines, adviser)
    send_all()
    WebhookSubscription.objects.update(failing_since=clock.now() - timedelta(days=6))
    due_now()
    send_all()
    told = program.get(f"webhooks/{webhook}/").json()
    assert (told["state"], told["note"].startswith("Nothing was received since")) == ("disabled", True)

    due_now()
    send_all()
    assert len(receiver.got) == 2
    receiver.answer = 410
    subscriptions.resume(program.client, WebhookSubscription.objects.get().pk, actor=administrator, at=clock.now())
    due_now()
    send_all()
    assert program.get(f"webhooks/{webhook}/").json()["note"] == "The receiver said that it is gone for good (410)."


def test_a_message_of_a_killed_worker_is_sent_by_the_next(deploy: Deploy, receiver: Receiver, ines: Customer, adviser: Actor) -> None:
    subscribe(deploy(), receiver)
    happen(ines, adviser)
    assert sending._claim(at=clock.now())  # and the worker dies
    send_all()
    assert receiver.got == []
    with clock.stopped_at(clock.now() + sending.LEASE):
        assert sending._claim(at=clock.now())
    due_now()
    send_all()
    assert len(receiver.got) == 1


def test_one_that_fails_does_not_hold_up_the_others(
    deploy: Deploy, receiver: Receiver, ines: Customer, adviser: Actor, settings: Any
) -> None:
    settings.WEBHOOK_INTERNAL_HOSTS.append("127.0.0.1:9")
    broken, well = deploy(), deploy()
    assert broken.post("webhooks/", {"url": "http://127.0.0.1:9/"}).status_code == 201
    subscribe(well, receiver)
    for place in range(sending.OF_ONE + 2):
        happen(ines, adviser, given=bool(place % 2))
    send_all()
    assert len(receiver.got) == sending.OF_ONE + 2


def test_only_customers_the_program_may_know_of_at_that_moment(
    deploy: Deploy, receiver: Receiver, ines: Customer, sean: Customer, adviser: Actor, bank: Bank, administrator: Actor, officer: Actor
) -> None:
    program = deploy(branches=(ines.branch.code,), name="galway")
    subscribe(program, receiver)
    bank.contact(sean, "Called", at=clock.now())
    bank.contact(ines, "Called", at=clock.now())
    bank.deliver()
    events.drain("customers.webhooks")
    send_all()
    assert [body["data"]["customer"] for body in receiver.bodies] == [str(ines.id)]
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"delivered", "withheld"}

    happen(ines, adviser)
    described = clients.Described(name="galway", kind="channel", scopes=(), reach="listed", branches=(sean.branch.code,))
    programs.changed(program.client.pk, described, by=administrator, officer=officer, at=clock.now())
    send_all()
    assert len(receiver.got) == 1

    happen(ines, adviser, given=True)
    clients.revoke(program.client.pk, actor=administrator, at=clock.now())
    due_now()
    send_all()
    assert len(receiver.got) == 1


def test_a_program_says_what_it_wants_to_hear_of(deploy: Deploy, receiver: Receiver, bank: Bank, ines: Customer, adviser: Actor) -> None:
    subscribe(deploy(), receiver, changes=["signals"])
    happen(ines, adviser)
    bank.signal(ines, "travel_notice", at=clock.now())
    bank.deliver()
    events.drain("customers.webhooks")
    send_all()
    assert [body["data"]["changed"] for body in receiver.bodies] == [["signals"]]


def test_what_was_sent_can_be_sent_again(deploy: Deploy, receiver: Receiver, ines: Customer, adviser: Actor) -> None:
    program = deploy()
    webhook, _ = subscribe(program, receiver)
    start = clock.now()
    happen(ines, adviser)
    happen(ines, adviser, given=True)
    send_all()
    log = program.get(f"webhooks/{webhook}/deliveries/").json()["deliveries"]
    assert [(one["state"], one["tries"][0]["status"]) for one in log] == [("delivered", 200)] * 2

    assert program.post(f"webhooks/{webhook}/replays/", {"delivery": log[0]["id"]}).json() == {"replayed": 1}
    send_all()
    assert receiver.got[2][0]["webhook-id"] in {headers["webhook-id"] for headers, _ in receiver.got[:2]}
    time = {"start": start.isoformat(), "end": clock.now().isoformat()}
    assert program.post(f"webhooks/{webhook}/replays/", time).json() == {"replayed": 2}
    send_all()
    # Side by side: in no promised order.
    assert sorted(body for _, body in receiver.got[3:]) == sorted(body for _, body in receiver.got[:2])
    assert program.post(f"webhooks/{webhook}/replays/", {"start": time["end"], "end": time["start"]}).status_code == 400
    assert program.post(f"webhooks/{webhook}/replays/", {}).status_code == 400


def test_a_test_message_is_about_nobody(deploy: Deploy, receiver: Receiver) -> None:
    program = deploy()
    webhook, _ = subscribe(program, receiver)
    assert program.post(f"webhooks/{webhook}/test/", {}).status_code == 202
    send_all()
    assert [(body["type"], body["data"]) for body in receiver.bodies] == [("webhook.test", {})]


def test_a_program_sees_its_own_webhooks_only(deploy: Deploy, receiver: Receiver) -> None:
    webhook, _ = subscribe(deploy(), receiver)
    other = deploy()
    assert other.get("webhooks/").json() == []
    for method, path in (("get", ""), ("delete", ""), ("post", "secrets/"), ("post", "test/"), ("get", "deliveries/")):
        assert other.ask(method, f"webhooks/{webhook}/{path}").status_code == 404
    assert deploy(scopes=["state.read"]).get("webhooks/").status_code == 403


def test_what_is_removed_is_told_nothing(deploy: Deploy, receiver: Receiver, ines: Customer, adviser: Actor) -> None:
    program = deploy()
    webhook, _ = subscribe(program, receiver)
    assert program.ask("delete", f"webhooks/{webhook}/").status_code == 204
    happen(ines, adviser)
    send_all()
    assert receiver.got == []
    assert program.get("webhooks/").json() == []


def test_each_change_of_a_webhook_rests_on_a_decision(deploy: Deploy, receiver: Receiver) -> None:
    program = deploy(kind="agent")
    subscribe(program, receiver)
    with connection.cursor() as cursor:
        cursor.execute("SELECT actor_kind, actor_id, outcome FROM sentinel_decision WHERE action = 'webhook.change'")
        assert cursor.fetchall() == [("agent", f"client:{program.client.pk}", "permit")]


def test_who_knows_customers_only_by_speaking_for_them_is_told_of_nobody(deploy: Deploy, receiver: Receiver) -> None:
    refused = deploy(reach="spoken_for").post("webhooks/", {"url": receiver.url})
    assert (refused.status_code, refused.json()["code"]) == (400, "not_possible")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/", "https://127.0.0.1/", "https://10.1.2.3/", "https://169.254.169.254/latest/", "https://[::1]/",
        "https://[::ffff:10.0.0.1]/", "https://[fd00::1]/", "https://[64:ff9b::a00:1]/", "https://0/", "https://2130706433/", "https://localhost/",
        "https://user:pass@example.org/", "https://example.org/#x", "ftp://example.org/", "file:///etc/passwd", "example.org", "https://",
        "https://example.org:99999/", "https://exa mple.org/", "http://127.0.0.1:1/",
    ],
)  # fmt: skip
def test_nothing_inside_a_network_is_reached(deploy: Deploy, receiver: Receiver, url: str) -> None:
    refused = deploy().post("webhooks/", {"url": url})
    if refused.status_code == 201:  # a name: it is looked up when something is sent
        outcome = egress.post(url, b"{}", {})
        assert (outcome.status, outcome.problem) == (None, "Messages are not sent to addresses inside a network.")
    else:
        assert refused.status_code == 400


def test_the_connection_goes_where_the_look_went(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that answers with a public address first and an inner one afterwards leads nowhere."""
    asked = []

    def getaddrinfo(host: str, port: int, **more: Any) -> list[Any]:
        asked.append(host)
        return [(2, 1, 6, "", ("127.0.0.1" if len(asked) > 1 else "192.0.2.1", port))]

    monkeypatch.setattr(egress.socket, "getaddrinfo", getaddrinfo)
    assert egress.post("https://rebinding.example/", b"{}", {}).status is None
    assert receiver.got == []
    assert asked.count("rebinding.example") == 1
