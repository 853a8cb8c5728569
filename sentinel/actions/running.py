"""The one way an action is carried out.

`run` asks the authority and, if it permits, uses the permit up and does it, in one transaction. What waits for a second person is done by
`approve`, as the person who asked for it, from what the decision keeps: nobody is asked twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from bankos.platform import actors
from bankos.platform.actors import Actor, ActorKind
from bankos.platform.models import User

from .. import approvals, authority
from ..contexts import content_of
from ..decision import DecidingRule, Decision, ModelRef, NotPermitted, Resource
from ..models import ApprovalRequest
from ..models import Decision as DecisionRow
from .action import Action, Answered, Ask, Asking, Change, NotPossible, Parameters, Permitted, declared, names

ASKED_FOR = "Asked for. A second person has to agree first; it waits under Approvals."


class Waits(NotPermitted):
    """It is not done yet: a second person was asked (`request_id`)."""

    def __init__(self, decision: Decision, request_id: UUID) -> None:
        super().__init__(decision)
        self.args = (f"{ASKED_FOR} {decision.sentence}".strip(),)
        self.request_id = request_id


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of an action: done, with what its effect returned (`result`); waiting for a second person (`request_id`); or refused."""

    decision: Decision
    done: bool
    request_id: UUID | None = None
    result: Any = None

    @property
    def sentence(self) -> str:
        return self.decision.sentence

    def or_raise(self) -> Any:
        """What the effect returned.

        Raises:
            Waits, sentinel.authority.NotPermitted: it is not done. Both are on record.
        """
        if self.done:
            return self.result
        raise Waits(self.decision, self.request_id) if self.request_id else NotPermitted(self.decision)


def run(
    action: Action,
    *,
    actor: Actor,
    resource_id: str,
    parameters: Parameters,
    at: datetime,
    note: str = "",
    details: Mapping[str, Any] | None = None,
    context: Mapping[str, Any] | None = None,
    on_behalf_of: Actor | None = None,
    model: ModelRef | None = None,
    purposes: tuple[str, ...] = (),
    at_hand: Any = None,
    asks_second_person: bool = True,
) -> Ran:
    """Do it as this actor: at once if permitted, after a second person's agreement if that is needed, else not at all.

    Args:
        note: what the second person reads, at most 500 characters.
        details, at_hand: what the effect takes beyond the parameters: kept with the decision, or not at all (`Ask`).
        asks_second_person: False where it is left undone instead.
    Raises:
        NotPossible: it makes no sense as things stand. If it was decided, the decision stays on record, its permit unused.
        sentinel.authority.AuthorityError: nothing could be decided. The refusal stays on record.
        What the action's facts raise: nothing was decided.
    """
    asked = Ask(actor, resource_id, parameters, at, details or {}, context or {}, on_behalf_of, model, purposes, note=note, at_hand=at_hand)
    with authority.keeping_evidence(NotPossible):
        return _run(action, asked, asks=asks_second_person)


@dataclass(frozen=True, slots=True)
class Preview:
    """What `run` would come to at this moment, recorded nowhere. `not_possible` says why it makes no sense as things stand.

    `obligations` come with a permit; `eligible` are the roles of a second person whose agreement would be enough.
    """

    outcome: authority.Outcome
    sentence: str
    rules: tuple[DecidingRule, ...] = ()
    obligations: tuple[str, ...] = ()
    eligible: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    not_possible: str = ""


def preview(
    action: Action,
    *,
    actor: Actor,
    resource_id: str,
    parameters: Parameters,
    at: datetime,
    details: Mapping[str, Any] | None = None,
    context: Mapping[str, Any] | None = None,
    on_behalf_of: Actor | None = None,
    purposes: tuple[str, ...] = (),
) -> Preview:
    """What would become of it. Nobody is refused in writing for having a look.

    Raises:
        sentinel.authority.AuthorityError, and what the action's facts raise but NotPossible
    """
    asked = Ask(actor, resource_id, parameters, at, details or {}, context or {}, on_behalf_of, purposes=purposes)
    try:
        with transaction.atomic():
            found = authority.preview(_question(action, asked, action.facts(asked)), at=at)
            if found.outcome is not authority.Outcome.DENY and action.check is not None:
                action.check(asked)
            changed = action.changes(asked) if action.changes is not None else ()
    except NotPossible as reason:
        return Preview(authority.Outcome.DENY, str(reason), not_possible=str(reason))
    return Preview(found.outcome, found.sentence, found.rules, found.obligations, found.eligible, changed)


def propose(
    action: Action,
    *,
    actor: Actor,
    resource_id: str,
    parameters: Parameters,
    at: datetime,
    model: ModelRef | None = None,
    purposes: tuple[str, ...] = (),
) -> Decision:
    """What the authority says to it, on record; nothing is carried out, and nobody is asked.

    Raises:
        sentinel.authority.AuthorityError, and what the action's facts raise
    """
    asked = Ask(actor, resource_id, parameters, at, model=model, purposes=purposes)
    return _decide(action, asked, action.facts(asked))


def approve(request_id: UUID, *, actor: Actor, at: datetime, note: str = "") -> Ran:
    """Agree, and do it at once, as who asked. The authority is asked again, with the facts of this moment.

    Raises:
        approvals.ApprovalError: it cannot be answered by this person, or not any more; that they tried is on record.
        NotPossible: the request stays open, nothing has happened.
        sentinel.authority.AuthorityError
    """
    with authority.kept_at(approvals.ApprovalError):
        approvals.approve(request_id, actor=actor, at=at, note=note)
        request = _request(request_id)
        row, action = request.decision, declared(request.decision.action)
        asked = Ask(
            _actor(row.actor_kind, row.actor_id),
            row.resource_id,
            parameters_of(row),
            at,
            **_kept(row),
            approval=request_id,
            note=request.note,
        )
        ran = _run(action, asked)
        _tell(action, request, approved=True, actor=actor, note=note, at=at, result=ran.result)
        return ran


def refuse(request_id: UUID, *, actor: Actor, at: datetime, note: str = "") -> None:
    """Disagree: it is not done. Raises approvals.ApprovalError as `approve`."""
    with authority.kept_at(approvals.ApprovalError):
        approvals.refuse(request_id, actor=actor, at=at, note=note)
        request = _request(request_id)
        _tell(declared(request.decision.action), request, approved=False, actor=actor, note=note, at=at)


def changes(request_id: UUID, *, at: datetime) -> tuple[Change, ...]:
    """What a request would change, as things stand; nothing, where it makes no sense any more."""
    request = _request(request_id)
    row, action = request.decision, declared(request.decision.action)
    if action.changes is None:
        return ()
    try:
        return action.changes(Ask(_actor(row.actor_kind, row.actor_id), row.resource_id, parameters_of(row), at, **_kept(row)))
    except NotPossible:
        return ()


def waiting_for(actor: Actor, *, at: datetime) -> int:
    """How many actions wait for this person's answer. Queries: 1 where none waits."""
    if not ApprovalRequest.objects.filter(answer=None, expires_at__gt=at, decision__action__in=names()).exists():
        return 0
    return len(approvals.pending(actor=actor, at=at, actions=names()))


def parameters_of(decision: DecisionRow) -> dict[str, Any]:
    """A decision's parameters as they were given, free texts too. Raises contexts.ContentErased."""
    given: dict[str, Any] = content_of(decision)["request"]["context"]["parameters"]
    return given


def _run(action: Action, asked: Ask, *, asks: bool = True) -> Ran:
    decision = _decide(action, asked, action.facts(asked))
    match decision.outcome:
        case authority.Outcome.PERMIT:
            with transaction.atomic():
                use = authority.consume_permit(decision, at=asked.at)
                result = action.effect(Permitted(asked, decision, use))
            return Ran(decision, done=True, result=result)
        case authority.Outcome.NEEDS_APPROVAL if asks:
            if action.check is not None:
                action.check(asked)
            request = approvals.request(decision, at=asked.at, note=asked.note)
            if action.waits is not None:
                action.waits(Asking(asked, decision, request))
            return Ran(decision, done=False, request_id=request.id)
        case _:
            return Ran(decision, done=False)


def _tell(action: Action, request: ApprovalRequest, *, approved: bool, actor: Actor, note: str, at: datetime, result: Any = None) -> None:
    if action.answered is not None:
        row = request.decision
        given = parameters_of(row)
        action.answered(Answered(request.pk, row.action, row.resource_id, given, approved, actor, note, row.pk, at, result))


def _decide(action: Action, asked: Ask, resource: Resource) -> Decision:
    [answer] = authority.authorize_many([_question(action, asked, resource)], at=asked.at)
    if isinstance(answer, authority.AuthorityError):
        raise answer
    return answer


def _question(action: Action, asked: Ask, resource: Resource) -> authority.Question:
    return authority.Question(
        actor=asked.actor,
        action=action.name,
        resource=resource,
        parameters=asked.parameters,
        context=asked.context,
        details=asked.details,
        on_behalf_of=asked.on_behalf_of,
        model=asked.model,
        purposes=asked.purposes,
        consents=[resource.consents[purpose] for purpose in asked.purposes if purpose in resource.consents],
        approval=asked.approval,
    )


def _request(request_id: UUID) -> ApprovalRequest:
    return ApprovalRequest.objects.select_related("decision__context_key").get(pk=request_id)


def _kept(row: DecisionRow) -> dict[str, Any]:
    """What an action was asked with beyond its parameters."""
    content = content_of(row)
    return {
        "details": content.get("details", {}),
        "context": content["request"]["context"].get("facts", {}),
        "model": ModelRef(**row.model) if row.model else None,
        "purposes": tuple(row.purposes),
        "on_behalf_of": _actor(row.on_behalf_of["kind"], row.on_behalf_of["sub"]) if row.on_behalf_of else None,
    }


def _actor(kind: str, id: str) -> Actor:
    """With the roles of today: who lost a role has lost it for what still waits, too. Queries: 2 for employees."""
    match ActorKind(kind):
        case ActorKind.EMPLOYEE:
            user = User.objects.filter(pk=id, is_active=True).first()
            if user is None:
                raise NotPossible("The person who asked for this does not work here any more.")
            return actors.employee(user)
        case ActorKind.CUSTOMER:
            return Actor(ActorKind.CUSTOMER, id, "The customer")
        case other:
            return Actor(other, id, id)
