"""Reading decisions: one, many, and whether one still holds together.

Compliance officers and administrators see every decision. Other employees see their own, and those about a resource they may see.
Sentinel does not know who may see which customer: callers on higher floors pass a predicate.
"""

from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet

from bankos.platform.actors import Actor

from . import facts_shown, models, policy
from .decision_search import (
    LARGEST_PAGE,
    DecisionPage,
    Filters,
    VisibleResources,
    ids_of,
    search,
    sees_all,
    stores,
)
from .decision_views import DecisionView, RuleView, rows, short_id, views, views_of
from .verification import Check, Verification, verify_row, verify_token

__all__ = [
    "LARGEST_PAGE",
    "Check",
    "DecisionPage",
    "DecisionView",
    "Filters",
    "NotVisible",
    "RuleView",
    "Verification",
    "VisibleResources",
    "about",
    "decision_of",
    "ids_of",
    "search",
    "short_id",
    "stores",
    "verify",
    "verify_token",
    "views_of",
    "visible_rows",
]


class NotVisible(Exception):
    """There is no such decision, or this person may not see it; which of the two is not said."""


def decision_of(decision_id: UUID, *, actor: Actor, visible_resources: VisibleResources | None = None) -> DecisionView:
    """One decision.

    Raises:
        NotVisible
    Queries: 2, 1 more for whether its facts are shown, and 1 the first time this process meets its policy version.
    """
    return facts_shown.as_seen_by(actor, views([visible_row(decision_id, actor, visible_resources)]))[0]


def verify(decision_id: UUID, *, actor: Actor, visible_resources: VisibleResources | None = None) -> Verification:
    """Whether a decision still holds together: signature, record, context, policy, replay and use.

    Raises:
        NotVisible
    """
    return verify_row(visible_row(decision_id, actor, visible_resources))


def visible_rows(actor: Actor, found: QuerySet[models.Decision]) -> QuerySet[models.Decision]:
    """Those of these decisions that are open to the actor whatever they are about: all, or one's own."""
    return found if sees_all(actor) else found.filter(store=policy.BANK, actor_kind=actor.kind, actor_id=actor.id)


def visible_row(decision_id: UUID, actor: Actor, visible_resources: VisibleResources | None) -> models.Decision:
    """The decision's row, if this person may see it. Raises NotVisible. Queries: 1."""
    row = rows().filter(pk=decision_id).first()
    if row is None:
        raise NotVisible(decision_id)
    own = (row.actor_kind, row.actor_id) == (actor.kind, actor.id)
    about_visible = visible_resources is not None and row.store == policy.BANK and visible_resources(row.resource_type, row.resource_id)
    if not ((own and row.store == policy.BANK) or sees_all(actor) or about_visible):
        raise NotVisible(decision_id)
    return row


def about(resource_type: str, ids: Collection[str], *, actor: Actor, after: str = "", limit: int) -> list[DecisionView]:
    """The bank's decisions about these, the oldest first, behind the id `after`: to go through all of them, however many.

    Raises:
        NotVisible: only who sees every decision goes through them like this.
    Queries: 2.
    """
    if not sees_all(actor):
        raise NotVisible(resource_type)
    found = rows().filter(store=policy.BANK, resource_type=resource_type, resource_id__in=ids).order_by("id")
    return views(list((found.filter(pk__gt=after) if after else found)[:limit]))
