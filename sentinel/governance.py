"""Sentinel's own acts go the way of all others: decided, signed, approved by a second person where the policies ask for one.

Each act is registered with what carries it out; `carry_out` asks the authority and, if it permits, uses the permit up and does it, in one
transaction. What waits for a second person is done by `approve`, as the person who asked for it.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from bankos.platform import actors
from bankos.platform.actors import Actor
from bankos.platform.models import User

from . import approvals, authority, independence
from .authority import Decision, Outcome, Resource
from .contexts import content_of
from .models import ApprovalRequest

Parameters = Mapping[str, str | int | bool]


class NotPossible(Exception):
    """As things stand it makes no sense; the message is a sentence for staff. Nothing has happened."""


@dataclass(frozen=True, slots=True)
class Act:
    """One of sentinel's own acts: `resource` says what the policies may know of what it is done to, `effect` does it; both raise
    NotPossible. `refused` notes, where that matters, that a second person said no. `concerned` says, where an act gives somebody power or
    somebody prepared it, the ids of the employees it is about besides who asks: who gets it, who wrote it. They, the people above and
    below them and whoever stands in for any of these are no second person to it (see `independence`).
    """

    resource: Callable[[str, Parameters, datetime], Resource]
    effect: Callable[["Permitted"], None]
    refused: Callable[["Refusal"], None] | None = None
    concerned: Callable[[str, Parameters], Collection[str]] | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A second person's no: to what, by whom and why."""

    resource_id: str
    parameters: Parameters
    by: Actor
    note: str
    decision_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Permitted:
    """What an effect gets: who asked, for what, the decision that allows it, and whether a second person had to agree."""

    actor: Actor
    resource_id: str
    parameters: Parameters
    decision: Decision
    at: datetime
    approved: bool


ASKED_FOR = "Asked for. A second person has to agree first; it waits under Approvals."


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """What became of an act: done, waiting for a second person (`request_id`), or refused (neither)."""

    decision: Decision
    done: bool
    request_id: UUID | None = None

    @property
    def sentence(self) -> str:
        return self.decision.sentence


_acts: dict[str, Act] = {}


def register(action: str, act: Act) -> None:
    """Name what carries an action out; once per action."""
    if action in _acts:
        raise ValueError(f"{action} is registered twice")
    _acts[action] = act
    if act.concerned is not None:
        independence.declare(action, act.concerned)


def governs(action: str) -> bool:
    """Whether this is one of sentinel's own acts."""
    return action in _acts


def carry_out(
    *, actor: Actor, action: str, resource_id: str, parameters: Parameters, at: datetime, note: str = "", approval: UUID | None = None
) -> CarriedOut:
    """Do it as this actor: at once if permitted, after a second person's agreement if that is needed, else not at all.

    Args:
        note: what the second person reads, at most 500 characters.
    Raises:
        NotPossible: permitted, but it makes no sense as things stand. The decision stays on record, its permit unused.
        sentinel.authority.AuthorityError: nothing could be decided. The refusal stays on record.
    """
    act = _acts[action]
    with authority.keeping_evidence(NotPossible):
        resource = act.resource(resource_id, parameters, at)
        decision = authority.authorize(actor=actor, action=action, resource=resource, parameters=parameters, at=at, approval=approval)
        match decision.outcome:
            case Outcome.PERMIT:
                with transaction.atomic():
                    authority.consume_permit(decision, at=at)
                    act.effect(Permitted(actor, resource_id, parameters, decision, at, approval is not None))
                return CarriedOut(decision, done=True)
            case Outcome.NEEDS_APPROVAL:
                return CarriedOut(decision, done=False, request_id=approvals.request(decision, at=at, note=note).id)
            case _:
                return CarriedOut(decision, done=False)


def approve(request_id: UUID, *, actor: Actor, at: datetime, note: str = "") -> CarriedOut:
    """Agree, and do it at once, as the person who asked. The authority is asked again, with the facts of this moment.

    Raises:
        approvals.ApprovalError: it cannot be answered by this person, or not any more; that they tried is on record.
        NotPossible: the request stays open, nothing has happened.
        sentinel.authority.AuthorityError
    """
    with authority.kept_at(approvals.ApprovalError):
        approvals.approve(request_id, actor=actor, at=at, note=note)
        asked = ApprovalRequest.objects.select_related("decision__context_key").get(pk=request_id).decision
        return carry_out(
            actor=_asker(asked.actor_id),
            action=asked.action,
            resource_id=asked.resource_id,
            parameters=parameters_of(asked),
            at=at,
            approval=request_id,
        )


def _asker(user_id: str) -> Actor:
    """With the roles of today: who lost a role has lost it for what still waits, too."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise NotPossible("The person who asked for this does not work here any more.")
    return actors.employee(user)


def refuse(request_id: UUID, *, actor: Actor, at: datetime, note: str = "") -> None:
    """Disagree: it is not done. Raises approvals.ApprovalError as `approve`."""
    with authority.kept_at(approvals.ApprovalError):
        approvals.refuse(request_id, actor=actor, at=at, note=note)
        asked = ApprovalRequest.objects.select_related("decision__context_key").get(pk=request_id).decision
        told = _acts[asked.action].refused
        if told is not None:
            told(Refusal(asked.resource_id, parameters_of(asked), actor, note, asked.pk, at))


def waiting_for(actor: Actor, *, at: datetime) -> int:
    """How many of sentinel's own acts wait for this person's answer. Queries: 1 where none waits."""
    if not ApprovalRequest.objects.filter(answer=None, expires_at__gt=at, decision__action__in=_acts).exists():
        return 0
    return len(approvals.pending(actor=actor, at=at, actions=_acts))


def parameters_of(decision: Any) -> dict[str, Any]:
    """A decision's parameters as they were given, free texts too. Raises contexts.ContentErased."""
    given: dict[str, Any] = content_of(decision)["request"]["context"]["parameters"]
    return given
