# ruff: noqa: S608 - put together from constants; every value is a parameter.
"""The rows a customer's picture is drawn from, each query written out once.

As querysets they took Django several times longer to put together, at every reading of every customer, than PostgreSQL to answer.
"""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection

from .validity import HOLDING_OR_LATER
from .values import Provenance


class Said(NamedTuple):
    """What one record in one source says of an attribute for a day, or for a later one. What begins with `rule_` is the attribute's rule,
    if it has one.
    """

    attribute: str
    value: str
    normalised: str
    system: str
    system_name: str
    rank: int
    file_id: UUID
    file: str
    line: int
    recorded_at: datetime
    valid_from: date | None
    valid_to: date | None
    rule_order: str | None
    rule_systems: list[str] | None
    rule_confirmed_first: bool | None

    @property
    def provenance(self) -> Provenance:
        return Provenance(self.system, self.system_name, self.file, self.line, self.recorded_at)


class Held(NamedTuple):
    """A role on an arrangement, with the arrangement. The last three are of its payment schedule, if it has one."""

    role: str
    id: UUID
    kind: str
    number: str
    currency: str
    status: str
    opened_date: date
    principal: Decimal | None
    days_past_due: int
    balance: Decimal | None
    balance_date: date | None
    balance_sequence: int | None
    product_name: str
    system: str
    system_name: str
    file: str
    line: int
    recorded_at: datetime
    payment_amount: Decimal | None
    payment_currency: str | None
    payment_day: int | None

    @property
    def provenance(self) -> Provenance:
        return Provenance(self.system, self.system_name, self.file, self.line, self.recorded_at)


class Standing(NamedTuple):
    """The booking an account's balance stands in."""

    arrangement_id: UUID
    booking_date: date
    system: str
    system_name: str
    file: str
    line: int
    recorded_at: datetime


class Linked(NamedTuple):
    """Somebody a customer is linked with: by an arrangement (the other's role on it) or by a relationship (its kind)."""

    party_id: UUID
    arrangement_id: UUID | None
    said: str
    is_other: bool
    """Whether the relationship is told from the customer's side: the customer is the `said` of the other."""
    valid_from: date | None
    valid_to: date | None


class Source(NamedTuple):
    code: str
    name: str
    freshness_promise: timedelta
    last_data_at: datetime | None


_SAID = f"""
WITH asked AS (
    SELECT %(day)s::date AS day, %(zone)s::text AS zone
), fact AS (
    {HOLDING_OR_LATER.format(facts="fact.party_id = ANY (%(members)s::uuid[])")}
)
SELECT fact.attribute, fact.value, fact.normalised, fact.system_id, source.name, source.rank, fact.source_file_id, file.name,
       fact.source_line, fact.recorded_at, fact.valid_from, fact.valid_to, rule."order", rule.systems, rule.confirmed_first
  FROM fact
  JOIN customers_sourcesystem source ON source.code = fact.system_id
  JOIN customers_sourcefile file ON file.id = fact.source_file_id
  LEFT JOIN customers_survivorshiprule rule ON rule.attribute = fact.attribute
"""
_HELD = """
SELECT role.role, held.id, held.kind, held.number, held.currency, held.status, held.opened_date, held.principal, held.days_past_due,
       held.balance, held.balance_date, held.balance_sequence, product.name, held.system_id, source.name, file.name, held.source_line,
       held.recorded_at, schedule.amount, schedule.currency, schedule.day_of_month
  FROM customers_arrangementrole role
  JOIN customers_arrangement held ON held.id = role.arrangement_id
  JOIN customers_product product ON product.code = held.product_id
  JOIN customers_sourcesystem source ON source.code = held.system_id
  JOIN customers_sourcefile file ON file.id = held.source_file_id
  LEFT JOIN customers_paymentschedule schedule ON schedule.arrangement_id = held.id
 WHERE role.party_id = ANY (%(members)s::uuid[]) AND held.kind = ANY (%(kinds)s::text[])
 ORDER BY held.opened_date, held.number, held.id, role.id
"""
# Each account by its own day, not by a join: only so does the database know which months it need not look into.
_STANDING = """
SELECT booked.arrangement_id, booked.booking_date, booked.system_id, source.name, file.name, booked.source_line, booked.recorded_at
  FROM customers_transaction booked
  JOIN customers_sourcesystem source ON source.code = booked.system_id
  JOIN customers_sourcefile file ON file.id = booked.source_file_id
 WHERE booked.reverses IS NULL AND ({places})
 ORDER BY booked.version
"""
_PLACE = "booked.arrangement_id = %s AND booked.booking_date = %s AND booked.sequence = %s"
# A file that is just being read books what is behind the balance known.
_MOVED = """
SELECT booked.arrangement_id, booked.booking_date, sum(booked.amount)
  FROM customers_transaction booked JOIN customers_arrangement held ON held.id = booked.arrangement_id
 WHERE booked.arrangement_id = ANY (%(accounts)s::uuid[]) AND booked.booking_date >= %(since)s AND booked.booking_date <= held.balance_date
 GROUP BY booked.arrangement_id, booked.booking_date
"""
_LINKED = """
SELECT party_id, arrangement_id, said, is_other, valid_from, valid_to FROM (
    SELECT role.party_id, role.arrangement_id, role.role AS said, false AS is_other, NULL::date AS valid_from, NULL::date AS valid_to,
           0 AS place, role.id
      FROM customers_arrangementrole role JOIN customers_arrangement held ON held.id = role.arrangement_id
     WHERE role.arrangement_id = ANY (%(arrangements)s::uuid[]) AND held.kind = ANY (%(kinds)s::text[])
       AND role.party_id <> ALL (%(members)s::uuid[])
     UNION ALL
    SELECT other_id, NULL, kind, true, valid_from, valid_to, 1, id FROM customers_partyrelationship
     WHERE party_id = ANY (%(members)s::uuid[])
     UNION ALL
    SELECT party_id, NULL, kind, false, valid_from, valid_to, 1, id FROM customers_partyrelationship
     WHERE other_id = ANY (%(members)s::uuid[]) AND party_id <> ALL (%(members)s::uuid[])) AS linked
 WHERE (valid_from IS NULL OR valid_from <= %(day)s) AND (valid_to IS NULL OR valid_to >= %(day)s)
 ORDER BY place, id
"""
_SOURCES = """
SELECT source.code, source.name, source.freshness_promise,
       coalesce((SELECT max(data_until) FROM customers_sourcefile file WHERE file.system_id = source.code),
                (SELECT max(received_at) FROM customers_sourcefile file WHERE file.system_id = source.code))
  FROM customers_sourcesystem source WHERE source.code <> 'customer' ORDER BY source.rank, source.code
"""


def said_of(members: Collection[UUID], *, day: date) -> list[Said]:
    """For the day each source's one word on an attribute, and what is said to be true from a later day on (`valid_from > day`)."""
    return [Said(*row) for row in _read(_SAID, {"members": list(members), "day": day, "zone": settings.TIME_ZONE})]


def held_by(members: Collection[UUID], *, kinds: Collection[str]) -> list[Held]:
    """Every role of every record: several on one arrangement where several records of the customer have one. The oldest first."""
    return [Held(*row) for row in _read(_HELD, {"members": list(members), "kinds": list(map(str, kinds))})]


def standing_of(held: Collection[Held]) -> list[Standing]:
    """Of a booking that was corrected all its rows, the newest last. Queries: 1, none where no balance is known."""
    places = [(row.id, row.balance_date, row.balance_sequence) for row in held if row.balance_date is not None]
    if not places:
        return []
    sql = _STANDING.format(places=" OR ".join([_PLACE] * len(places)))
    return [Standing(*row) for row in _read(sql, [value for place in places for value in place])]


def moved_on(accounts: Collection[UUID], *, since: date) -> list[tuple[UUID, date, Decimal]]:
    """What each day with bookings came to."""
    return _read(_MOVED, {"accounts": list(accounts), "since": since}) if accounts else []


def linked_with(members: Collection[UUID], *, arrangements: Collection[UUID], kinds: Collection[str], day: date) -> list[Linked]:
    """Who shares one of these arrangements, of these kinds, and who is related on that day; relationships last."""
    values = {"day": day, "members": list(members), "arrangements": list(arrangements), "kinds": list(map(str, kinds))}
    return [Linked(*row) for row in _read(_LINKED, values)]


def sources() -> list[Source]:
    """Each source that sends files with its newest moment of business; of one that tells none, when its newest file came."""
    return [Source(*row) for row in _read(_SOURCES, {})]


def _read(sql: str, values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()
