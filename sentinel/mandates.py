"""Who may decide what beyond their role, and who stands in for whom, at one moment. How both are given: `mandate_changes`."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
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


def mandates_of(actor: Actor, *, at: datetime) -> dict[tuple[str, str], Mandate]:
    """The largest mandate this person holds now, by action and currency. Queries: 1, for others than employees 0."""
    if actor.kind is not ActorKind.EMPLOYEE:
        return {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT action, currency, amount FROM sentinel_mandates(%s, %s)", [actor.id, at])
        return {(action, currency): Mandate(f"{amount:.2f}", currency) for action, currency, amount in cursor.fetchall()}


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
    receiver_id: UUID
    starts_at: datetime
    revoked_at: datetime | None
    decision_id: UUID | None


@dataclass(frozen=True, slots=True)
class MandateView:
    """A mandate, in force or ended."""

    id: UUID
    person: str
    action: str
    amount: Money
    ends_at: datetime
    reason: str
    person_id: UUID
    starts_at: datetime
    revoked_at: datetime | None
    decision_id: UUID | None


def delegations(*, at: datetime, of: Actor | None = None) -> list[DelegationView]:
    """What is lent now, by or to this person; all of it without one. Queries: 1."""
    rows = Delegation.objects.filter(_in_force(at)).select_related("giver", "receiver").order_by("ends_at", "id")
    if of is not None:
        rows = rows.filter(Q(giver=of.user_id) | Q(receiver=of.user_id))
    return [_lent(row) for row in rows]


def delegations_to(*, at: datetime, ended: bool, of: Collection[UUID] | None, limit: int) -> list[DelegationView]:
    """What is lent now, or was: to these people, or to anybody. Queries: 1."""
    rows = Delegation.objects.filter(~_in_force(at) if ended else _in_force(at)).select_related("giver", "receiver")
    rows = rows if of is None else rows.filter(receiver__in=of)
    return [_lent(row) for row in rows.order_by("-ends_at", "id")[:limit]]


def mandates(*, at: datetime, ended: bool = False, of: Collection[UUID] | None = None, limit: int = 1000) -> list[MandateView]:
    """The mandates in force, or those that ended; of these people, or of anybody. Queries: 1."""
    rows = PersonalMandate.objects.filter(~_in_force(at) if ended else _in_force(at)).select_related("person")
    rows = rows if of is None else rows.filter(person__in=of)
    return [_mandate(row) for row in rows.order_by("-ends_at" if ended else "ends_at", "id")[:limit]]


def _in_force(at: datetime) -> Q:
    return Q(revoked_at=None, ends_at__gt=at)


def _lent(row: Delegation) -> DelegationView:
    return DelegationView(
        row.pk,
        row.role,
        row.giver.name,
        row.receiver.name,
        str(row.giver_id),
        row.ends_at,
        row.reason,
        row.receiver_id,
        row.starts_at,
        row.revoked_at,
        row.decision_id,
    )


def _mandate(row: PersonalMandate) -> MandateView:
    amount = Money(row.amount, row.currency)
    return MandateView(
        row.pk,
        row.person.name,
        row.action,
        amount,
        row.ends_at,
        row.reason,
        row.person_id,
        row.starts_at,
        row.revoked_at,
        row.decision_id,
    )
