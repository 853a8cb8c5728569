"""Who may decide what beyond their role, and who stands in for whom, at one moment. How both are given: `mandate_changes`."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from bankos.platform.actors import Actor, ActorKind
from bankos.platform.models import User
from bankos.platform.money import Money

from .cedar import Mandate
from .models import Delegation, PersonalMandate


@dataclass(frozen=True, slots=True)
class StandIn:
    """A role a person holds for somebody else at this moment."""

    role: str
    giver_id: str


def mandates_of(actor: Actor, *, at: datetime) -> dict[str, Mandate]:
    """The largest mandate this person holds now, by action. Queries: 1, for others than employees 0."""
    if actor.kind is not ActorKind.EMPLOYEE:
        return {}
    held = PersonalMandate.objects.filter(person=actor.user_id, revoked_at=None, starts_at__lte=at, ends_at__gt=at)
    # The largest comes last and stays.
    return {row.action: Mandate(f"{row.amount:.2f}", row.currency) for row in held.order_by("amount", "id")}


def stand_ins_of(actor: Actor, *, at: datetime) -> tuple[StandIn, ...]:
    """The roles this person holds for others now. A giver who lost the role, or left, gives it no longer. Queries: 1."""
    if actor.user_id is None:
        return ()
    rows = Delegation.objects.filter(receiver=actor.user_id, revoked_at=None, starts_at__lte=at, ends_at__gt=at, giver__is_active=True)
    held = [row for row in rows.select_related("giver").prefetch_related("giver__memberships") if _holds(row.giver, row.role)]
    return tuple(StandIn(row.role, str(row.giver_id)) for row in held)


def _holds(user: User, role: str) -> bool:
    return any(one.role == role and one.withdrawn_at is None for one in user.memberships.all())


@dataclass(frozen=True, slots=True)
class DelegationView:
    """A role lent, as both sides see it."""

    id: UUID
    role: str
    giver: str
    receiver: str
    giver_id: str
    ends_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class MandateView:
    """A mandate in force."""

    id: UUID
    person: str
    action: str
    amount: Money
    ends_at: datetime
    reason: str


def delegations(*, at: datetime, of: Actor | None = None) -> list[DelegationView]:
    """What is lent now, by or to this person; all of it without one. Queries: 1."""
    rows = Delegation.objects.filter(revoked_at=None, ends_at__gt=at).select_related("giver", "receiver").order_by("ends_at", "id")
    if of is not None:
        rows = rows.filter(Q(giver=of.user_id) | Q(receiver=of.user_id))
    return [DelegationView(row.pk, row.role, row.giver.name, row.receiver.name, str(row.giver_id), row.ends_at, row.reason) for row in rows]


def mandates(*, at: datetime) -> list[MandateView]:
    """The mandates in force. Queries: 1."""
    rows = PersonalMandate.objects.filter(revoked_at=None, ends_at__gt=at).select_related("person").order_by("ends_at", "id")
    return [MandateView(row.pk, row.person.name, row.action, Money(row.amount, row.currency), row.ends_at, row.reason) for row in rows]
