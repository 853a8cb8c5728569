"""A run over many decisions, part by part, by as many workers as there are.

The tables know what is left to do. A worker claims a part by writing so, and while it works it holds a lock on the part's row: a lock dies
with its process, so a claimed part without one belongs to a worker that is gone. All a part comes to commits together with its being
done; whatever dies half-way leaves nothing behind.

Only a few messages of a run are on their way at any time: each does one part and sends the next. So a run over a million decisions keeps
no worker from what else sentinel has to do.
"""

import time
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from kombu.exceptions import OperationalError

from bankos.platform.actors import OVERSEEING, Actor

from .. import policy
from ..models import Decision, PolicyVersion, ReplayChange, ReplayPart, ReplayRun
from .counting import Tally

LONGEST_PERIOD = 92  # days
PART = 500  # decisions
BATCH = 50  # decisions between two looks at whether the run was stopped
LANES = 4  # messages of one run on their way at a time
FETCHED_WITHIN = 60  # seconds; a message that no worker took is dropped, and the sweeper sends others
# A worker takes its lock right after its claim; no part is taken from it in between.
CLAIM_TO_LOCK = timedelta(seconds=15)
ATTEMPTS = 5
DEATHS = 2
"""Workers that may die of a part before it is given up."""

State = ReplayRun.State
PartState = ReplayPart.State
log = structlog.get_logger(__name__)


class ImpactError(Exception):
    """It cannot be asked like this; the message is a sentence for staff."""


class NotAllowed(ImpactError):
    """Only compliance officers and administrators look at what a policy would do."""


class NotFound(ImpactError):
    """There is no such version or run."""


class OutOfRange(ImpactError):
    """Too many days, or none."""


class _Stopped(Exception):
    """The run was stopped while a part was worked on: nothing of the part is kept."""


def start(version_id: UUID, *, days: int, actor: Actor, at: datetime) -> UUID:
    """Begin making the last days' decisions of the version's store again with this version; while a run of the version is open, that one
    goes on.

    Returns:
        The run's id.
    Raises:
        NotAllowed, NotFound, OutOfRange
        policy.TextChanged
    """
    check_allowed(actor)
    if not 1 <= days <= LONGEST_PERIOD:
        raise OutOfRange(f"Choose 1 to {LONGEST_PERIOD} days.")
    with transaction.atomic():
        version = PolicyVersion.objects.select_for_update().filter(pk=version_id).first()
        if version is None:
            raise NotFound("There is no such policy version.")
        policy.text_of(version.pk, version.sha256)  # a text that cannot be used fails here and not in every part
        run = ReplayRun.objects.filter(version=version, state=State.RUNNING).order_by("-id").first()
        if run is None:
            run = _planned(version, days, actor, at)
            settle(run.pk, at)
            transaction.on_commit(partial(_hand_out, run.pk, LANES))
    return run.pk


def stop(run_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Let no further decision be made again; what was counted stays. A run that is over stays as it is.

    Raises:
        NotAllowed, NotFound
    """
    check_allowed(actor)
    if not ReplayRun.objects.filter(pk=run_id).exists():
        raise NotFound("There is no such run.")
    ReplayRun.objects.filter(pk=run_id, state=State.RUNNING).update(state=State.STOPPING)
    settle(run_id, at)


def work_next(run_id: UUID, *, at: datetime) -> bool:
    """Do the run's next part, all or nothing, and ask for the one after it.

    Returns:
        Whether there was one.
    """
    began = time.monotonic()
    part_id = _claimed(run_id, at)
    if part_id is None:
        return False
    try:
        _work(part_id)
    except _Stopped:
        ReplayPart.objects.filter(pk=part_id, state=PartState.CLAIMED).update(state=PartState.WAITING)
    except Exception as error:
        _failed(part_id, error)
        raise
    finally:
        settle(run_id, at + timedelta(seconds=time.monotonic() - began))
        _hand_out(run_id, 1)
    return True


def sweep(*, at: datetime) -> int:
    """Take parts back from workers that died, and send messages again for runs nobody works on. Returns how many runs those were."""
    with transaction.atomic():
        claimed = ReplayPart.objects.filter(state=PartState.CLAIMED, claimed_at__lt=at - CLAIM_TO_LOCK)
        lost = [part.pk for part in claimed.select_for_update(skip_locked=True).order_by("pk")]
        ReplayPart.objects.filter(pk__in=lost, attempt__lt=DEATHS).update(state=PartState.WAITING)
        ReplayPart.objects.filter(pk__in=lost, attempt__gte=DEATHS).update(state=PartState.FAILED)
    for run_id in ReplayRun.objects.filter(state__in=[State.RUNNING, State.STOPPING]).values_list("pk", flat=True):
        settle(run_id, at)
    # Where a part is worked on, or was a moment ago, messages are still on their way.
    alive = Q(state=PartState.CLAIMED) | Q(claimed_at__gte=at - CLAIM_TO_LOCK)
    worked_on = ReplayPart.objects.filter(alive, run=OuterRef("pk"))
    silent = ReplayRun.objects.filter(~Exists(worked_on), state=State.RUNNING, started_at__lt=at - CLAIM_TO_LOCK)
    ids = list(silent.values_list("pk", flat=True))
    for run_id in ids:
        _hand_out(run_id, LANES)
    return len(ids)


def check_allowed(actor: Actor) -> None:
    """Raises NotAllowed."""
    if OVERSEEING.isdisjoint(actor.roles):
        raise NotAllowed("Only compliance officers and administrators look at what a policy would do.")


def settle(run_id: UUID, at: datetime) -> None:
    """Close a run of which nothing is left to do, or which was stopped and on which nobody works any more."""
    parts = ReplayPart.objects.filter(run=OuterRef("pk"))
    claimed = Exists(parts.filter(state=PartState.CLAIMED))
    left = Exists(parts.filter(state__in=[PartState.WAITING, PartState.CLAIMED]))
    given_up = Exists(parts.filter(state=PartState.FAILED))
    run = ReplayRun.objects.filter(pk=run_id)
    run.filter(~left, ~given_up, state=State.RUNNING).update(state=State.DONE, finished_at=at)
    run.filter(~left, given_up, state=State.RUNNING).update(state=State.FAILED, finished_at=at)
    run.filter(~claimed, state=State.STOPPING).update(state=State.STOPPED, finished_at=at)


def _decisions(run: ReplayRun) -> QuerySet[Decision]:
    """The run's decisions: those that asked a policy."""
    return Decision.objects.filter(
        store=run.version.store_id, issued_at__gte=run.since, issued_at__lt=run.until, policy_version__isnull=False
    )


_PARTS = """
SELECT (array_agg(id ORDER BY id))[1], (array_agg(id ORDER BY id DESC))[1], count(*)
  FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) / %s AS part FROM ({decisions}) AS decisions) AS numbered
 GROUP BY part ORDER BY part
"""


def _planned(version: PolicyVersion, days: int, actor: Actor, at: datetime) -> ReplayRun:
    run = ReplayRun(
        version=version,
        since=at - timedelta(days=days),
        until=at,
        asked_by=actor.id,
        asked_by_name=actor.name,
        started_at=at,
    )
    decisions, values = _decisions(run).values("id").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_PARTS.format(decisions=decisions), [PART, *values])
        ranges = cursor.fetchall()
    run.decisions = sum(size for _, _, size in ranges)
    run.save(force_insert=True)
    # The newest first: what a stopped run has seen is then the present.
    parts = [ReplayPart(run=run, first_id=first, last_id=last, size=size) for first, last, size in reversed(ranges)]
    ReplayPart.objects.bulk_create(parts, batch_size=2000)
    return run


def _claimed(run_id: UUID, at: datetime) -> UUID | None:
    with transaction.atomic():
        running = Exists(ReplayRun.objects.filter(pk=OuterRef("run_id"), state=State.RUNNING))
        waiting = ReplayPart.objects.filter(running, run=run_id, state=PartState.WAITING)
        part = waiting.select_for_update(skip_locked=True, of=("self",)).order_by("id").first()
        if part is None:
            return None
        ReplayPart.objects.filter(pk=part.pk).update(state=PartState.CLAIMED, claimed_at=at, attempt=F("attempt") + 1)
        return part.pk


def _work(part_id: UUID) -> None:
    """Raises _Stopped."""
    with transaction.atomic():
        ours = ReplayPart.objects.filter(pk=part_id, state=PartState.CLAIMED).select_for_update(skip_locked=True, of=("self",))
        part = ours.select_related("run__version").defer(*_TEXTS).first()
        if part is None:  # the sweeper gave it to somebody else meanwhile
            return
        version = part.run.version
        text = policy.text_of(version.pk, version.sha256)
        tally = Tally(part.run_id)
        rows = _rows(part)
        for first in range(0, len(rows), BATCH):
            if not ReplayRun.objects.filter(pk=part.run_id, state=State.RUNNING).exists():
                raise _Stopped
            tally.add(rows[first : first + BATCH], text)
        ReplayChange.objects.bulk_create(tally.changes)
        part.state, part.counts, part.changed = PartState.DONE, tally.as_json(), len(tally.changes)
        part.done, part.erased, part.damaged = tally.done, tally.erased, tally.damaged
        part.save(update_fields=["state", "done", "erased", "damaged", "changed", "counts"])


_TEXTS = ("run__version__policies", "run__version__schema", "run__version__examples")


def _rows(part: ReplayPart) -> list[Decision]:
    rows = _decisions(part.run).filter(id__range=(part.first_id, part.last_id)).select_related("context_key")
    needed = rows.only("action", "segment", "outcome", "rules", "context_cipher", "context_key__wrapped")
    return list(needed.order_by("id"))


def _failed(part_id: UUID, error: Exception) -> None:
    """Its transaction is undone; it waits again, or is given up after the last attempt."""
    part = ReplayPart.objects.get(pk=part_id)
    part.state = PartState.FAILED if part.attempt >= ATTEMPTS else PartState.WAITING
    part.save(update_fields=["state"])
    log.error("replay part failed", part=str(part_id), attempt=part.attempt, error=type(error).__name__)


def _hand_out(run_id: UUID, messages: int) -> None:
    """Ask the workers for the run's next parts; while the broker is down the sweeper asks again."""
    if not ReplayPart.objects.filter(run=run_id, run__state=State.RUNNING, state=PartState.WAITING).exists():
        return
    from ..tasks import replay_next

    try:
        for _ in range(messages):
            replay_next.apply_async(args=[str(run_id)], retry=False, expires=FETCHED_WITHIN)
    except (OperationalError, OSError) as error:
        log.warning("broker not reached", error=type(error).__name__)
