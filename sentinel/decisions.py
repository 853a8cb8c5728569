"""Reading decisions: one, many, and whether one still holds together.

Compliance officers and administrators see every decision. Other employees see their own, and those about a resource they may see.
Sentinel does not know who may see which customer: callers on higher floors pass a predicate.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast, Right

from bankos.platform.actors import Actor, ActorKind, Role

from . import catalogue, contexts, models, policy, tokens
from .authority import ModelRef
from .cedar import Outcome
from .rules import BUILT_IN, Effect
from .verification import Check, Verification, verify_row, verify_token

__all__ = [
    "Check",
    "DecisionPage",
    "DecisionView",
    "NotVisible",
    "RuleView",
    "Verification",
    "decision_of",
    "search",
    "short_id",
    "verify",
    "verify_token",
]

VisibleResources = Callable[[str, str], bool]  # (resource type, resource id)

SEES_ALL = frozenset({Role.COMPLIANCE, Role.ADMINISTRATOR})
LARGEST_PAGE = 200
MOST_NAMES = 50  # people a text may match in a search


class NotVisible(Exception):
    """There is no such decision, or this person may not see it; which of the two is not said."""


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule that decided: `sentence` for staff, `customer_sentence` for the customer."""

    id: str
    sentence: str
    customer_sentence: str
    effect: str
    owner: str
    basis: str


@dataclass(frozen=True, slots=True)
class DecisionView:
    """A decision as people read it. `context` is the request as the policies saw it (None: erased with the customer's key),
    `claims` what the token says. What was asked through AuthZEN may name actors of kinds the bank doesn't have."""

    id: UUID
    store: str
    short_id: str
    outcome: Outcome
    action: str
    action_title: str
    actor_kind: ActorKind | str
    actor_id: str
    actor_name: str
    actor_roles: tuple[str, ...]
    resource_type: str
    resource_id: str
    parameters: dict[str, Any]
    rules: tuple[RuleView, ...]
    obligations: tuple[str, ...]
    policy_version: int | None
    policy_sha256: str | None
    model: ModelRef | None
    purposes: tuple[str, ...]
    consents: tuple[UUID, ...]
    autonomy_level: str | None
    approval: UUID | None
    issued_at: datetime
    expires_at: datetime
    consumed_at: datetime | None
    token: str
    claims: dict[str, Any]
    context: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class DecisionPage:
    """The newest first; `next_after` continues the list, None ends it."""

    decisions: tuple[DecisionView, ...]
    next_after: UUID | None


def short_id(decision_id: UUID) -> str:
    """What people say to each other: `dt_` and the last eight hexadecimal digits."""
    return f"dt_{decision_id.hex[-8:].upper()}"


def decision_of(decision_id: UUID, *, actor: Actor, visible_resources: VisibleResources | None = None) -> DecisionView:
    """One decision.

    Raises:
        NotVisible
    Queries: 2, and 1 more the first time this process meets its policy version.
    """
    return _views([visible_row(decision_id, actor, visible_resources)])[0]


def search(
    *,
    actor: Actor,
    text: str = "",
    outcome: Outcome | None = None,
    action: str | None = None,
    resource: tuple[str, str] | None = None,
    resources: Collection[str] | None = None,
    rule: str = "",
    version: int | None = None,
    store: str = "",
    machines: bool | None = None,
    used: bool | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    visible_resources: VisibleResources | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> DecisionPage:
    """Decisions the actor may see, the newest first.

    Args:
        text: a token, a short or full id, the id of a resource, a name or id of who asked, a rule's id, part of an action's name.
        resource: only those about this one (type, id); the way in for employees who may see it by `visible_resources`.
        resources: only those about customers with one of these ids.
        rule: id of a rule that decided; `version` the number of the policy version.
        machines: only those asked for by systems and agents, or only the others.
        used: only permits that were used, or only those that were not.
        since, until: when it was made; `until` itself is not included.
        after: the `next_after` of the page before.
    Queries: 2, and 1 more to look for a name.
    """
    found = _rows().order_by("-id")
    about_visible = resource is not None and visible_resources is not None and visible_resources(*resource)
    if not (_sees_all(actor) or about_visible):
        found = found.filter(store=policy.BANK, actor_kind=actor.kind, actor_id=actor.id)
    if resource is not None:
        # What another store calls by the same name is something else.
        found = found.filter(store=policy.BANK, resource_type=resource[0], resource_id=resource[1])
    if resources is not None:
        found = found.filter(store=policy.BANK, resource_type="Party", resource_id__in=list(resources))
    if rule:
        found = found.filter(rules__contains=[rule])
    if version is not None:
        found = found.filter(policy_version__number=version)
    if store:
        found = found.filter(store=store)
    if machines is not None:
        of_machines = Q(store=policy.BANK, actor_kind__in=[ActorKind.SYSTEM, ActorKind.AGENT])
        found = found.filter(of_machines if machines else ~of_machines)
    if used is not None:
        found = found.filter(outcome=Outcome.PERMIT, consumption__isnull=not used)
    if since is not None:
        found = found.filter(issued_at__gte=since)
    if until is not None:
        found = found.filter(issued_at__lt=until)
    if outcome is not None:
        found = found.filter(outcome=outcome)
    if action is not None:
        found = found.filter(action=action)
    if after is not None:
        found = found.filter(id__lt=after)
    if text.strip():
        found = _matching(found, text.strip())
    limit = max(1, min(limit, LARGEST_PAGE))
    rows = list(found[: limit + 1])
    page = rows[:limit]
    return DecisionPage(tuple(_views(page)), page[-1].pk if len(rows) > limit else None)


def verify(decision_id: UUID, *, actor: Actor, visible_resources: VisibleResources | None = None) -> Verification:
    """Whether a decision still holds together: signature, record, context, policy, replay and use.

    Raises:
        NotVisible
    """
    return verify_row(visible_row(decision_id, actor, visible_resources))


def _rows() -> QuerySet[models.Decision]:
    # The policy texts are long, and already parsed in memory.
    return models.Decision.objects.select_related("policy_version", "consumption", "context_key").defer(
        "policy_version__policies", "policy_version__schema", "policy_version__examples"
    )


def _sees_all(actor: Actor) -> bool:
    return actor.kind is ActorKind.SYSTEM or not SEES_ALL.isdisjoint(actor.roles)


def visible_row(decision_id: UUID, actor: Actor, visible_resources: VisibleResources | None) -> models.Decision:
    """The decision's row, if this person may see it. Raises NotVisible. Queries: 1."""
    row = _rows().filter(pk=decision_id).first()
    if row is None:
        raise NotVisible(decision_id)
    own = (row.actor_kind, row.actor_id) == (actor.kind, actor.id)
    about_visible = visible_resources is not None and row.store == policy.BANK and visible_resources(row.resource_type, row.resource_id)
    if not ((own and row.store == policy.BANK) or _sees_all(actor) or about_visible):
        raise NotVisible(decision_id)
    return row


def _matching(found: QuerySet[models.Decision], text: str) -> QuerySet[models.Decision]:
    if text.count(".") == 2 and len(text) > 200:
        try:
            return found.filter(pk=tokens.read(text)["jti"])
        except tokens.TokenInvalid:
            return found.none()
    digits = text.lower().removeprefix("dt_")
    if len(digits) == 8 and set(digits) <= set("0123456789abcdef"):
        return found.alias(short=Right(Cast("id", TextField()), 8)).filter(short=digits)
    try:
        whole = UUID(text)
    except ValueError:
        people = get_user_model().objects.filter(name__icontains=text).values_list("id", flat=True)[:MOST_NAMES]
        return found.filter(
            Q(actor_id__in=[str(person) for person in people])
            | Q(actor_id__icontains=text)
            | Q(action__icontains=text)
            | Q(rules__contains=[text])
        )
    return found.filter(Q(pk=whole) | Q(resource_id=str(whole)) | Q(actor_id=str(whole)))


def _views(rows: list[models.Decision]) -> list[DecisionView]:
    names = _names(rows)
    return [_view(row, names) for row in rows]


def _view(row: models.Decision, names: dict[str, str]) -> DecisionView:
    version = row.policy_version
    consumption = getattr(row, "consumption", None)
    kind = _kind(row)
    return DecisionView(
        id=row.pk,
        store=row.store,
        short_id=short_id(row.pk),
        outcome=Outcome(row.outcome),
        action=row.action,
        action_title=_title(row.action),
        actor_kind=kind,
        actor_id=row.actor_id,
        actor_name=_name(kind, row.actor_id, names),
        actor_roles=tuple(row.actor_roles),
        resource_type=row.resource_type,
        resource_id=row.resource_id,
        parameters=row.parameters,
        rules=tuple(_rule(id, version) for id in row.rules),
        obligations=tuple(row.obligations),
        policy_version=version.number if version else None,
        policy_sha256=version.sha256 if version else None,
        model=ModelRef(**row.model) if row.model else None,
        purposes=tuple(row.purposes),
        consents=tuple(row.consents),
        autonomy_level=row.autonomy_level or None,
        approval=row.approval_id,
        issued_at=row.issued_at,
        expires_at=row.expires_at,
        consumed_at=consumption.consumed_at if consumption else None,
        token=row.token,
        claims=tokens.unverified_claims(row.token),
        context=_content(row),
    )


def _content(row: models.Decision) -> dict[str, Any] | None:
    try:
        content = contexts.content_of(row)
    except contexts.ContentErased:
        return None
    except contexts.ContentDamaged:
        return {}
    return content.get("request") or content.get("question") or content


def _kind(row: models.Decision) -> ActorKind | str:
    known = row.store == policy.BANK and row.actor_kind in tuple(ActorKind)
    return ActorKind(row.actor_kind) if known else row.actor_kind


def _rule(id: str, version: models.PolicyVersion | None) -> RuleView:
    try:
        rule = BUILT_IN.get(id) or (policy.text_of(version.pk, version.sha256).rule(id) if version else None)
    except policy.TextChanged:
        rule = None
    if rule is None:
        return RuleView(id, "The text of this rule cannot be read as it was published.", "", Effect.FORBID, "", "")
    return RuleView(rule.id, rule.sentence, rule.customer_sentence, rule.effect, rule.owner, rule.basis)


def _title(action: str) -> str:
    try:
        return catalogue.get(action).title
    except catalogue.NotRegistered:
        return action


def _names(rows: Iterable[models.Decision]) -> dict[str, str]:
    """The names of the employees among the actors: decisions themselves name nobody."""
    ids = {row.actor_id for row in rows if _kind(row) is ActorKind.EMPLOYEE}
    if not ids:
        return {}
    return {str(id): name for id, name in get_user_model().objects.filter(pk__in=_uuids(ids)).values_list("pk", "name")}


def _uuids(ids: Iterable[str]) -> list[UUID]:
    found = []
    for id in ids:
        try:
            found.append(UUID(id))
        except ValueError:  # a refused request may carry any id
            continue
    return found


def _name(kind: ActorKind | str, id: str, names: dict[str, str]) -> str:
    match kind:
        case ActorKind.EMPLOYEE if isinstance(kind, ActorKind):
            return names.get(id) or "A former employee"
        case ActorKind.CUSTOMER if isinstance(kind, ActorKind):
            return "The customer"
        case _:
            return id
