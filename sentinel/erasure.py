"""Forgetting a customer (GDPR Art. 17): what decisions about them rested on is gone for ever; signatures and log stay verifiable."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from bankos.platform import events
from bankos.platform.actors import Actor

from . import contexts, governance
from .action_types import ERASE_CUSTOMER
from .asking import Resource
from .governance import Act, CarriedOut, NotPossible, Permitted
from .models import ContextKey

SOURCE = "sentinel.erasure"
ERASED = "sentinel.customer.erased"
PARTY = "Party"


def erase(party_id: UUID, *, actor: Actor, reason: str, at: datetime) -> CarriedOut:
    """Ask for a customer's key to be destroyed. A second person decides; until then nothing is gone.

    What this very decision rested on goes with the rest: the request, its reason and who agreed stay readable only in the token's hashes,
    the log and the answer of the second person.

    Raises:
        NotPossible: there is nothing to erase.
    """
    return governance.carry_out(
        actor=actor, action=ERASE_CUSTOMER.name, resource_id=str(party_id), parameters={"reason": reason}, at=at, note=reason
    )


def _resource(party_id: str, parameters: Mapping[str, Any], at: datetime) -> Resource:
    if not ContextKey.objects.filter(subject_type=PARTY, subject_id=party_id, erased_at=None).exists():
        raise NotPossible("Nothing is kept about this customer that could be erased.")
    return Resource(PARTY, party_id, {})


def _erase(permitted: Permitted) -> None:
    contexts.erase((PARTY, permitted.resource_id), decision_id=permitted.decision.id, at=permitted.at)
    events.publish(ERASED, subject=permitted.resource_id, data={"decision": str(permitted.decision.id)}, source=SOURCE, at=permitted.at)


governance.register(ERASE_CUSTOMER.name, Act(_resource, _erase))
