"""Who is connected to whom: a walk over accounts shared and relationships stated, as far as the actor may see.

The walk never goes through somebody the actor may not know of, takes so many steps, and follows so many connections of one customer,
at most: a company that pays half the town does not bring half the town.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from django.db import connection

from bankos.platform import clock
from bankos.platform.actors import Actor

from .members import customer_of
from .models import Arrangement, ArrangementRole, Party, PartyRelationship
from .visibility import NotVisible

__all__ = ["DEEPEST", "LARGEST", "WIDEST", "Connected", "NotVisible", "Relations", "Tie", "View", "relations_of"]

DEEPEST = 4  # steps
WIDEST = 25  # connections followed of one customer
LARGEST = 200  # customers shown


class View(StrEnum):
    """What is followed."""

    ALL = "all"
    HOUSEHOLD = "household"
    BUSINESS = "business"


# Kinds of relationship that are followed in each view; accounts are shared in a household.
FOLLOWED: dict[View, tuple[str, ...]] = {
    View.ALL: tuple(PartyRelationship.Kind.values),
    View.HOUSEHOLD: tuple(kind for kind in PartyRelationship.Kind.values if kind in ("guardian", "household", "attorney")),
    View.BUSINESS: tuple(kind for kind in PartyRelationship.Kind.values if kind in ("owner", "director", "guarantor", "employer")),
}
SHARED = (Arrangement.Kind.CURRENT, Arrangement.Kind.SAVINGS, *Arrangement.LENT)


@dataclass(frozen=True, slots=True)
class Connected:
    """A customer, `steps` away from where the walk began; `more` if not all that is connected to them was followed."""

    party_id: UUID
    name: str
    number: str
    kind: str
    steps: int
    more: bool


@dataclass(frozen=True, slots=True)
class Tie:
    """How two customers are connected, read from `one` to `other`: "owner of", "shares Current account •• 3305 with"; from and to which
    day, if that was said.
    """

    one: UUID
    other: UUID
    says: str
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Relations:
    """`customers`: the nearest first, the one the walk began with at their head; `cut` if there are more than are shown."""

    customers: tuple[Connected, ...]
    ties: tuple[Tie, ...]
    cut: bool

    def ties_of(self, party_id: UUID) -> list[Tie]:
        return [tie for tie in self.ties if party_id in (tie.one, tie.other)]


# Whoever asks for ended ones too gives no day.
_VALID = """(%(day)s::date IS NULL OR (
    (r.valid_from IS NULL OR r.valid_from <= %(day)s) AND (r.valid_to IS NULL OR r.valid_to >= %(day)s)))"""
# The customers connected to the one in {one}, each once. Rows about a customer may lie at any of its records.
_NEIGHBOURS = """
SELECT theirs.golden_id AS id
  FROM customers_party mine
  JOIN customers_partyrelationship r ON r.party_id = mine.id AND r.kind = ANY(%(kinds)s) AND {valid}
  JOIN customers_party theirs ON theirs.id = r.other_id
 WHERE mine.golden_id = {one}
UNION
SELECT theirs.golden_id
  FROM customers_party mine
  JOIN customers_partyrelationship r ON r.other_id = mine.id AND r.kind = ANY(%(kinds)s) AND {valid}
  JOIN customers_party theirs ON theirs.id = r.party_id
 WHERE mine.golden_id = {one}
UNION
SELECT theirs.golden_id
  FROM customers_party mine
  JOIN customers_arrangementrole my_role ON my_role.party_id = mine.id
  JOIN customers_arrangement a ON a.id = my_role.arrangement_id AND a.kind = ANY(%(shared)s)
  JOIN customers_arrangementrole role ON role.arrangement_id = a.id
  JOIN customers_party theirs ON theirs.id = role.party_id
 WHERE mine.golden_id = {one}
"""
_WALK = """
WITH RECURSIVE walk (id, steps, path, place) AS (
    SELECT %(start)s::uuid, 0, ARRAY[%(start)s::uuid], 1::bigint
    UNION ALL
    SELECT next.id, walk.steps + 1, walk.path || next.id, next.place
      FROM walk
      CROSS JOIN LATERAL (
          SELECT found.id, row_number() OVER (ORDER BY found.id) AS place
            FROM ({neighbours}) found
           WHERE found.id <> ALL (walk.path) AND found.id IN ({visible})
           ORDER BY found.id
           LIMIT %(widest)s + 1
      ) next
     WHERE walk.steps < %(depth)s AND walk.place <= %(widest)s
)
SELECT p.id, p.name, p.number, p.kind, min(walk.steps),
       EXISTS (SELECT FROM walk beyond WHERE beyond.place > %(widest)s AND beyond.path[array_upper(beyond.path, 1) - 1] = p.id)
  FROM walk JOIN customers_party p ON p.id = walk.id
 WHERE walk.place <= %(widest)s
 GROUP BY p.id, p.name, p.number, p.kind
 ORDER BY 5, p.name, p.id
 LIMIT %(largest)s + 1
"""
_STATED = """
SELECT DISTINCT ON (mine.golden_id, theirs.golden_id, r.kind) mine.golden_id, theirs.golden_id, r.kind, r.valid_from, r.valid_to
  FROM customers_partyrelationship r
  JOIN customers_party mine ON mine.id = r.party_id
  JOIN customers_party theirs ON theirs.id = r.other_id
 WHERE mine.golden_id = ANY(%(ids)s) AND theirs.golden_id = ANY(%(ids)s) AND mine.golden_id <> theirs.golden_id
   AND r.kind = ANY(%(kinds)s) AND {valid}
 ORDER BY 1, 2, 3, r.valid_to DESC NULLS FIRST, r.id
"""


def relations_of(
    party_id: UUID, *, actor: Actor, at: datetime, view: View = View.ALL, depth: int = 2, with_ended: bool = False
) -> Relations:
    """The customers around one, and how they are connected.

    Args:
        depth: steps from the customer, 1 to `DEEPEST`.
        with_ended: follow relationships that have ended or not begun, too.
    Raises:
        NotVisible
    Queries: 4.
    """
    start = customer_of(party_id, actor=actor).golden.pk
    visible, values = Party.objects.customers_visible_to(actor).order_by().values("pk").query.sql_with_params()
    # The queryset's own parameters are positional; the walk's are named.
    named = {f"visible_{place}": value for place, value in enumerate(values)}
    visible %= tuple(f"%({name})s" for name in named)
    asked = {
        "start": start,
        "depth": min(max(depth, 1), DEEPEST),
        "widest": WIDEST,
        "largest": LARGEST,
        "kinds": list(FOLLOWED[view]),
        "day": None if with_ended else clock.bank_date(at),
        "shared": [] if view is View.BUSINESS else [str(kind) for kind in SHARED],
    }
    walk = _WALK.format(neighbours=_NEIGHBOURS.format(one="walk.id", valid=_VALID), visible=visible)
    with connection.cursor() as cursor:
        cursor.execute(walk, asked | named)
        rows = cursor.fetchall()
        found = tuple(Connected(*row) for row in rows[:LARGEST])
        ids = [one.party_id for one in found]
        cursor.execute(_STATED.format(valid=_VALID), {"ids": ids, "kinds": asked["kinds"], "day": asked["day"]})
        stated = [Tie(one, other, PartyRelationship.Kind(kind).label, *days) for one, other, kind, *days in cursor.fetchall()]
    shared = _shared(ids) if asked["shared"] else []
    return Relations(found, (*stated, *shared), cut=len(rows) > LARGEST or any(one.more for one in found))


def _shared(ids: list[UUID]) -> list[Tie]:
    """Accounts and loans in which several of these customers have a part."""
    parts: dict[UUID, list[ArrangementRole]] = defaultdict(list)
    roles = ArrangementRole.objects.filter(party__golden__in=ids, arrangement__kind__in=SHARED).exclude(
        arrangement__status=Arrangement.Status.CLOSED
    )
    for role in roles.select_related("party", "arrangement__product").order_by("arrangement", "pk"):
        parts[role.arrangement_id].append(role)
    ties: dict[tuple[UUID, UUID, str], Tie] = {}
    for together in parts.values():
        # The holders come first, and everybody is connected to the first of them.
        together.sort(key=lambda role: list(ArrangementRole.Role).index(ArrangementRole.Role(role.role)))
        first, *others = together
        what = f"{first.arrangement.product.name} •• {first.arrangement.number[-4:]}"
        for other in others:
            one, two = other.party.golden_id, first.party.golden_id
            if one != two:
                tie = Tie(one, two, f"{ArrangementRole.Role(other.role).label} on {what} of")
                ties.setdefault((tie.one, tie.other, tie.says), tie)
    return list(ties.values())
