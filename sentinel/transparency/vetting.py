"""Is a record that asks for a place in the log one the bank made? Asked before the bank signs for it."""

from collections.abc import Iterable
from uuid import UUID

import structlog

from .. import tokens
from ..bundle import Kind
from ..cedar import Outcome
from ..claims import claims_of
from ..models import Decision, LogEntry
from . import leaves

log = structlog.get_logger(__name__)


def vetted(found: Iterable[leaves.Leaf]) -> list[leaves.Leaf]:
    """These entries, ascending, those that are not the bank's quarantined; each of them is an alarm in the logs. Queries: 3."""
    entries = list(found)
    made = Decision.objects.select_related("policy_version").defer(
        *(f"policy_version__{text}" for text in ("policies", "schema", "examples"))
    )
    decisions = made.in_bulk([entry.decision_id for entry in entries if entry.kind is not Kind.VOID])
    used = [entry.decision_id for entry in entries if entry.kind is Kind.CONSUMPTION]
    earlier = set(LogEntry.objects.filter(kind=Kind.DECISION, subject_id__in=used).values_list("subject_id", flat=True))
    return [_vetted(entry, decisions, earlier) for entry in entries]


def _vetted(entry: leaves.Leaf, decisions: dict[UUID, Decision], earlier: set[UUID | None]) -> leaves.Leaf:
    if entry.kind is Kind.VOID or entry.decision_id is None:
        return entry
    decision = decisions.get(entry.decision_id)
    if decision is not None and entry.kind is Kind.DECISION and _is_signed(decision):
        earlier.add(decision.pk)
        return entry
    # A use counts if the permit stands before it.
    if decision is not None and entry.kind is Kind.CONSUMPTION and decision.pk in earlier and decision.outcome == Outcome.PERMIT:
        return entry
    log.error("log.quarantined", index=entry.index, kind=entry.kind.value, decision=str(entry.decision_id))
    return leaves.quarantined(entry)


def _is_signed(decision: Decision) -> bool:
    """Whether the bank signed exactly what the record says."""
    try:
        claims = tokens.read_any(decision.token)
        return claims == claims_of(decision, with_audience=tokens.has_audience(claims))
    except (tokens.TokenInvalid, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return False  # whoever wrote it put things where the bank puts others
