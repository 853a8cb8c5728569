"""What the workers do for the rights of customers. Each task translates and makes one call."""

from uuid import UUID

from celery import shared_task

from bankos.platform import clock

from . import access, erasing


@shared_task(acks_late=True, reject_on_worker_lost=True)
def make_copy(request_id: str) -> None:
    """Make some parts of a copy; asked once too often, there is nothing to do."""
    access.work(UUID(request_id), at=clock.now())


@shared_task
def sweep_copies() -> None:
    """Ask again for copies whose workers died, and delete those that were kept long enough."""
    access.sweep(at=clock.now())
    access.delete_old(at=clock.now())


@shared_task
def erase_due() -> None:
    """Erase what was kept by law only, where its time is over."""
    erasing.erase_due(at=clock.now())
