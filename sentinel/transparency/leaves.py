"""What stands in the log: of a decision its token, of a use and of a void place a canonical text."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

from django.db import connection

from ..bundle import Kind, consumption_text, quarantined_text, void_text
from ..merkle import leaf_hash


@dataclass(frozen=True, slots=True)
class Leaf:
    """`decision_id` is the decision that was made, or used; None for a place that is void or quarantined."""

    index: int
    kind: Kind
    decision_id: UUID | None
    text: str

    @property
    def hash(self) -> bytes:
        return leaf_hash(self.text.encode())


def void(index: int) -> Leaf:
    """A place whose transaction was rolled back."""
    return Leaf(index, Kind.VOID, None, void_text(index))


def quarantined(found: Leaf) -> Leaf:
    """The place of a record that the bank did not make."""
    return Leaf(found.index, Kind.QUARANTINED, None, quarantined_text(found.index, sha256(found.text.encode()).hexdigest()))


def use(index: int, *, id: UUID, decision_id: UUID, consumed_at: datetime) -> Leaf:
    """The use of a permit."""
    moment = f"{consumed_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
    return Leaf(index, Kind.CONSUMPTION, decision_id, consumption_text(id=str(id), decision=str(decision_id), consumed_at=moment))


_RECORDS = """
SELECT leaf_index, id, token, NULL::uuid, NULL::timestamptz
  FROM sentinel_decision WHERE leaf_index = ANY(%(places)s)
UNION ALL
SELECT leaf_index, decision_id, NULL, id, consumed_at
  FROM sentinel_consumption WHERE leaf_index = ANY(%(places)s)
ORDER BY 1, 4 NULLS FIRST
"""


def records(places: Iterable[int]) -> list[Leaf]:
    """What decisions and uses say stands at these places, ascending. Queries: 1."""
    with connection.cursor() as cursor:
        cursor.execute(_RECORDS, {"places": list(places)})
        return [
            Leaf(index, Kind.DECISION, decision_id, token)
            if token is not None
            else use(index, id=use_id, decision_id=decision_id, consumed_at=consumed_at)
            for index, decision_id, token, use_id, consumed_at in cursor.fetchall()
        ]
