"""Letting a colleague try to sign in again, whom wrong tries of others or of their own hold up."""

from datetime import datetime

from bankos.platform import attempts
from bankos.platform.actors import Actor
from bankos.platform.models import User

from .. import actions
from ..actions import Ask, NotPossible, Permitted, Ran
from ..catalogue import RiskTier
from ..decision import Resource
from . import facts


def unlock(user: User, *, actor: Actor, at: datetime) -> Ran:
    """Forget every wrong password, code and recovery code of this account, wherever they came from. Decided and kept.

    Raises:
        actions.NotPossible, sentinel.authority.AuthorityError
    """
    return actions.run(UNLOCK, actor=actor, resource_id=str(user.pk), parameters={}, at=at)


def _to_unlock(asked: Ask) -> Resource:
    return facts.resource_of(facts.person(asked.resource_id))


def _unlock(permitted: Permitted) -> None:
    user = facts.person(permitted.resource_id)
    if str(user.pk) == permitted.actor.id:
        raise NotPossible("Somebody else lets you try again: a session that was taken over must not give itself tries.")
    attempts.clear(user.username)


UNLOCK = actions.declare(
    facts.of_person("person.unlock", "Let a colleague try to sign in again", {}, RiskTier.LOW), facts=_to_unlock, effect=_unlock
)
