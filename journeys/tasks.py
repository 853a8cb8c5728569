"""Background work of journeys."""

from celery import shared_task

from bankos.platform import clock

from . import approvals


@shared_task
def close_expired_approvals() -> None:
    """Approvals nobody gave in time are refused; running it twice changes nothing."""
    approvals.close_expired(at=clock.now())
