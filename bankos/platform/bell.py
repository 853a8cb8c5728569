"""Telling a worker that a subscriber has events to fetch. Only a bell: what is lost here, the sweeper finds."""

from functools import cache, partial

import structlog
from celery import current_app
from django.db import connection
from kombu.exceptions import OperationalError

DRAIN_TASK = "bankos.platform.tasks.drain_events"

log = structlog.get_logger(__name__)


def ring(subscriber: str) -> None:
    """Ask a worker to drain the subscriber; a broker that is down is noted and no more."""
    try:
        current_app.send_task(DRAIN_TASK, args=[subscriber], retry=False)
    except (OperationalError, OSError) as error:
        log.warning("broker not reached", subscriber=subscriber, error=type(error).__name__)


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
