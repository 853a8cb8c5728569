"""A line of a timeline, and what is wanted of those who read them."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db.models import Choices, Model, Q, QuerySet

from bankos.platform.money import Money

# The order of the list: moment, then id. Ids sort by the moment they were made, so equal moments keep their order of arrival.
Place = tuple[datetime, UUID]
OURSELVES = "bankos"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `kind` is one of the timeline's. A booking knows its day only: it stands at the day's first moment."""

    id: UUID
    kind: str
    occurred_at: datetime
    title: str
    detail: str
    actor_kind: str
    actor_name: str
    decision_id: UUID | None
    amount: Money | None
    source: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """The newest `limit` entries about these records of a customer before a place, whose words hold `text`; no kinds mean all."""

    members: Collection[UUID]
    kinds: Collection[str]
    before: Place | None
    limit: int
    text: str

    def holding(self, *columns: str, **choices: type[Choices]) -> Q:
        """Rows with the text in one of these columns; a code is found by its words, one of `choices` by its label."""
        if not self.text:
            return Q()
        found = Q()
        for column in columns:
            found |= Q(**{f"{column}__icontains": self.text}) | Q(**{f"{column}__icontains": self.text.replace(" ", "_")})
        for column, kinds in choices.items():
            found |= Q(**{f"{column}__in": [value for value, label in kinds.choices if self.text.lower() in str(label).lower()]})
        return found


Reader = Callable[[Wanted], list[Entry]]
Row = TypeVar("Row", bound=Model)


def before(rows: QuerySet[Row], place: Place | None) -> QuerySet[Row]:
    """Those that stand behind the place, the newest first."""
    if place is not None:
        moment, id = place
        rows = rows.filter(Q(occurred_at__lte=moment) & (Q(occurred_at__lt=moment) | Q(id__lt=id)))
    return rows.order_by("-occurred_at", "-id")
