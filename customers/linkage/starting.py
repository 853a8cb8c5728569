"""Having everybody compared because a person says so: an act that is decided like any other. At night the clock does it."""

from datetime import datetime

from bankos.platform.actors import Actor, ActorKind, Role
from sentinel import actions, authority
from sentinel.actions import Ask, Permitted, Ran
from sentinel.catalogue import ActionType, RiskTier

from . import batch

LINKAGE, EVERYBODY = "Linkage", "customers"


def may_start(actor: Actor) -> bool:
    """Whether the page offers it; whether it may be done the policies say, each time."""
    return actor.kind is ActorKind.EMPLOYEE and Role.COMPLIANCE in actor.roles


def ask(*, actor: Actor, at: datetime) -> Ran:
    """Start a run in the background; while one is going on, that is it.

    Raises:
        sentinel.authority.AuthorityError
    """
    return actions.run(LINKAGE_RUN, actor=actor, resource_id=EVERYBODY, parameters={}, at=at)


def _resource(asked: Ask) -> authority.Resource:
    return authority.Resource(LINKAGE, asked.resource_id)


def _start(permit: Permitted) -> None:
    batch.start(actor=permit.actor, at=permit.at)


LINKAGE_RUN = actions.declare(
    ActionType(
        name="linkage.run",
        title="Compare all customers with each other",
        resource_type=LINKAGE,
        parameters={},
        risk=RiskTier.LOW,
    ),
    facts=_resource,
    effect=_start,
)
