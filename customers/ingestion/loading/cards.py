"""Cards: an arrangement on an account, and who carries it."""

from collections.abc import Sequence

from customers.spelling import fold

from ..landed import Landing, Loaded
from ..records import CardRecord
from ..staging import Stage
from .facts import StatedFact, state_facts
from .products import load_products
from .touched import touch_holders

_FIND_BY_HOLDER = """
UPDATE staged_card s SET account_id = role.arrangement_id, party_id = role.party_id
  FROM customers_arrangementrole role WHERE role.source_key = s.holder_key AND s.holder_key <> ''
   AND EXISTS (SELECT FROM customers_arrangement a WHERE a.id = role.arrangement_id AND a.system_id = 'core')
"""
_FIND_ACCOUNTS = """
UPDATE staged_card s SET account_id = a.id
  FROM customers_arrangement a WHERE a.system_id = 'core' AND a.source_key = s.account_key AND s.holder_key = ''
"""
_FIND_PARTIES = """
UPDATE staged_card s SET party_id = i.party_id
  FROM customers_partyidentifier i
 WHERE i.system_id = 'core' AND i.kind = 'customer_no' AND i.value = s.customer_no AND s.holder_key = ''
"""
_LOAD = """
INSERT INTO customers_arrangement AS known (
    id, system_id, source_key, kind, number, product_id, parent_id, branch_id, currency, status, opened_date, days_past_due,
    source_file_id, source_line, recorded_at)
SELECT DISTINCT ON (s.source_key)
       s.id, %(system)s, s.source_key, 'card', s.number, s.product_code, s.account_id, account.branch_id, account.currency, s.status,
       s.opened_date, 0, %(file)s, s.line, %(at)s
  FROM staged_card s JOIN customers_arrangement account ON account.id = s.account_id
 ORDER BY s.source_key, s.line DESC
    ON CONFLICT (system_id, source_key) DO UPDATE SET
       number = excluded.number, product_id = excluded.product_id, parent_id = excluded.parent_id, branch_id = excluded.branch_id,
       currency = excluded.currency, status = excluded.status, opened_date = excluded.opened_date,
       source_file_id = excluded.source_file_id, source_line = excluded.source_line, recorded_at = excluded.recorded_at
 WHERE known.source_file_id <= excluded.source_file_id
   AND (known.number, known.product_id, known.parent_id, known.branch_id, known.currency, known.status, known.opened_date)
       IS DISTINCT FROM
       (excluded.number, excluded.product_id, excluded.parent_id, excluded.branch_id, excluded.currency, excluded.status,
        excluded.opened_date)
RETURNING source_line, id
"""
_LOAD_CARRIERS = """
INSERT INTO customers_arrangementrole (id, arrangement_id, party_id, role, source_key, source_file_id, source_line, recorded_at)
SELECT s.role_id, card.id, s.party_id, 'owner', s.source_key, %(file)s, s.line, %(at)s
  FROM staged_card s JOIN customers_arrangement card ON card.system_id = %(system)s AND card.source_key = s.source_key
    ON CONFLICT (arrangement_id, party_id) DO NOTHING
RETURNING source_line, arrangement_id
"""
_EMBOSSED = "SELECT line, party_id, embossed_name FROM staged_card WHERE embossed_name <> ''"


def load_cards(records: Sequence[CardRecord], landing: Landing) -> Loaded:
    stage = Stage("staged_card", records, ids=("id", "role_id"), found={"account_id": "uuid", "party_id": "uuid"})
    stage.run(_FIND_BY_HOLDER)
    stage.run(_FIND_ACCOUNTS)
    stage.run(_FIND_PARTIES)
    stage.refuse(
        "unknown_holder",
        "Disposition “{holder_key}” is not known. Read the account holders first, or correct the number.",
        "account_id IS NULL AND holder_key <> ''",
    )
    stage.refuse(
        "unknown_account",
        "Account “{account_key}” is not known in core banking. Read the accounts first, or correct the number.",
        "account_id IS NULL",
    )
    stage.refuse(
        "unknown_customer", "Customer “{customer_no}” is not known. Read the customers first, or correct the number.", "party_id IS NULL"
    )
    load_products(stage)
    origin = {"system": landing.system, "file": landing.file_id, "at": landing.at}
    changed = [*stage.run(_LOAD, **origin), *stage.run(_LOAD_CARRIERS, **origin)]
    touch_holders({arrangement for _, arrangement in changed}, landing)
    names = [StatedFact(line, party, "name", name, fold(name)) for line, party, name in stage.run(_EMBOSSED)]
    return Loaded(len({line for line, _ in changed} | state_facts(names, landing)), stage.complaints)
