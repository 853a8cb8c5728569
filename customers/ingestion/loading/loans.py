"""Loans and mortgages: an arrangement on an account, its borrower, and the instalment that leaves the account each month."""

from collections.abc import Sequence

from customers.spelling import fold

from ..landed import Landing, Loaded
from ..records import LoanRecord
from ..staging import Stage
from .facts import StatedFact, state_facts
from .products import load_products
from .touched import touch_holders

_FIND_ACCOUNTS = """
UPDATE staged_loan s SET account_id = a.id
  FROM customers_arrangement a WHERE a.system_id = 'core' AND a.source_key = s.account_key
"""
_FIND_BORROWERS = """
UPDATE staged_loan s SET party_id = i.party_id
  FROM customers_partyidentifier i
 WHERE i.system_id = 'core' AND i.kind = 'national_id' AND i.value = s.national_id AND s.national_id <> ''
"""
# Where the source names only the account, its owner borrows; of several, whoever became owner first.
_FIND_OWNERS = """
UPDATE staged_loan s SET party_id = (
    SELECT role.party_id FROM customers_arrangementrole role
     WHERE role.arrangement_id = s.account_id AND role.role = 'owner'
     ORDER BY role.source_file_id, role.source_line LIMIT 1)
 WHERE s.national_id = ''
"""
_LOAD = """
INSERT INTO customers_arrangement AS known (
    id, system_id, source_key, kind, number, product_id, parent_id, branch_id, currency, status, opened_date, principal, days_past_due,
    source_file_id, source_line, recorded_at)
SELECT DISTINCT ON (s.source_key)
       s.id, %(system)s, s.source_key, s.kind, s.source_key, s.product_code, s.account_id, account.branch_id, s.currency, s.status,
       s.opened_date, s.principal, s.days_past_due, %(file)s, s.line, %(at)s
  FROM staged_loan s JOIN customers_arrangement account ON account.id = s.account_id
 ORDER BY s.source_key, s.line DESC
    ON CONFLICT (system_id, source_key) DO UPDATE SET
       kind = excluded.kind, product_id = excluded.product_id, parent_id = excluded.parent_id, branch_id = excluded.branch_id,
       currency = excluded.currency, status = excluded.status, opened_date = excluded.opened_date, principal = excluded.principal,
       days_past_due = excluded.days_past_due,
       source_file_id = excluded.source_file_id, source_line = excluded.source_line, recorded_at = excluded.recorded_at
 WHERE known.source_file_id <= excluded.source_file_id
   AND (known.kind, known.product_id, known.parent_id, known.branch_id, known.currency, known.status, known.opened_date, known.principal,
        known.days_past_due)
       IS DISTINCT FROM
       (excluded.kind, excluded.product_id, excluded.parent_id, excluded.branch_id, excluded.currency, excluded.status,
        excluded.opened_date, excluded.principal, excluded.days_past_due)
RETURNING source_line, id
"""
_LOAD_BORROWERS = """
INSERT INTO customers_arrangementrole (id, arrangement_id, party_id, role, source_key, source_file_id, source_line, recorded_at)
SELECT s.role_id, loan.id, s.party_id, 'owner', s.source_key, %(file)s, s.line, %(at)s
  FROM staged_loan s JOIN customers_arrangement loan ON loan.system_id = %(system)s AND loan.source_key = s.source_key
    ON CONFLICT (arrangement_id, party_id) DO NOTHING
RETURNING source_line, arrangement_id
"""
_LOAD_INSTALMENTS = """
INSERT INTO customers_paymentschedule AS known (
    id, arrangement_id, account_id, amount, currency, day_of_month, counterparty, purpose, source_file_id, source_line, recorded_at)
SELECT DISTINCT ON (loan.id)
       s.schedule_id, loan.id, s.account_id, s.instalment, s.currency, s.instalment_day, s.product_name, 'loan', %(file)s, s.line, %(at)s
  FROM staged_loan s JOIN customers_arrangement loan ON loan.system_id = %(system)s AND loan.source_key = s.source_key
 ORDER BY loan.id, s.line DESC
    ON CONFLICT (arrangement_id) DO UPDATE SET
       account_id = excluded.account_id, amount = excluded.amount, currency = excluded.currency, day_of_month = excluded.day_of_month,
       counterparty = excluded.counterparty,
       source_file_id = excluded.source_file_id, source_line = excluded.source_line, recorded_at = excluded.recorded_at
 WHERE known.source_file_id <= excluded.source_file_id
   AND (known.account_id, known.amount, known.currency, known.day_of_month, known.counterparty)
       IS DISTINCT FROM (excluded.account_id, excluded.amount, excluded.currency, excluded.day_of_month, excluded.counterparty)
RETURNING source_line, arrangement_id
"""
_BORROWERS = "SELECT line, party_id, borrower_name FROM staged_loan WHERE borrower_name <> ''"


def load_loans(records: Sequence[LoanRecord], landing: Landing) -> Loaded:
    stage = Stage("staged_loan", records, ids=("id", "role_id", "schedule_id"), found={"account_id": "uuid", "party_id": "uuid"})
    stage.run(_FIND_ACCOUNTS)
    stage.refuse(
        "unknown_account",
        "Account “{account_key}” is not known in core banking. Read the accounts first, or correct the number.",
        "account_id IS NULL",
    )
    stage.run(_FIND_BORROWERS)
    stage.run(_FIND_OWNERS)
    stage.refuse(
        "unknown_customer",
        "No customer has the national number this loan names. Read the customers first, or correct the number.",
        "party_id IS NULL AND national_id <> ''",
    )
    stage.refuse(
        "no_owner", "Account “{account_key}” has no owner who could be the borrower. Read the account's holders first.", "party_id IS NULL"
    )
    load_products(stage)
    origin = {"system": landing.system, "file": landing.file_id, "at": landing.at}
    changed = [
        *stage.run(_LOAD, **origin),
        *stage.run(_LOAD_BORROWERS, **origin),
        *stage.run(_LOAD_INSTALMENTS, **origin),
    ]
    touch_holders({arrangement for _, arrangement in changed}, landing)
    names = [StatedFact(line, party, "name", name, fold(name)) for line, party, name in stage.run(_BORROWERS)]
    return Loaded(len({line for line, _ in changed} | state_facts(names, landing)), stage.complaints)
