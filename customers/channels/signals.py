"""A program records what one customer did: decided, and then on the way every event takes."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from customers.consents import speaking_for
from customers.members import customer_of
from customers.state import facts_for_decision
from sentinel import actions, authority
from sentinel.actions import Ask, Permitted
from sentinel.catalogue import ActionType, ParameterKind, RiskTier

from .access import Caller
from .events import landing
from .events.reading import CLOUD_EVENT


def record(party_id: UUID, *, said: Mapping[str, Any], caller: Caller, at: datetime) -> dict[str, Any]:
    """Keep it as an event about this customer. Returns its fate.

    Raises:
        NotVisible, sentinel.authority.NotPermitted
        NotEvents, Backlog: as for every event.
    """
    golden = customer_of(party_id, actor=caller.viewer).golden.pk
    body = json.dumps(_event(said, caller, golden, at)).encode()
    fate: dict[str, Any] = actions.run(
        SIGNAL_RECORD,
        actor=caller.actor,
        resource_id=str(golden),
        parameters={"kind": str(said["kind"])},
        context=speaking_for(caller.on_behalf_of),
        on_behalf_of=caller.on_behalf_of,
        at_hand=(caller.client, body),
        at=at,
    ).or_raise()
    return fate


def _customer(asked: Ask) -> authority.Resource:
    return authority.Resource("Party", asked.resource_id, facts_for_decision(UUID(asked.resource_id), at=asked.at).attributes)


def _land(permitted: Permitted) -> dict[str, Any]:
    client, body = permitted.at_hand
    other = permitted.asked.on_behalf_of
    request = landing.Request(body, CLOUD_EVENT, {})
    told: dict[str, Any] = {"customer": permitted.resource_id, "spoken_for": other.id if other else ""}
    return landing.land(request, client=client, at=permitted.at, **told)


SIGNAL_RECORD = actions.declare(
    ActionType(
        name="signal.record",
        title="Record what a customer did in a channel",
        resource_type="Party",
        parameters={"kind": ParameterKind.CODE},
        risk=RiskTier.LOW,
    ),
    facts=_customer,
    effect=_land,
)


def _event(said: Mapping[str, Any], caller: Caller, customer: UUID, at: datetime) -> dict[str, Any]:
    told = {name: said[name] for name in ("channel", "campaign", "detail") if said.get(name)}
    event = {
        "specversion": "1.0",
        "source": f"client:{caller.client.pk}",
        "type": said["kind"],
        "subject": str(customer),
        "time": (said.get("occurred_at") or at).isoformat(),
        "data": {**said["details"], **told},
    }
    if said.get("id"):
        event["id"] = said["id"]
    return event
