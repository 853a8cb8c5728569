"""Consents: each statement of a customer is kept, the newest per purpose counts."""

from collections.abc import Sequence

from ..landed import Landing, Loaded
from ..records import ConsentRecord
from ..staging import Stage
from .clients import FOUND, find_clients
from .touched import touch

_LOAD = """
INSERT INTO customers_consent (id, party_id, purpose, given, channel, occurred_at, recorded_at, source_file_id, source_line)
SELECT id, party_id, purpose, given, channel, occurred_at, %(at)s, %(file)s, line FROM staged_consent ORDER BY line
    ON CONFLICT (party_id, purpose, contact_channel, occurred_at) DO NOTHING
RETURNING party_id
"""
_CONTRADICTS_KEPT = """
EXISTS (
    SELECT FROM customers_consent c
     WHERE (c.party_id, c.purpose, c.contact_channel, c.occurred_at) = (s.party_id, s.purpose, '', s.occurred_at)
       AND c.given <> s.given)
"""
_NO_SUCH_PURPOSE = "NOT EXISTS (SELECT FROM customers_consentpurpose p WHERE p.code = s.purpose)"


def load_consents(records: Sequence[ConsentRecord], landing: Landing) -> Loaded:
    stage = Stage("staged_consent", records, found=FOUND)
    find_clients(stage)
    stage.refuse("unknown_purpose", "The bank has no use of data called “{purpose}”: an administrator adds it first.", _NO_SUCH_PURPOSE)
    changed = stage.run(_LOAD, file=landing.file_id, at=landing.at)
    stage.refuse("contradicts", "The same client said yes and no at the very same moment; ask which of both is true.", _CONTRADICTS_KEPT)
    touch({party for (party,) in changed}, landing)
    return Loaded(len(changed), stage.complaints)
