"""Balances as a statement closes with them: the newest by day and order counts, beside those the ledger states behind entries."""

from collections.abc import Sequence

from ..landed import Landing, Loaded
from ..records import BalanceRecord
from ..staging import Stage
from .touched import touch_holders

_FIND_ACCOUNTS = """
UPDATE staged_balance s SET account_id = a.id, kept_in = a.currency
  FROM customers_arrangement a WHERE a.system_id = 'core' AND a.source_key = s.account_key
"""
_LOAD = """
UPDATE customers_arrangement a
   SET balance = newest.amount, balance_date = newest.balance_date, balance_sequence = newest.sequence
  FROM (SELECT DISTINCT ON (account_id) * FROM staged_balance ORDER BY account_id, balance_date DESC, sequence DESC, line DESC) newest
 WHERE a.id = newest.account_id
   AND (a.balance_date IS NULL OR (a.balance_date, a.balance_sequence) < (newest.balance_date, newest.sequence))
RETURNING a.id
"""


def load_balances(records: Sequence[BalanceRecord], landing: Landing) -> Loaded:
    stage = Stage("staged_balance", records, found={"account_id": "uuid", "kept_in": "text"})
    stage.run(_FIND_ACCOUNTS)
    stage.refuse(
        "unknown_account",
        "Account “{account_key}” is not known in core banking. Read the accounts first, or correct the number.",
        "account_id IS NULL",
    )
    stage.refuse("wrong_currency", "Account “{account_key}” is not kept in {currency}.", "kept_in <> currency")
    changed = [arrangement for (arrangement,) in stage.run(_LOAD)]
    touch_holders(changed, landing)
    return Loaded(len(changed), stage.complaints)
