"""What the workers are asked to do. Each task translates and makes one call."""

from uuid import UUID

from celery import shared_task

from bankos.platform import clock

from . import impact, policy_changes, replay_check, transparency


@shared_task
def check_decisions() -> None:
    """Make some of the last day's decisions again: they have to come out as they did."""
    replay_check.check(at=clock.now())


@shared_task(acks_late=True, reject_on_worker_lost=True)
def replay_next(run_id: str) -> None:
    """Make the decisions of a run's next part again; asked once too often, there is nothing left to do."""
    impact.work_next(UUID(run_id), at=clock.now())


@shared_task
def sweep_replays() -> None:
    """Give the parts of workers that died to others."""
    impact.sweep(at=clock.now())


@shared_task
def activate_due_policies() -> None:
    """Put in force what was approved for a moment that has come."""
    policy_changes.activate_due(clock.now())


@shared_task
def checkpoint_log() -> None:
    """Take up in the log what was decided, and sign it; asked once too often, there is nothing to do."""
    transparency.integrate(at=clock.now())
