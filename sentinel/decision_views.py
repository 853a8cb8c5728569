"""Decisions as people read them: the row with its rules in words, who asked by name, and what it rested on."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from bankos.platform.actors import ActorKind

from . import catalogue, contexts, models, policy, tokens
from .cedar import Outcome
from .decision import ModelRef
from .rules import BUILT_IN, Effect

READ_AT_ONCE = 200


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
    """A decision as people read it. `context` is the request as the policies saw it (None: erased with the customer's key, or `withheld`
    from who may not see what it is about),
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
    withheld: bool = False


def short_id(decision_id: UUID) -> str:
    """What people say to each other: `dt_` and the last eight hexadecimal digits."""
    return f"dt_{decision_id.hex[-8:].upper()}"


def rows() -> QuerySet[models.Decision]:
    """All of them, with what reading one needs. The texts of the policies stay where they are."""
    # The policy texts are long, and already parsed in memory.
    return models.Decision.objects.select_related("policy_version", "consumption", "context_key").defer(
        "policy_version__policies", "policy_version__schema", "policy_version__examples"
    )


def views_of(ids: Collection[UUID]) -> Iterator[DecisionView]:
    """These decisions, the newest first, a few hundred at a time. Whoever asks has seen to it that the reader may see them.

    Queries: 2 for each 200.
    """
    newest_first = sorted(ids, reverse=True)
    for start in range(0, len(newest_first), READ_AT_ONCE):
        yield from views(list(rows().filter(pk__in=newest_first[start : start + READ_AT_ONCE]).order_by("-id")))


def views(found: list[models.Decision]) -> list[DecisionView]:
    names = _names(found)
    return [_view(row, names) for row in found]


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
        action_title=_title(row),
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


def _title(row: models.Decision) -> str:
    return catalogue.title_of(row.action) if row.store == policy.BANK else row.action


def _names(found: Iterable[models.Decision]) -> dict[str, str]:
    """The names of the employees among the actors: decisions themselves name nobody."""
    ids = {row.actor_id for row in found if _kind(row) is ActorKind.EMPLOYEE}
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
