"""What programs want to be told of: made and changed by themselves or by administrators, each act decided and kept."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Prefetch, QuerySet

from bankos.platform import bell, egress
from bankos.platform.actors import Actor
from bankos.platform.ids import uuid7
from customers.channels import clients
from customers.models import ApiClient, WebhookAttempt, WebhookDelivery, WebhookSecret, WebhookSubscription
from sentinel import actions, authority
from sentinel.actions import Ask, NotPossible
from sentinel.catalogue import ActionType, ParameterKind, RiskTier

from . import signing
from .sending import TASK

OVERLAP = timedelta(days=1)
MOST_REPLAYED = 10_000
MOST_OF_ONE = 20
CHANGES = (
    "accounts", "branch", "cards", "consents", "contacts", "goals", "holders", "identity", "life_events", "loans", "needs", "party",
    "preferences", "relationships", "sign_ins", "signals", "standing_orders", "transactions",
)  # fmt: skip
State = WebhookSubscription.State
Changed = TypeVar("Changed")


class UnknownWebhook(LookupError):
    """The program has no such subscription or delivery."""


@dataclass(frozen=True, slots=True)
class Made:
    """`secret` is nowhere to be read again."""

    subscription: WebhookSubscription
    secret: str


def of(client: ApiClient) -> QuerySet[WebhookSubscription]:
    """The subscriptions of a program, the oldest first."""
    return WebhookSubscription.objects.filter(client=client).exclude(state=State.REMOVED).order_by("id")


def one_of(client: ApiClient, webhook_id: UUID) -> WebhookSubscription:
    """Raises UnknownWebhook."""
    found = of(client).filter(pk=webhook_id).first()
    if found is None:
        raise UnknownWebhook(webhook_id)
    return found


def make(client: ApiClient, *, url: str, changes: Sequence[str], actor: Actor, at: datetime) -> Made:
    """Raises authority.NotPermitted, NotPossible."""
    _check(client, url, changes)
    if of(client).count() >= MOST_OF_ONE:
        raise NotPossible(f"A program has up to {MOST_OF_ONE} webhooks.")
    secret, wrapped = signing.new_secret()

    def add() -> WebhookSubscription:
        made = WebhookSubscription.objects.create(client=client, url=url, changes=sorted(set(changes)), created_at=at)
        WebhookSecret.objects.create(subscription=made, wrapped=wrapped, created_at=at)
        return made

    return Made(_changed(client, "make", add, actor=actor, at=at), secret)


def new_secret(client: ApiClient, webhook_id: UUID, *, actor: Actor, at: datetime) -> str:
    """A new secret; the one before signs too for another day. Raises UnknownWebhook, authority.NotPermitted."""
    found = one_of(client, webhook_id)
    secret, wrapped = signing.new_secret()

    def add() -> None:
        found.secrets.filter(expires_at=None).update(expires_at=at + OVERLAP)
        WebhookSecret.objects.create(subscription=found, wrapped=wrapped, created_at=at)

    _changed(client, "new_secret", add, actor=actor, at=at)
    return secret


def pause(client: ApiClient, webhook_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Hold messages back. Raises UnknownWebhook, authority.NotPermitted."""
    _set(client, webhook_id, State.PAUSED, f"Paused by {actor.name}.", "pause", actor=actor, at=at)


def resume(client: ApiClient, webhook_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Send what was held back, and everything after. Raises UnknownWebhook, authority.NotPermitted."""
    _set(client, webhook_id, State.ACTIVE, "", "resume", actor=actor, at=at)
    transaction.on_commit(lambda: bell.call(TASK))


def remove(client: ApiClient, webhook_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Nothing is sent any more. Raises UnknownWebhook, authority.NotPermitted."""
    _set(client, webhook_id, State.REMOVED, f"Removed by {actor.name}.", "remove", actor=actor, at=at)


def test(client: ApiClient, webhook_id: UUID, *, actor: Actor, at: datetime) -> WebhookDelivery:
    """Send a message about nobody. Raises UnknownWebhook, authority.NotPermitted."""
    found = one_of(client, webhook_id)
    body = json.dumps({"type": "webhook.test", "timestamp": at.isoformat(), "data": {}})

    def send() -> WebhookDelivery:
        transaction.on_commit(lambda: bell.call(TASK))
        return WebhookDelivery.objects.create(subscription=found, message_id=uuid7(), body=body, due_at=at, created_at=at)

    return _changed(client, "test", send, actor=actor, at=at)


def deliveries_of(client: ApiClient, webhook_id: UUID, *, before: UUID | None = None, limit: int = 50) -> list[WebhookDelivery]:
    """The newest first, each with its tries (`tries`). Raises UnknownWebhook. Queries: 3."""
    found = one_of(client, webhook_id).deliveries.order_by("-id")
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found.prefetch_related(Prefetch("tries", WebhookAttempt.objects.order_by("-id")))[:limit])


def replay_one(client: ApiClient, webhook_id: UUID, delivery_id: UUID, *, actor: Actor, at: datetime) -> int:
    """Send a message once more, with the id it had. Raises UnknownWebhook, authority.NotPermitted."""
    found = one_of(client, webhook_id)
    wanted = found.deliveries.filter(pk=delivery_id)
    if not wanted.exists():
        raise UnknownWebhook(delivery_id)
    return _changed(client, "replay", lambda: _again(wanted, at=at), actor=actor, at=at)


def replay_between(client: ApiClient, webhook_id: UUID, *, start: datetime, end: datetime, actor: Actor, at: datetime) -> int:
    """Send every message of a time once more. Returns their number.

    Raises:
        UnknownWebhook, authority.NotPermitted
        NotPossible: too many, or the end is before the beginning.
    """
    found = one_of(client, webhook_id)
    if start >= end:
        raise NotPossible("The end must be after the beginning.")
    wanted = found.deliveries.filter(created_at__gte=start, created_at__lt=end, replay=False)
    if wanted[MOST_REPLAYED : MOST_REPLAYED + 1].exists():
        raise NotPossible(f"Those are more than {MOST_REPLAYED:,} messages; ask for a shorter time.")
    return _changed(client, "replay", lambda: _again(wanted, at=at), actor=actor, at=at)


def _again(wanted: QuerySet[WebhookDelivery], *, at: datetime) -> int:
    again = [
        WebhookDelivery(
            subscription_id=one.subscription_id,
            message_id=one.message_id,
            party_id=one.party_id,
            body=one.body,
            replay=True,
            due_at=at,
            created_at=at,
        )
        for one in wanted.order_by("id").iterator()
    ]
    WebhookDelivery.objects.bulk_create(again, batch_size=1_000)
    transaction.on_commit(lambda: bell.call(TASK))
    return len(again)


def _set(client: ApiClient, webhook_id: UUID, state: str, note: str, what: str, *, actor: Actor, at: datetime) -> None:
    found = one_of(client, webhook_id)
    found.state, found.note = state, note[:200]
    found.failing_since = found.not_before = None
    _changed(client, what, found.save, actor=actor, at=at)


def _check(client: ApiClient, url: str, changes: Sequence[str]) -> None:
    """Raises NotPossible."""
    if client.reach == ApiClient.Reach.SPOKEN_FOR:
        raise NotPossible("A program that knows of customers only while it speaks for them is not told of changes.")
    if unknown := set(changes) - set(CHANGES):
        raise NotPossible(f"Nothing of a customer is called {', '.join(sorted(unknown))}.")
    try:
        egress.check(url, internal_hosts=settings.WEBHOOK_INTERNAL_HOSTS)
    except egress.BadTarget as error:
        raise NotPossible(str(error)) from error


def _changed(client: ApiClient, what: str, change: Callable[[], Changed], *, actor: Actor, at: datetime) -> Changed:
    """Change what a program is told of, if the policies permit it. Secrets are among it, so nothing of it is kept for later.

    Raises authority.NotPermitted.
    """
    asked: dict[str, Any] = {"resource_id": str(client.pk), "parameters": {"change": what}, "at_hand": (client, change)}
    changed: Changed = actions.run(WEBHOOK_CHANGE, actor=actor, at=at, **asked).or_raise()
    return changed


def _program(asked: Ask) -> authority.Resource:
    client = asked.at_hand[0] if asked.at_hand else ApiClient.objects.get(pk=asked.resource_id)
    return clients.resource_of(client)


WEBHOOK_CHANGE = actions.declare(
    ActionType(
        name="webhook.change",
        title="Change what a program is told of",
        resource_type=clients.CLIENT,
        parameters={"change": ParameterKind.CODE},
        risk=RiskTier.MEDIUM,
    ),
    facts=_program,
    effect=lambda permitted: permitted.at_hand[1](),
)
