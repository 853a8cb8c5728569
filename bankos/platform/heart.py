"""The sign of life of a worker: given by the process that fetches its work, however long the work takes.

A worker's main process hands tasks to its children and does nothing else. So its beat says that it still fetches work, also while
every child is busy and a backlog waits; a message in a queue could only say that after the backlog.
"""

from typing import Any

import structlog
from celery import bootsteps
from django.db import DatabaseError

from bankos.settings.broker import HEART

from . import clock, health, logs
from .database.base import apart

BEAT_SECONDS = 10.0

log = structlog.get_logger(__name__)


class SignOfLife(bootsteps.StartStopStep):
    """Beats while the worker's loop turns, if the worker does more than to serve the heart's own queue.

    A step of the consumer, which begins anew with each connection to the broker: its end clears every timer of the worker.
    """

    requires = {"celery.worker.consumer.tasks:Tasks"}

    def __init__(self, parent: Any, **options: Any) -> None:
        self._timer: Any = None
        super().__init__(parent, **options)

    def start(self, parent: Any) -> None:
        if set(parent.app.amqp.queues.consume_from) - {HEART}:
            self._timer = parent.timer.call_repeatedly(BEAT_SECONDS, beat)
            parent.timer.call_after(0, beat)

    def stop(self, parent: Any) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def beat() -> None:
    """Say once that this worker fetches work. Without the pool, whose connections the worker's children must not inherit."""
    try:
        with apart(seconds=2):
            health.record_heartbeat(process="worker", at=clock.now())
    except DatabaseError as error:
        log.warning("sign of life not written", error=logs.reason(error))
