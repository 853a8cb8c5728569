"""Finding the party a CRM client number stands for."""

from ..staging import Stage

FOUND = {"party_id": "uuid"}
_FIND = """
UPDATE {table} s SET party_id = i.party_id
  FROM customers_partyidentifier i WHERE i.system_id = 'crm' AND i.kind = 'client_id' AND i.value = s.client_id
"""


def find_clients(stage: Stage) -> None:
    """Fill `party_id` from `client_id`, and refuse rows about clients nobody knows."""
    stage.run(_FIND.format(table=stage.table))
    stage.refuse(
        "unknown_client", "Client “{client_id}” is not known in the CRM. Read the clients first, or correct the number.", "party_id IS NULL"
    )
