"""Who holds which account, and as what."""

from collections.abc import Sequence

from ..landed import Landing, Loaded
from ..records import HolderRecord
from ..staging import Stage
from .touched import touch

_FIND_ACCOUNTS = """
UPDATE staged_holder s SET account_id = a.id
  FROM customers_arrangement a WHERE a.system_id = 'core' AND a.source_key = s.account_key
"""
_FIND_PARTIES = """
UPDATE staged_holder s SET party_id = i.party_id
  FROM customers_partyidentifier i
 WHERE i.system_id = CASE s.party_key_kind WHEN 'client_id' THEN 'crm' ELSE 'core' END
   AND i.kind = s.party_key_kind AND i.value = s.party_key
"""
_LOAD = """
INSERT INTO customers_arrangementrole AS known (
    id, arrangement_id, party_id, role, source_key, source_file_id, source_line, recorded_at)
SELECT DISTINCT ON (account_id, party_id) id, account_id, party_id, role, source_key, %(file)s, line, %(at)s
  FROM staged_holder
 ORDER BY account_id, party_id, line DESC
    ON CONFLICT (arrangement_id, party_id) DO UPDATE SET
       role = excluded.role, source_key = excluded.source_key,
       source_file_id = excluded.source_file_id, source_line = excluded.source_line, recorded_at = excluded.recorded_at
 WHERE known.source_file_id <= excluded.source_file_id
   AND (known.role, known.source_key) IS DISTINCT FROM (excluded.role, excluded.source_key)
RETURNING party_id
"""


def load_holders(records: Sequence[HolderRecord], landing: Landing) -> Loaded:
    stage = Stage("staged_holder", records, found={"account_id": "uuid", "party_id": "uuid"})
    stage.run(_FIND_ACCOUNTS)
    stage.run(_FIND_PARTIES)
    stage.refuse(
        "unknown_account",
        "Account “{account_key}” is not known in core banking. Read the accounts first, or correct the number.",
        "account_id IS NULL",
    )
    stage.refuse(
        "unknown_customer", "Customer “{party_key}” is not known. Read the customers first, or correct the number.", "party_id IS NULL"
    )
    changed = stage.run(_LOAD, file=landing.file_id, at=landing.at)
    touch((party for (party,) in changed), landing)
    return Loaded(len(changed), stage.complaints)
