"""Everything that happened with a customer, as one list, the newest first.

Paged by key: a page starts after the last entry of the one before, so page 1,000 costs what page 1 costs.
"""

import base64
import binascii
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice
from uuid import UUID

from bankos.platform.actors import Actor
from bankos.platform.bounded import read_json

from .happenings import Entry, Place, Wanted, readers_for
from .members import customer_of
from .models import Interaction
from .visibility import NotVisible

__all__ = ["Entry", "NotVisible", "TimelinePage", "entries_of", "record_act"]

LARGEST_PAGE = 200
LONGEST_TEXT = 80
KINDS = ("money", "contact", "decision", "consent", "signal", "life")


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """`next_cursor` leads to the earlier entries; None when there are none."""

    entries: tuple[Entry, ...]
    next_cursor: str | None


def entries_of(
    party_id: UUID, *, actor: Actor, kinds: Collection[str] = (), text: str = "", before: str | None = None, limit: int = 30
) -> TimelinePage:
    """A page of the timeline.

    Args:
        kinds: some of `KINDS`; none means all.
        text: what an entry's words have to hold, whatever its case.
        before: the `next_cursor` of the page before this one; a cursor that cannot be read means the first page.
    Raises:
        NotVisible
    Queries: 2 to 13, whatever the page; 4 for whom nothing but money ever moved.
    """
    members = customer_of(party_id, actor=actor).ids
    limit = min(max(limit, 1), LARGEST_PAGE)
    wanted = Wanted(members, kinds, _place_of(before), limit + 1, " ".join(text.replace("\x00", " ").split())[:LONGEST_TEXT])
    lists = [read(wanted) for read in readers_for(wanted)]
    found = list(islice(merge(*lists, key=_place, reverse=True), limit + 1))
    page = tuple(found[:limit])
    return TimelinePage(page, _cursor(page[-1]) if len(found) > limit else None)


def record_act(*, party_id: UUID, kind: str, channel: str, summary: str, actor: Actor, decision_id: UUID, at: datetime, key: str) -> None:
    """Write an act into the customer's timeline, in the caller's transaction.

    Args:
        kind: "act" for something done, "answer" for a suggestion answered.
        key: what makes a second call for the same act do nothing.
    """
    Interaction.objects.bulk_create(
        [
            Interaction(
                party_id=party_id,
                kind=kind,
                channel=channel,
                summary=summary[:300],
                actor_kind=actor.kind,
                actor_name=actor.name,
                occurred_at=at,
                recorded_at=at,
                decision_id=decision_id,
                source_key=key,
            )
        ],
        ignore_conflicts=True,
    )


def _place(entry: Entry) -> Place:
    return entry.occurred_at, entry.id


def _cursor(entry: Entry) -> str:
    return base64.urlsafe_b64encode(json.dumps([entry.occurred_at.isoformat(), str(entry.id)]).encode()).decode()


def _place_of(cursor: str | None) -> Place | None:
    if not cursor:
        return None
    try:
        moment, id = read_json(base64.urlsafe_b64decode(cursor.encode()))
        place = datetime.fromisoformat(moment), UUID(id)
    except (ValueError, TypeError, AttributeError, binascii.Error):
        return None
    return place if place[0].tzinfo else None
