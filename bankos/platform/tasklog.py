"""One record a task: name, state, duration. Arguments and results are not logged."""

import time
from typing import Any

import structlog
from celery import Task, signals

log = structlog.get_logger("bankos.worker")

# Run every few seconds; worth a record only when they fail.
TICKING = {
    "bankos.platform.tasks.sweep_events",
    "bankos.platform.tasks.beat_heart",
    "sentinel.tasks.activate_due_policies",
    "sentinel.tasks.checkpoint_log",
    "sentinel.tasks.end_drills",
}


@signals.task_prerun.connect
def started(task: Task, **_: Any) -> None:
    structlog.contextvars.bind_contextvars(task=task.name, task_id=task.request.id)
    task.request.started_at_monotonic = time.perf_counter()


@signals.task_postrun.connect
def ended(task: Task, state: str | None = None, **_: Any) -> None:
    duration = round((time.perf_counter() - task.request.started_at_monotonic) * 1000)
    if task.name not in TICKING or state != "SUCCESS":
        log.info("task", state=state, duration_ms=duration)
    structlog.contextvars.unbind_contextvars("task", "task_id")
