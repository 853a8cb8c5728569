"""What the workers are asked to do. Each task translates and makes one call."""

from uuid import UUID

from celery import shared_task

from bankos.platform import clock

from . import nightly


@shared_task(acks_late=True, reject_on_worker_lost=True)
def forecast_partition(partition_id: str) -> None:
    """Forecast one range of buckets; asked twice, it is done once."""
    nightly.work(UUID(partition_id), at=clock.now())


@shared_task
def start_nightly() -> None:
    nightly.start(clock.now())


@shared_task
def sweep_nightly() -> None:
    """Give the partitions of workers that died to others."""
    nightly.sweep(clock.now())
