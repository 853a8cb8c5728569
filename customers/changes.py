"""Telling the floors above that a customer's state changed: the version is raised and one event written, in the caller's transaction."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import F

from bankos.platform import events, history

from .models import Party

EVENT = "customers.state.changed"
SOURCE = "customers"
BOOKINGS = frozenset({"transactions", "balances"})


def says_who(data: dict) -> bool:
    """Whether what changed may say something of the customer, and not of the customer's money alone."""
    return not BOOKINGS.issuperset(data["changed"])


def tell(customers: Collection[UUID], *, changed: Sequence[str], at: datetime) -> None:
    """`customers` are golden parties; `changed` names what of them. Queries: 3, and 1 for the events."""
    history.stamp(at)
    found = Party.objects.filter(pk__in=customers).order_by("pk")
    found.update(version=F("version") + 1, changed_at=at)
    items = [(str(id), {"changed": list(changed), "bucket": bucket}) for id, bucket in found.values_list("pk", "bucket")]
    events.publish_many(EVENT, items=items, source=SOURCE, at=at)
