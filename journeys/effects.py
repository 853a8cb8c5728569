"""Reading the effect ledger: what the bank did through bankos, on which permit, and whether it has arrived."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from bankos.platform.actors import Actor
from customers.identity import members_of
from customers.visibility import NotVisible, visible_parties_subquery
from sentinel import catalogue

from .models import Effect

__all__ = ["EffectView", "NotVisible", "effect_of", "listing", "visible_to"]

LARGEST_PAGE = 200


@dataclass(frozen=True, slots=True)
class EffectView:
    """One executed act. `delivered_at` is None while its instruction waits to be handed over."""

    id: UUID
    decision_id: UUID
    action: str
    action_title: str
    party_id: UUID
    parameters: dict[str, Any]
    system: str
    executed_at: datetime
    delivered_at: datetime | None
    reference: str


def effect_of(effect_id: UUID, *, actor: Actor) -> EffectView:
    """One effect. Queries: 1, and what visibility takes.

    Raises:
        NotVisible: there is none, or it is about a customer the actor may not see.
    """
    row = visible_to(actor).filter(pk=effect_id).first()
    if row is None:
        raise NotVisible(str(effect_id))
    return _view(row)


def listing(*, actor: Actor, party_id: UUID | None = None, after: UUID | None = None, limit: int = 50) -> list[EffectView]:
    """The effects for customers the actor may see, the newest first. Queries: 1, and what visibility takes.

    Args:
        after: the id of the last one of the page before.
    """
    found = visible_to(actor).order_by("-id")
    if party_id is not None:
        found = found.filter(resource_id__in=members_of(party_id).annotate(text=Cast("pk", TextField())).values("text"))
    if after is not None:
        found = found.filter(id__lt=after)
    return [_view(row) for row in found[: max(1, min(limit, LARGEST_PAGE))]]


def visible_to(actor: Actor) -> QuerySet[Effect]:
    """For this app's own pages."""
    parties = visible_parties_subquery(actor).annotate(text=Cast("pk", TextField())).values("text")
    return Effect.objects.filter(resource_type="Party", resource_id__in=parties).select_related("delivery")


def _view(row: Effect) -> EffectView:
    delivery = getattr(row, "delivery", None)
    return EffectView(
        id=row.pk,
        decision_id=row.decision_id,
        action=row.action,
        action_title=catalogue.get(row.action).title,
        party_id=UUID(row.resource_id),
        parameters=json.loads(row.parameters),
        system=row.system,
        executed_at=row.executed_at,
        delivered_at=delivery.delivered_at if delivery else None,
        reference=delivery.reference if delivery else "",
    )
