"""Signals of the digital channels, which know a customer by the e-mail address they sign in with."""

from collections.abc import Sequence

from ..landed import Landing, Loaded
from ..records import SignalRecord
from ..staging import Stage
from .touched import touch

_FIND = """
UPDATE staged_signal s SET party_id = found.members[1], parties = found.customers
  FROM (SELECT f.normalised, array_agg(f.party_id ORDER BY f.party_id) AS members, count(DISTINCT member.golden_id) AS customers
          FROM customers_partyfact f JOIN customers_party member ON member.id = f.party_id
         WHERE f.attribute = 'email' AND f.normalised IN (SELECT email FROM staged_signal)
         GROUP BY f.normalised) found
 WHERE found.normalised = s.email
"""
_LOAD = """
INSERT INTO customers_signal (
    id, party_id, kind, channel, detail, occurred_at, source_key, source_file_id, source_line, recorded_at)
SELECT id, party_id, kind, channel, detail, occurred_at, %(system)s || ':' || source_key, %(file)s, line, %(at)s
  FROM staged_signal
 ORDER BY line
    ON CONFLICT (source_key) DO NOTHING
RETURNING party_id
"""


def load_signals(records: Sequence[SignalRecord], landing: Landing) -> Loaded:
    stage = Stage("staged_signal", records, found={"party_id": "uuid", "parties": "integer"})
    stage.run(_FIND)
    stage.refuse("unknown_email", "No customer signs in with this e-mail address. Read the CRM's clients first.", "party_id IS NULL")
    stage.refuse("shared_email", "{parties} customers share this e-mail address; it doesn't tell who signed in.", "parties > 1")
    changed = stage.run(_LOAD, system=landing.system, file=landing.file_id, at=landing.at)
    touch({party for (party,) in changed}, landing)
    return Loaded(len(changed), stage.complaints)
