"""The actor behind a kept decision, as that actor is today."""

from uuid import UUID

from django.contrib.auth import get_user_model

from bankos.platform import actors
from bankos.platform.actors import Actor, ActorKind

from .acts import ActionNotPossible


class AskerGone(ActionNotPossible):
    """Who asked does not work for the bank any more."""

    def __init__(self) -> None:
        super().__init__("The person who asked for this does not work here any more.")


def actor_of(kind: str, id: str) -> Actor:
    """Roles and branch are those of today: who lost a role has lost it for acts that still wait, too. Queries: 2 for employees.

    Raises:
        AskerGone
    """
    match ActorKind(kind):
        case ActorKind.EMPLOYEE:
            user = get_user_model().objects.filter(pk=UUID(id), is_active=True).first()
            if user is None:
                raise AskerGone
            return actors.employee(user)
        case ActorKind.CUSTOMER:
            return Actor(ActorKind.CUSTOMER, id, "The customer")
        case other:
            return Actor(other, id, id)
