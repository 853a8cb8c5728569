"""The night's work over all customers: forecast every account, suggest where one goes below zero.

The customers lie in 256 buckets; a partition is a range of them. The run table knows what is left to do. A
worker claims a partition by writing so, and while it works it holds a lock on the partition's row: a lock dies with
its process, so a claimed partition without one belongs to a worker that is gone. All a partition writes commits together
with its being done; whatever dies half-way leaves nothing behind.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from kombu.exceptions import OperationalError

from bankos.platform import clock

from . import refresh, registry, suggest
from .models import ForecastPartition, ForecastRun

BUCKETS = 256
BUCKETS_A_PARTITION = 16
# A worker takes its lock right after its claim; no partition is taken from it in between.
CLAIM_TO_LOCK = timedelta(seconds=15)
ATTEMPTS = 5
DEATHS = 2
"""Workers that may die of a partition before it is given up."""

State = ForecastPartition.State
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run came to."""

    run_id: UUID
    as_of: date
    model_version: int
    partitions: int
    forecasts: int
    failed: int
    finished: bool
    checksum: str  # of the partitions' checksums, in order


def start(at: datetime) -> UUID:
    """Plan tonight's run and hand its partitions to the workers; while one of today is open, that one goes on.

    Raises:
        TooLittleHistory: there is nothing to learn a model from yet.
    """
    run = _plan(at)
    _hand_out(run.partitions.filter(state=State.WAITING))
    return run.pk


def run_now(*, at: datetime, progress: Callable[[int, int], None] | None = None) -> RunReport:
    """The whole night's work here and now, partition after partition, as of `at`. Running it twice changes nothing.

    Args:
        progress: called with (partitions done, partitions in all).
    Raises:
        TooLittleHistory: there is nothing to learn a model from yet.
    """
    run = _plan(at)
    total = run.partitions.count()
    for done, partition_id in enumerate(run.partitions.order_by("first_bucket").values_list("pk", flat=True)):
        if progress is not None:
            progress(done, total)
        work(partition_id, at=at)
    _finish_if_complete(run.pk, at)
    if progress is not None:
        progress(total, total)
    return report(run.pk)


def work(partition_id: UUID, *, at: datetime) -> bool:
    """Do one partition if nobody has: claim it, forecast it, suggest, all or nothing.

    Returns:
        whether this call did the work.
    """
    claimed = ForecastPartition.objects.filter(pk=partition_id, state=State.WAITING).update(
        state=State.CLAIMED, claimed_at=at, attempt=F("attempt") + 1
    )
    if not claimed:
        return False
    try:
        with transaction.atomic():
            partition = _locked(ForecastPartition.objects.filter(pk=partition_id, state=State.CLAIMED)).first()
            if partition is None:
                return False
            done = refresh.buckets(range(partition.first_bucket, partition.last_bucket + 1), at=at)
            partition.state, partition.finished_at = State.DONE, at
            partition.rows, partition.checksum = done.rows, done.checksum
            partition.save(update_fields=["state", "finished_at", "rows", "checksum"])
    except Exception as error:
        _failed(partition_id, error)
        raise
    _finish_if_complete(partition.run_id, at)
    return True


def sweep(at: datetime) -> int:
    """Take partitions back from workers that died, and hand out again what waits. Returns how many were handed out.

    A partition handed out twice is done once: the second worker finds it claimed or done.
    """
    with transaction.atomic():
        claimed = ForecastPartition.objects.filter(state=State.CLAIMED, claimed_at__lt=at - CLAIM_TO_LOCK)
        lost = [partition.pk for partition in _locked(claimed).order_by("pk")]
        ForecastPartition.objects.filter(pk__in=lost, attempt__lt=DEATHS).update(state=State.WAITING, claimed_at=None)
        ForecastPartition.objects.filter(pk__in=lost, attempt__gte=DEATHS).update(
            state=State.FAILED, last_error="it stopped its worker twice"
        )
    for run_id in ForecastRun.objects.filter(finished_at__isnull=True).values_list("pk", flat=True):
        _finish_if_complete(run_id, at)
    return _hand_out(ForecastPartition.objects.filter(state=State.WAITING))


def report(run_id: UUID) -> RunReport:
    """Queries: 2."""
    run = ForecastRun.objects.select_related("model_version").get(pk=run_id)
    partitions = list(run.partitions.order_by("first_bucket"))
    checksum = hashlib.sha256("".join(partition.checksum for partition in partitions).encode()).hexdigest()
    return RunReport(
        run_id=run.pk,
        as_of=run.as_of_date,
        model_version=run.model_version.version,
        partitions=len(partitions),
        forecasts=sum(partition.rows for partition in partitions),
        failed=sum(partition.state == State.FAILED for partition in partitions),
        finished=run.finished_at is not None,
        checksum=checksum,
    )


def _plan(at: datetime) -> ForecastRun:
    suggest.expire_overdue(at)
    champion = registry.champion_or_fit(at)
    as_of = clock.bank_date(at) - timedelta(days=1)
    with transaction.atomic():
        run, created = ForecastRun.objects.get_or_create(
            as_of_date=as_of, finished_at__isnull=True, defaults={"model_version_id": champion.id, "started_at": at}
        )
        if created:
            firsts = range(0, BUCKETS, BUCKETS_A_PARTITION)
            ForecastPartition.objects.bulk_create(
                ForecastPartition(run=run, first_bucket=first, last_bucket=first + BUCKETS_A_PARTITION - 1) for first in firsts
            )
    return run


def _hand_out(waiting: QuerySet[ForecastPartition]) -> int:
    """Ask the workers for these partitions; while the broker is down the sweeper asks again."""
    from .tasks import forecast_partition

    ids = list(waiting.order_by("first_bucket").values_list("pk", flat=True))
    try:
        for partition_id in ids:
            forecast_partition.apply_async(args=[str(partition_id)], retry=False)
    except (OperationalError, OSError) as error:
        log.warning("broker not reached", error=type(error).__name__)
    return len(ids)


def _locked(partitions: QuerySet[ForecastPartition]) -> QuerySet[ForecastPartition]:
    return partitions.select_for_update(skip_locked=True)


def _failed(partition_id: UUID, error: Exception) -> None:
    """Its transaction is undone; it waits again for the sweeper, or is given up after the last attempt."""
    partition = ForecastPartition.objects.get(pk=partition_id)
    partition.state = State.FAILED if partition.attempt >= ATTEMPTS else State.WAITING
    partition.last_error = type(error).__name__
    partition.save(update_fields=["state", "last_error"])
    log.error("forecast partition failed", partition=str(partition), attempt=partition.attempt, error=type(error).__name__)


def _finish_if_complete(run_id: UUID, at: datetime) -> None:
    open_ones = ForecastPartition.objects.filter(run=OuterRef("pk"), state__in=[State.WAITING, State.CLAIMED])
    ForecastRun.objects.filter(~Exists(open_ones), pk=run_id, finished_at__isnull=True).update(finished_at=at)
