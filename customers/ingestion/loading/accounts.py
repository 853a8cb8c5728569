"""Accounts, and the products they are sales of. A newer file's account replaces what an older one said of it."""

from collections.abc import Sequence

from ..landed import Landing, Loaded
from ..records import AccountRecord
from ..staging import Stage
from .products import load_products
from .touched import touch_holders

_OPEN_BRANCHES = """
INSERT INTO customers_branch (id, code, name, town)
SELECT DISTINCT ON (branch_code) branch_id, branch_code, branch_name, '' FROM staged_account WHERE branch_name <> ''
 ORDER BY branch_code, line
    ON CONFLICT (code) DO NOTHING
"""
_LOAD = """
INSERT INTO customers_arrangement AS known (
    id, system_id, source_key, kind, number, product_id, branch_id, currency, status, opened_date, principal, days_past_due,
    source_file_id, source_line, recorded_at)
SELECT DISTINCT ON (s.source_key)
       s.id, %(system)s, s.source_key, s.kind, s.source_key, s.product_code, b.id, s.currency, s.status, s.opened_date, s.overdraft, 0,
       %(file)s, s.line, %(at)s
  FROM staged_account s JOIN customers_branch b ON b.code = s.branch_code
 ORDER BY s.source_key, s.line DESC
    ON CONFLICT (system_id, source_key) DO UPDATE SET
       kind = excluded.kind, product_id = excluded.product_id, branch_id = excluded.branch_id, currency = excluded.currency,
       status = excluded.status, opened_date = excluded.opened_date, principal = excluded.principal,
       source_file_id = excluded.source_file_id, source_line = excluded.source_line, recorded_at = excluded.recorded_at
 WHERE known.source_file_id <= excluded.source_file_id
   AND (known.kind, known.product_id, known.branch_id, known.currency, known.status, known.opened_date, known.principal)
       IS DISTINCT FROM
       (excluded.kind, excluded.product_id, excluded.branch_id, excluded.currency, excluded.status, excluded.opened_date,
        excluded.principal)
RETURNING id
"""


def load_accounts(records: Sequence[AccountRecord], landing: Landing) -> Loaded:
    stage = Stage("staged_account", records, ids=("id", "branch_id"))
    stage.run(_OPEN_BRANCHES)
    stage.refuse(
        "unknown_branch",
        "Branch “{branch_code}” is not known. Read the branches first, or correct the code.",
        "NOT EXISTS (SELECT FROM customers_branch b WHERE b.code = s.branch_code)",
    )
    load_products(stage)
    changed = stage.run(_LOAD, system=landing.system, file=landing.file_id, at=landing.at)
    touch_holders((arrangement for (arrangement,) in changed), landing)
    return Loaded(len(changed), stage.complaints)
