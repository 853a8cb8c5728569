"""What the workers are asked to do. Each task translates and makes one call."""

from celery import shared_task

from bankos.platform import clock

from . import nightly


@shared_task
def start_nightly() -> None:
    nightly.start(clock.now())
