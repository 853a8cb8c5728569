"""What the workers do for the rights of customers. Each task translates and makes one call."""

from celery import shared_task

from bankos.platform import clock

from . import access, erasing


@shared_task
def delete_old_copies() -> None:
    """Delete copies that were kept long enough."""
    access.delete_old(at=clock.now())


@shared_task
def erase_due() -> None:
    """Erase what was kept by law only, where its time is over."""
    erasing.erase_due(at=clock.now())
