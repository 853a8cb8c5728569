# ruff: noqa: S608 - the statements are put together from the constants below; every value is a parameter.
"""Which facts of a party hold on a day: of all a source ever said of an attribute, its one word for that day.

A source's newer word takes the place of an earlier one where both speak of the same: two words without dates, or two of one value whose
times overlap (a move that is put off, a name that is now told to have ended). What is left *stands*.

Of the words that stand and are true on the day, the one that came into effect last counts: a word without dates when it was said, one
with a first day on that day or when it was said, whichever is later. So an address from next month takes effect by itself, and holds
until the source says something newer. Of a day before anybody spoke, only words with dates tell anything; the others come last.
"""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from .models import PartyFact

_UNDATED = "{0}.valid_from IS NULL AND {0}.valid_to IS NULL"
_PERIOD = "daterange({0}.valid_from, {0}.valid_to, '[]')"
_REPLACED = f"""
EXISTS (
    SELECT FROM customers_partyfact newer
     WHERE newer.party_id = fact.party_id AND newer.attribute = fact.attribute AND newer.system_id = fact.system_id
       AND (newer.source_file_id, newer.source_line) > (fact.source_file_id, fact.source_line)
       AND CASE WHEN {_UNDATED.format("newer")} AND {_UNDATED.format("fact")} THEN true
                ELSE newer.value = fact.value AND {_PERIOD.format("newer")} && {_PERIOD.format("fact")} END)
"""
# The facts that hold on a day, one a party, system and attribute. Of {facts}: a condition on `fact`. `asked` holds the day and the zone
# of the bank, which tells on which day something was said.
HOLDING = f"""
SELECT DISTINCT ON (fact.party_id, fact.system_id, fact.attribute) fact.*
  FROM customers_partyfact fact CROSS JOIN asked CROSS JOIN LATERAL (SELECT (fact.recorded_at AT TIME ZONE asked.zone)::date AS day) said
 WHERE {{facts}}
   AND (fact.valid_from IS NULL OR fact.valid_from <= asked.day) AND (fact.valid_to IS NULL OR fact.valid_to >= asked.day)
   AND NOT {_REPLACED}
 ORDER BY fact.party_id, fact.system_id, fact.attribute, {_UNDATED.format("fact")} AND said.day > asked.day,
          greatest(fact.valid_from, said.day) DESC, fact.valid_from DESC NULLS LAST, fact.source_file_id DESC, fact.source_line DESC
"""
_TO_COME = f"""
SELECT fact.* FROM customers_partyfact fact CROSS JOIN asked WHERE {{facts}} AND fact.valid_from > asked.day AND NOT {_REPLACED}
"""
HOLDING_OR_LATER = f"SELECT * FROM ({HOLDING}) word UNION ALL SELECT * FROM ({_TO_COME}) later"
_ASKED = "WITH asked AS (SELECT %s::date AS day, %s::text AS zone, %s::uuid[] AS parties) "


def holding_on(day: date, parties: Collection[UUID]) -> QuerySet[PartyFact]:
    """What each source says for that day of each of these parties, one word an attribute. Adds a subquery."""
    return _facts(f"SELECT id FROM ({HOLDING}) word", day, parties)


def holding_on_or_later(day: date, parties: Collection[UUID]) -> QuerySet[PartyFact]:
    """As `holding_on`, and what is said to be true from a later day on (`valid_from > day`)."""
    return _facts(f"SELECT id FROM ({HOLDING_OR_LATER}) word", day, parties)


def _facts(words: str, day: date, parties: Collection[UUID]) -> QuerySet[PartyFact]:
    statement = _ASKED + words.format(facts="fact.party_id = ANY (asked.parties)")
    return PartyFact.objects.filter(pk__in=RawSQL(statement, [day, settings.TIME_ZONE, [*parties]]))  # noqa: S611 - as above
