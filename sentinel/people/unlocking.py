"""Letting a colleague try to sign in again, whom wrong tries of others or of their own hold up."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bankos.platform import attempts
from bankos.platform.actors import Actor
from bankos.platform.models import User

from .. import governance
from ..decision import Resource
from ..governance import Act, CarriedOut, NotPossible, Permitted
from . import facts
from .action_types import UNLOCK


def unlock(user: User, *, actor: Actor, at: datetime) -> CarriedOut:
    """Forget every wrong password, code and recovery code of this account, wherever they came from. Decided and kept.

    Raises:
        governance.NotPossible, sentinel.authority.AuthorityError
    """
    return governance.carry_out(actor=actor, action=UNLOCK.name, resource_id=str(user.pk), parameters={}, at=at)


def _to_unlock(resource_id: str, parameters: Mapping[str, Any], at: datetime) -> Resource:
    return facts.resource_of(facts.person(resource_id))


def _unlock(permitted: Permitted) -> None:
    user = facts.person(permitted.resource_id)
    if str(user.pk) == permitted.actor.id:
        raise NotPossible("Somebody else lets you try again: a session that was taken over must not give itself tries.")
    attempts.clear(user.username)


governance.register(UNLOCK.name, Act(_to_unlock, _unlock))
