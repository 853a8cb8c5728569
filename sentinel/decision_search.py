"""Finding decisions, the newest first.

Every filter has an index, or is read off the newest decisions backwards; `tests/sentinel/test_decision_search.py` holds the database to it.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict, Unpack
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast, Right

from bankos.platform.actors import OVERSEEING, Actor, ActorKind

from . import catalogue, facts_shown, models, policy, tokens
from .cedar import Outcome
from .decision_views import DecisionView, rows, views

VisibleResources = Callable[[str, str], bool]  # (resource type, resource id)

LARGEST_PAGE = 200
MOST_NAMES = 50  # people, actions and automations a text may match
MACHINES = (ActorKind.SYSTEM, ActorKind.AGENT)
LARGEST_PLACE = 2**63 - 1

_SHORT_ID = re.compile(r"(?:dt_)?([0-9a-f]{8})", re.IGNORECASE)
_PLACE = re.compile(r"(?:entry\s*)?#?\s*(\d[\d,]{0,24})", re.IGNORECASE | re.ASCII)


class Filters(TypedDict, total=False):
    """What is looked for; all that is given must hold.

    text: a token, a short or full id, a place in the log ("entry 48,211"), the id of a resource, a name or id of who asked, a rule's
        id, part of an action's name.
    resource: only those about this one (type, id); the way in for employees who may see it by `visible_resources`.
    resources: only those about customers with one of these ids.
    rule: id of a rule that decided; `version` the number of the policy version; `store` the policies that decided.
    machines: only those asked for by systems and agents, or only the others.
    used: only permits that were used, or only those that were not.
    since, until: when it was made; `until` itself is not included.
    """

    text: str
    outcome: Outcome | None
    action: str | None
    resource: tuple[str, str] | None
    resources: Collection[str] | None
    rule: str
    version: int | None
    store: str
    machines: bool | None
    used: bool | None
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class DecisionPage:
    """The newest first; `next_after` continues the list, None ends it."""

    decisions: tuple[DecisionView, ...]
    next_after: UUID | None


def search(
    *,
    actor: Actor,
    visible_resources: VisibleResources | None = None,
    after: UUID | None = None,
    limit: int = 50,
    **wanted: Unpack[Filters],
) -> DecisionPage:
    """Decisions the actor may see, the newest first.

    Args:
        after: the `next_after` of the page before.
    Queries: 2; a text adds 1 to 3 that find out what it may mean.
    """
    found = _found(actor, visible_resources, wanted)
    if after is not None:
        found = found.filter(id__lt=after)
    limit = max(1, min(limit, LARGEST_PAGE))
    page = list(found[: limit + 1])
    more = len(page) > limit
    return DecisionPage(tuple(facts_shown.as_seen_by(actor, views(page[:limit]))), page[limit - 1].pk if more else None)


def ids_of(*, actor: Actor, limit: int, visible_resources: VisibleResources | None = None, **wanted: Unpack[Filters]) -> list[UUID]:
    """The ids of what `search` would list, the newest first, at most `limit`. Queries: as `search`, without names."""
    return list(_found(actor, visible_resources, wanted).values_list("pk", flat=True)[:limit])


def stores() -> list[tuple[str, str]]:
    """Name and title of everybody whose policies decide here. Queries: 1."""
    return list(models.PolicyStore.objects.order_by("name").values_list("name", "title"))


def sees_all(actor: Actor) -> bool:
    """Whether every decision is open to this actor."""
    return actor.kind is ActorKind.SYSTEM or not OVERSEEING.isdisjoint(actor.roles)


def _found(actor: Actor, visible_resources: VisibleResources | None, wanted: Filters) -> QuerySet[models.Decision]:
    found = rows().order_by("-id")
    resource = wanted.get("resource")
    about_visible = resource is not None and visible_resources is not None and visible_resources(*resource)
    if not (sees_all(actor) or about_visible):
        found = found.filter(store=policy.BANK, actor_kind=actor.kind, actor_id=actor.id)
    found = _about(found, wanted)
    found = _decided(found, wanted)
    text = wanted.get("text", "").strip()
    return _matching(found, text) if text else found


def _about(found: QuerySet[models.Decision], wanted: Filters) -> QuerySet[models.Decision]:
    """By what was asked, about whom, by whom and when."""
    if (resource := wanted.get("resource")) is not None:
        # What another store calls by the same name is something else.
        found = found.filter(store=policy.BANK, resource_type=resource[0], resource_id=resource[1])
    if (resources := wanted.get("resources")) is not None:
        found = found.filter(store=policy.BANK, resource_type="Party", resource_id__in=list(resources))
    if (action := wanted.get("action")) is not None:
        found = found.filter(action=action)
    if (machines := wanted.get("machines")) is not None:
        of_machines = Q(store=policy.BANK, actor_kind__in=MACHINES)
        found = found.filter(of_machines if machines else ~of_machines)
    if (since := wanted.get("since")) is not None:
        found = found.filter(issued_at__gte=since)
    if (until := wanted.get("until")) is not None:
        found = found.filter(issued_at__lt=until)
    return found


def _decided(found: QuerySet[models.Decision], wanted: Filters) -> QuerySet[models.Decision]:
    """By what was answered, by which rules, and what came of it."""
    if (outcome := wanted.get("outcome")) is not None:
        found = found.filter(outcome=outcome)
    if rule := wanted.get("rule"):
        found = found.filter(rules__contains=[rule])
    if store := wanted.get("store"):
        found = found.filter(store=store)
    if (version := wanted.get("version")) is not None:
        numbered = models.PolicyVersion.objects.filter(number=version)
        numbered = numbered.filter(store__name=store) if store else numbered
        found = found.filter(policy_version__in=list(numbered.values_list("pk", flat=True)))
    if (used := wanted.get("used")) is not None:
        found = found.filter(outcome=Outcome.PERMIT, consumption__isnull=not used)
    return found


def _matching(found: QuerySet[models.Decision], text: str) -> QuerySet[models.Decision]:
    if text.count(".") == 2 and len(text) > 200:
        try:
            return found.filter(pk=tokens.read_any(text)["jti"])
        except tokens.TokenInvalid:
            return found.none()
    if short := _SHORT_ID.fullmatch(text):
        # Eight digits are rather the id that people say to each other than the eighty-millionth place of the log.
        return found.alias(short=Right(Cast("id", TextField()), 8)).filter(short=short[1].lower())
    if place := _PLACE.fullmatch(text):
        return _at(found, int(place[1].replace(",", "")))
    try:
        whole = UUID(text)
    except ValueError:
        return _named(found, text)
    return found.filter(Q(pk=whole) | Q(resource_id=str(whole)) | Q(actor_id=str(whole)))


def _at(found: QuerySet[models.Decision], place: int) -> QuerySet[models.Decision]:
    """The decision at this place in the log, or the one whose use stands there."""
    if place > LARGEST_PLACE:
        return found.none()
    used = models.Consumption.objects.filter(leaf_index=place).values_list("decision_id", flat=True).first()
    return found.filter(Q(leaf_index=place) | Q(pk=used)) if used else found.filter(leaf_index=place)


def _named(found: QuerySet[models.Decision], text: str) -> QuerySet[models.Decision]:
    """By a name. What a part of one may mean is looked up first: decisions are too many to look for a part of a word in each."""
    people = get_user_model().objects.filter(name__icontains=text).values_list("pk", flat=True)[:MOST_NAMES]
    watched = models.AutonomyWatch.objects.filter(subject__icontains=text).values_list("subject", flat=True)
    machines = watched.union(models.AutonomySetting.objects.filter(subject__icontains=text).values_list("subject", flat=True))[:MOST_NAMES]
    part = text.lower()
    actions = [kind.name for kind in catalogue.all_types() if part in kind.name.lower() or part in kind.title.lower()]
    return found.filter(
        Q(actor_id__in=[text, *map(str, people), *machines]) | Q(action__in=[text, *actions[:MOST_NAMES]]) | Q(rules__contains=[text])
    )
