"""The integrator: puts what was written into the tree, in the order of its places, and signs a checkpoint.

A writer takes its place inside its own transaction, so places come true in any order, and a transaction that is rolled back leaves its
place void. The integrator therefore has to know of a missing place whether it can still be filled. A transaction has its number before
it takes a place (`sentinel_next_leaf`), and numbers ascend. So, of everything given out before a moment, whoever took it has a smaller
number than a transaction that starts to write after that moment: that number is kept as the horizon. Once all transactions below it have
ended, each place up to the horizon is either visible or void for ever.

One integrator works at a time; another one leaves at once. Writers wait for neither.

Only the integrator's own login writes the log. It believes no record it finds: what the bank did not sign just so is *quarantined*, which
is an alarm and no part of what is decided (`vetting`).
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import connection, transaction
from django.db.models import Max

from bankos.platform import roles

from .. import merkle
from ..models import LogEntry
from . import checkpoints, leaves, nodes, proofs, witnesses
from .errors import LogDamaged
from .vetting import vetted

SECONDS_TO_A_CHECKPOINT = 10  # the beat's: CELERY_BEAT_SCHEDULE
LEAVES_A_TRANSACTION = 5_000
SECONDS_A_RUN = 8.0

_NOTHING = -1
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LogStatus:
    """`size` entries are in the tree, `last_checkpoint` signs the most of them, `waiting` places were given out beyond them."""

    size: int
    last_checkpoint: checkpoints.Checkpoint | None
    waiting: int


def status() -> LogStatus:
    """How far the log has come. Queries: 3."""
    size = _size()
    return LogStatus(size, checkpoints.latest(), max(0, _last_place() + 1 - size))


def integrate(*, at: datetime, seconds: float = SECONDS_A_RUN) -> int:
    """Append what is ready, and sign a checkpoint if the log has grown. Returns how many entries were appended.

    May be called any number of times, by any number of processes. Never inside a transaction: what others have committed meanwhile must
    be visible from statement to statement.

    Args:
        seconds: no further transaction is begun after so long.
    Raises:
        LogDamaged: what is stored contradicts the last checkpoint, or (LogSetBack) one kept outside; nothing is signed any more.
    Queries: about 15 for each 5,000 entries, 1 or 2 for each file that keeps checkpoints.
    """
    witnesses.refuse_set_back()
    with roles.acting_as(roles.LOG):
        return _integrate(at, time.monotonic() + seconds)


def _integrate(at: datetime, deadline: float) -> int:
    appended = 0
    while True:
        with transaction.atomic(durable=True):
            if not _is_alone():
                return appended
            signed = _signed_so_far()
            added = _append_some()
            appended += added
            if not added or time.monotonic() > deadline:
                _sign_after(signed, at)
                return appended


def _is_alone() -> bool:
    # A row that only the integrator's login can lock: an advisory lock could be held by anybody.
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO sentinel_loghorizon (id, last_index, below) VALUES (1, %s, 0) ON CONFLICT DO NOTHING", [_NOTHING])
        cursor.execute("SELECT id FROM sentinel_loghorizon WHERE id = 1 FOR UPDATE SKIP LOCKED")
        return cursor.fetchone() is not None


def _append_some() -> int:
    size = _size()
    settled = _settled(size)
    found = vetted(_ready(size, settled))
    if found:
        edge = nodes.read(merkle.root_nodes(size))
        nodes.write(
            ((leaf.index, leaf.kind.value, leaf.decision_id, leaf.hash) for leaf in found),
            (grown for grown in merkle.new_nodes(size, [leaf.hash for leaf in found], edge.__getitem__) if grown[0].level),
        )
    return len(found)


def _ready(size: int, settled: int) -> Iterator[leaves.Leaf]:
    """The next entries, up to the first place that may still be filled."""
    awaited, end = size, size + LEAVES_A_TRANSACTION
    for leaf in leaves.records(range(size, end)):
        if leaf.index < awaited:
            # Only two transactions that did not see each other can bring that about, and the bank gives no place twice.
            log.error("log.place_taken_twice", index=leaf.index, kind=leaf.kind.value, decision=str(leaf.decision_id))
            continue
        while awaited < leaf.index and awaited <= settled:
            yield leaves.void(awaited)
            awaited += 1
        if leaf.index != awaited:
            return
        yield leaf
        awaited += 1
    for index in range(awaited, min(settled + 1, end)):
        yield leaves.void(index)


def _size() -> int:
    last = LogEntry.objects.aggregate(last=Max("index"))["last"]
    return 0 if last is None else last + 1


def _last_place() -> int:
    """The last place that was given out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value, is_called FROM sentinel_log_place")
        last, is_called = cursor.fetchone()
        return last if is_called else _NOTHING


# Of an older horizon that has not settled yet, nothing is forgotten: with ever new ones none might ever settle.
_LOOK_AHEAD = """
INSERT INTO sentinel_loghorizon AS h (id, last_index, below) VALUES (1, %(last)s, pg_current_xact_id()::text::bigint)
ON CONFLICT (id) DO UPDATE SET last_index = EXCLUDED.last_index, below = EXCLUDED.below WHERE h.last_index < %(size)s
"""
_SETTLED = """
SELECT last_index FROM sentinel_loghorizon WHERE pg_snapshot_xmin(pg_current_snapshot())::text::bigint >= below
"""


def _settled(size: int) -> int:
    """The last place up to which nothing can be filled any more that is not visible to the next statement.

    The order matters. The places given out are read first; this transaction gets its number after that, so every one of them was taken
    under a smaller number. What has ended is asked last, by a snapshot of its own. (The larger of a snapshot's two bounds would not do
    instead of the number: it counts from the last transaction that *ended*.)
    """
    last = _last_place()
    if last < size:
        return _NOTHING
    with connection.cursor() as cursor:
        cursor.execute(_LOOK_AHEAD, {"last": last, "size": size})
        cursor.execute(_SETTLED)
        settled = cursor.fetchone()
    return settled[0] if settled else _NOTHING


def _signed_so_far() -> checkpoints.Checkpoint | None:
    """The latest checkpoint, if the tree still is what it signs."""
    last = checkpoints.latest()
    if last is not None:
        if _size() < last.size:
            raise LogDamaged(f"a checkpoint counts {last.size} entries, and there are fewer")
        # The path of the last entry: it passes every subtree the root is made of, and goes down to an entry itself.
        path = proofs.proof_of(last.size - 1)
        if not last.holds or not merkle.verify_inclusion(path.leaf_hash, path.index, last.size, path.hashes, last.root):
            raise LogDamaged(f"the first {last.size} entries are not what was signed")
    return last


def _sign_after(signed: checkpoints.Checkpoint | None, at: datetime) -> None:
    size = _size()
    if size > (signed.size if signed else 0):
        checkpoints.sign(size, proofs.root(size), after=signed, at=at)
