"""Who may see whom. Every list, page, search, API and admin page of customers starts here.

Whoever may not see a customer gets the answer of one that does not exist.
"""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from bankos.platform.actors import Actor
from sentinel import facts_shown

from .models import Circle, CircleUserPermission, Party


class NotVisible(LookupError):
    """There is no such customer for this actor."""


def parties_visible_to(actor: Actor) -> QuerySet[Party]:
    """The customers this actor may know of, each once: for lists."""
    return Party.objects.customers_visible_to(actor)


def visible_parties_subquery(actor: Actor) -> QuerySet[Party, UUID]:
    """The ids of all records of the customers this actor may know of, for `filter(party_id__in=...)`: a subquery, never a list."""
    return Party.objects.visible_to(actor).values_list("pk", flat=True)


def may_see(party_id: UUID, actor: Actor) -> bool:
    """Queries: 1."""
    return Party.objects.visible_to(actor).filter(pk=party_id).exists()


def visible_party_ids(actor: Actor, ids: Collection[UUID]) -> set[UUID]:
    """Those of `ids` this actor may see. Queries: 1."""
    return set(Party.objects.visible_to(actor).filter(pk__in=ids).values_list("pk", flat=True))


def sees_protected(actor: Actor) -> bool:
    """Whether this employee is listed in every circle there is, of which there is one at least. Queries: 2."""
    if actor.user_id is None:
        return False
    listed = CircleUserPermission.objects.filter(Q(until=None) | Q(until__gt=Now()), user=actor.user_id).values("content_object")
    return Circle.objects.exists() and not Circle.objects.exclude(pk__in=listed).exists()


def _whose_facts_are_shown(ids: Collection[str], actor: Actor) -> set[str]:
    """What is no id of a customer is nobody's secret. The id of nobody is answered as that of a customer one may not see."""
    parties = {id: party for id in ids if (party := _party_id(id)) is not None}
    seen = visible_party_ids(actor, parties.values())
    return {id for id in ids if id not in parties or parties[id] in seen}


def _party_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


facts_shown.declare("Party", _whose_facts_are_shown)
