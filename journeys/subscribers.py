"""What happened on this and lower floors, and what follows from it here."""

from uuid import UUID

from bankos.platform import clock
from bankos.platform.events import Event, subscribe

from . import sender
from .acts.act import EXECUTED

SENDER = "journeys.sender"


# One at a time: an instruction is sent before the next one is looked at, and one that cannot be sent holds up no other.
@subscribe(SENDER, EXECUTED, batch=1)
def deliver(events: list[Event]) -> None:
    """Hand executed effects over to their systems of record."""
    for event in events:
        sender.deliver(UUID(event.subject), at=clock.now())
