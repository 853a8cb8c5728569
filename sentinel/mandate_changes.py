"""Giving a person a mandate, or one's role to a stand-in: sentinel's own acts. Both end by themselves; taking away needs one person."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from bankos.platform import clock
from bankos.platform.actors import OVERSEEING, Actor
from bankos.platform.models import User

from . import governance
from .action_types import DELEGATE_APPROVAL, GRANT_MANDATE, STAFF
from .decision import Resource
from .governance import Act, CarriedOut, NotPossible, Permitted
from .models import Delegation, PersonalMandate

LONGEST_MANDATE = timedelta(days=366)
LONGEST_DELEGATION = timedelta(days=30)


def grant(
    *, person_id: UUID, action: str, amount: Decimal, currency: str, until: date, reason: str, actor: Actor, at: datetime
) -> CarriedOut:
    """Let one person decide one action up to an amount, until the end of a day. Needs a second person, as the policies say.

    Raises:
        governance.NotPossible, sentinel.authority.AuthorityError
    """
    parameters = {
        "action": action,
        "amount": f"{amount:.2f}",
        "currency": currency,
        "until": until.isoformat(),
        "reason": reason,
    }
    return governance.carry_out(
        actor=actor, action=GRANT_MANDATE.name, resource_id=str(person_id), parameters=parameters, at=at, note=reason
    )


def delegate(*, giver: Actor, receiver_id: UUID, role: str, until: date, reason: str, at: datetime) -> CarriedOut:
    """Let a colleague approve with one's role until the end of a day. A role that oversees needs a second person.

    Raises:
        governance.NotPossible, sentinel.authority.AuthorityError
    """
    parameters = {"role": role, "until": until.isoformat(), "reason": reason}
    return governance.carry_out(
        actor=giver, action=DELEGATE_APPROVAL.name, resource_id=str(receiver_id), parameters=parameters, at=at, note=reason
    )


def revoke_mandate(mandate_id: UUID, *, actor: Actor, at: datetime) -> None:
    """End a mandate before its day: taking away needs no second person, only somebody who oversees. Twice is once.

    Raises:
        governance.NotPossible
    """
    mandate = PersonalMandate.objects.filter(pk=mandate_id).first()
    if mandate is None or not actor.roles & OVERSEEING:
        raise NotPossible("There is no such mandate for you to end.")
    if mandate.revoked_at is None:
        mandate.revoked_at = at
        mandate.save()


def revoke_delegation(delegation_id: UUID, *, actor: Actor, at: datetime) -> None:
    """End a delegation before its day: who gave it, who has it, or somebody who oversees. Twice is once.

    Raises:
        governance.NotPossible
    """
    delegation = Delegation.objects.filter(pk=delegation_id).first()
    if delegation is None or not (actor.roles & OVERSEEING or actor.user_id in (delegation.giver_id, delegation.receiver_id)):
        raise NotPossible("There is no such delegation for you to end.")
    if delegation.revoked_at is None:
        delegation.revoked_at = at
        delegation.save()


def _staff(resource_id: str, parameters: Mapping[str, Any], at: datetime) -> Resource:
    _person(resource_id)
    return Resource(STAFF, resource_id, {"person": resource_id})


def _person(resource_id: str) -> User:
    try:
        return User.objects.get(pk=UUID(resource_id), is_active=True)
    except (User.DoesNotExist, ValueError) as error:
        raise NotPossible("There is no such person at the bank.") from error


def _end(parameters: Mapping[str, Any], at: datetime, longest: timedelta) -> datetime:
    end = clock.end_of_day(date.fromisoformat(parameters["until"]))
    if end <= at:
        raise NotPossible("The last day has passed already.")
    if end > at + longest:
        raise NotPossible(f"That is too long: at most {longest.days} days.")
    return end


def _grant(permitted: Permitted) -> None:
    given = permitted.parameters
    if permitted.resource_id == permitted.actor.id:
        raise NotPossible("Nobody gives a mandate to themselves.")
    PersonalMandate.objects.create(
        person=_person(permitted.resource_id),
        action=given["action"],
        amount=Decimal(str(given["amount"])),
        currency=given["currency"],
        starts_at=permitted.at,
        ends_at=_end(given, permitted.at, LONGEST_MANDATE),
        reason=given["reason"],
        granted_by=permitted.actor.id,
        decision_id=permitted.decision.id,
    )


def _delegate(permitted: Permitted) -> None:
    given = permitted.parameters
    if permitted.resource_id == permitted.actor.id:
        raise NotPossible("Nobody stands in for themselves.")
    Delegation.objects.create(
        giver=_person(permitted.actor.id),
        receiver=_person(permitted.resource_id),
        role=given["role"],
        starts_at=permitted.at,
        ends_at=_end(given, permitted.at, LONGEST_DELEGATION),
        reason=given["reason"],
        decision_id=permitted.decision.id,
    )


def _receiver(resource_id: str, parameters: Mapping[str, Any]) -> list[str]:
    return [resource_id]


governance.register(GRANT_MANDATE.name, Act(_staff, _grant, concerned=_receiver))
governance.register(DELEGATE_APPROVAL.name, Act(_staff, _delegate, concerned=_receiver))
