"""Background work of the platform: draining the outbox, sweeping up after lost messages, showing that workers live."""

from uuid import UUID

from celery import shared_task

from . import bell, clock, events, health, jobs, outcomes, scratch

# A task drains, or works on a job, for so long and leaves the rest to another one, so that a long backlog keeps no other work waiting.
SECONDS_A_TASK = 3


@shared_task
def drain_events(subscriber: str) -> None:
    """Deliver the subscriber's open events; running it twice, or many times at once, changes nothing."""
    if subscriber not in events.subscribers():  # a message from before a subscriber was taken out
        return
    if events.drain(subscriber, seconds=SECONDS_A_TASK) and subscriber in events.due_subscribers(at=clock.now()):
        bell.ring(subscriber)


@shared_task
def sweep_events() -> None:
    """Ring for whatever is due: messages that were lost, and events that failed and are to be tried again."""
    for subscriber in events.due_subscribers(at=clock.now()):
        bell.ring(subscriber)


@shared_task(acks_late=True, reject_on_worker_lost=True)
def work_on_job(job_id: str) -> None:
    """Do a piece of a job; asked once too often, there is nothing to do."""
    jobs.serve(UUID(job_id), seconds=SECONDS_A_TASK)


@shared_task
def sweep_jobs() -> None:
    """Give the pieces of workers that died to others."""
    jobs.sweep(at=clock.now())


@shared_task
def sweep_outcomes() -> None:
    """Forget what became of requests nobody asks about any more."""
    outcomes.forget_old(at=clock.now())


@shared_task
def beat_heart() -> None:
    """Say that scheduler, broker and the heart's worker do their work; `/readyz` looks for it."""
    health.record_heartbeat(process="scheduler", at=clock.now())


@shared_task
def sweep_scratch() -> None:
    """Throw away the temporary copies of processes of this machine that are gone."""
    scratch.sweep()
