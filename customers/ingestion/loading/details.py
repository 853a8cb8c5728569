"""Single details of a party, with the time they are true for: an address from the day of a move, a name until a marriage."""

from collections.abc import Sequence

from customers.attributes import normalised, objection

from ..feed import Complaint
from ..landed import Landing, Loaded
from ..records import DetailRecord
from ..staging import Stage
from .facts import StatedFact, state_facts

_FIND = """
UPDATE staged_detail s SET party_id = i.party_id
  FROM customers_partyidentifier i
 WHERE i.system_id = CASE s.key_kind WHEN 'client_id' THEN 'crm' ELSE 'core' END AND i.kind = s.key_kind AND i.value = s.key
"""
_STATED = "SELECT line, party_id, attribute, value, valid_from, valid_to FROM staged_detail ORDER BY line"


def load_details(records: Sequence[DetailRecord], landing: Landing) -> Loaded:
    complaints = {
        record.line: Complaint("bad_value", sentence) for record in records if (sentence := objection(record.attribute, record.value))
    }
    fitting = [record for record in records if record.line not in complaints]
    if not fitting:
        return Loaded(0, complaints)
    stage = Stage("staged_detail", fitting, found={"party_id": "uuid"})
    stage.refuse("bad_period", "It ends on {valid_to}, before it begins on {valid_from}.", "valid_to < valid_from")
    stage.run(_FIND)
    stage.refuse("unknown_customer", "“{key}” is not known as a {key_kind}. Read the customers first, or correct it.", "party_id IS NULL")
    facts = [
        StatedFact(line, party, attribute, value, normalised(attribute, value), valid_from, valid_to)
        for line, party, attribute, value, valid_from, valid_to in stage.run(_STATED)
    ]
    return Loaded(len(state_facts(facts, landing)), complaints | stage.complaints)
