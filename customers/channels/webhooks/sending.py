"""Messages are written in the transaction of the event they tell of, and handed over by workers until they are received.

A message is taken with a lease and no lock is held while it is sent: a worker that is killed leaves it to the next one, so a receiver may
get it twice, with the same `webhook-id`. Received once, it is not sent again. Whether the program may know of the customer is asked at each
try. The moments of further tries stand in the database. A message that stopped two workers is given up.
"""

import json
import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from bankos.platform import bell, clock, egress, jobs
from bankos.platform.egress import Outcome
from bankos.platform.events import Event
from bankos.platform.jobs import Begun, JobKind, Work
from customers import programs
from customers.models import Party, WebhookAttempt, WebhookDelivery, WebhookSecret, WebhookSubscription
from customers.visibility import visible_party_ids

from . import signing

TASK = "customers.tasks.send_webhooks"
AT_ONCE = 24
OF_ONE = 6  # of those to one receiver, so that a slow one leaves the others their turn
LEASE = timedelta(seconds=60)
WAITS = tuple(
    timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400)
)  # then it is given up
JITTER = 0.2
LONGEST_WISH = 3_600  # seconds a receiver may ask to wait
State = WebhookDelivery.State

_CLAIM = """
WITH ready AS (
    SELECT d.id, row_number() OVER (PARTITION BY d.subscription_id ORDER BY d.due_at, d.id) AS place
      FROM customers_webhookdelivery d
      JOIN customers_webhooksubscription s ON s.id = d.subscription_id
      JOIN customers_apiclient c ON c.id = s.client_id
     WHERE d.state = 'waiting' AND d.due_at <= %(at)s AND s.state = 'active' AND c.revoked_at IS NULL
       AND (s.not_before IS NULL OR s.not_before <= %(at)s)
       AND d.id <> ALL (%(begun)s::uuid[]) AND (%(only)s::uuid IS NULL OR d.id = %(only)s::uuid)
     LIMIT 1000
), taken AS (
    SELECT d.id FROM customers_webhookdelivery d JOIN ready USING (id)
     WHERE ready.place <= %(of_one)s AND d.state = 'waiting' AND d.due_at <= %(at)s
     ORDER BY ready.place, d.due_at LIMIT %(at_once)s
       FOR UPDATE OF d SKIP LOCKED
)
UPDATE customers_webhookdelivery d SET due_at = %(leased)s, attempts = d.attempts + 1 FROM taken WHERE d.id = taken.id RETURNING d.id
"""


def tell(events: Sequence[Event]) -> int:
    """Write a message for each program that wants to be told of one of these changes. Returns their number. Queries: 3."""
    living = WebhookSubscription.objects.exclude(state=WebhookSubscription.State.REMOVED)
    subscriptions = list(living.filter(programs.ANSWERED_FOR, client__revoked_at=None))
    if not subscriptions:
        return 0
    versions = dict(Party.objects.filter(pk__in=[UUID(event.subject) for event in events]).values_list("pk", "version"))
    at = clock.now()
    messages = [
        WebhookDelivery(
            subscription=subscription,
            message_id=event.id,
            party_id=UUID(event.subject),
            body=_body(event, versions[UUID(event.subject)]),
            due_at=at,
            created_at=at,
        )
        for event in events
        for subscription in subscriptions
        if UUID(event.subject) in versions and _wanted(subscription, event)
    ]
    WebhookDelivery.objects.bulk_create(messages, ignore_conflicts=True, batch_size=1_000)
    transaction.on_commit(lambda: bell.call(TASK))
    return len(messages)


def _wanted(subscription: WebhookSubscription, event: Event) -> bool:
    """Nothing from before it was asked for."""
    of_interest = not subscription.changes or not set(subscription.changes).isdisjoint(event.data["changed"])
    return of_interest and event.occurred_at >= subscription.created_at


def send_due(*, seconds: float) -> bool:
    """Hand over what is due, for about so long. Returns whether nothing is left that is due."""
    deadline = clock.now() + timedelta(seconds=seconds)
    while clock.now() < deadline:
        begun = _begin(at=clock.now())
        if begun is None:
            return True
        try:
            _send([UUID(id) for id in begun.things])
        finally:  # this process lives, whatever became of them
            jobs.finish(begun)
    return False


@transaction.atomic
def _begin(*, at: datetime) -> Begun | None:
    claimed = _claim(at=at, begun=jobs.begun(SENDING))
    return jobs.begin(SENDING, DUE, [str(id) for id in claimed], at=at) if claimed else None


def _claim(*, at: datetime, begun: Iterable[str] = (), only: str | None = None) -> list[UUID]:
    with connection.cursor() as cursor:
        given: dict[str, Any] = {"at": at, "leased": at + LEASE, "of_one": OF_ONE, "at_once": AT_ONCE, "begun": list(begun), "only": only}
        cursor.execute(_CLAIM, given)
        return [id for (id,) in cursor.fetchall()]


def _send_alone(work: Work, at: datetime) -> None:
    """What was in the hands of a worker that died."""
    claimed = _claim(at=at, only=work.job.given["thing"])
    if claimed:
        _send(claimed)


def _set_aside(delivery_id: str, reason: str, at: datetime) -> str:
    delivery = WebhookDelivery.objects.select_related("subscription__client").get(pk=delivery_id)
    _end(delivery, State.GIVEN_UP, at)
    problem = "It stopped two workers." if reason == jobs.STOPPED_TWICE else "It could not be sent, five times."
    WebhookAttempt.objects.create(delivery=delivery, tried_at=at, milliseconds=0, problem=problem)
    return f"Message {delivery.message_id} to {delivery.subscription.client}."


DUE = "WebhookDelivery/due"
SENDING = JobKind("customers.webhooks", "Sending messages to programs", _send_alone, silent=LEASE, set_aside=_set_aside)


def _send(claimed: Sequence[UUID]) -> None:
    at = clock.now()
    deliveries = list(WebhookDelivery.objects.filter(pk__in=claimed).select_related("subscription__client").order_by("due_at", "pk"))
    hidden = _hidden(deliveries)
    for delivery in hidden:
        _end(delivery, State.WITHHELD, at)
    going = [delivery for delivery in deliveries if delivery not in hidden]
    good = _secrets({delivery.subscription_id for delivery in going}, at)

    def hand_over(delivery: WebhookDelivery) -> Outcome:
        body = delivery.body.encode()
        headers = signing.headers(delivery.message_id, body, secrets=good[delivery.subscription_id], at=at)
        return egress.post(delivery.subscription.url, body, headers, internal_hosts=settings.WEBHOOK_INTERNAL_HOSTS)

    # Only the waiting is done side by side: no thread touches the database.
    with ThreadPoolExecutor(max_workers=max(len(going), 1), thread_name_prefix="webhooks") as threads:
        for delivery, outcome in zip(going, threads.map(hand_over, going), strict=True):
            _note(delivery, outcome, at=clock.now())


def _hidden(deliveries: Iterable[WebhookDelivery]) -> list[WebhookDelivery]:
    """Those about customers their program may not know of at this moment."""
    by_client: dict[UUID, list[WebhookDelivery]] = defaultdict(list)
    for delivery in deliveries:
        if delivery.party_id is not None:
            by_client[delivery.subscription.client_id].append(delivery)
    hidden = []
    for some in by_client.values():
        actor = programs.actor_of(some[0].subscription.client)
        visible = visible_party_ids(actor, {delivery.party_id for delivery in some if delivery.party_id})
        hidden += [delivery for delivery in some if delivery.party_id not in visible]
    return hidden


@transaction.atomic
def _note(delivery: WebhookDelivery, outcome: Outcome, *, at: datetime) -> None:
    """Write down what became of a try, for the message and for its receiver."""
    WebhookAttempt.objects.create(
        delivery=delivery,
        tried_at=at,
        status=outcome.status,
        milliseconds=outcome.milliseconds,
        problem=outcome.problem[:120],
        answer=outcome.answer,
    )
    subscription = WebhookSubscription.objects.select_for_update().get(pk=delivery.subscription_id)
    if outcome.received:
        _end(delivery, State.DELIVERED, at)
        if subscription.failing_since is not None:
            subscription.failing_since = subscription.not_before = None
            subscription.save(update_fields=["failing_since", "not_before"])
        return
    wait = _wait(delivery.attempts, outcome)
    if wait is None:
        _end(delivery, State.GIVEN_UP, at)
    else:
        WebhookDelivery.objects.filter(pk=delivery.pk, state=State.WAITING).update(due_at=at + wait)
    _blame(subscription, outcome, at + min(wait or WAITS[0], timedelta(minutes=10)), at)


def _blame(subscription: WebhookSubscription, outcome: Outcome, not_before: datetime, at: datetime) -> None:
    """A receiver that fails is left alone for a while, and after long enough for good, until a person looks at it."""
    subscription.failing_since = subscription.failing_since or at
    subscription.not_before = not_before
    gone = outcome.status == 410
    if subscription.state == WebhookSubscription.State.ACTIVE and (
        gone or at - subscription.failing_since >= settings.WEBHOOK_DISABLED_AFTER
    ):
        subscription.state = WebhookSubscription.State.DISABLED
        subscription.note = (
            "The receiver said that it is gone for good (410)."
            if gone
            else f"Nothing was received since {subscription.failing_since:%d %b %Y, %H:%M} UTC."
        )
    subscription.save()


def _wait(attempts: int, outcome: Outcome) -> timedelta | None:
    if attempts > len(WAITS):
        return None
    wait = WAITS[attempts - 1] * (1 + JITTER * (2 * secrets.SystemRandom().random() - 1))
    return max(wait, timedelta(seconds=min(outcome.retry_after or 0, LONGEST_WISH)))


def _end(delivery: WebhookDelivery, state: str, at: datetime) -> None:
    WebhookDelivery.objects.filter(pk=delivery.pk, state=State.WAITING).update(state=state, ended_at=at)


def _secrets(subscriptions: set[UUID], at: datetime) -> dict[UUID, list[bytes]]:
    found: dict[UUID, list[bytes]] = defaultdict(list)
    rows = WebhookSecret.objects.filter(Q(expires_at=None) | Q(expires_at__gt=at), subscription__in=subscriptions)
    for row in rows.order_by("-id"):
        found[row.subscription_id].append(bytes(row.wrapped))
    return found


def _body(event: Event, version: int) -> str:
    path = f"/api/v1/customers/{event.subject}/"
    data = {
        "customer": event.subject,
        "changed": event.data["changed"],
        "version": version,
        "links": {"state": path, "timeline": f"{path}timeline/", "consents": f"{path}consents/"},
    }
    return json.dumps({"type": event.type, "timestamp": event.occurred_at.isoformat(), "data": data})
