"""What a source deleted that isn't a booked entry: agreements end, holders no longer hold, and whoever was a customer stays known."""

from collections.abc import Sequence

from ..landed import Landing, Loaded
from ..records import GoneRecord
from ..staging import Stage
from .touched import touch, touch_holders

_CLOSE = """
UPDATE customers_arrangement a
   SET status = 'closed', source_file_id = %(file)s, source_line = s.line, recorded_at = %(at)s
  FROM staged_removal s
 WHERE a.system_id = %(system)s AND a.source_key = s.source_key AND a.status <> 'closed' AND a.source_file_id <= %(file)s
RETURNING a.id
"""
_LET_GO = """
DELETE FROM customers_arrangementrole r USING staged_removal s
 WHERE r.source_key = s.source_key AND r.source_file_id <= %(file)s
RETURNING r.party_id
"""
_KNOWN_AS = """
SELECT i.party_id FROM customers_partyidentifier i JOIN staged_removal s ON s.source_key = i.value
 WHERE i.system_id = %(system)s AND i.kind IN ('customer_no', 'client_id')
"""


def end_arrangements(records: Sequence[GoneRecord], landing: Landing) -> Loaded:
    ended = _staged(records).run(_CLOSE, system=landing.system, file=landing.file_id, at=landing.at)
    touch_holders((arrangement for (arrangement,) in ended), landing)
    return Loaded(len(ended))


def let_holders_go(records: Sequence[GoneRecord], landing: Landing) -> Loaded:
    parties = _staged(records).run(_LET_GO, file=landing.file_id)
    touch((party for (party,) in parties), landing)
    return Loaded(len(parties))


def keep_parties(records: Sequence[GoneRecord], landing: Landing) -> Loaded:
    """What was known of them stays; that their source no longer has them is what the change itself says (`SourcePosition.gone`)."""
    parties = _staged(records).run(_KNOWN_AS, system=landing.system)
    touch((party for (party,) in parties), landing)
    return Loaded(len(parties))


def _staged(records: Sequence[GoneRecord]) -> Stage:
    return Stage("staged_removal", records)
