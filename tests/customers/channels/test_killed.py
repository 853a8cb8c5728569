"""Workers die while events come in and messages go out; another goes on, and nothing is lost or counted twice."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from bankos.platform import clock, events, jobs
from bankos.platform.models import Job
from customers.changes import EVENT
from customers.channels import events_api
from customers.channels.events import applying
from customers.channels.webhooks import sending
from customers.models import EventArrival, RejectedRow, Signal, TouchedParty, WaitingArrival, WebhookDelivery
from tests.bank import Customer
from tests.faults import deadly
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

    deadly.pass_time(applying.APPLYING)
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
        deadly.pass_time(sending.SENDING)
        start_worker(concurrency=1)
        wait_until(lambda: not WebhookDelivery.objects.exclude(state="delivered").exists())
        assert len({headers["webhook-id"] for headers, _ in receiver.got}) == messages
        assert len(receiver.got) < messages + 24, "what was in its hands, at most, came twice"


def test_an_event_that_killed_two_workers_becomes_a_rejected_row_and_the_others_are_applied(
    deploy: Deploy, ines: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_api, "APPLY_FOR", 0.0)
    app = deploy(name="app")

    def tell(*names: str) -> None:
        told = [
            {"type": "track", "event": "Travel Notice", "messageId": name, "timestamp": "2026-11-20T09:12:00Z",
             "context": {"traits": {"email": ines.email}}}
            for name in names
        ]  # fmt: skip
        assert app.post("events/", {"batch": told}).status_code == 202

    tell("a", "deadly", "b")
    assert deadly.killed("arrivals", "deadly")
    assert not deadly.killed("arrivals", "deadly")
    assert not Signal.objects.exists()

    job = deadly.left_behind(applying.APPLYING)
    tell("c")
    assert not deadly.killed("arrivals", "deadly"), "others go on"
    assert Signal.objects.count() == 1
    assert deadly.killed("arrivals", "deadly", job=job.pk)
    deadly.pass_time(applying.APPLYING)
    assert not deadly.killed("arrivals", "deadly", job=job.pk)

    assert (Signal.objects.count(), WaitingArrival.objects.count()) == (3, 0)
    row = RejectedRow.objects.get()
    assert (row.line, row.code, row.reason) == (EventArrival.objects.get(event_id="deadly").pk, "stopped_workers", jobs.STOPPED_TWICE)
    assert row.file.rows_rejected == 1
    seen = deadly.seen_by_administrator(job)
    assert (seen.state, seen.problem) == ("failed", f"Some of it could not be done. Event {row.line} of digital. {jobs.STOPPED_TWICE}")


def test_a_message_that_killed_two_workers_is_given_up_and_the_others_are_received(
    deploy: Deploy, ines: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening() as receiver:
        monkeypatch.setenv("WEBHOOK_INTERNAL_HOSTS", receiver.host)
        monkeypatch.setattr("django.conf.settings.WEBHOOK_INTERNAL_HOSTS", [receiver.host])
        subscribe(deploy(), receiver)
        with transaction.atomic():
            items = [(str(ines.id), {"changed": ["party"], "bucket": 0})] * 5
            events.publish_many(EVENT, items=items, source="tests", at=clock.now())
        events.drain("customers.webhooks")
        poison = WebhookDelivery.objects.order_by("pk")[2]
        known_by = f"msg_{poison.message_id.hex}"

        assert deadly.killed("messages", known_by)
        WebhookDelivery.objects.filter(state="waiting").update(due_at=clock.now())  # their lease is over
        assert not deadly.killed("messages", known_by), "what the dead one had in hand is nobody's yet"
        job = deadly.left_behind(sending.SENDING)
        assert deadly.killed("messages", known_by, job=job.pk)
        deadly.pass_time(sending.SENDING)
        assert not deadly.killed("messages", known_by, job=job.pk)

        poison.refresh_from_db()
        assert (poison.state, poison.tries.get().problem) == ("given_up", "It stopped two workers.")
        assert set(WebhookDelivery.objects.exclude(pk=poison.pk).values_list("state", flat=True)) == {"delivered"}
        assert known_by not in {headers["webhook-id"] for headers, _ in receiver.got}
        seen = deadly.seen_by_administrator(job)
        assert seen.state == "failed"
        assert str(poison.message_id) in seen.problem


def test_an_event_that_cannot_be_applied_becomes_a_rejected_row_and_the_others_are_applied(
    deploy: Deploy, ines: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of the program in one event: nobody dies of it, and nothing waits for it for ever."""
    records = applying._records

    def faulty(feed: Any, arrivals: Any, batch: Any) -> Any:
        if any(arrival.event_id == "broken" for arrival in arrivals):
            raise ZeroDivisionError
        return records(feed, arrivals, batch)

    monkeypatch.setattr(events_api, "APPLY_FOR", 0.0)
    monkeypatch.setattr(applying, "_records", faulty)
    told = [
        {"type": "track", "event": "Travel Notice", "messageId": name, "timestamp": "2026-11-20T09:12:00Z",
         "context": {"traits": {"email": ines.email}}}
        for name in ("a", "broken", "b")
    ]  # fmt: skip
    assert deploy(name="app").post("events/", {"batch": told}).status_code == 202
    with pytest.raises(ZeroDivisionError):
        applying.apply_waiting(seconds=60)
    job = deadly.left_behind(applying.APPLYING)

    failures = 0
    while Job.objects.filter(pk=job.pk, state__in=jobs.OPEN).exists():
        try:
            assert jobs.work(job.pk, at=clock.now())
        except ZeroDivisionError:
            failures += 1
    assert failures == jobs.FAILURES
    assert (Signal.objects.count(), WaitingArrival.objects.count()) == (2, 0)
    row = RejectedRow.objects.get()
    assert (row.line, row.code) == (EventArrival.objects.get(event_id="broken").pk, "not_applied")
