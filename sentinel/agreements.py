"""A second person's agreement as evidence: the signed decision of who gave it, and its one use.

What is believed is what the bank signed and has on record as used, never a row by itself: whoever can write rows could write an agreement.
How requests are asked and answered: `approvals`.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from django.db import IntegrityError
from django.db.models import QuerySet

from bankos.platform.actors import Actor, ActorKind

from . import contexts, tokens
from .action_types import ANSWER_REQUEST, REQUEST
from .cedar import Approval, Outcome
from .claims import signed_claims
from .models import ApprovalAnswer, ApprovalRequest, ApprovalUse
from .models import Decision as DecisionRow
from .policy import BANK


class ApprovalError(Exception):
    """An approval that cannot be asked for, given or used."""


class ApprovalVoid(ApprovalError):
    """The approval does not cover this request."""


class State(StrEnum):
    OPEN = "open"
    APPROVED = "approved"
    USED = "used"
    REFUSED = "refused"
    EXPIRED = "expired"


class Word(StrEnum):
    """What a second person says."""

    APPROVE = "approve"
    REFUSE = "refuse"


def requests() -> QuerySet[ApprovalRequest]:
    """All of them, with what reading one needs."""
    return ApprovalRequest.objects.select_related("decision", "decision__context_key", "answer", "answer__use")


def state_of(row: ApprovalRequest, at: datetime) -> State:
    """How a request stands. Queries: 0, for a row of `requests`."""
    answer = getattr(row, "answer", None)
    if answer is not None and not answer.approved:
        return State.REFUSED
    if answer is not None and hasattr(answer, "use"):
        return State.USED
    if at >= row.expires_at:
        return State.EXPIRED
    return State.OPEN if answer is None else State.APPROVED


def usable(request_id: UUID, *, actor: Actor, action: str, resource: tuple[str, str], parameters_hash: str, at: datetime) -> Approval:
    """The approval behind a request, if it covers exactly what is asked now. Queries: 1.

    Raises:
        ApprovalVoid
    """
    row = _evidence().filter(pk=request_id).first()
    if row is None:
        raise ApprovalVoid("there is no such approval")
    state = state_of(row, at)
    if state is not State.APPROVED:
        raise ApprovalVoid(f"the approval is {state}")
    if _asked(row.decision) != (actor.kind, actor.id, action, *resource, parameters_hash):
        raise ApprovalVoid("the approval was given for something else")
    return _agreement(row)


def hold(permit: DecisionRow) -> None:
    """Make sure that each agreement a permit names was decided by a second person, for exactly what is permitted. Queries: 1.

    Raises:
        ApprovalVoid
    """
    found = {str(row.pk): row for row in _evidence().filter(pk__in=[named["id"] for named in permit.approvals])}
    for named in permit.approvals:
        row = found.get(named["id"])
        if row is None or getattr(row, "answer", None) is None:
            raise ApprovalVoid("nobody answered the request it names")
        claims = _answer(row)
        if (named.get("decision"), named["by"]) != (claims["jti"], claims["act"]["sub"]):
            raise ApprovalVoid("it names another answer than was given")
        if _asked(row.decision) != _asked(permit):
            raise ApprovalVoid("what was agreed to is something else")
        use = getattr(row.answer, "use", None)
        if use is None or use.decision_id != permit.pk:
            raise ApprovalVoid("the agreement led to another permit")


def _asked(row: DecisionRow) -> tuple[str, ...]:
    return row.actor_kind, row.actor_id, row.action, row.resource_type, row.resource_id, row.parameters_hash


def _evidence() -> QuerySet[ApprovalRequest]:
    """`requests` with the decisions that were asked for and given, without the texts of their policies."""
    versions = ("decision__policy_version", "answer__decision__policy_version")
    texts = [f"{version}__{text}" for version in versions for text in ("policies", "schema", "examples")]
    return requests().select_related(*versions, "answer__decision__context_key", "answer__decision__consumption").defer(*texts)


def mark_used(request_id: UUID, *, decision_id: UUID) -> None:
    """Count the approval as used by this permit.

    Raises:
        ApprovalVoid: another permit was faster; the atomic block this stands in is lost.
    """
    try:
        ApprovalUse.objects.create(answer=ApprovalAnswer.objects.only("id").get(request=request_id), decision_id=decision_id)
    except IntegrityError as error:
        raise ApprovalVoid("the approval is used") from error


def _agreement(row: ApprovalRequest) -> Approval:
    """What the second person agreed with, read from what was signed. Raises ApprovalVoid."""
    claims = _answer(row)
    answered = row.answer.decision
    if answered is None:
        raise ApprovalVoid("it is no decision of its own")
    agreement = _content(answered, claims)["resource"]["attrs"].get("agreement")
    if agreement is None or agreement["by"] != claims["act"]["sub"]:
        raise ApprovalVoid("it is not what the second person decided")
    given = Approval.from_json(agreement)
    return Approval(given.by, given.roles, given.branch, given.line, given.mandate, decision=str(answered.pk))


def _answer(row: ApprovalRequest) -> dict[str, Any]:
    """The claims of the second person's own decision to agree to this request. Raises ApprovalVoid."""
    asked, answered = row.decision, row.answer.decision
    if answered is None:
        raise ApprovalVoid("it was given before answers were decisions of their own; it has to be asked for again")
    if _signed(asked)["outcome"] != Outcome.NEEDS_APPROVAL:
        raise ApprovalVoid("what was asked for did not need it")
    claims = _signed(answered)
    [said] = claims["authorization_details"]
    told = {name: said["parameters"].get(name) for name in ("answer", "decision", "parameters_hash")}
    if (
        (claims["outcome"], claims["policy"]["store"], said["type"]) != (Outcome.PERMIT, BANK, ANSWER_REQUEST.name)
        or said["resource"] != {"type": REQUEST, "id": str(row.pk)}
        or told != {"answer": Word.APPROVE, "decision": str(asked.pk), "parameters_hash": asked.parameters_hash}
        or claims["act"]["kind"] != ActorKind.EMPLOYEE
        or claims["act"]["sub"] in (asked.actor_id, "")
        or not hasattr(answered, "consumption")
    ):
        raise ApprovalVoid("it is not what the second person decided")
    return claims


def _signed(row: DecisionRow) -> dict[str, Any]:
    """The claims of a decision the bank signed, whose record says the same. Raises ApprovalVoid."""
    try:
        return signed_claims(row)
    except tokens.TokenInvalid as error:
        raise ApprovalVoid(f"it rests on a decision that does not hold: {error}") from error


def _content(row: DecisionRow, claims: Mapping[str, Any]) -> dict[str, Any]:
    """What a decision was made on, if it is what was signed. Raises ApprovalVoid."""
    try:
        text = contexts.content_text(row)
    except (contexts.ContentErased, contexts.ContentDamaged) as error:
        raise ApprovalVoid("what the second person decided on cannot be read any more") from error
    if sha256(text.encode()).hexdigest() != claims["context_hash"]:
        raise ApprovalVoid("what the second person decided on was changed")
    request: dict[str, Any] = orjson.loads(text)["request"]
    return request
