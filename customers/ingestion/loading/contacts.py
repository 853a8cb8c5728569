"""Contacts with customers, as the CRM keeps them: calls, visits, messages."""

from collections.abc import Sequence

from ..landed import Landing, Loaded
from ..records import ContactRecord
from ..staging import Stage
from .clients import FOUND, find_clients
from .touched import touch

_LOAD = """
INSERT INTO customers_interaction (
    id, party_id, kind, channel, summary, actor_kind, actor_name, occurred_at, recorded_at, source_key, source_file_id, source_line)
SELECT id, party_id, kind, channel, summary, CASE staff WHEN '' THEN 'customer' ELSE 'employee' END, staff, occurred_at, %(at)s,
       %(system)s || ':' || source_key, %(file)s, line
  FROM staged_contact
 ORDER BY line
    ON CONFLICT (source_key) DO NOTHING
RETURNING party_id
"""


def load_contacts(records: Sequence[ContactRecord], landing: Landing) -> Loaded:
    stage = Stage("staged_contact", records, found=FOUND)
    find_clients(stage)
    changed = stage.run(_LOAD, system=landing.system, file=landing.file_id, at=landing.at)
    touch({party for (party,) in changed}, landing)
    return Loaded(len(changed), stage.complaints)
