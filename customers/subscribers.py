"""What customers hear of themselves: a customer that says something new is resolved at once."""

from uuid import UUID

from bankos.platform import clock
from bankos.platform.events import Event, subscribe

from .changes import EVENT, says_who
from .identity import CHANGED
from .rights import correcting


def _says_something_new(data: dict) -> bool:
    """What a merge itself changed says nothing new of anybody."""
    return says_who(data) and data["changed"] != CHANGED


@subscribe("customers.linkage", EVENT, concerns=_says_something_new)
def resolve(events: list[Event]) -> None:
    """Whom the changed customers may be besides."""
    from .linkage import known, live

    at = clock.now()
    news = known.refresh(known.units_of({UUID(event.subject) for event in events}), at=at)
    if news:
        live.resolve(news, at=at)


@subscribe("customers.corrections", EVENT, concerns=says_who)
def end_corrections(events: list[Event]) -> None:
    """A source that now states what a customer said has put it right."""
    correcting.notice([UUID(event.subject) for event in events], at=clock.now())
