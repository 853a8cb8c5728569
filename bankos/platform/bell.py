"""Telling a worker that a subscriber has events to fetch. Only a bell: what is lost here, the sweeper finds."""

from functools import cache, partial
from uuid import UUID

import structlog
from celery import current_app
from django.db import connection
from kombu.exceptions import OperationalError

from . import logs

log = structlog.get_logger(__name__)


def ring(subscriber: str) -> None:
    """Ask a worker to drain the subscriber, in the queue of its app; a broker that is down is noted and no more."""
    _send("bankos.platform.tasks.drain_events", subscriber, queue=_queue_of(subscriber))


def call(task: str, *arguments: str) -> None:
    """Ask a worker for a task that a sweep would ask for a little later anyway."""
    _send(task, *arguments)


def call_for_job(job_id: UUID, *, app: str, expires: int) -> None:
    """Ask a worker of the app's queue for a piece of a job; a message nobody takes within `expires` seconds is dropped."""
    _send("bankos.platform.tasks.work_on_job", str(job_id), queue=app, expires=expires)


def wake_worker() -> None:
    """Ask a worker for a sign of life and a sweep, without waiting for the scheduler's first beat."""
    _send("bankos.platform.tasks.beat_heart")
    _send("bankos.platform.tasks.sweep_events")


def _queue_of(subscriber: str) -> str | None:
    """Queues are served in turn: one app's backlog leaves the other apps their turn."""
    app = subscriber.partition(".")[0]
    return app if app in current_app.amqp.queues else None


def _send(task: str, *arguments: str, queue: str | None = None, expires: int | None = None) -> None:
    try:
        current_app.send_task(task, args=arguments, queue=queue, retry=False, expires=expires)
    except (OperationalError, OSError) as error:
        log.warning("broker not reached", task=task, error=logs.reason(error))


@cache
def _ringing(subscriber: str) -> partial[None]:
    return partial(ring, subscriber)


def ring_after_commit(subscriber: str) -> None:
    """Ring once when the current transaction commits, however many events it publishes in however many savepoints."""
    call = _ringing(subscriber)
    if not any(registered[1] is call for registered in connection.run_on_commit):
        # Bound to no savepoint, unlike `transaction.on_commit`: if the first one to publish is undone, the ring must stay for the
        # others; and to ring for nothing does no harm.
        connection.run_on_commit.append((set(), call, True))  # type: ignore[arg-type] # the stubs know older Djangos
