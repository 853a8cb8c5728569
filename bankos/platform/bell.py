"""Telling a worker that there is something to do. Delivery is not guaranteed: the sweeper finds what no worker was told of.

Whoever rings has committed its work already and must not wait for the broker. So a message is sent on connections that give up soon, and
a broker that did not answer is left alone for a few seconds.
"""

import time
from functools import cache, partial
from typing import Any
from uuid import UUID

import structlog
from celery import current_app
from django.db import connection
from kombu import pools
from kombu.exceptions import OperationalError

from bankos.settings.broker import SOON, impatient

from . import logs

log = structlog.get_logger(__name__)

QUIET_SECONDS = 5.0
_quiet_until = 0.0


def ring(subscriber: str) -> None:
    """Ask a worker to drain the subscriber, in the queue of its app."""
    call("bankos.platform.tasks.drain_events", subscriber, queue=_queue_of(subscriber))


def call(task: str, *arguments: str, **options: Any) -> bool:
    """Ask a worker for a task that a sweep would ask for a little later anyway. Returns whether the broker took it.

    Args:
        options: of the message, as Celery knows them (`queue`, `expires`).
    """
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return False
    # Connections of their own: where a worker fetches its work it must be able to wait, or its work is cut off with its connection.
    own = current_app.connection_for_write(transport_options=impatient(current_app.conf.broker_write_url))
    try:
        with pools.producers[own].acquire(block=True) as producer:
            try:
                current_app.send_task(task, args=arguments, producer=producer, retry=False, timeout=SOON, confirm_timeout=SOON, **options)
            except (OperationalError, OSError):
                producer.connection.collect()  # an answer that comes late must not be taken for the next one's
                raise
    except (OperationalError, OSError) as error:
        _quiet_until = time.monotonic() + QUIET_SECONDS
        log.warning("broker not reached", task=task, error=logs.reason(error))
        return False
    return True


def call_for_job(job_id: UUID, *, app: str, expires: int) -> None:
    """Ask a worker of the app's queue for a piece of a job; a message nobody takes within `expires` seconds is dropped."""
    call("bankos.platform.tasks.work_on_job", str(job_id), queue=app, expires=expires)


def wake_worker() -> None:
    """Ask a worker for a sign of life and a sweep, without waiting for the scheduler's first beat."""
    call("bankos.platform.tasks.beat_heart")
    call("bankos.platform.tasks.sweep_events")


def _queue_of(subscriber: str) -> str | None:
    """Queues are served in turn: one app's backlog leaves the other apps their turn."""
    app = subscriber.partition(".")[0]
    return app if app in current_app.amqp.queues else None


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
