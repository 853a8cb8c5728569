"""Letting a colleague go, and signing one out: one person does it, at once."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from bankos.platform import sessions
from bankos.platform.actors import Actor
from bankos.platform.models import User

from .. import actions
from ..actions import Ask, NotPossible, Permitted, Ran
from ..catalogue import RiskTier
from ..decision import Resource
from ..models import Delegation, PersonalMandate
from . import facts, joining, roles


def leave(*, person_id: UUID, reason: str, actor: Actor, at: datetime) -> Ran:
    """End everything a person may do here: roles, ways in, sessions, mandates, roles lent and borrowed. What they asked for and what waits
    for a second person is not carried out any more.

    Raises:
        actions.NotPossible, sentinel.authority.AuthorityError
    """
    return actions.run(LEAVE, actor=actor, resource_id=str(person_id), parameters={"reason": reason}, at=at)


def sign_out(*, person_id: UUID, actor: Actor, at: datetime) -> Ran:
    """End all sessions of a person.

    Raises:
        actions.NotPossible, sentinel.authority.AuthorityError
    """
    return actions.run(END_SESSIONS, actor=actor, resource_id=str(person_id), parameters={}, at=at)


def _to_leave(asked: Ask) -> Resource:
    user = facts.person(asked.resource_id)
    return facts.resource_of(user, loses=facts.roles_of(user))


def _leave(permitted: Permitted) -> None:
    user, at = facts.person(permitted.resource_id), permitted.at
    if str(user.pk) == permitted.actor.id:
        raise NotPossible("Somebody else lets you go.")
    roles.take(user, facts.roles_of(user), decision_id=permitted.decision.id, at=at)
    joining.close_every_way_in(user, at=at)
    joining.end_what_went_with_the_place(user, None, decision_id=permitted.decision.id, at=at)
    for lent in Delegation.objects.filter(Q(giver=user) | Q(receiver=user), revoked_at=None):
        lent.revoked_at = at
        lent.save()
    for mandate in PersonalMandate.objects.filter(person=user, revoked_at=None):
        mandate.revoked_at = at
        mandate.save()
    User.objects.filter(pk=user.pk).update(is_active=False, placed_by=permitted.decision.id)


def _to_sign_out(asked: Ask) -> Resource:
    return facts.resource_of(facts.person(asked.resource_id))


def _sign_out(permitted: Permitted) -> None:
    sessions.end_sessions(facts.person(permitted.resource_id).pk, at=permitted.at)


LEAVE = actions.declare(
    facts.of_person("person.leave", "Let a colleague go", facts.REASON, RiskTier.MEDIUM), facts=_to_leave, effect=_leave
)
END_SESSIONS = actions.declare(
    facts.of_person("person.end_sessions", "Sign a colleague out", {}, RiskTier.LOW), facts=_to_sign_out, effect=_sign_out
)
