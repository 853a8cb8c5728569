"""Giving a person a mandate, or one's role to a stand-in: sentinel's own acts. Both end by themselves; taking away needs one person."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from bankos.platform import clock
from bankos.platform.actors import OVERSEEING, Actor
from bankos.platform.models import User

from . import actions
from .action_types import STAFF
from .actions import Ask, NotPossible, Permitted, Ran
from .catalogue import ANSWERED_WITHIN, ActionType, ParameterKind, RiskTier
from .decision import Resource
from .models import Delegation, PersonalMandate

LONGEST_MANDATE = timedelta(days=366)
LONGEST_DELEGATION = timedelta(days=30)


def grant(*, person_id: UUID, action: str, amount: Decimal, currency: str, until: date, reason: str, actor: Actor, at: datetime) -> Ran:
    """Let one person decide one action up to an amount, until the end of a day. Needs a second person, as the policies say.

    Raises:
        actions.NotPossible, sentinel.authority.AuthorityError
    """
    parameters = {
        "action": action,
        "amount": f"{amount:.2f}",
        "currency": currency,
        "until": until.isoformat(),
        "reason": reason,
    }
    return actions.run(GRANT_MANDATE, actor=actor, resource_id=str(person_id), parameters=parameters, at=at, note=reason)


def delegate(*, giver: Actor, receiver_id: UUID, role: str, until: date, reason: str, at: datetime) -> Ran:
    """Let a colleague approve with one's role until the end of a day. A role that oversees needs a second person.

    Raises:
        actions.NotPossible, sentinel.authority.AuthorityError
    """
    parameters = {"role": role, "until": until.isoformat(), "reason": reason}
    return actions.run(DELEGATE_APPROVAL, actor=giver, resource_id=str(receiver_id), parameters=parameters, at=at, note=reason)


def revoke_mandate(mandate_id: UUID, *, actor: Actor, at: datetime) -> None:
    """End a mandate before its day: taking away needs no second person, only somebody who oversees. Twice is once.

    Raises:
        actions.NotPossible
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
        actions.NotPossible
    """
    delegation = Delegation.objects.filter(pk=delegation_id).first()
    if delegation is None or not (actor.roles & OVERSEEING or actor.user_id in (delegation.giver_id, delegation.receiver_id)):
        raise NotPossible("There is no such delegation for you to end.")
    if delegation.revoked_at is None:
        delegation.revoked_at = at
        delegation.save()


def _staff(asked: Ask) -> Resource:
    _person(asked.resource_id)
    return Resource(STAFF, asked.resource_id, {"person": asked.resource_id})


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


GRANT_MANDATE = actions.declare(
    ActionType(
        name="mandate.grant",
        title="Give a person a mandate",
        resource_type=STAFF,
        parameters={
            "action": ParameterKind.NAME,
            "amount": ParameterKind.MONEY,
            "currency": ParameterKind.CURRENCY,
            "until": ParameterKind.DATE,
            "reason": ParameterKind.TEXT,
        },
        risk=RiskTier.HIGH,
        approval_lifetime=ANSWERED_WITHIN,
    ),
    facts=_staff,
    effect=_grant,
    concerned=_receiver,
)
DELEGATE_APPROVAL = actions.declare(
    ActionType(
        name="approval.delegate",
        title="Let a colleague approve in one’s place",
        resource_type=STAFF,
        parameters={"role": ParameterKind.CODE, "until": ParameterKind.DATE, "reason": ParameterKind.TEXT},
        risk=RiskTier.MEDIUM,
        approval_lifetime=ANSWERED_WITHIN,
    ),
    facts=_staff,
    effect=_delegate,
    concerned=_receiver,
)
