"""May this actor do this, now? Every action asks here first, and every answer is kept and signed.

`authorize` answers with a decision and its token; `consume` takes a permit's token, once, for exactly what it was issued for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction

from bankos.platform.actors import Actor, ActorKind
from bankos.platform.ids import uuid7

from . import approvals, autonomy, catalogue, models, policy, tokens
from .canonical import canonical, parameters_hash
from .cedar import Approval, EngineFailed, Entity, Outcome, Request, RequestInvalid, Verdict, moment
from .claims import claims_of
from .consumption import Consumption, consume
from .rules import APPROVAL_NOT_VALID, NOT_DECIDED, NOT_UNDERSTOOD, UNKNOWN_ACTION, Rule
from .tokens import TokenAlreadyUsed, TokenError, TokenExpired, TokenInvalid, TokenMismatch, TokenNotAPermit

__all__ = [
    "ApprovalNotValid",
    "AuthorityError",
    "BadRequest",
    "Consumption",
    "DecidingRule",
    "Decision",
    "ModelRef",
    "Outcome",
    "Refused",
    "Resource",
    "TokenAlreadyUsed",
    "TokenError",
    "TokenExpired",
    "TokenInvalid",
    "TokenMismatch",
    "TokenNotAPermit",
    "UnknownAction",
    "authorize",
    "canonical",
    "consume",
    "parameters_hash",
]

log = structlog.get_logger(__name__)

ENTITY_TYPES = {
    ActorKind.EMPLOYEE: "Employee",
    ActorKind.CUSTOMER: "Customer",
    ActorKind.AGENT: "Agent",
    ActorKind.SYSTEM: "System",
}
LONGEST_ID = 120
LONGEST_CONTEXT = 32_000  # characters of canonical JSON
REFUSAL_LIFETIME = timedelta(minutes=15)


class AuthorityError(Exception):
    """No answer could be given, which is a no. `decision_id` names the recorded refusal, if one could be written."""

    rule: Rule = NOT_DECIDED
    decision_id: UUID | None = None


class Refused(AuthorityError):
    """The policies could not be asked. The action must not happen."""


class BadRequest(AuthorityError):
    """The request is incomplete or wrongly written; the message says where."""

    rule = NOT_UNDERSTOOD


class UnknownAction(BadRequest):
    """No floor of the bank registered an action of this name."""

    rule = UNKNOWN_ACTION


class ApprovalNotValid(BadRequest):
    """The approval named does not cover this request; the message says why."""

    rule = APPROVAL_NOT_VALID


@dataclass(frozen=True, slots=True)
class Resource:
    """What the action is done to; `attributes` are the facts policies read. A fact that is not known is left out or None."""

    type: str
    id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelRef:
    """The model a proposal came from."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class DecidingRule:
    """A rule the answer rests on; `sentence` is for staff."""

    id: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer. `token` is its signed form; a permit's is consumed by the effect it permits."""

    id: UUID
    token: str
    outcome: Outcome
    action: str
    resource: Resource
    parameters: dict[str, str | int | bool]
    actor: Actor
    rules: tuple[DecidingRule, ...]
    obligations: tuple[str, ...]
    policy_version: int
    issued_at: datetime
    expires_at: datetime


def authorize(
    *,
    actor: Actor,
    action: str,
    resource: Resource,
    parameters: Mapping[str, str | int | bool],
    at: datetime,
    context: Mapping[str, Any] | None = None,
    model: ModelRef | None = None,
    purposes: Sequence[str] = (),
    consents: Sequence[UUID] = (),
    approval: UUID | None = None,
) -> Decision:
    """Decide, record and sign.

    The record is part of the caller's transaction: a caller that rolls back takes the evidence with it, so turn a refusal into an
    answer, or let an error of this function leave only transactions that have nothing else to lose.

    Args:
        context: facts the asker adds, declared in the policies' schema (channel, recommendation, reason).
        purposes: the purposes, resting on consent, for which personal data was used; `consents` the records relied on.
        approval: id of an approval request that has been approved; used up if the answer is a permit.
    Raises:
        UnknownAction, BadRequest, ApprovalNotValid, Refused: nothing may happen; a refusal has been recorded.
    Queries: 2 for people, 3 for systems and agents; an approval adds 3 and a savepoint.
    """
    asked = _Asked(actor, action, resource, parameters, dict(context or {}), model, tuple(purposes), tuple(consents), approval, at)
    try:
        return _decide(asked)
    except AuthorityError as error:
        error.decision_id = _record_refusal(asked, error)
        raise


@dataclass(frozen=True, slots=True)
class _Asked:
    actor: Actor
    action: str
    resource: Resource
    parameters: Mapping[str, Any]
    facts: Mapping[str, Any]
    model: ModelRef | None
    purposes: tuple[str, ...]
    consents: tuple[UUID, ...]
    approval: UUID | None
    at: datetime


def _decide(asked: _Asked) -> Decision:
    action_type = _checked(asked)
    try:
        in_force = policy.active()
    except (policy.NoActivePolicy, policy.TextChanged, policy.PolicyInvalid) as error:
        raise Refused(f"no policy can be asked: {error}") from error
    level = autonomy.level_of(asked.actor, action=asked.action, model=asked.model.name if asked.model else None)
    request = _request(asked, level, _approval_of(asked))
    try:
        verdict = in_force.text.decide(request)
    except RequestInvalid as error:
        raise BadRequest(str(error)) from error
    except EngineFailed as error:
        raise Refused(str(error)) from error
    # Whole seconds, as the token says it.
    expires_at = (asked.at + action_type.lifetime).replace(microsecond=0)
    return _record(asked, request, verdict, in_force, expires_at)


def _checked(asked: _Asked) -> catalogue.ActionType:
    """The action's type, once everything about the request that needs no policy is found in order."""
    try:
        action_type = catalogue.get(asked.action)
        action_type.check(asked.parameters)
    except catalogue.NotRegistered as error:
        raise UnknownAction(f"there is no action {_evidence(asked.action)!r}") from error
    except catalogue.WrongParameters as error:
        raise BadRequest(str(error)) from error
    if asked.resource.type != action_type.resource_type:
        raise BadRequest(f"{asked.action} is done to a {action_type.resource_type}, not to a {_evidence(asked.resource.type)}")
    for name, value in (("resource", asked.resource.id), ("actor", asked.actor.id)):
        if not isinstance(value, str) or not value or len(value) > LONGEST_ID or not value.isprintable():
            raise BadRequest(f"the id of the {name} must be text of 1 to {LONGEST_ID} printable characters")
    if not all(isinstance(purpose, str) for purpose in asked.purposes):
        raise BadRequest("purposes are codes")
    return action_type


def _request(asked: _Asked, level: autonomy.Level | None, approval: Approval | None) -> Request:
    request = Request(
        principal=principal_of(asked.actor),
        action=asked.action,
        resource=Entity(asked.resource.type, asked.resource.id, _known(asked.resource.attributes)),
        parameters=dict(asked.parameters),
        facts=_known(asked.facts),
        purposes=asked.purposes,
        at=moment(asked.at),
        autonomy=str(level) if level is not None else None,
        approval=approval,
    )
    try:
        text = canonical(request.as_json())
    except ValueError as error:
        raise BadRequest(f"a fact is not plain JSON: {error}") from error
    if len(text) > LONGEST_CONTEXT:
        raise BadRequest(f"the request is longer than {LONGEST_CONTEXT} characters")
    if "\\u0000" in text:
        raise BadRequest("a text holds a zero character")
    return request


def principal_of(actor: Actor) -> Entity:
    attributes: dict[str, Any] = {}
    if actor.kind in (ActorKind.EMPLOYEE, ActorKind.AGENT):
        attributes["roles"] = sorted(actor.roles)
    if actor.kind is ActorKind.EMPLOYEE and actor.branch:
        attributes["branch"] = actor.branch
    if actor.kind is ActorKind.CUSTOMER:
        attributes["party"] = {"__entity": {"type": "Party", "id": actor.id}}
    return Entity(ENTITY_TYPES[actor.kind], actor.id, attributes)


def _known(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that are known, sets as sorted lists."""
    return {
        name: sorted(value) if isinstance(value, set | frozenset) else list(value) if isinstance(value, tuple) else value
        for name, value in facts.items()
        if value is not None
    }


def _approval_of(asked: _Asked) -> Approval | None:
    if asked.approval is None:
        return None
    try:
        return approvals.usable(
            asked.approval,
            actor=asked.actor,
            action=asked.action,
            resource=(asked.resource.type, asked.resource.id),
            parameters_hash=parameters_hash(asked.parameters),
            at=asked.at,
        )
    except approvals.ApprovalVoid as error:
        raise ApprovalNotValid(str(error)) from error


def _record(asked: _Asked, request: Request, verdict: Verdict, in_force: policy.ActivePolicy, expires_at: datetime) -> Decision:
    row = models.Decision(
        id=uuid7(),
        outcome=verdict.outcome,
        action=asked.action,
        resource_type=asked.resource.type,
        resource_id=asked.resource.id,
        parameters=dict(asked.parameters),
        parameters_hash=parameters_hash(asked.parameters),
        actor_kind=asked.actor.kind,
        actor_id=asked.actor.id,
        actor_roles=sorted(asked.actor.roles),
        rules=list(verdict.rule_ids),
        obligations=list(verdict.obligations) if verdict.outcome is Outcome.PERMIT else [],
        # The version's head is all the claims need; its texts stay where they are.
        policy_version=models.PolicyVersion(id=in_force.id, store=in_force.store, number=in_force.number, sha256=in_force.sha256),
        autonomy_level=request.autonomy or "",
        model=asdict(asked.model) if asked.model else None,
        purposes=list(asked.purposes),
        consents=list(asked.consents),
        approval_id=asked.approval,
        context=request.as_json(),
        issued_at=asked.at,
        expires_at=expires_at,
    )
    _sign(row)
    if asked.approval is not None and verdict.outcome is Outcome.PERMIT:
        try:
            with transaction.atomic():
                row.save(force_insert=True)
                approvals.mark_used(asked.approval, decision_id=row.pk)
        except approvals.ApprovalVoid as error:
            raise ApprovalNotValid(str(error)) from error
    else:
        row.save(force_insert=True)
    return Decision(
        id=row.pk,
        token=row.token,
        outcome=verdict.outcome,
        action=asked.action,
        resource=asked.resource,
        parameters=row.parameters,
        actor=asked.actor,
        rules=tuple(DecidingRule(rule.id, rule.sentence) for rule in verdict.rules),
        obligations=tuple(row.obligations),
        policy_version=in_force.number,
        issued_at=row.issued_at,
        expires_at=row.expires_at,
    )


def _record_refusal(asked: _Asked, error: AuthorityError) -> UUID:
    """Keep what was asked, as far as it can be written down, and that the answer was no."""
    parameters = _evidence(asked.parameters)
    parameters = parameters if isinstance(parameters, dict) else {"given": parameters}
    row = models.Decision(
        id=uuid7(),
        outcome=Outcome.DENY,
        action=_word(asked.action, 80),
        resource_type=_word(asked.resource.type, 40),
        resource_id=_word(asked.resource.id, LONGEST_ID),
        parameters=parameters,
        parameters_hash=parameters_hash(parameters),
        actor_kind=asked.actor.kind,
        actor_id=_word(asked.actor.id, LONGEST_ID),
        actor_roles=sorted(asked.actor.roles),
        rules=[error.rule.id],
        obligations=[],
        policy_version=None,
        autonomy_level="",
        model=None,
        purposes=[],
        consents=[],
        approval_id=None,
        context={"refused": _word(str(error), 500), "facts": _evidence(asked.facts), "attributes": _evidence(asked.resource.attributes)},
        issued_at=asked.at,
        expires_at=(asked.at + REFUSAL_LIFETIME).replace(microsecond=0),
    )
    _sign(row)
    row.save(force_insert=True)
    log.warning("decision.refused", decision=str(row.pk), rule=error.rule.id)
    return row.pk


def _sign(row: models.Decision) -> None:
    row.token = tokens.sign(claims_of(row))


def _evidence(value: Any, depth: int = 3) -> Any:
    """Anything at all, cut down to JSON that can be stored and hashed."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) <= catalogue.LARGEST_INTEGER:
        return int(value)
    if isinstance(value, Mapping) and depth:
        return {_word(name, 80): _evidence(entry, depth - 1) for name, entry in list(value.items())[:40]}
    if isinstance(value, list | tuple | set | frozenset) and depth:
        return [_evidence(entry, depth - 1) for entry in list(value)[:40]]
    return _word(value, 200)


def _word(value: Any, longest: int) -> str:
    return "".join(character for character in str(value)[:longest] if character.isprintable())
