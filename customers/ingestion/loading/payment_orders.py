"""Payment orders: what the owner of an account told the bank to pay."""

from collections.abc import Sequence

from ..landed import Landing, Loaded
from ..records import PaymentOrderRecord
from ..staging import Stage
from .touched import touch

_FIND = """
UPDATE staged_payment_order s SET account_id = a.id, party_id = role.party_id
  FROM customers_arrangement a
  LEFT JOIN LATERAL (SELECT party_id FROM customers_arrangementrole
                      WHERE arrangement_id = a.id AND role IN ('owner', 'joint') ORDER BY role DESC, id LIMIT 1) role ON true
 WHERE a.system_id = 'core' AND a.source_key = s.account_key
"""
_LOAD = """
INSERT INTO customers_interaction (
    id, party_id, kind, channel, summary, actor_kind, actor_name, occurred_at, recorded_at, source_key, source_file_id, source_line)
SELECT id, party_id, 'payment_order', 'web',
       left('Ordered ' || amount || ' ' || currency || ' to '
            || coalesce(nullif(counterparty, ''), nullif(counterparty_account, ''), 'somebody')
            || ' for ' || requested_date || CASE purpose WHEN '' THEN '' ELSE ': ' || purpose END, 300),
       'customer', '', ordered_at, %(at)s, %(system)s || ':' || source_key, %(file)s, line
  FROM staged_payment_order
 ORDER BY line
    ON CONFLICT (source_key) DO NOTHING
RETURNING party_id
"""


def load_payment_orders(records: Sequence[PaymentOrderRecord], landing: Landing) -> Loaded:
    stage = Stage("staged_payment_order", records, found={"account_id": "uuid", "party_id": "uuid"})
    stage.run(_FIND)
    stage.refuse(
        "unknown_account",
        "Account “{account_key}” is not known in core banking. Read the accounts first, or correct the number.",
        "account_id IS NULL",
    )
    stage.refuse("unknown_holder", "Nobody is known to own account “{account_key}”. Read the account holders first.", "party_id IS NULL")
    changed = stage.run(_LOAD, system=landing.system, file=landing.file_id, at=landing.at)
    touch({party for (party,) in changed}, landing)
    return Loaded(len(changed), stage.complaints)
