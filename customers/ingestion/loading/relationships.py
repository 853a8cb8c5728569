"""How clients stand to each other: guardian of, owner of."""

from collections.abc import Sequence

from ..landed import Landing, Loaded
from ..records import RelationshipRecord
from ..staging import Stage
from .touched import touch

_FIND = """
UPDATE staged_relationship s SET {found} = i.party_id
  FROM customers_partyidentifier i WHERE i.system_id = 'crm' AND i.kind = 'client_id' AND i.value = s.{key}
"""
_LOAD = """
INSERT INTO customers_partyrelationship (id, party_id, other_id, kind, source_file_id, source_line, recorded_at)
SELECT id, party_id, other_id, kind, %(file)s, line, %(at)s FROM staged_relationship ORDER BY line
    ON CONFLICT (party_id, other_id, kind) DO NOTHING
RETURNING party_id, other_id
"""
_SENTENCE = "Client “{%s}” is not known in the CRM. Read the clients first, or correct the number."


def load_relationships(records: Sequence[RelationshipRecord], landing: Landing) -> Loaded:
    stage = Stage("staged_relationship", records, found={"party_id": "uuid", "other_id": "uuid"})
    stage.run(_FIND.format(found="party_id", key="client_id"))
    stage.run(_FIND.format(found="other_id", key="other_client_id"))
    stage.refuse("unknown_client", _SENTENCE % "client_id", "party_id IS NULL")
    stage.refuse("unknown_client", _SENTENCE % "other_client_id", "other_id IS NULL")
    stage.refuse("same_client", "Both numbers are the same customer's; nobody is their own {kind}.", "party_id = other_id")
    changed = stage.run(_LOAD, file=landing.file_id, at=landing.at)
    touch({party for pair in changed for party in pair}, landing)
    return Loaded(len(changed), stage.complaints)
