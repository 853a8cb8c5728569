"""How clients stand to each other, and from and to which day: guardian of, owner of. The newest word counts."""

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
INSERT INTO customers_partyrelationship AS known (
    id, party_id, other_id, kind, valid_from, valid_to, source_file_id, source_line, recorded_at)
SELECT DISTINCT ON (party_id, other_id, kind) id, party_id, other_id, kind, valid_from, valid_to, %(file)s, line, %(at)s
  FROM staged_relationship
 ORDER BY party_id, other_id, kind, line DESC
    ON CONFLICT (party_id, other_id, kind) DO UPDATE SET
       valid_from = excluded.valid_from, valid_to = excluded.valid_to,
       source_file_id = excluded.source_file_id, source_line = excluded.source_line, recorded_at = excluded.recorded_at
 WHERE known.source_file_id <= excluded.source_file_id
   AND (known.valid_from, known.valid_to) IS DISTINCT FROM (excluded.valid_from, excluded.valid_to)
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
    stage.refuse("bad_period", "It ends on {valid_to}, before it begins on {valid_from}.", "valid_to < valid_from")
    changed = stage.run(_LOAD, file=landing.file_id, at=landing.at)
    touch({party for pair in changed for party in pair}, landing)
    return Loaded(len(changed), stage.complaints)
