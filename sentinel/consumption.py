"""Using a permit: once, in time, for exactly what it was issued for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from psycopg.errors import CheckViolation, UniqueViolation

from . import models, tokens
from .canonical import parameters_hash
from .cedar import Outcome
from .tokens import TokenAlreadyUsed, TokenError, TokenExpired, TokenInvalid, TokenMismatch, TokenNotAPermit, TokenStopped

# What the database's own guards say, by the name of the constraint.
_GUARDS: Mapping[str, type[TokenError]] = {
    "consumption_of_a_decision": TokenInvalid,
    "consumption_of_a_permit": TokenNotAPermit,
    "consumption_in_time": TokenExpired,
    "consumption_now": TokenExpired,
    "consumption_not_stopped": TokenStopped,
}


@dataclass(frozen=True, slots=True)
class Consumption:
    """The one use of a permit."""

    id: UUID
    decision_id: UUID
    consumed_at: datetime


def consume(token: str, *, action: str, resource_type: str, resource_id: str, parameters: Mapping[str, Any], at: datetime) -> Consumption:
    """Use up a permit, in the caller's transaction: if that rolls back, the permit is still good.

    Of two that use one token at the same time one waits for the other's transaction, and gets TokenAlreadyUsed if it commits.

    Raises:
        TokenInvalid, TokenNotAPermit, TokenExpired, TokenMismatch, TokenStopped, TokenAlreadyUsed
    Queries: 1, and its savepoint.
    """
    claims = tokens.read(token)
    if claims["outcome"] != Outcome.PERMIT:
        raise TokenNotAPermit(f"the answer was {claims['outcome']}")
    if at.timestamp() >= claims["exp"]:
        raise TokenExpired("the permit was not used in time")
    [asked] = claims["authorization_details"]
    if (asked["type"], asked["resource"]) != (action, {"type": resource_type, "id": resource_id}):
        raise TokenMismatch("the permit is for another action or resource")
    if asked["parameters_hash"] != _hash_or_none(parameters):
        raise TokenMismatch("the permit is for other parameters")
    row = models.Consumption(decision_id=UUID(claims["jti"]), consumed_at=at)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise _error_of(error) from error
    return Consumption(row.pk, row.decision_id, row.consumed_at)


def _hash_or_none(parameters: Mapping[str, Any]) -> str | None:
    try:
        return parameters_hash(parameters)
    except ValueError:
        return None


def _error_of(error: IntegrityError) -> Exception:
    """The database's refusal as an error of the face; what it says besides is a fault and stays one."""
    cause = error.__cause__
    if isinstance(cause, UniqueViolation):
        return TokenAlreadyUsed("the permit has been used")
    if isinstance(cause, CheckViolation) and (cause.diag.constraint_name or "") in _GUARDS:
        return _GUARDS[cause.diag.constraint_name or ""](cause.diag.message_primary)
    return error
