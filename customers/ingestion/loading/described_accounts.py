"""Accounts as others than their ledger describe them: they open what isn't known, and of what is known only say whether it is open."""

from collections.abc import Sequence

from ..landed import Landing, Loaded
from ..records import DescribedAccountRecord
from ..staging import Stage
from .touched import touch_holders

_FIND = """
UPDATE staged_described_account s SET account_id = a.id, kept_in = a.currency
  FROM customers_arrangement a WHERE a.system_id = %(system)s AND a.source_key = s.source_key
"""
_NAME_PRODUCTS = """
INSERT INTO customers_product (code, name)
SELECT DISTINCT kind || '-account', initcap(kind) || ' account' FROM staged_described_account ON CONFLICT DO NOTHING
"""
_LOAD = """
INSERT INTO customers_arrangement AS known (
    id, system_id, source_key, kind, number, product_id, currency, status, opened_date, days_past_due, source_file_id, source_line,
    recorded_at)
SELECT DISTINCT ON (s.source_key)
       s.id, %(system)s, s.source_key, s.kind, s.source_key, s.kind || '-account', s.currency,
       coalesce(nullif(s.status, ''), a.status, 'active'),
       coalesce(s.opened_date, a.opened_date), 0, %(file)s, s.line, %(at)s
  FROM staged_described_account s LEFT JOIN customers_arrangement a ON a.id = s.account_id
 ORDER BY s.source_key, s.line DESC
    ON CONFLICT (system_id, source_key) DO UPDATE SET
       status = excluded.status, source_file_id = excluded.source_file_id, source_line = excluded.source_line,
       recorded_at = excluded.recorded_at
 WHERE known.source_file_id <= excluded.source_file_id AND known.status <> excluded.status
RETURNING id
"""


def load_described_accounts(records: Sequence[DescribedAccountRecord], landing: Landing) -> Loaded:
    stage = Stage("staged_described_account", records, found={"account_id": "uuid", "kept_in": "text"})
    stage.run(_FIND, system=landing.system)
    stage.refuse("wrong_currency", "Account “{source_key}” is not kept in {currency}.", "kept_in <> currency")
    stage.refuse(
        "unknown_opening",
        "Account “{source_key}” is new, and the file doesn't say since when it is open. Read it from its ledger first.",
        "account_id IS NULL AND opened_date IS NULL",
    )
    stage.run(_NAME_PRODUCTS)
    changed = [arrangement for (arrangement,) in stage.run(_LOAD, system=landing.system, file=landing.file_id, at=landing.at)]
    touch_holders(changed, landing)
    return Loaded(len(changed), stage.complaints)
