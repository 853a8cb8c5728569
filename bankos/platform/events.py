"""Domain events: what happened on one floor, told to the floors above it.

An event is a CloudEvent 1.0 (`id`, `source`, `type`, `subject`, `time` = `occurred_at`, `data`) in an outbox table, written in the
transaction that made the change, together with one open delivery per subscriber. After commit a task drains the open deliveries;
the handler's writes and its receipts commit together, so within the database a subscriber handles an event exactly once, however
often a message of the broker is lost or repeated.

Promised: every event reaches every subscriber it concerns that was known when it was published; a failing event holds nobody else up
and is tried again, later and later, for ever. One that stopped two workers is set aside (see `jobs.begin`). Not promised: that one
subscriber's events arrive in order.
"""

import math
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import repeat
from pathlib import Path
from uuid import UUID

import orjson
import structlog
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Q, QuerySet

from . import bell, clock, copying, jobs
from .ids import uuid7_texts
from .jobs import Begun, JobKind, Work
from .models import DomainEvent, EventDelivery

DEFAULT_BATCH = 200
# Where time is short the first batch has at most so many events, and the next at most so many times more.
FIRST_BATCH = 10
GROWTH = 4
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(hours=1)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Event:
    """What a handler gets. `subject` is the id of what it happened to, `data` plain JSON."""

    id: UUID
    type: str
    source: str
    subject: str
    occurred_at: datetime
    data: dict


Handler = Callable[[list[Event]], None]
Concerns = Callable[[dict], bool]
"""Whether a subscriber wants an event, by the event's data."""


@dataclass(frozen=True, slots=True)
class _Subscriber:
    name: str
    types: frozenset[str]
    handler: Handler
    batch: int
    concerns: Concerns


_subscribers: dict[str, _Subscriber] = {}


class OutsideTransaction(RuntimeError):
    """An event was published with no transaction open: the change it tells of could be rolled back without it."""


class AlreadySubscribed(ValueError):
    """Two handlers claim one subscriber's name, and with it each other's receipts."""


class UnknownSubscriber(LookupError):
    """No handler of this name is registered."""


def _always(data: dict) -> bool:
    return True


def subscribe(name: str, *types: str, batch: int = DEFAULT_BATCH, concerns: Concerns = _always) -> Callable[[Handler], Handler]:
    """Register a handler for events of these types, in an app's `subscribers.py`, imported by its `AppConfig.ready()`.

    The handler gets up to `batch` events in one call, inside the transaction that also writes their receipts. If it raises, the
    events are handed to it again one by one.

    Args:
        name: names the receipts for ever, e.g. "insights.cashflow"; a subscriber that is renamed starts anew.
        concerns: asked when an event is published; what doesn't concern a subscriber costs it nothing.
    Raises:
        AlreadySubscribed
    """

    def register(handler: Handler) -> Handler:
        if name in _subscribers:
            raise AlreadySubscribed(name)
        _subscribers[name] = _Subscriber(name, frozenset(types), handler, batch, concerns)
        return handler

    return register


def unsubscribe(name: str) -> None:
    """Forget a handler; its open deliveries stay (a test's handler leaves no trace in the process)."""
    _subscribers.pop(name, None)


def publish(type: str, *, subject: str, data: dict, source: str, at: datetime) -> UUID:
    """Write an event and its open deliveries into the caller's transaction; a broker that is down only costs latency.

    Args:
        type: e.g. "customers.state.changed"; `data`: plain JSON, no names or account numbers beyond what subscribers need.
    Returns:
        The event's id.
    Raises:
        OutsideTransaction
    Queries: 1, and 1 more when somebody is concerned.
    """
    subscribers = [subscriber.name for subscriber in _subscribers_to(type) if subscriber.concerns(data)]
    event = DomainEvent.objects.create(type=type, subject=subject, data=data, source=source, occurred_at=at)
    EventDelivery.objects.bulk_create(EventDelivery(event=event, subscriber=name) for name in subscribers)
    for name in subscribers:
        bell.ring_after_commit(name)
    return event.pk


def publish_many(type: str, *, items: Sequence[tuple[str, dict]], source: str, at: datetime) -> int:
    """`publish` for many (subject, data) at once, by COPY: a twentieth of what a model each costs. Returns their number."""
    subscribers, ids = _subscribers_to(type), uuid7_texts(len(items))
    same = [repeat(copying.escaped(value), len(items)) for value in (type, source, at.isoformat())]
    said = [[copying.escaped(text) for text in texts] for texts in zip(*((subject, _json(data)) for subject, data in items), strict=True)]
    told = {one.name: [id for id, (_, data) in zip(ids, items, strict=True) if one.concerns(data)] for one in subscribers}
    with connection.cursor() as cursor:
        if items:
            _copy(cursor, _COPY_EVENTS, ids, *same, *said)
        for name, events in told.items():
            if events:
                _copy(cursor, _COPY_DELIVERIES, uuid7_texts(len(events)), events, repeat(name, len(events)))
                bell.ring_after_commit(name)
    return len(items)


def _copy(cursor: CursorWrapper, statement: str, *columns: Iterable[str]) -> None:
    with cursor.copy(statement) as rows:
        rows.write(copying.lines(columns))


def _json(data: dict) -> str:
    return orjson.dumps(data).decode()


_COPY_EVENTS = "COPY platform_domainevent (id, type, source, occurred_at, subject, data) FROM STDIN"
_COPY_DELIVERIES = "COPY platform_eventdelivery (id, event_id, subscriber) FROM STDIN"


def _subscribers_to(type: str) -> list[_Subscriber]:
    if not connection.in_atomic_block:
        raise OutsideTransaction(type)
    return [subscriber for subscriber in _subscribers.values() if type in subscriber.types]


def subscribers() -> frozenset[str]:
    """The names of all registered subscribers."""
    return frozenset(_subscribers)


def due_subscribers(*, at: datetime) -> list[str]:
    """The subscribers that have something to do now. Queries: one per subscriber."""
    return [name for name in _subscribers if _due(name, at).exists()]


# The newest deliveries are looked at first and few of them are not yet made, so this reads little more than it counts.
_LAG = """
SELECT percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY took), count(*) FROM (
    SELECT extract(epoch FROM d.delivered_at - e.occurred_at) AS took
      FROM platform_eventdelivery d JOIN platform_domainevent e ON e.id = d.event_id
     WHERE d.delivered_at >= e.occurred_at AND e.type = %s ORDER BY d.id DESC LIMIT %s) newest
"""


def delivery_lag(type: str, *, last: int) -> tuple[timedelta, timedelta, int] | None:
    """How long the last events of a type were on their way to their subscribers: median, 95th percentile, on how many. Queries: 1."""
    with connection.cursor() as cursor:
        cursor.execute(_LAG, [type, last])
        shares, count = cursor.fetchone()
    if not count:
        return None
    median, p95 = (timedelta(seconds=float(share)) for share in shares)
    return median, p95, count


def drain(subscriber: str | None = None, *, seconds: float = math.inf) -> int:
    """Deliver what is due now, to one subscriber or to all; what handlers publish on the way is delivered too.

    Safe to run anywhere, any number of times at once: a row another process works on is passed over.

    Args:
        seconds: come to an end after so long: batches are as large as fits, by how long the last one took.
    Returns:
        The number of events delivered.
    Raises:
        UnknownSubscriber
    """
    if subscriber is not None and subscriber not in _subscribers:
        raise UnknownSubscriber(subscriber)
    deadline = time.monotonic() + seconds
    total = 0
    while True:
        delivered = sum(_drain(one, deadline) for one in list(_subscribers.values()) if subscriber in (None, one.name))
        total += delivered
        if not delivered or time.monotonic() >= deadline:
            return total


def _drain(subscriber: _Subscriber, deadline: float) -> int:
    total = 0
    limit = subscriber.batch if deadline == math.inf else min(FIRST_BATCH, subscriber.batch)
    while True:
        began = time.monotonic()
        delivered, found = _deliver_batch(subscriber, limit, deadline)
        total += delivered
        now = time.monotonic()
        if not found or now >= deadline:
            return total
        limit = min(subscriber.batch, GROWTH * found, _fitting(found, took=now - began, left=deadline - now))


def _fitting(events: int, *, took: float, left: float) -> int:
    """How many events fit into half of the time that is left: the next may take longer than the last."""
    return sys.maxsize if left == math.inf or not took else max(1, int(events * left / took / 2))


def _deliver_batch(subscriber: _Subscriber, limit: int, deadline: float) -> tuple[int, int]:
    """(delivered, found) of the next batch; both are 0 when nothing is due."""
    at = clock.now()
    begun = _begin(subscriber, _due(subscriber.name, at), limit, at)
    if begun is None:
        return 0, 0
    with transaction.atomic():
        if not jobs.finish(begun):
            return 0, 0
        deliveries = _claim(_due(subscriber.name, at).filter(pk__in=begun.things))
        try:
            with transaction.atomic():
                _hand_over(subscriber, deliveries, at)
        except Exception as error:
            log.warning("event batch failed", subscriber=subscriber.name, events=len(deliveries), error=_cause(error))
        else:
            return len(deliveries), len(deliveries)
    # Each in a transaction of its own, so that what succeeds stays even if this process is killed on the way.
    delivered = 0
    for tried, delivery in enumerate(deliveries):
        if tried and time.monotonic() >= deadline:
            break
        alone = _begin(subscriber, _due(subscriber.name, at).filter(pk=delivery.pk), 1, at)
        if alone is None:  # another process took it meanwhile
            continue
        with transaction.atomic():
            if jobs.finish(alone):
                delivered += _deliver_alone(subscriber, delivery.pk, at)
    return delivered, len(deliveries)


def _begin(subscriber: _Subscriber, due: QuerySet[EventDelivery], limit: int, at: datetime) -> Begun | None:
    """Take some that nobody else has in hand, before the work begins: what kills this process is found by it. None if there are none."""
    with transaction.atomic():
        elsewhere: set[str] = set()
        for _ in range(2):
            found = due.exclude(pk__in=elsewhere).select_for_update(skip_locked=True).order_by("id").values_list("pk", flat=True)
            ids = [str(id) for id in found[:limit]]
            # Read when the rows are locked: who took some of them before has said so by now.
            elsewhere = jobs.begun(TELLING, subscriber.name)
            if elsewhere.isdisjoint(ids):
                break
        free = [id for id in ids if id not in elsewhere]
        return jobs.begin(TELLING, subscriber.name, free, at=at) if free else None


def _deliver_alone(subscriber: _Subscriber, delivery_id: UUID, at: datetime) -> int:
    deliveries = _claim(_due(subscriber.name, at).filter(pk=delivery_id))
    if not deliveries:
        return 0
    try:
        with transaction.atomic():
            _hand_over(subscriber, deliveries, at)
            return 1
    except Exception as error:
        [delivery] = deliveries
        delivery.attempts += 1
        delivery.retry_at = at + min(FIRST_RETRY * 2 ** min(delivery.attempts - 1, 16), LONGEST_RETRY)
        delivery.last_error = _cause(error)
        delivery.save(update_fields=["attempts", "retry_at", "last_error"])
        log.error("event failed", subscriber=subscriber.name, event_id=delivery.event_id, attempts=delivery.attempts, error=_cause(error))
        return 0


def _tell_alone(work: Work, at: datetime) -> None:
    """Deliver what was in the hands of a worker that died."""
    subscriber = _subscribers.get(work.job.subject)
    if subscriber is not None:
        _deliver_alone(subscriber, UUID(work.job.given["thing"]), at)


def _set_aside(delivery_id: str, reason: str, at: datetime) -> str:
    delivery = EventDelivery.objects.select_related("event").get(pk=delivery_id)
    delivery.set_aside_at, delivery.retry_at, delivery.last_error = at, None, reason
    delivery.save(update_fields=["set_aside_at", "retry_at", "last_error"])
    log.error("event set aside", subscriber=delivery.subscriber, event_id=delivery.event_id)
    return f"{delivery.event.type} {delivery.event_id}."


TELLING = JobKind(
    "platform.events",
    "Telling of what happened",
    _tell_alone,
    atomic=True,
    about=lambda found: {job.pk: job.subject for job in found},
    set_aside=_set_aside,
)


def _due(subscriber: str, at: datetime) -> QuerySet[EventDelivery]:
    now = Q(retry_at__isnull=True) | Q(retry_at__lte=at)
    return EventDelivery.objects.filter(now, subscriber=subscriber, delivered_at__isnull=True, set_aside_at__isnull=True)


def _claim(due: QuerySet[EventDelivery]) -> list[EventDelivery]:
    locked = due.select_for_update(skip_locked=True, of=("self",)).select_related("event")
    return list(locked.order_by("id"))


def _hand_over(subscriber: _Subscriber, deliveries: list[EventDelivery], at: datetime) -> None:
    subscriber.handler([_event(delivery.event) for delivery in deliveries])
    receipts = EventDelivery.objects.filter(pk__in=[delivery.pk for delivery in deliveries], delivered_at__isnull=True)
    received = receipts.update(delivered_at=at, retry_at=None, last_error="")
    if received != len(deliveries):
        raise AssertionError("a delivery was received twice")


def _event(row: DomainEvent) -> Event:
    return Event(id=row.pk, type=row.type, source=row.source, subject=row.subject, occurred_at=row.occurred_at, data=row.data)


def _cause(error: Exception) -> str:
    """Class and place, never the message: messages quote data."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"[:200]
