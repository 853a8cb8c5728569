"""Bundles of the log, for whoever wants to verify decisions without asking this bank (`python sentinel/verify.py BUNDLE`).

What is written is what the records say *now*, next to the hash the log holds: whoever verifies finds what was changed, and the export
itself names it.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
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

from .. import bundle, contexts, tokens
from ..bundle import Entry, Kind
from ..models import Decision, Erasing, LogEntry
from . import checkpoints, leaves, proofs
from .errors import LogDamaged, NotInTheLog

ENTRIES_AT_ONCE = 1_000
MOST_DAMAGE_NAMED = 1_000
MEMBERS = "erased-members+jwt"


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
        with_context: with what each decision rested on, decrypted; where it was erased, with the decision that did it.
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


# By what the records say, and by what the log says: one of the two may have been changed. With the chosen go those they rest on, so that
# they can be verified alone: what was asked, what the second person answered, and which decision erased what is gone.
_PLACES = """
WITH RECURSIVE chosen AS (
    SELECT id, leaf_index, approval_id, context_key_id FROM sentinel_decision
     WHERE (%(ids)s::uuid[] IS NULL OR id = ANY(%(ids)s::uuid[]))
       AND (%(since)s::timestamptz IS NULL OR issued_at >= %(since)s)
       AND (%(until)s::timestamptz IS NULL OR issued_at < %(until)s)
    UNION
    SELECT d.id, d.leaf_index, d.approval_id, d.context_key_id FROM chosen, LATERAL (
        SELECT q.decision_id FROM sentinel_approvalrequest q WHERE q.id = chosen.approval_id
        UNION ALL SELECT a.decision_id FROM sentinel_approvalanswer a WHERE a.request_id = chosen.approval_id
        UNION ALL SELECT k.erased_by FROM sentinel_contextkey k WHERE k.id = chosen.context_key_id AND %(with_context)s
    ) rests JOIN sentinel_decision d ON d.id = rests.decision_id
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
    asked["with_context"] = with_context
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
    texts = _contexts([leaf for at_one in found.values() for leaf in at_one], done) if with_context else {}
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
        text = context if isinstance(context, str) else None
        erased = context if isinstance(context, _Erased) else _Erased()
        yield Entry(index, leaf.kind, leaf.text, bytes(entry.leaf_hash), text, erased.by, erased.members)


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


@dataclass(frozen=True, slots=True)
class _Erased:
    """By which decision; `members`: whom else that reached, signed, where it is about more than the customer it names."""

    by: str = ""
    members: str = ""


Context = str | _Erased | contexts.ContentDamaged | None


def _contexts(found: Iterable[leaves.Leaf], done: Exported) -> dict[UUID | None, Context]:
    """What the decisions among these rested on. Queries: 1, and 3 more where something was erased."""
    ids = [leaf.decision_id for leaf in found if leaf.kind is Kind.DECISION]
    rows = Decision.objects.filter(pk__in=ids).select_related("context_key")
    rows = rows.only(
        "context_cipher", "resource_type", "resource_id", "context_key__wrapped", "context_key__erased_by", "context_key__subject_id"
    )
    read: dict[UUID | None, Context] = {}
    erased: dict[UUID, list[Decision]] = {}
    for row in rows:
        try:
            read[row.pk] = contexts.content_text(row)
        except contexts.ContentDamaged as error:
            read[row.pk] = error
        except contexts.ContentErased:
            if row.context_key.erased_by is not None:
                erased.setdefault(row.context_key.erased_by, []).append(row)
    # What was erased after the last checkpoint is left out: nobody could look the decision up yet.
    later = set(Decision.objects.filter(pk__in=erased, leaf_index__gte=done.size).values_list("pk", flat=True))
    signed = _members([decision for decision, of in erased.items() if decision not in later])
    for decision, of in erased.items():
        subject, members = signed.get(decision, ("", ""))
        for row in of if decision not in later else ():
            read[row.pk] = _Erased(str(decision), "" if row.context_key.subject_id == subject else members)
    return read


def _members(decisions: Collection[UUID]) -> dict[UUID, tuple[str, str]]:
    """The customer each of these erased, and everybody that customer was, signed. Queries: 0 to 1."""
    rows = Erasing.objects.filter(pk__in=decisions) if decisions else ()
    return {
        row.pk: (
            row.subject_id,
            tokens.sign({"decision": str(row.pk), "members": sorted(row.members)}, type=MEMBERS) if len(row.members) > 1 else "",
        )
        for row in rows
    }
