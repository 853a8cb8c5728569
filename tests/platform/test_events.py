import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from bankos.platform import clock, events
from bankos.platform.events import Event
from bankos.platform.models import DomainEvent, EventDelivery, Heartbeat

Subscribe = Callable[..., None]


@pytest.fixture
def subscribe() -> Iterator[Subscribe]:
    """Registers handlers that are forgotten after the test."""
    names = []

    def register(name: str, handler: events.Handler, *types: str, **how: Any) -> None:
        events.subscribe(name, *types, **how)(handler)
        names.append(name)

    yield register
    for name in names:
        events.unsubscribe(name)


def happen(*subjects: str, type: str = "test.happened") -> None:
    with transaction.atomic():
        events.publish_many(type, items=[(subject, {}) for subject in subjects], source="tests", at=clock.now())


pytestmark = pytest.mark.django_db


def test_an_event_reaches_every_subscriber_of_its_type_and_nobody_else(subscribe: Subscribe) -> None:
    first: list[Event] = []
    second: list[Event] = []
    other: list[Event] = []
    subscribe("test.first", first.extend, "test.happened", "test.more")
    subscribe("test.second", second.extend, "test.happened")
    subscribe("test.other", other.extend, "test.other")

    at = clock.now()
    with transaction.atomic():
        id = events.publish("test.happened", subject="7", data={"changed": ["phone"]}, source="tests", at=at)

    assert events.drain() == 2
    expected = Event(id=id, type="test.happened", source="tests", subject="7", occurred_at=at, data={"changed": ["phone"]})
    assert first == second == [expected]
    assert other == []


def test_what_does_not_concern_a_subscriber_costs_it_nothing(subscribe: Subscribe) -> None:
    seen: list[Event] = []
    subscribe("test.subscriber", seen.extend, "test.happened", concerns=lambda data: "phone" in data["changed"])
    phone, money = {"changed": ["phone"]}, {"changed": ["balances"]}
    with transaction.atomic():
        for subject, data in (("1", phone), ("2", money)):
            events.publish("test.happened", subject=subject, data=data, source="tests", at=clock.now())
        assert events.publish_many("test.happened", items=[("3", money), ("4", phone)], source="tests", at=clock.now()) == 2

    assert (DomainEvent.objects.count(), EventDelivery.objects.count()) == (4, 2)
    assert events.drain() == 2
    assert [event.subject for event in seen] == ["1", "4"]


def test_an_event_is_delivered_once_however_often_one_drains(subscribe: Subscribe) -> None:
    seen: list[Event] = []
    subscribe("test.subscriber", seen.extend, "test.happened")
    happen("1", "2", "3")

    assert [events.drain("test.subscriber") for _ in range(3)] == [3, 0, 0]
    assert [event.subject for event in seen] == ["1", "2", "3"]


@pytest.mark.django_db(transaction=True)
def test_an_event_cannot_be_published_without_the_transaction_of_its_change() -> None:
    with pytest.raises(events.OutsideTransaction):
        events.publish("test.happened", subject="1", data={}, source="tests", at=clock.now())


def test_a_change_that_is_rolled_back_was_never_told(subscribe: Subscribe) -> None:
    seen: list[Event] = []
    subscribe("test.subscriber", seen.extend, "test.happened")
    with transaction.atomic():
        happen("1")
        transaction.set_rollback(True)

    assert events.drain() == 0
    assert not seen
    assert not DomainEvent.objects.exists()


def test_one_failing_event_does_not_hold_up_its_batch(subscribe: Subscribe) -> None:
    def handler(batch: list[Event]) -> None:
        for event in batch:
            if event.subject == "bad":
                raise ValueError("Ines Marchetti")
            Heartbeat.objects.create(process=event.subject, seen_at=event.occurred_at)

    subscribe("test.subscriber", handler, "test.happened")
    happen("a", "bad", "b")

    assert events.drain() == 2
    assert set(Heartbeat.objects.values_list("process", flat=True)) == {"a", "b"}, "nothing twice, nothing missing"
    waiting = EventDelivery.objects.get(delivered_at__isnull=True)
    assert (waiting.event.subject, waiting.attempts) == ("bad", 1)
    assert waiting.last_error.startswith("ValueError at test_events.py")


def test_what_a_failing_handler_wrote_is_undone_with_its_receipt(subscribe: Subscribe) -> None:
    def handler(batch: list[Event]) -> None:
        Heartbeat.objects.create(process=batch[0].subject, seen_at=batch[0].occurred_at)
        raise ValueError

    subscribe("test.subscriber", handler, "test.happened")
    happen("a")

    assert events.drain() == 0
    assert not Heartbeat.objects.exists()


def test_a_failed_event_waits_longer_each_time_and_arrives_in_the_end(subscribe: Subscribe) -> None:
    broken = [True]
    seen: list[Event] = []

    def handler(batch: list[Event]) -> None:
        if broken:
            raise ConnectionError
        seen.extend(batch)

    subscribe("test.subscriber", handler, "test.happened")
    start = clock.now()
    waits = []
    with clock.stopped_at(start):
        happen("a")
        events.drain()
    moment = start
    for _ in range(14):
        retry_at = EventDelivery.objects.get().retry_at
        assert retry_at is not None
        waits.append(retry_at - moment)
        with clock.stopped_at(retry_at - timedelta(seconds=1)):
            assert events.due_subscribers(at=clock.now()) == [], "not before its time"
        moment = retry_at
        with clock.stopped_at(moment):
            events.drain()
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (events.FIRST_RETRY, events.LONGEST_RETRY)

    broken.clear()
    with clock.stopped_at(moment + events.LONGEST_RETRY):
        assert events.drain() == 1
    assert [event.subject for event in seen] == ["a"]


def test_what_a_handler_publishes_is_delivered_too(subscribe: Subscribe) -> None:
    seen: list[Event] = []
    # Registered first, so that its turn is over when the event is published.
    subscribe("test.second", seen.extend, "test.followed")
    subscribe("test.first", lambda batch: happen(*(event.subject for event in batch), type="test.followed"), "test.happened")
    happen("1", "2")

    assert events.drain() == 4
    assert [event.subject for event in seen] == ["1", "2"]


def test_a_large_backlog_is_handed_over_in_batches(subscribe: Subscribe) -> None:
    sizes: list[int] = []
    subscribe("test.subscriber", lambda batch: sizes.append(len(batch)), "test.happened", batch=100)
    happen(*map(str, range(250)))

    assert events.drain("test.subscriber", seconds=0) == events.FIRST_BATCH, "a small batch, then the time is over"
    assert events.drain("test.subscriber") == 240
    assert sizes == [events.FIRST_BATCH, 100, 100, 40]


@pytest.mark.parametrize("cost", [0.002, 0.02, 0.2])
def test_a_drain_keeps_its_time_whatever_an_event_costs(subscribe: Subscribe, cost: float) -> None:
    sizes: list[int] = []

    def handler(batch: list[Event]) -> None:
        sizes.append(len(batch))
        time.sleep(cost * len(batch))

    subscribe("test.subscriber", handler, "test.happened", batch=2000)
    happen(*map(str, range(4000)))
    began = time.monotonic()
    delivered = events.drain("test.subscriber", seconds=1)
    took = time.monotonic() - began

    assert took < max(1.5, 1.5 * cost * events.FIRST_BATCH)
    assert delivered == sum(sizes)
    assert cost * events.FIRST_BATCH > 1 or delivered * cost > 0.3, "the time is used"


def test_a_drain_keeps_its_time_when_every_event_fails(subscribe: Subscribe) -> None:
    def handler(batch: list[Event]) -> None:
        time.sleep(0.1)
        raise ValueError

    subscribe("test.subscriber", handler, "test.happened", batch=200)
    happen(*map(str, range(200)))
    began = time.monotonic()
    assert events.drain("test.subscriber", seconds=0.5) == 0
    assert time.monotonic() - began < 1.5


def test_two_subscribers_cannot_share_receipts(subscribe: Subscribe) -> None:
    subscribe("test.subscriber", lambda batch: None, "test.happened")
    with pytest.raises(events.AlreadySubscribed):
        events.subscribe("test.subscriber", "test.other")(lambda batch: None)


@pytest.mark.django_db(transaction=True)
def test_an_event_another_process_works_on_is_passed_over(subscribe: Subscribe) -> None:
    seen: list[Event] = []
    subscribe("test.subscriber", seen.extend, "test.happened")
    happen("held", "free")
    held = EventDelivery.objects.get(event__subject="held")
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            other.set_autocommit(False)
            cursor.execute("SELECT 1 FROM platform_eventdelivery WHERE id = %s FOR UPDATE", [held.pk])
            assert events.drain() == 1
            assert [event.subject for event in seen] == ["free"]
            other.rollback()
    finally:
        other.set_autocommit(True)
        other.close()

    assert events.drain() == 1
    assert [event.subject for event in seen] == ["free", "held"]


def test_a_transaction_rings_once_however_much_it_publishes(subscribe: Subscribe) -> None:
    subscribe("test.subscriber", lambda batch: None, "test.happened")
    with transaction.atomic():
        with transaction.atomic():
            happen("undone")
            transaction.set_rollback(True)
        for subject in "abc":
            happen(subject)
        assert len(connection.run_on_commit) == 1, "the ring of what was undone stays for the others"


@pytest.mark.parametrize("number", [1, 500])
def test_publishing_takes_two_statements_whatever_the_number(
    subscribe: Subscribe, number: int, django_assert_num_queries: Callable[[int], object]
) -> None:
    subscribe("test.subscriber", lambda batch: None, "test.happened")
    with transaction.atomic(), django_assert_num_queries(2):  # type: ignore[attr-defined]
        events.publish_many("test.happened", items=[(str(n), {}) for n in range(number)], source="tests", at=clock.now())
