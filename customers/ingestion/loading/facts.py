"""What the systems say of a party, kept per source."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from bankos.platform import clock
from customers.survivorship import resurface

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
    valid_from: date | None = None
    valid_to: date | None = None


# A fact follows the one before it from the same source only if it says something else: of two without dates another value, of two of
# one value whose times overlap another time (`customers.validity`). "Before" is by place (file, line) rather than by moment: files have
# ids in order of arrival, so a row corrected later still stands where its file stood.
#
# Sorting ends all looking before the first row is kept: into a table that was empty when this was planned the database looks by reading
# all of it, which took 26 s for the first 60,000 facts while they went in.
_LOAD = """
INSERT INTO customers_partyfact (
    id, party_id, system_id, attribute, value, normalised, valid_from, valid_to, source_file_id, source_line, recorded_at)
SELECT s.id, s.party_id, %(system)s, s.attribute, s.value, s.normalised, s.valid_from, s.valid_to, %(file)s, s.line, %(at)s
  FROM (SELECT *, daterange(valid_from, valid_to, '[]') AS period,
               lag(value) OVER (PARTITION BY party_id, attribute, valid_from IS NULL AND valid_to IS NULL ORDER BY line) AS before,
               array_agg(daterange(valid_from, valid_to, '[]')) OVER (
                   PARTITION BY party_id, attribute, value, valid_from IS NULL AND valid_to IS NULL
                   ORDER BY line ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS periods_before
          FROM staged_fact) s
 WHERE CASE WHEN s.valid_from IS NULL AND s.valid_to IS NULL THEN s.value IS DISTINCT FROM coalesce(s.before, (
           SELECT f.value FROM customers_partyfact f
            WHERE f.party_id = s.party_id AND f.attribute = s.attribute AND f.system_id = %(system)s
              AND f.valid_from IS NULL AND f.valid_to IS NULL
              AND (f.source_file_id, f.source_line) < (%(file)s::uuid, s.line)
            ORDER BY f.source_file_id DESC, f.source_line DESC LIMIT 1))
       ELSE s.period IS DISTINCT FROM coalesce((
           SELECT said.period FROM unnest(s.periods_before) WITH ORDINALITY AS said (period, place)
            WHERE said.period && s.period ORDER BY said.place DESC LIMIT 1), (
           SELECT daterange(f.valid_from, f.valid_to, '[]') FROM customers_partyfact f
            WHERE f.party_id = s.party_id AND f.attribute = s.attribute AND f.system_id = %(system)s AND f.value = s.value
              AND num_nonnulls(f.valid_from, f.valid_to) > 0 AND daterange(f.valid_from, f.valid_to, '[]') && s.period
              AND (f.source_file_id, f.source_line) < (%(file)s::uuid, s.line)
            ORDER BY f.source_file_id DESC, f.source_line DESC LIMIT 1)) END
 ORDER BY s.line
RETURNING source_line, party_id
"""


def state_facts(facts: Sequence[StatedFact], landing: Landing) -> set[int]:
    """Keep what is new among these facts and bring the parties they are about up to date. Returns the lines that said something new."""
    if not facts:
        return set()
    stage = Stage("staged_fact", facts)
    changed = stage.run(_LOAD, system=landing.system, file=landing.file_id, at=landing.at)
    parties = {party for _, party in changed}
    resurface(parties, day=clock.bank_date(landing.at))
    touch(parties, landing)
    return {line for line, _ in changed}
