"""Legal holds: while one is in force nothing of the customer is erased. One person places it; two lift it before its day."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from bankos.platform.actors import Actor
from sentinel import actions, authority
from sentinel.actions import Ask, NotPossible, Permitted, Ran
from sentinel.catalogue import ActionType, ParameterKind, RiskTier

from ..members import customer_of
from ..models import LegalHold
from ..visibility import NotVisible
from . import asking


@dataclass(frozen=True, slots=True)
class HoldView:
    id: UUID
    reason: str
    until: date
    placed_by: str
    placed_at: datetime


def holds_of(party_id: UUID, *, at: datetime) -> tuple[HoldView, ...]:
    """Those in force. Queries: 2."""
    rows = asking.in_force(party_id, at=at).order_by("until")
    return tuple(HoldView(row.pk, row.reason, row.until, row.placed_by, row.placed_at) for row in rows)


def place(party_id: UUID, *, until: date, reason: str, actor: Actor, at: datetime) -> UUID:
    """Keep everything of this customer, until the end of a day.

    Raises:
        NotVisible, sentinel.authority.NotPermitted
    """
    parameters = {"until": until.isoformat(), "reason": reason}
    hold_id: UUID = actions.run(HOLD, actor=actor, resource_id=str(party_id), parameters=parameters, at=at, note=reason).or_raise()
    return hold_id


def lift(hold_id: UUID, *, reason: str, actor: Actor, at: datetime) -> Ran:
    """Ask for a hold to end before its day. A second compliance officer decides.

    Raises:
        NotVisible
        NotPossible: it ended already.
    """
    hold = LegalHold.objects.filter(pk=hold_id).first()
    if hold is None:
        raise NotVisible(hold_id)
    party = customer_of(hold.party_id, actor=actor).golden
    parameters = {"hold": str(hold_id), "reason": reason}
    return actions.run(LIFT, actor=actor, resource_id=str(party.pk), parameters=parameters, at=at, note=reason)


def _resource(asked: Ask) -> authority.Resource:
    if not asking.in_force(UUID(asked.resource_id), at=asked.at).filter(pk=asked.parameters["hold"]).exists():
        raise NotPossible("This hold has ended already.")
    return asking.resource_of(UUID(asked.resource_id), at=asked.at)


def _lift(permitted: Permitted) -> None:
    members = customer_of(UUID(permitted.resource_id), actor=None).ids
    found = LegalHold.objects.filter(pk=str(permitted.parameters["hold"]), party__in=members, lifted_at=None)
    found.update(lifted_at=permitted.at, lifted_by=permitted.decision.id)


def _place(permitted: Permitted) -> UUID:
    hold = LegalHold.objects.create(
        party_id=permitted.decision.resource.id,
        reason=permitted.parameters["reason"],
        until=date.fromisoformat(permitted.parameters["until"]),
        placed_by=permitted.actor.name,
        placed_at=permitted.at,
        decision_id=permitted.decision.id,
    )
    return hold.pk


HOLD = actions.declare(
    ActionType(
        name="hold.place",
        title="Keep a customer's data from being erased",
        resource_type="Party",
        parameters={"until": ParameterKind.DATE, "reason": ParameterKind.TEXT},
        risk=RiskTier.MEDIUM,
    ),
    facts=asking.locked,
    effect=_place,
)
LIFT = actions.declare(
    ActionType(
        name="hold.lift",
        title="Let a customer's data be erased again",
        resource_type="Party",
        parameters={"hold": ParameterKind.UUID, "reason": ParameterKind.TEXT},
        risk=RiskTier.HIGH,
    ),
    facts=_resource,
    effect=_lift,
)
