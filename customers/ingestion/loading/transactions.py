"""Transactions: the bulk of all data. What fits is booked in one statement; only if something is left over is asked why."""

from collections.abc import Sequence

from ..landed import Landing, Loaded
from ..records import TransactionRecord
from ..staging import Stage

# An account's balance is that of its newest transaction by (day, ledger order), whatever order files arrive in.
_LOAD = """
WITH booked AS (
    INSERT INTO customers_transaction (
        id, system_id, source_key, arrangement_id, booking_date, sequence, amount, currency, balance_after, method, purpose,
        counterparty, counterparty_account, merchant_category, source_file_id, source_line, recorded_at)
    SELECT s.id, %(system)s, s.source_key, a.id, s.booking_date, s.sequence, s.amount, s.currency, s.balance_after, s.method, s.purpose,
           s.counterparty, s.counterparty_account, s.merchant_category, %(file)s, s.line, %(at)s
      FROM staged_transaction s
      JOIN customers_arrangement a ON a.system_id = 'core' AND a.source_key = s.account_key AND a.currency = s.currency
     ORDER BY s.line
        ON CONFLICT (system_id, source_key) DO NOTHING
    RETURNING arrangement_id, booking_date, sequence, balance_after
), newest AS (
    SELECT DISTINCT ON (arrangement_id) * FROM booked ORDER BY arrangement_id, booking_date DESC, sequence DESC
), balanced AS (
    UPDATE customers_arrangement a
       SET balance = newest.balance_after, balance_date = newest.booking_date, balance_sequence = newest.sequence
      FROM newest
     WHERE a.id = newest.arrangement_id
       AND (a.balance_date IS NULL OR (a.balance_date, a.balance_sequence) < (newest.booking_date, newest.sequence))
), touched AS (
    INSERT INTO customers_touchedparty (file_id, party_id)
    SELECT DISTINCT %(file)s::uuid, role.party_id FROM newest JOIN customers_arrangementrole role USING (arrangement_id)
        ON CONFLICT DO NOTHING
)
SELECT count(*) FROM booked
"""
_CONTRADICTS_BOOKED = """
EXISTS (
    SELECT FROM customers_transaction t JOIN customers_arrangement a ON a.id = t.arrangement_id
     WHERE t.system_id = %(system)s AND t.source_key = s.source_key
       AND (a.source_key, t.booking_date, t.amount) IS DISTINCT FROM (s.account_key, s.booking_date, s.amount))
"""


def load_transactions(records: Sequence[TransactionRecord], landing: Landing) -> Loaded:
    stage = Stage("staged_transaction", records)
    ((booked,),) = stage.run(_LOAD, system=landing.system, file=landing.file_id, at=landing.at)
    if booked < len(records):
        _ask_why(stage, landing)
    return Loaded(booked, stage.complaints)


def _ask_why(stage: Stage, landing: Landing) -> None:
    stage.refuse(
        "unknown_account",
        "Account “{account_key}” is not known in core banking. Read the accounts first, or correct the number.",
        "NOT EXISTS (SELECT FROM customers_arrangement a WHERE a.system_id = 'core' AND a.source_key = s.account_key)",
    )
    stage.refuse(
        "wrong_currency",
        "Account “{account_key}” is not kept in {currency}.",
        "NOT EXISTS (SELECT FROM customers_arrangement a"
        " WHERE a.system_id = 'core' AND a.source_key = s.account_key AND a.currency = s.currency)",
    )
    stage.refuse(
        "already_booked",
        "Entry “{source_key}” is booked already, with another account, day or amount. A booked entry never changes.",
        _CONTRADICTS_BOOKED,
        system=landing.system,
    )
