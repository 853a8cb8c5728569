"""What the workers are asked to do. Each task translates and makes one call."""

from celery import shared_task

from bankos.platform import actors, bell, clock

from . import survivorship_rules, turning
from .channels.events import applying
from .channels.webhooks import sending
from .linkage import batch
from .rights import tasks as rights_tasks  # noqa: F401 - Celery finds them here

# A task works for so long and leaves the rest to another one.
SECONDS_A_TASK = 3
NIGHTLY = actors.system("customers.linkage")


@shared_task(acks_late=True, reject_on_worker_lost=True)
def resurface(bucket: int) -> None:
    """Show customers by the rules as they are now; running it twice changes nothing."""
    survivorship_rules.resurface_bucket(bucket, at=clock.now())


@shared_task
def turn_day() -> None:
    """Let what begins or ends to be true today take effect; running it twice changes nothing."""
    turning.turn_day(at=clock.now())


@shared_task
def apply_events() -> None:
    """Make the events that wait part of the state; running it twice, or many times at once, changes nothing."""
    applying.announce_left_over(at=clock.now())
    if not applying.apply_waiting(seconds=SECONDS_A_TASK):
        bell.call("customers.tasks.apply_events")


@shared_task
def send_webhooks() -> None:
    """Hand over the messages that are due; running it many times at once sends none of them twice."""
    if not sending.send_due(seconds=SECONDS_A_TASK):
        bell.call(sending.TASK)


@shared_task
def start_linkage() -> None:
    """Compare all records with each other, every night."""
    batch.start(actor=NIGHTLY, at=clock.now())
