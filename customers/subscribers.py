"""What customers hear of themselves: a customer that says something new is resolved at once."""

from uuid import UUID

from bankos.platform import clock
from bankos.platform.events import Event, subscribe

from .changes import EVENT
from .linkage import known, live
from .rights import correcting


@subscribe("customers.linkage", EVENT)
def resolve(events: list[Event]) -> None:
    """Whom the changed customers may be besides. What a merge itself changed says nothing new of anybody."""
    at = clock.now()
    changed = {UUID(event.subject) for event in events if event.data.get("changed") != ["identity"]}
    news = known.refresh(known.units_of(changed), at=at)
    if news:
        live.resolve(news, at=at)


@subscribe("customers.corrections", EVENT)
def end_corrections(events: list[Event]) -> None:
    """A source that now states what a customer said has put it right."""
    correcting.notice([UUID(event.subject) for event in events], at=clock.now())
