"""A second person's answer to an act that waits for one, and what follows from it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import transaction

from bankos.platform import events
from bankos.platform.actors import Actor, ActorKind
from customers.state import names_of, state_of
from customers.visibility import NotVisible, may_see, visible_party_ids
from sentinel import approvals
from sentinel.approvals import AlreadyAnswered, ApprovalError, ApprovalExpired, ApprovalView, MakerIsChecker, NotEligible, State
from sentinel.authority import ModelRef, kept_at
from sentinel.automation import evidence
from sentinel.automation.evidence import Verdict

from . import actions, askers, work
from .actions import ActionNotPossible, Performed
from .acts import Change, act_of
from .models import AwaitedAct, WorkItem

__all__ = [
    "ActionNotPossible",
    "AlreadyAnswered",
    "ApprovalExpired",
    "Awaited",
    "Change",
    "MakerIsChecker",
    "NotEligible",
    "NotVisible",
    "Performed",
    "State",
    "approve_and_execute",
    "awaited",
    "awaited_of",
    "changes",
    "close_expired",
    "is_act",
    "refuse",
    "waiting",
]

SOURCE = "journeys.approvals"
ANSWERED = "journeys.approval.answered"


@dataclass(frozen=True, slots=True)
class Awaited:
    """An act that waits for a second person. `title` is what would be done; `asked_by` a name; `decision_id` why it waits."""

    id: UUID
    decision_id: UUID
    action: str
    action_title: str
    title: str
    party_id: UUID
    party_name: str
    parameters: dict[str, Any]
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    state: State
    answered_at: datetime | None
    answer_note: str


def waiting(*, actor: Actor, at: datetime) -> list[Awaited]:
    """The acts this person may agree to now, the oldest first. Queries: 3 or 4, and what visibility takes."""
    return awaited_of([request.id for request in approvals.pending(actor=actor, at=at)], actor=actor, at=at)


def awaited_of(request_ids: Sequence[UUID], *, actor: Actor, at: datetime) -> list[Awaited]:
    """Those of these requests that are acts for customers the actor may see. Queries: 0 for none, otherwise 4 and what visibility takes."""
    if not request_ids:
        return []
    rows = list(AwaitedAct.objects.filter(pk__in=request_ids).order_by("asked_at", "request_id"))
    visible = visible_party_ids(actor, [row.party_id for row in rows])
    views = approvals.views([row.pk for row in rows], at=at)
    return _views([(row, views[row.pk]) for row in rows if row.party_id in visible], actor)


def awaited(request_id: UUID, *, actor: Actor, at: datetime) -> Awaited:
    """One act that waits, or waited.

    Raises:
        NotVisible: there is none, or it is about a customer the actor may not see.
    """
    row = _get(request_id, actor)
    return _views([(row, approvals.view(request_id, at=at))], actor)[0]


def is_act(request_id: UUID) -> bool:
    """Whether the request is about an act for a customer. Queries: 1."""
    return AwaitedAct.objects.filter(pk=request_id).exists()


def changes(request_id: UUID, *, actor: Actor, at: datetime) -> tuple[Change, ...]:
    """What the act would change for the customer, as things stand; nothing, if it makes no sense any more.

    Raises:
        NotVisible
    """
    row = _get(request_id, actor)
    try:
        return act_of(row.action).changes(state_of(row.party_id, actor=actor, at=at), row.parameters)
    except ActionNotPossible:
        return ()


def approve_and_execute(request_id: UUID, *, actor: Actor, at: datetime, note: str = "") -> Performed:
    """Agree, and do the act at once, as the person who asked for it.

    The authority is asked again, with the facts of this moment: it may refuse now what only needed a second person before.

    Raises:
        NotVisible, MakerIsChecker, NotEligible, ApprovalExpired, AlreadyAnswered
        ActionNotPossible: as things stand it cannot be done; the request stays open, nothing has happened.
        sentinel.authority.AuthorityError
    """
    row = _get(request_id, actor)
    with kept_at(ApprovalError):
        approvals.approve(request_id, actor=actor, note=note, at=at)
        performed = actions.perform(
            actor=_asker(row),
            action=row.action,
            party_id=row.party_id,
            parameters=row.parameters,
            at=at,
            summary=row.summary,
            purposes=row.purposes,
            model=ModelRef(**row.model) if row.model else None,
            approval=request_id,
        )
        _answered(row, "approved", effect_id=performed.effect_id, at=at)
        # Of what a machine asked for, the second person is the first one to judge it; what people asked for passes by.
        evidence.record(row.decision_id, Verdict.AGREED, reviewer=actor, at=at)
    return performed


def refuse(request_id: UUID, *, actor: Actor, at: datetime, note: str = "") -> None:
    """Disagree: the act does not happen.

    Raises:
        NotVisible, MakerIsChecker, NotEligible, ApprovalExpired, AlreadyAnswered
    """
    row = _get(request_id, actor)
    with kept_at(ApprovalError):
        approvals.refuse(request_id, actor=actor, note=note, at=at)
        _answered(row, "refused", effect_id=None, at=at)
        evidence.record(row.decision_id, Verdict.DISAGREED, reviewer=actor, reason="refused_by_approver", at=at)


def close_expired(*, at: datetime) -> int:
    """Tell of the requests nobody answered in time, and take them off the work list. Returns how many; twice is once."""
    overdue = WorkItem.objects.filter(kind=WorkItem.Kind.APPROVAL, state=WorkItem.State.OPEN, due_at__lte=at)
    with transaction.atomic():
        items = list(overdue.select_for_update(skip_locked=True).order_by("due_at")[:500])
        for row in AwaitedAct.objects.filter(pk__in=[item.subject_id for item in items]):
            _answered(row, "expired", effect_id=None, at=at)
    return len(items)


def _answered(row: AwaitedAct, answer: str, *, effect_id: UUID | None, at: datetime) -> None:
    work.close(row.request_id)
    events.publish(
        ANSWERED,
        subject=str(row.request_id),
        data={
            "answer": answer,
            "action": row.action,
            "party": str(row.party_id),
            "decision": str(row.decision_id),
            "effect": str(effect_id) if effect_id else None,
        },
        source=SOURCE,
        at=at,
    )


def _get(request_id: UUID, actor: Actor) -> AwaitedAct:
    row = AwaitedAct.objects.filter(pk=request_id).first()
    if row is None or not may_see(row.party_id, actor):
        raise NotVisible(str(request_id))
    return row


def _asker(row: AwaitedAct) -> Actor:
    asker = askers.actor_of(row.actor_kind, row.actor_id)
    if not may_see(row.party_id, asker):
        raise ActionNotPossible("The person who asked for this does not serve this customer any more.")
    return asker


def _views(found: list[tuple[AwaitedAct, ApprovalView]], actor: Actor) -> list[Awaited]:
    names = names_of([row.party_id for row, _ in found], actor=actor)
    people = _people(row.actor_id for row, _ in found if row.actor_kind == ActorKind.EMPLOYEE)
    return [
        Awaited(
            id=row.pk,
            decision_id=row.decision_id,
            action=row.action,
            action_title=request.title,
            title=row.summary,
            party_id=row.party_id,
            party_name=names.get(row.party_id, ""),
            parameters=row.parameters,
            asked_by=people.get(row.actor_id, row.actor_id),
            asked_at=row.asked_at,
            expires_at=request.expires_at,
            state=request.state,
            answered_at=request.answered_at,
            answer_note=request.answer_note,
        )
        for row, request in found
    ]


def _people(ids: Iterable[str]) -> dict[str, str]:
    users = get_user_model().objects.filter(pk__in=[UUID(id) for id in ids])
    return {str(id): name for id, name in users.values_list("pk", "name")}
