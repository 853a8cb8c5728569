"""Acts for customers that wait for a second person, and the answer to one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from bankos.platform.actors import Actor
from bankos.platform.models import User
from customers.state import names_of
from customers.visibility import NotVisible, may_see, visible_party_ids
from sentinel import actions, approvals
from sentinel.actions import Ran
from sentinel.approvals import ApprovalView, State

from . import work
from .acts.act import is_act, tell_answered
from .models import WorkItem

__all__ = ["Awaited", "NotVisible", "approve", "awaited", "awaited_of", "close_expired", "refuse", "waiting"]


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


def waiting(*, actor: Actor, at: datetime) -> list[Awaited]:
    """The acts this person may agree to now, the oldest first. Queries: 3 or 4, and what visibility takes."""
    return sorted(awaited_of(approvals.pending(actor=actor, at=at), actor=actor), key=lambda one: (one.asked_at, one.id))


def awaited_of(views: Sequence[ApprovalView], *, actor: Actor) -> list[Awaited]:
    """Those of these requests that are acts for customers the actor may see. Queries: 0 for none, otherwise 2 and what visibility takes."""
    found = {UUID(view.resource_id): view for view in views if is_act(view.action)}
    if not found:
        return []
    visible = visible_party_ids(actor, found)
    acts = [view for view in views if is_act(view.action) and UUID(view.resource_id) in visible]
    names = names_of([UUID(view.resource_id) for view in acts], actor=actor)
    people = {str(id): name for id, name in User.objects.filter(pk__in=_people(acts)).values_list("pk", "name")}
    return [
        Awaited(
            id=view.id,
            decision_id=view.decision_id,
            action=view.action,
            action_title=view.title,
            title=view.note,
            party_id=UUID(view.resource_id),
            party_name=names.get(UUID(view.resource_id), ""),
            parameters=dict(view.parameters),
            asked_by=people.get(view.asked_by, view.asked_by),
            asked_at=view.asked_at,
            expires_at=view.expires_at,
            state=view.state,
        )
        for view in acts
    ]


def awaited(request_id: UUID, *, actor: Actor, at: datetime) -> Awaited:
    """One act that waits, or waited.

    Raises:
        NotVisible: there is none, or it is about a customer the actor may not see.
    """
    found = awaited_of([_act(request_id, actor, at)], actor=actor)
    if not found:
        raise NotVisible(str(request_id))
    return found[0]


def approve(request_id: UUID, *, actor: Actor, at: datetime, note: str = "") -> Ran:
    """Agree, and do the act at once, as the person who asked for it. Raises NotVisible, and as `actions.approve`."""
    return actions.approve(_act(request_id, actor, at).id, actor=actor, at=at, note=note)


def refuse(request_id: UUID, *, actor: Actor, at: datetime, note: str = "") -> None:
    """Disagree: the act does not happen. Raises NotVisible, and as `actions.refuse`."""
    actions.refuse(_act(request_id, actor, at).id, actor=actor, at=at, note=note)


def close_expired(*, at: datetime) -> int:
    """Tell of the requests nobody answered in time, and take them off the work list. Returns how many; twice is once."""
    overdue = WorkItem.objects.filter(kind=WorkItem.Kind.APPROVAL, state=WorkItem.State.OPEN, due_at__lte=at)
    with transaction.atomic():
        items = list(overdue.select_for_update(skip_locked=True).order_by("due_at")[:500])
        for view in approvals.views([item.subject_id for item in items], at=at).values():
            work.close(view.id)
            tell_answered(view.id, "expired", action=view.action, party=view.resource_id, decision_id=view.decision_id, at=at)
    return len(items)


def _act(request_id: UUID, actor: Actor, at: datetime) -> ApprovalView:
    view = approvals.views([request_id], at=at).get(request_id)
    if view is None or not is_act(view.action) or not may_see(UUID(view.resource_id), actor):
        raise NotVisible(str(request_id))
    return view


def _people(views: Sequence[ApprovalView]) -> list[UUID]:
    return [UUID(view.asked_by) for view in views if view.asked_by_kind == "employee"]
