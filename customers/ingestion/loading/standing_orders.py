"""Standing orders: an arrangement on an account, and the payment that leaves it each month."""

from collections.abc import Sequence

from ..landed import Landing, Loaded
from ..records import StandingOrderRecord
from ..staging import Stage
from .touched import touch_holders

_FIND_ACCOUNTS = """
UPDATE staged_standing_order s SET account_id = a.id
  FROM customers_arrangement a WHERE a.system_id = 'core' AND a.source_key = s.account_key
"""
_NAME_PRODUCT = """
INSERT INTO customers_product (code, name) VALUES ('standing-order', 'Standing order') ON CONFLICT DO NOTHING
"""
_LOAD = """
INSERT INTO customers_arrangement AS known (
    id, system_id, source_key, kind, number, product_id, parent_id, branch_id, currency, status, opened_date, days_past_due,
    source_file_id, source_line, recorded_at)
SELECT DISTINCT ON (s.source_key)
       s.id, %(system)s, s.source_key, 'standing_order', s.source_key, 'standing-order', s.account_id, account.branch_id, s.currency,
       'active', account.opened_date, 0, %(file)s, s.line, %(at)s
  FROM staged_standing_order s JOIN customers_arrangement account ON account.id = s.account_id
 ORDER BY s.source_key, s.line DESC
    ON CONFLICT (system_id, source_key) DO UPDATE SET
       parent_id = excluded.parent_id, branch_id = excluded.branch_id, currency = excluded.currency,
       source_file_id = excluded.source_file_id, source_line = excluded.source_line, recorded_at = excluded.recorded_at
 WHERE known.source_file_id <= excluded.source_file_id
   AND (known.parent_id, known.branch_id, known.currency) IS DISTINCT FROM (excluded.parent_id, excluded.branch_id, excluded.currency)
RETURNING source_line, parent_id
"""
_LOAD_PAYMENTS = """
INSERT INTO customers_paymentschedule AS known (
    id, arrangement_id, account_id, amount, currency, day_of_month, counterparty, purpose, source_file_id, source_line, recorded_at)
SELECT DISTINCT ON (standing.id)
       s.schedule_id, standing.id, s.account_id, s.amount, s.currency, s.day_of_month, s.counterparty, s.purpose, %(file)s, s.line, %(at)s
  FROM staged_standing_order s
  JOIN customers_arrangement standing ON standing.system_id = %(system)s AND standing.source_key = s.source_key
 ORDER BY standing.id, s.line DESC
    ON CONFLICT (arrangement_id) DO UPDATE SET
       account_id = excluded.account_id, amount = excluded.amount, currency = excluded.currency, day_of_month = excluded.day_of_month,
       counterparty = excluded.counterparty, purpose = excluded.purpose,
       source_file_id = excluded.source_file_id, source_line = excluded.source_line, recorded_at = excluded.recorded_at
 WHERE known.source_file_id <= excluded.source_file_id
   AND (known.account_id, known.amount, known.currency, known.day_of_month, known.counterparty, known.purpose)
       IS DISTINCT FROM
       (excluded.account_id, excluded.amount, excluded.currency, excluded.day_of_month, excluded.counterparty, excluded.purpose)
RETURNING source_line, account_id
"""


def load_standing_orders(records: Sequence[StandingOrderRecord], landing: Landing) -> Loaded:
    stage = Stage("staged_standing_order", records, ids=("id", "schedule_id"), found={"account_id": "uuid"})
    stage.run(_FIND_ACCOUNTS)
    stage.refuse(
        "unknown_account",
        "Account “{account_key}” is not known in core banking. Read the accounts first, or correct the number.",
        "account_id IS NULL",
    )
    stage.run(_NAME_PRODUCT)
    origin = {"system": landing.system, "file": landing.file_id, "at": landing.at}
    changed = [*stage.run(_LOAD, **origin), *stage.run(_LOAD_PAYMENTS, **origin)]
    touch_holders({account for _, account in changed}, landing)
    return Loaded(len({line for line, _ in changed}), stage.complaints)
