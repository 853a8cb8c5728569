"""What the workers are asked to do. Each task translates and makes one call."""

from uuid import UUID

from celery import shared_task

from bankos.platform import clock

from . import policy_changes, replay_check, transparency
from .automation import drills, evidence


@shared_task
def check_decisions() -> None:
    """Make some of the last day's decisions again: they have to come out as they did."""
    replay_check.check(at=clock.now())


@shared_task(acks_late=False)
def drill_canary(run: str, asked_by: str) -> None:
    """Act in a drill of the stop control until it is stopped. One whose worker died is not handed on: it would come too late."""
    drills.act_until_stopped(UUID(run), asked_by=asked_by)


@shared_task
def end_drills() -> None:
    """Lift the stops of drills that are over."""
    drills.end_over(at=clock.now())


@shared_task
def settle_reviews() -> None:
    """Count as kept what nobody undid or complained about in time."""
    while evidence.settle(at=clock.now()):
        pass


@shared_task
def activate_due_policies() -> None:
    """Put in force what was approved for a moment that has come."""
    policy_changes.activate_due(clock.now())


@shared_task
def checkpoint_log() -> None:
    """Take up in the log what was decided, sign it, and hand what was signed to who keeps it outside.

    Asked once too often, there is nothing to do.
    """
    transparency.integrate(at=clock.now())
    transparency.witnesses.deliver(at=clock.now())
