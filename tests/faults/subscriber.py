"""A slow subscriber, imported by the test and by the worker it kills, or that is killed by an event."""

import os
import signal
import time

from bankos.platform import clock, events
from bankos.platform.events import Event

SLOWNESS = 0.02


@events.subscribe("faults.slow", "faults.happened", batch=25)
def handle(batch: list[Event]) -> None:
    """Leaves one `faults.handled` per event handled, in the transaction of its receipt."""
    for event in batch:
        die_of(event.subject)
        time.sleep(SLOWNESS)
        events.publish("faults.handled", subject=event.subject, data={}, source="faults", at=clock.now())


def die_of(thing: str) -> None:
    """Be killed as the kernel does it, if it is what `DEADLY` names."""
    if os.environ.get("DEADLY") == thing:
        os.kill(os.getpid(), signal.SIGKILL)
