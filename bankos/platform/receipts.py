"""How far the delivery of an event has come, for people who watch over it."""

from dataclasses import dataclass
from datetime import datetime

from .models import EventDelivery


@dataclass(frozen=True, slots=True)
class Receipt:
    """`delivered_at` is None while it is open; after a failure it is tried again at `retry_at`. `last_error` names class and place."""

    delivered_at: datetime | None
    attempts: int
    retry_at: datetime | None
    last_error: str


def receipt_of(subscriber: str, *, type: str, subject: str) -> Receipt | None:
    """The subscriber's receipt for the newest event of this type about this subject. Queries: 1."""
    found = EventDelivery.objects.filter(subscriber=subscriber, event__type=type, event__subject=subject)
    row = found.order_by("-event__occurred_at", "-id").first()
    return None if row is None else Receipt(row.delivered_at, row.attempts, row.retry_at, row.last_error)
