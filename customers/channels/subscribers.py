"""What happened to customers, and what follows from it for events and for the programs that are told of changes."""

from uuid import UUID

from bankos.platform import clock
from bankos.platform.events import Event, subscribe

from ..changes import EVENT
from .events import waiting
from .webhooks import sending


def _appears(data: dict) -> bool:
    """Somebody appeared, or is known by another address."""
    return not waiting.APPEARS.isdisjoint(data["changed"])


@subscribe("customers.waiting_events", EVENT, batch=1000, concerns=_appears)
def try_waiting_events_again(events: list[Event]) -> None:
    """Events that waited for somebody find them."""
    waiting.try_again({UUID(event.subject) for event in events}, at=clock.now())


@subscribe("customers.webhooks", EVENT, batch=500)
def tell_programs(events: list[Event]) -> None:
    """Write a message for each program that wants to be told; sending is another matter."""
    sending.tell(events)
