"""Who may see whom. Every list, page, search, API and admin page of customers starts here.

Whoever may not see a customer gets the answer of one that does not exist.
"""

from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet
from guardian.shortcuts import assign_perm

from bankos.platform.actors import Actor
from bankos.platform.models import User

from .models import Branch, Party
from .models.parties import VIEW_CUSTOMERS


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


def show_branch(code: str, *, to: User) -> None:
    """Let a person see the customers of a branch.

    Raises:
        Branch.DoesNotExist
    """
    assign_perm(VIEW_CUSTOMERS, to, Branch.objects.get(code=code))
