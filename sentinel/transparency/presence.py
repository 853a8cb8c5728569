"""Is a decision, and its use, in the log, at the very place its token names?"""

from dataclasses import dataclass
from enum import StrEnum

from ..bundle import Kind
from ..merkle import leaf_hash, verify_inclusion
from ..models import Decision, LogEntry
from . import checkpoints, leaves, proofs
from .errors import LogDamaged


class Presence(StrEnum):
    HELD = "held"
    WAITING = "waiting"  # no checkpoint counts it yet
    ELSEWHERE = "elsewhere"  # the token names another place than the record
    ANOTHER = "another"  # the log holds something else at its place
    USE_GONE = "use_gone"  # the log holds a use of it, of which there is no record
    USE_ANOTHER = "use_another"  # the record of its use is not what the log holds
    DAMAGED = "damaged"  # the log itself is not what was signed


@dataclass(frozen=True, slots=True)
class Found:
    """What the log says about a decision at `index`, as of its latest checkpoint."""

    presence: Presence
    index: int
    checkpoint: checkpoints.Checkpoint | None


def presence_of(row: Decision, *, token: str, place: object) -> Found:
    """Look a decision up in the log. Needs `consumption` at hand.

    Args:
        token: the text that should stand there; `place` the index it names.
    Queries: 3, 2 while it waits.
    """
    latest = checkpoints.latest()
    size = latest.size if latest else 0
    if place != row.leaf_index:
        return Found(Presence.ELSEWHERE, row.leaf_index, latest)
    entries = list(LogEntry.objects.filter(pk=row.leaf_index) | LogEntry.objects.filter(kind=Kind.CONSUMPTION, subject_id=row.pk))
    answer = _compared(row, token, entries, size)
    if answer is Presence.HELD and not (latest and latest.holds and _included(entries, latest)):
        answer = Presence.DAMAGED
    return Found(answer, row.leaf_index, latest)


def _compared(row: Decision, token: str, entries: list[LogEntry], size: int) -> Presence:
    consumption = getattr(row, "consumption", None)
    used = [entry for entry in entries if entry.kind == Kind.CONSUMPTION and entry.subject_id == row.pk]
    if row.leaf_index < size:
        own = next((entry for entry in entries if entry.index == row.leaf_index), None)
        if own is None or (own.kind, own.subject_id, bytes(own.leaf_hash)) != (Kind.DECISION, row.pk, leaf_hash(token.encode())):
            return Presence.ANOTHER
    if consumption is None:
        if used:
            return Presence.USE_GONE
    elif used or consumption.leaf_index < size:
        leaf = leaves.use(consumption.leaf_index, id=consumption.pk, decision_id=row.pk, consumed_at=consumption.consumed_at)
        if [(entry.index, bytes(entry.leaf_hash)) for entry in used] != [(leaf.index, leaf.hash)]:
            return Presence.USE_ANOTHER
    return Presence.HELD if row.leaf_index < size else Presence.WAITING


def _included(entries: list[LogEntry], latest: checkpoints.Checkpoint) -> bool:
    counted = [entry for entry in entries if entry.index < latest.size]
    try:
        found = proofs.inclusion_proofs([entry.index for entry in counted], latest.size)
    except LogDamaged:
        return False
    return all(
        verify_inclusion(bytes(entry.leaf_hash), entry.index, latest.size, proof, latest.root)
        for entry, proof in zip(counted, found, strict=True)
    )
