"""Forgetting a customer (GDPR Art. 17): what decisions about them rested on is gone for ever; signatures and log stay verifiable.

With the contexts go the free texts around them: notes of requests for approval, answers and messages. Floors above say what they know of a
customer and erase what is theirs in the same transaction (`goes_with`).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from bankos.platform import events
from bankos.platform.actors import Actor

from . import actions, redaction
from .actions import Ask, NotPossible, Permitted, Ran
from .catalogue import ANSWERED_WITHIN, ActionType, ParameterKind, RiskTier
from .decision import Resource
from .models import ApprovalAnswer, ApprovalMessage, ApprovalRequest, ContextKey

SOURCE = "sentinel.erasure"
ERASED = "sentinel.customer.erased"
PARTY = "Party"

Known = Callable[[str, datetime], Mapping[str, Any] | None]
Erase = Callable[[Permitted], None]
_known: list[Known] = []
_erasers: list[Erase] = []


def goes_with(*, known: Known, erase: Erase) -> None:
    """Register a floor: `known` tells the policies of a customer (None: nobody of this id, or nothing left to erase) and may raise
    NotPossible; `erase` erases what the floor holds, in the transaction of the decision.
    """
    _known.append(known)
    _erasers.append(erase)


def erase(party_id: UUID, *, actor: Actor, reason: str, at: datetime) -> Ran:
    """Ask for a customer to be erased. A second person decides; until then nothing is gone.

    What this very decision rested on goes with the rest: the request, its reason and who agreed stay readable only in the token's hashes,
    and the log.

    Raises:
        NotPossible: there is nothing to erase.
    """
    return actions.run(ERASE_CUSTOMER, actor=actor, resource_id=str(party_id), parameters={"reason": reason}, at=at, note=reason)


def erase_contexts(party_id: str, *, decision_id: UUID) -> int:
    """Destroy the keys of what decisions about this customer rested on, and the free texts around them. Returns how many of both."""
    keys = redaction.erase_keys(decision_id, [party_id])
    asked = ApprovalRequest.objects.filter(decision__resource_type=PARTY, decision__resource_id=party_id)
    requests = list(asked.values_list("pk", flat=True))
    answers = list(ApprovalAnswer.objects.filter(request__in=requests).values_list("pk", flat=True))
    messages = list(ApprovalMessage.objects.filter(request__in=requests).values_list("pk", flat=True))
    texts = redaction.redact(decision_id, ApprovalRequest._meta.db_table, "note", requests)
    texts += redaction.redact(decision_id, ApprovalAnswer._meta.db_table, "note", answers)
    return keys + texts + redaction.redact(decision_id, ApprovalMessage._meta.db_table, "text", messages)


def _resource(asked: Ask) -> Resource:
    told = [facts for known in _known if (facts := known(asked.resource_id, asked.at)) is not None]
    if not told and not ContextKey.objects.filter(subject_type=PARTY, subject_id=asked.resource_id, erased_at=None).exists():
        raise NotPossible("Nothing is kept about this customer that could be erased.")
    return Resource(PARTY, asked.resource_id, {name: value for facts in told for name, value in facts.items()})


def _erase(permitted: Permitted) -> None:
    erase_contexts(permitted.resource_id, decision_id=permitted.decision.id)
    for eraser in _erasers:
        eraser(permitted)
    events.publish(ERASED, subject=permitted.resource_id, data={"decision": str(permitted.decision.id)}, source=SOURCE, at=permitted.at)


ERASE_CUSTOMER = actions.declare(
    ActionType(
        name="customer.erase",
        title="Erase what decisions about a customer rested on",
        resource_type="Party",
        parameters={"reason": ParameterKind.TEXT},
        risk=RiskTier.HIGH,
        approval_lifetime=ANSWERED_WITHIN,
    ),
    facts=_resource,
    effect=_erase,
)
