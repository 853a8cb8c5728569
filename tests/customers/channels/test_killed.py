"""Workers die while events come in and messages go out; another goes on, and nothing is lost or counted twice."""

from collections.abc import Callable

import pytest
from django.db import transaction

from bankos.platform import clock, events
from customers.changes import EVENT
from customers.channels import events_api
from customers.models import Signal, TouchedParty, WaitingArrival, WebhookDelivery
from tests.bank import Customer
from tests.processes import Background, WaitUntil

from .conftest import Deploy
from .receiver import listening, subscribe

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

StartWorker = Callable[..., Background]
StartBeat = Callable[[], Background]


def test_events_that_a_killed_worker_was_applying_are_applied_once(
    deploy: Deploy, ines: Customer, monkeypatch: pytest.MonkeyPatch, start_worker: StartWorker, start_beat: StartBeat, wait_until: WaitUntil
) -> None:
    monkeypatch.setattr(events_api, "APPLY_FOR", 0.0)  # all of it is the workers' to do
    app = deploy(name="app")
    posts, each = 6, 500
    for post in range(posts):
        told = [
            {"type": "track", "event": "Travel Notice", "messageId": f"m-{post}-{number}", "timestamp": "2026-11-20T09:12:00Z",
             "context": {"traits": {"email": ines.email}}}
            for number in range(each)
        ]  # fmt: skip
        assert app.post("events/", {"batch": told}).status_code == 202
    assert not Signal.objects.exists()

    worker = start_worker(concurrency=1)
    start_beat()
    wait_until(Signal.objects.exists)
    worker.kill()
    assert 0 < Signal.objects.count() < posts * each, "it died in the middle"

    start_worker(concurrency=1)
    wait_until(lambda: not WaitingArrival.objects.exists() and not TouchedParty.objects.exists())
    assert Signal.objects.filter(party__golden=ines.id).count() == posts * each


def test_messages_a_killed_worker_was_sending_are_received(
    deploy: Deploy, ines: Customer, monkeypatch: pytest.MonkeyPatch, start_worker: StartWorker, start_beat: StartBeat, wait_until: WaitUntil
) -> None:
    messages = 60
    with listening() as receiver:
        monkeypatch.setenv("WEBHOOK_INTERNAL_HOSTS", receiver.host)
        monkeypatch.setattr("django.conf.settings.WEBHOOK_INTERNAL_HOSTS", [receiver.host])
        receiver.slowness = 0.1
        subscribe(deploy(), receiver)
        with transaction.atomic():
            items = [(str(ines.id), {"changed": ["party"], "bucket": 0})] * messages
            events.publish_many(EVENT, items=items, source="tests", at=clock.now())
        events.drain("customers.webhooks")
        assert WebhookDelivery.objects.count() == messages

        worker = start_worker(concurrency=1)
        start_beat()
        wait_until(lambda: len(receiver.got) > 10)
        worker.kill()
        assert WebhookDelivery.objects.filter(state="delivered").count() < messages, "it died in the middle"

        WebhookDelivery.objects.filter(state="waiting").update(due_at=clock.now())  # its lease is over
        start_worker(concurrency=1)
        wait_until(lambda: not WebhookDelivery.objects.exclude(state="delivered").exists())
        assert len({headers["webhook-id"] for headers, _ in receiver.got}) == messages
        assert len(receiver.got) < messages + 24, "what was in its hands, at most, came twice"
