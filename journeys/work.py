"""The work list: what waits for a person, in the order it should be done.

Order: time left, then harm to the customer. A person sees items about customers they may see and of the branch they work for;
approvals only if the policies could accept theirs, and never those they asked for themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now

from bankos.platform.actors import SERVING, Actor, Role
from customers.state import names_of
from customers.visibility import NotVisible, visible_parties_subquery

from .models import WorkItem

__all__ = ["AlreadyClaimed", "NotVisible", "View", "WorkRow", "add", "claim", "close", "counts", "item", "open_items", "take_next"]

Kind, State = WorkItem.Kind, WorkItem.State
LARGEST_LIST = 500
LONGEST_TITLE, LONGEST_WHY = 160, 300


class AlreadyClaimed(Exception):
    """Somebody else has taken it, or it is done; the message says which."""


class View(StrEnum):
    """Ways to look at the list. `team` is all of it."""

    TEAM = "team"
    MINE = "mine"
    SUGGESTIONS = "suggestions"
    APPROVALS = "approvals"


@dataclass(frozen=True, slots=True)
class WorkRow:
    """A line of the list. `subject_id` is the suggestion, or the request for approval."""

    id: UUID
    kind: str
    title: str
    party_id: UUID
    party_name: str
    why: str
    due_at: datetime
    owner_name: str
    mine: bool
    subject_id: UUID
    overdue: bool


def open_items(*, actor: Actor, view: str = View.TEAM, at: datetime, limit: int = 100) -> list[WorkRow]:
    """What is open in this view, the most urgent first. Queries: 2, and what visibility takes."""
    found = _in_order(_seen_by(actor, at).filter(_belongs_to(View(view), actor)))
    return _rows(list(found[: max(1, min(limit, LARGEST_LIST))]), actor, at)


def counts(*, actor: Actor, at: datetime) -> dict[str, int]:
    """How much is open in each view. Queries: 1, and what visibility takes."""
    wanted = {str(view): Count("id", filter=_belongs_to(view, actor)) for view in View}
    return dict(_seen_by(actor, at).aggregate(**wanted))


def item(item_id: UUID, *, actor: Actor, at: datetime) -> WorkRow:
    """One open item.

    Raises:
        NotVisible: there is none, or not for this person.
    """
    return _rows([_get(item_id, actor, at)], actor, at)[0]


def add(
    *,
    kind: str,
    party_id: UUID,
    title: str,
    why: str,
    due_at: datetime,
    branch_code: str,
    subject_id: UUID,
    at: datetime,
    harm: Decimal = Decimal(0),
    for_roles: Sequence[str] = (),
    asked_by: str = "",
) -> UUID:
    """Put something on the list; once per subject, however often it is called. Returns the item's id.

    Args:
        kind: "suggestion" or "approval".
        harm: what it costs the customer if nothing happens, in the bank's currency; it orders what is due at once.
        for_roles: only people with one of these roles; empty: everybody who serves customers.
        asked_by: id of the person who asked, and so may not answer.
    """
    row, _ = WorkItem.objects.get_or_create(
        kind=Kind(kind),
        subject_id=subject_id,
        defaults={
            "party_id": party_id,
            "title": _shortened(title, LONGEST_TITLE),
            "why": _shortened(why, LONGEST_WHY),
            "due_at": due_at,
            "branch_code": branch_code,
            "harm": harm,
            "for_roles": list(for_roles),
            "asked_by": asked_by,
            "added_at": at,
        },
    )
    return row.pk


def close(subject_id: UUID) -> None:
    """Take what was about this subject off the list. Twice is once."""
    WorkItem.objects.filter(subject_id=subject_id, state=State.OPEN).update(state=State.CLOSED, closed_at=Now())


def claim(item_id: UUID, *, actor: Actor, at: datetime) -> WorkRow:
    """Make an item one's own; again, if it is already.

    Raises:
        NotVisible, AlreadyClaimed
    """
    free = _seen_by(actor, at).filter(pk=item_id, owner_id=None)
    if not free.update(owner_id=_person(actor), owner_name=actor.name, claimed_at=at):
        owner = _get(item_id, actor, at)
        if owner.owner_id != actor.user_id:
            raise AlreadyClaimed(f"{owner.owner_name} has taken this.")
    return item(item_id, actor=actor, at=at)


def take_next(*, actor: Actor, at: datetime) -> WorkRow | None:
    """Claim the most urgent item that nobody has taken; None if there is none.

    Any number of people may ask at once: what another is taking at this moment is passed over, so nobody waits or shares.
    """
    person = _person(actor)
    with transaction.atomic():
        free = _in_order(_seen_by(actor, at).filter(owner_id=None))
        row = free.select_for_update(skip_locked=True, of=("self",)).first()
        if row is None:
            return None
        row.owner_id, row.owner_name, row.claimed_at = person, actor.name, at
        row.save(update_fields=["owner_id", "owner_name", "claimed_at"])
    return _rows([row], actor, at)[0]


def _seen_by(actor: Actor, at: datetime) -> QuerySet[WorkItem]:
    if actor.user_id is None or actor.roles.isdisjoint(SERVING):
        return WorkItem.objects.none()
    seen = WorkItem.objects.filter(state=State.OPEN, party_id__in=visible_parties_subquery(actor))
    # The policy's own rule (staff-own-branch): nobody gets work on the list that they could not do.
    if actor.branch and Role.CONTACT_CENTRE not in actor.roles:
        seen = seen.filter(branch_code=actor.branch)
    for_me = Q(for_roles=[]) | Q(for_roles__overlap=sorted(actor.roles))
    # An approval nobody gave in time is refused: it is not work any more.
    return seen.filter(for_me).exclude(asked_by=actor.id).exclude(kind=Kind.APPROVAL, due_at__lte=at)


def _belongs_to(view: View, actor: Actor) -> Q:
    match view:
        case View.MINE:
            return Q(owner_id=actor.user_id)
        case View.SUGGESTIONS:
            return Q(kind=Kind.SUGGESTION)
        case View.APPROVALS:
            return Q(kind=Kind.APPROVAL)
        case View.TEAM:
            return Q(state=State.OPEN)


def _in_order(items: QuerySet[WorkItem]) -> QuerySet[WorkItem]:
    return items.order_by("due_at", "-harm", "id")


def _get(item_id: UUID, actor: Actor, at: datetime) -> WorkItem:
    row = _seen_by(actor, at).filter(pk=item_id).first()
    if row is None:
        raise NotVisible(str(item_id))
    return row


def _person(actor: Actor) -> UUID:
    if actor.user_id is None:
        raise NotVisible("work is for people")
    return actor.user_id


def _rows(items: list[WorkItem], actor: Actor, at: datetime) -> list[WorkRow]:
    names = names_of([row.party_id for row in items], actor=actor)
    return [
        WorkRow(
            id=row.pk,
            kind=row.kind,
            title=row.title,
            party_id=row.party_id,
            party_name=names.get(row.party_id, ""),
            why=row.why,
            due_at=row.due_at,
            owner_name=row.owner_name,
            mine=row.owner_id is not None and row.owner_id == actor.user_id,
            subject_id=row.subject_id,
            overdue=row.due_at < at,
        )
        for row in items
    ]


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"
