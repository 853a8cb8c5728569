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
from ..decision import Decision, ModelRef, NotPermitted, Resource
from ..models import ApprovalRequest
from ..models import Decision as DecisionRow
from .action import Action, Ask, NotPossible, Parameters, Permitted, Refusal, declared, names

ASKED_FOR = "Asked for. A second person has to agree first; it waits under Approvals."


class Waits(NotPermitted):
    """It is not done yet: a second person was asked (`request_id`)."""

    def __init__(self, decision: Decision, request_id: UUID) -> None:
        super().__init__(decision)
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
    asks_second_person: bool = True,
) -> Ran:
    """Do it as this actor: at once if permitted, after a second person's agreement if that is needed, else not at all.

    Args:
        note: what the second person reads, at most 500 characters.
        asks_second_person: False where it is left undone instead.
    Raises:
        NotPossible: it makes no sense as things stand. If it was decided, the decision stays on record, its permit unused.
        sentinel.authority.AuthorityError: nothing could be decided. The refusal stays on record.
        What the action's facts raise: nothing was decided.
    """
    asked = Ask(actor, resource_id, parameters, at, details or {}, context or {}, on_behalf_of, model, purposes)
    with authority.keeping_evidence(NotPossible):
        return _run(action, asked, note=note, asks=asks_second_person)


def approve(request_id: UUID, *, actor: Actor, at: datetime, note: str = "") -> Ran:
    """Agree, and do it at once, as who asked. The authority is asked again, with the facts of this moment.

    Raises:
        approvals.ApprovalError: it cannot be answered by this person, or not any more; that they tried is on record.
        NotPossible: the request stays open, nothing has happened.
        sentinel.authority.AuthorityError
    """
    with authority.kept_at(approvals.ApprovalError):
        approvals.approve(request_id, actor=actor, at=at, note=note)
        row = _asked_for(request_id)
        asked = Ask(_asker(row), row.resource_id, parameters_of(row), at, **_kept(row))
        with authority.keeping_evidence(NotPossible):
            return _run(declared(row.action), asked, approval=request_id)


def refuse(request_id: UUID, *, actor: Actor, at: datetime, note: str = "") -> None:
    """Disagree: it is not done. Raises approvals.ApprovalError as `approve`."""
    with authority.kept_at(approvals.ApprovalError):
        approvals.refuse(request_id, actor=actor, at=at, note=note)
        row = _asked_for(request_id)
        told = declared(row.action).refused
        if told is not None:
            told(Refusal(row.resource_id, parameters_of(row), actor, note, row.pk, at))


def waiting_for(actor: Actor, *, at: datetime) -> int:
    """How many actions wait for this person's answer. Queries: 1 where none waits."""
    if not ApprovalRequest.objects.filter(answer=None, expires_at__gt=at, decision__action__in=names()).exists():
        return 0
    return len(approvals.pending(actor=actor, at=at, actions=names()))


def parameters_of(decision: DecisionRow) -> dict[str, Any]:
    """A decision's parameters as they were given, free texts too. Raises contexts.ContentErased."""
    given: dict[str, Any] = content_of(decision)["request"]["context"]["parameters"]
    return given


def _run(action: Action, asked: Ask, *, note: str = "", approval: UUID | None = None, asks: bool = True) -> Ran:
    decision = _decide(action, asked, action.facts(asked), approval)
    match decision.outcome:
        case authority.Outcome.PERMIT:
            with transaction.atomic():
                authority.consume_permit(decision, at=asked.at)
                result = action.effect(Permitted(asked, decision, approved=approval is not None))
            return Ran(decision, done=True, result=result)
        case authority.Outcome.NEEDS_APPROVAL if asks:
            if action.check is not None:
                action.check(asked)
            return Ran(decision, done=False, request_id=approvals.request(decision, at=asked.at, note=note).id)
        case _:
            return Ran(decision, done=False)


def _decide(action: Action, asked: Ask, resource: Resource, approval: UUID | None) -> Decision:
    return authority.authorize(
        actor=asked.actor,
        action=action.name,
        resource=resource,
        parameters=asked.parameters,
        at=asked.at,
        context=asked.context,
        details=asked.details,
        on_behalf_of=asked.on_behalf_of,
        model=asked.model,
        purposes=asked.purposes,
        consents=[resource.consents[purpose] for purpose in asked.purposes if purpose in resource.consents],
        approval=approval,
    )


def _asked_for(request_id: UUID) -> DecisionRow:
    return ApprovalRequest.objects.select_related("decision__context_key").get(pk=request_id).decision


def _kept(row: DecisionRow) -> dict[str, Any]:
    """What an action was asked with beyond its parameters."""
    return {
        "details": content_of(row).get("details", {}),
        "model": ModelRef(**row.model) if row.model else None,
        "purposes": tuple(row.purposes),
        "on_behalf_of": _somebody(row.on_behalf_of) if row.on_behalf_of else None,
    }


def _asker(row: DecisionRow) -> Actor:
    return _actor(row.actor_kind, row.actor_id)


def _somebody(named: Mapping[str, str]) -> Actor:
    return _actor(named["kind"], named["sub"])


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
