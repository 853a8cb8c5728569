"""Having everybody compared because a person says so: an act that is decided like any other. At night the clock does it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bankos.platform.actors import Actor, ActorKind, Role
from sentinel import authority, governance
from sentinel.governance import CarriedOut, Permitted

from . import batch
from .action_types import LINKAGE_RUN

EVERYBODY = "customers"


def may_start(actor: Actor) -> bool:
    """Whether the page offers it; whether it may be done the policies say, each time."""
    return actor.kind is ActorKind.EMPLOYEE and Role.COMPLIANCE in actor.roles


def ask(*, actor: Actor, at: datetime) -> CarriedOut:
    """Start a run in the background; while one is going on, that is it.

    Raises:
        sentinel.authority.AuthorityError
    """
    return governance.carry_out(actor=actor, action=LINKAGE_RUN.name, resource_id=EVERYBODY, parameters={}, at=at)


def _resource(resource_id: str, parameters: Mapping[str, Any], at: datetime) -> authority.Resource:
    return authority.Resource(LINKAGE_RUN.resource_type, resource_id)


def _start(permit: Permitted) -> None:
    batch.start(actor=permit.actor, at=permit.at)


governance.register(LINKAGE_RUN.name, governance.Act(_resource, _start))
