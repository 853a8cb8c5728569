"""Bundles of the log, for whoever wants to verify decisions without asking this bank (`python sentinel/verify.py BUNDLE`).

What is written is what the records say *now*, next to the hash the log holds: whoever verifies finds what was changed, and the export
itself names it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper

from bankos.platform import keys
from bankos.platform.actors import OVERSEEING, Actor, ActorKind
from bankos.platform.keys import public_bytes

from .. import bundle, contexts
from ..bundle import Entry, Kind
from ..models import Decision, LogEntry
from . import checkpoints, leaves, proofs
from .errors import LogDamaged, NotInTheLog

ENTRIES_AT_ONCE = 1_000
MOST_DAMAGE_NAMED = 1_000


class MayNotExport(Exception):
    """Only compliance officers, administrators and operators take decisions out of the bank."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which decisions, each with its use. Without any choice it is the whole log, and nothing can have been left out.

    `since` and `until` are about when they were made; `until` itself is not included.
    """

    decisions: tuple[UUID, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_everything(self) -> bool:
        return self == Selection()


@dataclass(frozen=True, slots=True)
class Damage:
    """An entry whose record is not what the log holds."""

    index: int
    kind: Kind
    decision_id: UUID | None
    sentence: str

    def __str__(self) -> str:
        about = f", decision {self.decision_id}" if self.decision_id else ""
        return f"Entry {self.index}{about}: {self.sentence}"


@dataclass(slots=True)
class Exported:
    """What a bundle holds. `damage` names the first thousand entries that verification will find wrong."""

    size: int = 0
    entries: int = 0
    damage: list[Damage] = field(default_factory=list)


def export(
    target: Path,
    *,
    actor: Actor,
    selection: Selection = Selection(),
    with_context: bool = False,
    checkpoints_since: int | None = None,
) -> Exported:
    """Write a bundle, compressed if its name ends in .gz; the name appears when the file is whole.

    Args:
        with_context: with what each decision rested on, decrypted; null where it was erased.
        checkpoints_since: with every checkpoint that counts so many entries or more, and the proof that the first of them continues the
            log of that size: whoever kept a checkpoint of that size can compare it. Without, all checkpoints since the first that counts
            the first entry of the bundle.
    Raises:
        MayNotExport
        NotInTheLog: nothing has been signed yet, or not one of the decisions that were named; or the log never had that size.
        LogDamaged: the log's own hashes are incomplete.
    Memory: constant. Queries: 2 to 5 for each 1,000 entries, 2 for each 1,000 checkpoints.
    """
    done = Exported()
    asked = lines(actor=actor, selection=selection, with_context=with_context, checkpoints_since=checkpoints_since, done=done)
    bundle.write(target, asked)
    return done


def lines(
    *,
    actor: Actor,
    selection: Selection = Selection(),
    with_context: bool = False,
    checkpoints_since: int | None = None,
    done: Exported | None = None,
) -> Iterator[bytes]:
    """The bundle's lines, one at a time, to be sent on. Raises what `export` raises, the first two at once."""
    if actor.kind is not ActorKind.SYSTEM and OVERSEEING.isdisjoint(actor.roles):
        raise MayNotExport(actor.id)
    latest = checkpoints.latest()
    if latest is None:
        raise NotInTheLog("nothing has been signed yet")
    if checkpoints_since is not None and not 0 <= checkpoints_since <= latest.size:
        raise NotInTheLog(f"a checkpoint of size {checkpoints_since}")
    _require_named(selection, latest)
    done = done or Exported()
    done.size = latest.size
    if selection.is_everything:
        return _complete(latest, checkpoints_since or 0, with_context, done)
    return _partial(selection, latest, checkpoints_since, with_context, done)


def _complete(latest: checkpoints.Checkpoint, since: int, with_context: bool, done: Exported) -> Iterator[bytes]:
    pages = (range(first, min(first + ENTRIES_AT_ONCE, latest.size)) for first in range(0, latest.size, ENTRIES_AT_ONCE))
    entries = (entry for places in pages for entry in _entries(places, with_context, done))
    yield from bundle.complete(keys=_keys(), checkpoints=_checkpoints(since, latest, with_proofs=False), entries=entries)


def _checkpoints(since: int, latest: checkpoints.Checkpoint, *, with_proofs: bool) -> bundle.Checkpoints:
    return bundle.Checkpoints(_notes(since, latest, with_proofs), latest.note, checkpoints.count(since, latest.size), since)


def _notes(since: int, latest: checkpoints.Checkpoint, with_proofs: bool) -> Iterator[tuple[str, bundle.Proof]]:
    """Every checkpoint from this size on, with the proof that it continues the one before. Queries: 2 for each 1,000."""
    before = since
    for page in checkpoints.pages(since, latest.size, ENTRIES_AT_ONCE):
        sizes = [size for size, _ in page]
        proved = proofs.consistency_proofs(list(pairwise([before, *sizes]))) if with_proofs else [[] for _ in page]
        yield from zip((note for _, note in page), proved, strict=True)
        before = sizes[-1]


# By what the records say, and by what the log says: one of the two may have been changed.
_PLACES = """
WITH chosen AS (
    SELECT id, leaf_index FROM sentinel_decision
     WHERE (%(ids)s::uuid[] IS NULL OR id = ANY(%(ids)s::uuid[]))
       AND (%(since)s::timestamptz IS NULL OR issued_at >= %(since)s)
       AND (%(until)s::timestamptz IS NULL OR issued_at < %(until)s)
), places (index) AS (
    SELECT leaf_index FROM chosen
    UNION SELECT c.leaf_index FROM chosen JOIN sentinel_consumption c ON c.decision_id = chosen.id
    UNION SELECT e.index FROM chosen JOIN sentinel_logentry e ON e.subject_id = chosen.id
    UNION SELECT index FROM sentinel_logentry WHERE subject_id = ANY(%(ids)s::uuid[])
)
SELECT index, count(*) OVER () FROM places WHERE index BETWEEN 0 AND %(size)s - 1 ORDER BY index
"""


def _partial(
    selection: Selection, latest: checkpoints.Checkpoint, since: int | None, with_context: bool, done: Exported
) -> Iterator[bytes]:
    asked = {"ids": list(selection.decisions) or None, "since": selection.since, "until": selection.until, "size": latest.size}
    with connection.chunked_cursor() as cursor:
        cursor.execute(_PLACES, asked)
        rows = cursor.fetchmany(ENTRIES_AT_ONCE)
        first, count = rows[0] if rows else (latest.size - 1, 0)
        if since is None:
            counted = checkpoints.first_with(first)
            since = counted.size if counted else latest.size
        yield from bundle.partial(
            keys=_keys(),
            checkpoints=_checkpoints(since, latest, with_proofs=True),
            entries=_proved(rows, cursor, latest.size, with_context, done),
            count=count,
        )


def _proved(
    rows: list[tuple[int, ...]], cursor: CursorWrapper, size: int, with_context: bool, done: Exported
) -> Iterator[tuple[Entry, bundle.Proof]]:
    while rows:
        places = [index for index, *_ in rows]
        yield from zip(_entries(places, with_context, done), proofs.inclusion_proofs(places, size), strict=True)
        rows = cursor.fetchmany(ENTRIES_AT_ONCE)


def _require_named(selection: Selection, latest: checkpoints.Checkpoint) -> None:
    known = LogEntry.objects.filter(subject_id__in=selection.decisions, kind=Kind.DECISION, index__lt=latest.size)
    if missing := set(selection.decisions) - set(known.values_list("subject_id", flat=True)):
        raise NotInTheLog(", ".join(sorted(map(str, missing))))


def _keys() -> list[bytes]:
    return [public_bytes(key) for key in keys.public_keys().values()]


def _entries(places: Sequence[int], with_context: bool, done: Exported) -> Iterator[Entry]:
    """What the records say about these places, next to what the log holds there."""
    held = LogEntry.objects.in_bulk(places)
    found: dict[int, list[leaves.Leaf]] = {}
    for leaf in leaves.records(places):
        found.setdefault(leaf.index, []).append(leaf)
    texts = _contexts([leaf for at_one in found.values() for leaf in at_one]) if with_context else {}
    for index in places:
        entry = held.get(index)
        if entry is None:
            raise LogDamaged(f"entry {index} is gone")
        leaf, sentence = _compared(entry, found.get(index, []))
        context = texts.get(leaf.decision_id) if leaf.kind is Kind.DECISION else None
        if isinstance(context, contexts.ContentDamaged):
            sentence, context = sentence or "What it rested on is not what was encrypted for it.", None
        if sentence and len(done.damage) < MOST_DAMAGE_NAMED:
            done.damage.append(Damage(index, Kind(entry.kind), entry.subject_id or leaf.decision_id, sentence))
        done.entries += 1
        is_erased = isinstance(context, contexts.ContentErased)
        yield Entry(index, leaf.kind, leaf.text, bytes(entry.leaf_hash), context if isinstance(context, str) else None, is_erased)


def _compared(entry: LogEntry, found: Sequence[leaves.Leaf]) -> tuple[leaves.Leaf, str]:
    """The leaf to write for a place, and what is wrong with it, if anything. Of two, the one the log does not hold."""
    kind, held = Kind(entry.kind), bytes(entry.leaf_hash)
    if kind is Kind.QUARANTINED:
        found = [leaves.quarantined(leaf) for leaf in found]
    if not found and kind is not Kind.VOID:
        return leaves.Leaf(entry.index, kind, entry.subject_id, ""), "Its record is gone."
    for leaf in found or [leaves.void(entry.index)]:
        if leaf.hash != held:
            return leaf, "Its record was slipped in." if found and kind is Kind.VOID else "Its record is not what the log holds."
        if (leaf.kind, leaf.decision_id) != (kind, entry.subject_id):
            return leaf, "The log’s entry speaks of another decision."
    return leaf, ""


Context = str | contexts.ContentErased | contexts.ContentDamaged


def _contexts(found: Iterable[leaves.Leaf]) -> dict[UUID | None, Context]:
    """What the decisions among these rested on. Queries: 1."""
    ids = [leaf.decision_id for leaf in found if leaf.kind is Kind.DECISION]
    rows = Decision.objects.filter(pk__in=ids).select_related("context_key").only("context_cipher", "context_key__wrapped")
    return {row.pk: _context(row) for row in rows}


def _context(row: Decision) -> Context:
    try:
        return contexts.content_text(row)
    except (contexts.ContentErased, contexts.ContentDamaged) as error:
        return error
