"""What the systems say of a party, kept per source, and which of it staff see first."""

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from ..landed import Landing
from ..staging import Stage
from .touched import touch


class StatedFact(NamedTuple):
    """`normalised` is what search compares."""

    line: int
    party_id: UUID
    attribute: str
    value: str
    normalised: str


# A fact follows the one before it from the same source only if it differs. "Before" is by place (file, line) rather than by
# moment: files have ids in order of arrival, so a row corrected later still stands where its file stood.
_LOAD = """
INSERT INTO customers_partyfact (
    id, party_id, system_id, attribute, value, normalised, source_file_id, source_line, recorded_at)
SELECT s.id, s.party_id, %(system)s, s.attribute, s.value, s.normalised, %(file)s, s.line, %(at)s
  FROM (SELECT *, lag(value) OVER (PARTITION BY party_id, attribute ORDER BY line) AS before FROM staged_fact) s
 WHERE s.value IS DISTINCT FROM coalesce(s.before, (
       SELECT f.value FROM customers_partyfact f
        WHERE f.party_id = s.party_id AND f.attribute = s.attribute AND f.system_id = %(system)s
          AND (f.source_file_id, f.source_line) < (%(file)s::uuid, s.line)
        ORDER BY f.source_file_id DESC, f.source_line DESC LIMIT 1))
RETURNING source_line, party_id
"""
# Survivorship: the CRM's word before core banking's, lending's and cards', then the newest.
_SURVIVE = """
WITH ranked AS (
    SELECT party_id, attribute, value, normalised,
           row_number() OVER (
               PARTITION BY party_id, attribute
               ORDER BY array_position(ARRAY['crm', 'core', 'lending', 'cards'], system_id::text), source_file_id DESC, source_line DESC
           ) AS place
      FROM customers_partyfact
     WHERE party_id = ANY(%(parties)s::uuid[]) AND attribute IN ('name', 'birth_date')
), survivors AS (
    SELECT party_id,
           max(value) FILTER (WHERE attribute = 'name' AND place = 1) AS name,
           max(value) FILTER (WHERE attribute = 'birth_date' AND place = 1)::date AS birth_date,
           left(string_agg(DISTINCT normalised, ' ' ORDER BY normalised) FILTER (WHERE attribute = 'name'), 400) AS search_name
      FROM ranked
     GROUP BY party_id
)
UPDATE customers_party p
   SET name = survivors.name, birth_date = survivors.birth_date, search_name = survivors.search_name
  FROM survivors
 WHERE p.id = survivors.party_id
   AND (p.name, p.birth_date, p.search_name) IS DISTINCT FROM (survivors.name, survivors.birth_date, survivors.search_name)
"""


def state_facts(facts: Sequence[StatedFact], landing: Landing) -> set[int]:
    """Keep what is new among these facts and bring the parties they are about up to date. Returns the lines that said something new."""
    if not facts:
        return set()
    stage = Stage("staged_fact", facts)
    changed = stage.run(_LOAD, system=landing.system, file=landing.file_id, at=landing.at)
    parties = {party for _, party in changed}
    _let_survive(parties)
    touch(parties, landing)
    return {line for line, _ in changed}


def _let_survive(parties: Collection[UUID]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SURVIVE, {"parties": list(parties)})
