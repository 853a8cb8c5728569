"""A program records what one customer did: decided, and then on the way every event takes."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from customers.consents import speaking_for
from customers.members import customer_of
from customers.state import facts_for_decision
from sentinel import authority

from .access import Caller
from .action_types import SIGNAL_RECORD
from .events import landing
from .events.reading import CLOUD_EVENT


def record(party_id: UUID, *, said: Mapping[str, Any], caller: Caller, at: datetime) -> dict[str, Any]:
    """Keep it as an event about this customer. Returns its fate.

    Raises:
        NotVisible, sentinel.authority.NotPermitted
        NotEvents, Backlog: as for every event.
    """
    golden = customer_of(party_id, actor=caller.viewer).golden.pk
    with authority.keeping_evidence():
        resource = authority.Resource("Party", str(golden), facts_for_decision(golden, at=at).attributes)
        authority.authorize_and_consume(
            actor=caller.actor,
            action=SIGNAL_RECORD.name,
            resource=resource,
            parameters={"kind": str(said["kind"])},
            context=speaking_for(caller.on_behalf_of),
            on_behalf_of=caller.on_behalf_of,
            at=at,
        )
        body = json.dumps(_event(said, caller, golden, at)).encode()
        spoken_for = caller.on_behalf_of.id if caller.on_behalf_of else ""
        request = landing.Request(body, CLOUD_EVENT, {})
        return landing.land(request, client=caller.client, customer=str(golden), spoken_for=spoken_for, at=at)


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
