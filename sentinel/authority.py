"""May this actor do this, now? Every action asks here first, and every answer is kept and signed.

`authorize` answers with a decision and its token; `consume` takes a permit's token, once, for exactly what it was issued for. Who wants
something done declares it and runs it (`sentinel.actions`), which does both.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction

from bankos.platform import vault
from bankos.platform.actors import Actor

from . import agreements, key_check, models, policy
from .asking import Asked, checked, request_of
from .canonical import canonical, parameters_hash
from .cedar import APPROVER_ROLES, EngineFailed, Outcome, PolicyText, Request, RequestInvalid, Verdict, somebody
from .consumption import Consumption, consume
from .decision import DecidingRule, Decision, ModelRef, NotPermitted, Resource
from .errors import ApprovalNotValid, AuthorityError, BadRequest, KeysMissing, Refused, UnknownAction
from .recording import Answered, Unanswered, insert, rows_of
from .rules import BEYOND_POLICIES, Rule
from .standing import Standing, standings
from .tokens import TokenAlreadyUsed, TokenError, TokenExpired, TokenInvalid, TokenMismatch, TokenNotAPermit, TokenStopped

__all__ = [
    "ApprovalNotValid",
    "AuthorityError",
    "BadRequest",
    "Consumption",
    "DecidingRule",
    "Decision",
    "ModelRef",
    "NotPermitted",
    "Outcome",
    "Preview",
    "Question",
    "Refused",
    "Resource",
    "TokenAlreadyUsed",
    "TokenError",
    "TokenExpired",
    "TokenInvalid",
    "TokenMismatch",
    "TokenNotAPermit",
    "TokenStopped",
    "UnknownAction",
    "authorize",
    "authorize_many",
    "canonical",
    "consume",
    "consume_permit",
    "keeping_evidence",
    "kept_at",
    "parameters_hash",
    "permit_beyond_policies",
    "preview",
    "second_people",
]

log = structlog.get_logger(__name__)

LARGEST_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Question:
    """One of many questions put at once. The fields are the arguments of `authorize`."""

    actor: Actor
    action: str
    resource: Resource
    parameters: Mapping[str, str | int | bool]
    context: Mapping[str, Any] = field(default_factory=dict)
    model: ModelRef | None = None
    purposes: Sequence[str] = ()
    consents: Sequence[UUID] = ()
    approval: UUID | None = None
    on_behalf_of: Actor | None = None
    about: tuple[str, str] | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def at(self, moment: datetime) -> Asked:
        return Asked(
            actor=self.actor,
            action=self.action,
            resource=self.resource,
            parameters=self.parameters,
            facts=dict(self.context),
            model=self.model,
            purposes=tuple(self.purposes),
            consents=tuple(self.consents),
            approval=self.approval,
            on_behalf_of=self.on_behalf_of,
            at=moment,
            about=self.about,
            details=self.details,
        )


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
    on_behalf_of: Actor | None = None,
    about: tuple[str, str] | None = None,
    details: Mapping[str, Any] | None = None,
) -> Decision:
    """Decide, record and sign.

    The record is part of the caller's transaction: a caller that rolls back takes the evidence with it, so turn a refusal into an
    answer, and ask inside `keeping_evidence`, which an error leaves with its record kept.

    Args:
        context: facts the asker adds, declared in the policies' schema (channel, recommendation, reason).
        purposes: the purposes, resting on consent, for which personal data was used; `consents` the records relied on.
        approval: id of an approval request that has been approved; used up if the answer is a permit.
        on_behalf_of: who the actor acts for, if not for themselves.
        about: type and id of whose key the content is kept under, and goes with, if not the resource's own.
        details: what carrying it out takes beyond what policies know, as plain JSON; kept with what the decision rests on.
    Raises:
        UnknownAction, BadRequest, ApprovalNotValid, Refused: nothing may happen; a refusal has been recorded.
    Queries: 2; 1 to 2 more when a resource is met for the first time; an approval adds 3 and a savepoint.
    """
    question = Question(
        actor, action, resource, parameters, context or {}, model, purposes, consents, approval, on_behalf_of, about, details or {}
    )
    answer = authorize_many([question], at=at)[0]
    if isinstance(answer, AuthorityError):
        raise answer
    return answer


@dataclass(frozen=True, slots=True)
class Preview:
    """What the authority would answer at this moment: recorded nowhere, permitting nothing. `eligible` are the roles of a second person
    whose agreement would be enough."""

    outcome: Outcome
    rules: tuple[DecidingRule, ...]
    obligations: tuple[str, ...]
    eligible: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The rules it rests on, in words for staff."""
        return " ".join(rule.sentence for rule in self.rules)


def preview(question: Question, *, at: datetime) -> Preview:
    """What `authorize` would answer. Nobody is refused in writing for having a look.

    Raises:
        UnknownAction, BadRequest, Refused
    Queries: 1; 1 where a machine may act alone so often a day.
    """
    asked = replace(question.at(at), recorded=False)
    [standing] = standings([asked.look()], store=policy.BANK, at=at)
    case = _decided(asked, standing)
    eligible: tuple[str, ...] = ()
    if case.verdict.outcome is Outcome.NEEDS_APPROVAL:
        eligible = second_people(_text_of(standing), case.request)
    rules = tuple(DecidingRule(rule.id, rule.sentence) for rule in case.verdict.rules)
    return Preview(case.verdict.outcome, rules, tuple(case.verdict.obligations), eligible)


def second_people(text: PolicyText, request: Request) -> tuple[str, ...]:
    """The roles whose agreement would be enough. One at a time: whoever approves will hold real roles, not all of them."""
    best = somebody(request)
    return tuple(role for role in APPROVER_ROLES if text.permits_with(request, replace(best, roles=frozenset([role]))))


def permit_beyond_policies(
    rule: Rule, *, actor: Actor, action: str, resource: Resource, parameters: Mapping[str, str | int | bool], at: datetime
) -> Decision:
    """A permit by a rule of sentinel's own, recorded, signed and used up like any other, for what comes before the policies that could
    be asked. Whether that is so the caller has made sure of.

    Raises:
        UnknownAction, BadRequest: nothing was decided, nothing is recorded.
    """
    if BEYOND_POLICIES.get(rule.id) != action:
        raise ValueError(f"{rule.id} permits no {action}")
    asked = Question(actor, action, resource, parameters).at(at)
    action_type = checked(asked)
    with transaction.atomic():
        [standing] = standings([asked.look()], store=policy.BANK, at=at)
        request, text = request_of(asked, standing)
        case = Answered(asked, request, text, Verdict(Outcome.PERMIT, (rule,)), action_type, replace(standing, policy=None))
        [row] = rows_of([case], at=at)
        insert([row])
        decision = _decision(case, row)
        consume_permit(decision, at=at)
    return decision


def consume_permit(decision: Decision, *, at: datetime) -> Consumption:
    """`consume` for who has just asked and holds the decision itself: there is nothing to compare. Raises as `consume`."""
    return consume(
        decision.token,
        action=decision.action,
        resource_type=decision.resource.type,
        resource_id=decision.resource.id,
        parameters=decision.parameters,
        at=at,
    )


def keeping_evidence(*also: type[Exception]) -> AbstractContextManager[None]:
    """A transaction that a refusal, an error of the authority or one of `also` leaves with what was asked on record: it commits, then
    raises.

    What follows from a decision is written after it is made, so at such an error nothing else has been.
    """
    return kept_at(AuthorityError, NotPermitted, *also)


@contextmanager
def kept_at(*anticipated: type[Exception]) -> Iterator[None]:
    """A transaction that these errors leave with what was written before them: it commits, then raises. Any other rolls it back."""
    refusal: Exception | None = None
    with transaction.atomic():
        try:
            yield
        except anticipated as error:
            refusal = error
    if refusal is not None:
        raise refusal


def authorize_many(questions: Sequence[Question], *, at: datetime) -> list[Decision | AuthorityError]:
    """`authorize` for up to 1,000 questions at once: decided one by one, recorded together. An error stands in its question's place.

    Queries: 2, whatever their number, and what `authorize` says beyond.
    """
    if len(questions) > LARGEST_BATCH:
        raise ValueError(f"at most {LARGEST_BATCH} questions at once")
    if not questions:
        return []
    key_check.require()
    try:
        return _answers([question.at(at) for question in questions], at)
    except (ImproperlyConfigured, vault.Unreadable) as error:
        raise KeysMissing(str(error)) from error


def _answers(asked: list[Asked], at: datetime) -> list[Decision | AuthorityError]:
    alone = not connection.in_atomic_block
    # The places in the log are taken and filled in one transaction: see sentinel.transparency.
    with transaction.atomic(savepoint=False):
        stand = standings([one.look() for one in asked], store=policy.BANK, at=at)
        cases = [_case(one, standing) for one, standing in zip(asked, stand, strict=True)]
        rows = rows_of(cases, at=at)
        _write(cases, rows, last=alone)
    return [_answer(case, row) for case, row in zip(cases, rows, strict=True)]


def _case(asked: Asked, standing: Standing) -> Answered | Unanswered:
    try:
        return _decided(asked, standing)
    except AuthorityError as error:
        return Unanswered(asked, error, standing)


def _decided(asked: Asked, standing: Standing) -> Answered:
    action_type = checked(asked)
    text = _text_of(standing)
    request, text_of_request = request_of(asked, standing)
    try:
        verdict = text.decide(request)
    except RequestInvalid as error:
        raise BadRequest(str(error)) from error
    except EngineFailed as error:
        raise Refused(str(error)) from error
    return Answered(asked, request, text_of_request, verdict, action_type, standing)


def _text_of(standing: Standing) -> PolicyText:
    """Raises Refused."""
    if standing.policy is None:
        raise Refused("no policy can be asked: none is in force")
    try:
        return policy.text_of(standing.policy.id, standing.policy.sha256)
    except (policy.TextChanged, policy.PolicyInvalid) as error:
        raise Refused(f"no policy can be asked: {error}") from error


def _write(cases: list[Answered | Unanswered], rows: list[models.Decision], *, last: bool) -> None:
    """Write what can be written together; what uses up an approval before, alone, because another may have been faster."""
    together = []
    for place, (case, row) in enumerate(zip(cases, rows, strict=True)):
        if isinstance(case, Answered) and row.approval_id is not None and case.verdict.outcome is Outcome.PERMIT:
            try:
                with transaction.atomic():
                    insert([row])
                    agreements.mark_used(row.approval_id, decision_id=row.pk)
                continue
            except agreements.ApprovalVoid as error:
                # Its place in the log is free again: nothing was written there.
                cases[place] = Unanswered(case.asked, ApprovalNotValid(str(error)), case.standing)
                rows[place] = rows_of([cases[place]], at=case.asked.at)[0]
        together.append(rows[place])
    insert(together, last=last)


def _answer(case: Answered | Unanswered, row: models.Decision) -> Decision | AuthorityError:
    if isinstance(case, Unanswered):
        case.error.decision_id = row.pk
        log.warning("decision.refused", decision_id=str(row.pk), rule=case.error.rule.id)
        return case.error
    return _decision(case, row)


def _decision(case: Answered, row: models.Decision) -> Decision:
    version = case.standing.policy
    return Decision(
        id=row.pk,
        token=row.token,
        outcome=case.verdict.outcome,
        action=row.action,
        resource=case.asked.resource,
        parameters=dict(case.asked.parameters),
        actor=case.asked.actor,
        rules=tuple(DecidingRule(rule.id, rule.sentence) for rule in case.verdict.rules),
        obligations=tuple(row.obligations),
        policy_version=version.number if version else None,
        issued_at=row.issued_at,
        expires_at=row.expires_at,
    )
