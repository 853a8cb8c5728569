"""Emergency access: a look at a customer one may not see otherwise – reason first, minutes only, compliance told, reviewed afterwards.

Who asks learns nothing by asking. For a number nobody has, for a colleague's and for one's own the same is recorded, decided and shown
as for a customer few may see: the policies leave it to a second person, and without one nothing ever opens.
"""

from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from bankos.platform import events
from bankos.platform.actors import Actor, Role
from bankos.platform.ids import uuid7
from sentinel import actions, authority
from sentinel.actions import Ask, NotPossible, Permitted
from sentinel.catalogue import ActionType, ParameterKind, RiskTier

from ..ingestion.converters import client_number, customer_number
from ..models import EmergencyAccess, EmergencyEnd, EmergencyGrant, EmergencyReview, Party, Protection
from ..visibility import NotVisible, visible_party_ids
from .looks import person_of, settings
from .seeing import of_own_team
from .shields import resource_of

__all__ = [
    "EmergencyRefused",
    "NoSuchAccess",
    "NotPossible",
    "ask",
    "ended_now",
    "opened",
    "review",
    "through",
]

SOURCE = "customers.care"
ASKED, GRANTED = "customers.emergency.asked", "customers.emergency.granted"
ENDED, REVIEWED = "customers.emergency.ended", "customers.emergency.reviewed"
TELL_COMPLIANCE = "tell-compliance"
LONGEST_REASON, SHORTEST_REASON = 500, 10
# What the policies are told of a number that leads to nobody: as little as of a protected customer, and the same.
SHIELDED = {"protected": True}


class NoSuchAccess(NotVisible):
    """There is none, or not for this person."""


class EmergencyRefused(Exception):
    """This person may ask for nobody. It says no more than that: which rule it was could tell whether somebody has the number."""

    def __init__(self) -> None:
        super().__init__("Those who serve customers ask for an emergency access; the bank’s rules do not let you.")


def ask(*, number: str, reason_code: str, reason: str, actor: Actor, at: datetime) -> UUID:
    """Ask for a look at the customer with this number. Returns the request's id; what came of it shows when it is opened.

    Raises:
        EmergencyRefused
        sentinel.authority.AuthorityError
    """
    party = _party_with(number, actor)
    access = EmergencyAccess(
        asked_by_id=person_of(actor),
        number=number.strip()[:40],
        party_id=party,
        resource_id=party or uuid7(),
        reason_code=reason_code,
        reason=reason.strip()[:LONGEST_REASON],
        asked_at=at,
    )
    parameters: dict[str, str | int | bool] = {"minutes": settings().emergency_minutes, "reason": access.reason}
    with authority.keeping_evidence(EmergencyRefused):
        access.save(force_insert=True)
        events.publish(ASKED, subject=str(access.pk), data={"by": actor.id, "reason": reason_code}, source=SOURCE, at=at)
        carried = actions.run(
            BREAK_GLASS, actor=actor, resource_id=str(access.resource_id), parameters=parameters, at=at, note=access.reason
        )
        if not carried.done and carried.request_id is None:
            raise EmergencyRefused
    return access.pk


def opened(access_id: UUID, *, actor: Actor) -> UUID | None:
    """The customer this request of the actor's leads to at the moment; None if to nobody (yet, or any more).

    Raises:
        NoSuchAccess
    """
    access = _own(access_id, actor)
    grant = EmergencyGrant.objects.in_force().filter(access=access).values_list("party__golden", flat=True).first()
    return grant if grant and visible_party_ids(actor, [grant]) else None


def through(party_id: UUID, *, actor: Actor) -> tuple[UUID, datetime] | None:
    """The emergency access of this person that is in force for this customer, and until when. Queries: 1."""
    if actor.user_id is None:
        return None
    grants = EmergencyGrant.objects.in_force().filter(user=actor.user_id, party__golden__members=party_id).order_by("-until")
    return grants.values_list("access_id", "until").first()


def ended_now(access_id: UUID, *, actor: Actor, at: datetime) -> None:
    """End an access before its time, by who asked for it or an officer. What is over stays over.

    Raises:
        NoSuchAccess, sentinel.authority.NotPermitted
    """
    access = _known(access_id, actor)
    grant = EmergencyGrant.objects.in_force().filter(access=access).first()
    if grant is None:
        return
    parameters = {"access": str(access.pk), "asked_by": str(access.asked_by_id)}
    actions.run(END_EMERGENCY, actor=actor, resource_id=str(access.resource_id), parameters=parameters, at=at).or_raise()


def _end(permitted: Permitted) -> None:
    access, actor, at = permitted.parameters["access"], permitted.actor, permitted.at
    EmergencyEnd.objects.create(access_id=access, ended_by_id=person_of(actor), decision_id=permitted.decision.id, ended_at=at)
    events.publish(ENDED, subject=access, data={"by": actor.id}, source=SOURCE, at=at)


def review(access_id: UUID, *, justified: bool, note: str, actor: Actor, at: datetime) -> None:
    """What an officer found of it, once.

    Raises:
        NoSuchAccess, sentinel.authority.NotPermitted
        NotPossible: it was reviewed already, or what was wrong is not said.
    """
    access = _known(access_id, actor)
    if EmergencyReview.objects.filter(access=access).exists():
        raise NotPossible("Another officer has reviewed this already.")
    if not justified and not note.strip():
        raise NotPossible("Say what was not justified.")
    verdict = "justified" if justified else "not_justified"
    parameters = {"access": str(access.pk), "asked_by": str(access.asked_by_id), "verdict": verdict, "note": note.strip()[:LONGEST_REASON]}
    actions.run(REVIEW_EMERGENCY, actor=actor, resource_id=str(access.resource_id), parameters=parameters, at=at).or_raise()


def _review(permitted: Permitted) -> None:
    said, actor, at = permitted.parameters, permitted.actor, permitted.at
    justified = said["verdict"] == "justified"
    EmergencyReview.objects.create(
        access_id=said["access"],
        justified=justified,
        note=said["note"],
        reviewed_by_id=person_of(actor),
        decision_id=permitted.decision.id,
        reviewed_at=at,
    )
    events.publish(REVIEWED, subject=said["access"], data={"by": actor.id, "justified": justified}, source=SOURCE, at=at)


def _party_with(number: str, actor: Actor) -> UUID | None:
    """Whose number this is; nobody for what is kept from this person by all means: their own record and those of their team."""
    digits = "".join(char for char in number if char.isdigit())
    if not digits:
        return None
    found = Party.objects.filter(number__in=[customer_number(digits), client_number(digits)]).values_list("golden", flat=True).first()
    if found is None:
        return None
    near = Protection.objects.in_force().filter(party__golden=found).filter(of_own_team(actor))
    return None if near.exists() else found


def _is_protected(party_id: UUID) -> bool:
    return Protection.objects.in_force().filter(party__golden=party_id).exists()


def _resource(asked: Ask) -> authority.Resource:
    """An ordinary customer with their facts. Of a protected one, as of nobody, only that few may see them."""
    party = UUID(asked.resource_id)
    if not Party.objects.filter(pk=party).exists() or _is_protected(party):
        return authority.Resource("Party", asked.resource_id, SHIELDED)
    return resource_of(party, at=asked.at)


def _grant(permitted: Permitted) -> None:
    if unknown := set(permitted.decision.obligations) - {TELL_COMPLIANCE}:
        raise NotPossible(f"The bank’s rules attach what cannot be done here: {', '.join(sorted(unknown))}.")
    asked = EmergencyAccess.objects.filter(asked_by=permitted.actor.user_id, resource_id=permitted.resource_id, granted__isnull=True)
    access = asked.order_by("-id").first()
    if access is None or access.party_id is None:
        return  # nobody's number: that a second person agreed opens nothing
    until = permitted.at + timedelta(minutes=cast(int, permitted.parameters["minutes"]))
    EmergencyGrant.objects.create(
        access=access,
        party_id=access.party_id,
        user_id=person_of(permitted.actor),
        decision_id=permitted.decision.id,
        granted_at=permitted.at,
        until=until,
    )
    data = {"by": permitted.actor.id, "until": until.isoformat(), "tell_compliance": TELL_COMPLIANCE in permitted.decision.obligations}
    events.publish(GRANTED, subject=str(access.pk), data=data, source=SOURCE, at=permitted.at)


BREAK_GLASS = actions.declare(
    ActionType(
        name="customer.break_glass",
        title="Look at a customer in an emergency",
        resource_type="Party",
        parameters={"minutes": ParameterKind.INTEGER, "reason": ParameterKind.TEXT},
        risk=RiskTier.HIGH,
        approval_lifetime=timedelta(hours=1),
    ),
    facts=_resource,
    effect=_grant,
)


def _shielded(asked: Ask) -> authority.Resource:
    """Of the customer the policies learn nothing but who is meant."""
    return authority.Resource("Party", asked.resource_id)


END_EMERGENCY = actions.declare(
    ActionType(
        name="customer.end_emergency",
        title="End an emergency access",
        resource_type="Party",
        parameters={"access": ParameterKind.UUID, "asked_by": ParameterKind.NAME},
        risk=RiskTier.LOW,
    ),
    facts=_shielded,
    effect=_end,
)
REVIEW_EMERGENCY = actions.declare(
    ActionType(
        name="customer.review_emergency",
        title="Review an emergency access",
        resource_type="Party",
        parameters={
            "access": ParameterKind.UUID,
            "asked_by": ParameterKind.NAME,
            "verdict": ParameterKind.CODE,
            "note": ParameterKind.TEXT,
        },
        risk=RiskTier.LOW,
    ),
    facts=_shielded,
    effect=_review,
)


def _own(access_id: UUID, actor: Actor) -> EmergencyAccess:
    access = EmergencyAccess.objects.filter(pk=access_id, asked_by=actor.user_id).first()
    if access is None:
        raise NoSuchAccess(access_id)
    return access


def _known(access_id: UUID, actor: Actor) -> EmergencyAccess:
    """One's own, or any for an officer."""
    if Role.COMPLIANCE not in actor.roles:
        return _own(access_id, actor)
    access = EmergencyAccess.objects.filter(pk=access_id).first()
    if access is None:
        raise NoSuchAccess(access_id)
    return access
