"""The starting set, whole, parsed, and with a policy cut out; and requests to put to it."""

import re
from dataclasses import replace
from functools import cache
from typing import Any

from bankos.platform.actors import Actor
from sentinel.asking import principal_of
from sentinel.cedar import Entity, PolicyText, Request, moment
from sentinel.decision import Resource
from sentinel.policy import starting_set

from .desk import SOME_DAY, parameters

POLICIES, SCHEMA, EXAMPLES = starting_set()


@cache
def parsed(policies: str) -> PolicyText:
    return PolicyText.parse(policies, SCHEMA)


def without(rule: str) -> str:
    """The text with one policy cut out."""
    text, found = re.subn(rf'@id\("{rule}"\).*?\n\}};\n', "", POLICIES, flags=re.DOTALL)
    assert found == 1, rule
    return text


def request(actor: Actor, action: str, resource: Resource, **given: Any) -> Request:
    kept = {name: given.pop(name) for name in ("purposes", "autonomy", "approval", "facts") if name in given}
    made = Request(
        principal=principal_of(actor),
        action=action,
        resource=Entity(resource.type, resource.id, resource.attributes),
        parameters=parameters(action, **given),
        facts=kept.get("facts", {}),
        purposes=kept.get("purposes", ()),
        at=moment(SOME_DAY),
        hour=10,
        weekday=2,
        autonomy=kept.get("autonomy"),
        approval=kept.get("approval"),
    )
    # As `authorize` does: what has no setting of its own may suggest.
    return replace(made, autonomy="suggest") if made.autonomy is None and made.principal.type in ("System", "Agent") else made
