"""Handing effects over to their systems of record, as instruction files (`settings.EFFECTS_DIR/<system>/<decision id>.json`).

The decision's id is the idempotency key: the receiving system does an instruction of a known key no second time, and here a second
delivery finds the file and does nothing.
"""

import json
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from customers.state import state_of
from sentinel import tokens
from sentinel.authority import Outcome, canonical, parameters_hash

from . import file_drop
from .acts.act import OURSELVES, instruction_for
from .models import Effect, EffectDelivery


class NotAuthentic(Exception):
    """A row of the ledger does not rest on a permit signed by this bank: somebody went past the application. Nothing is sent."""


def deliver(effect_id: UUID, *, at: datetime) -> Path:
    """Leave the effect's instruction at its system of record, with a receipt here. Twice is once.

    Returns:
        The file.
    Raises:
        NotAuthentic
        OSError: the folder cannot be written to; try again later.
    """
    effect = Effect.objects.get(pk=effect_id)
    parameters = _authentic(effect)
    customer = state_of(UUID(effect.resource_id), actor=OURSELVES, at=at)
    # Drawn up from the signed parameters, not taken from the ledger's other columns.
    instruction = instruction_for(effect.action, customer, parameters)
    content = canonical(
        {
            "idempotency_key": str(effect.decision_id),
            "instruction": instruction.kind,
            **instruction.content,
            "executed_at": effect.executed_at.astimezone(UTC).isoformat(),
            "decision_token": effect.token,
        }
    )
    file = Path(settings.EFFECTS_DIR) / instruction.system / f"{effect.decision_id}.json"
    file_drop.put(file, content.encode())
    EffectDelivery.objects.get_or_create(
        effect=effect,
        defaults={
            "reference": f"{instruction.system}/{file.name}",
            "sha256": sha256(file.read_bytes()).hexdigest(),
            "delivered_at": at,
        },
    )
    return file


def _authentic(effect: Effect) -> dict[str, Any]:
    """The parameters, once the token is found to be this bank's permit for exactly this effect."""
    try:
        claims = tokens.read(effect.token)
        parameters: dict[str, Any] = json.loads(effect.parameters)
        signed_hash = parameters_hash(parameters)
    except (tokens.TokenInvalid, ValueError) as error:
        raise NotAuthentic(f"effect {effect.pk}: {error}") from error
    [asked] = claims["authorization_details"]
    permitted = (claims["jti"], claims["outcome"], asked["type"], asked["resource"], asked["parameters_hash"])
    resource = {"type": effect.resource_type, "id": effect.resource_id}
    done = (str(effect.decision_id), Outcome.PERMIT, effect.action, resource, signed_hash)
    if permitted != done or canonical(parameters) != effect.parameters:
        raise NotAuthentic(f"effect {effect.pk}: the token permits something else")
    return parameters
