"""Transactions: the bulk of all data. What fits is booked in one statement; only if something is left over is asked why."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.db import IntegrityError, transaction

from bankos.platform import clock
from bankos.platform.ids import uuid7

from ..at_hand import AccountsAtHand
from ..landed import Landing, Loaded
from ..records import TransactionRecord
from ..staging import Stage, Written
from .corrections import correct_booked

# No ledger is kept in advance for longer; each month has tables of its own, so that a mistaken year must not open some.
FIRST_DAY, LONGEST_AHEAD = date(1900, 1, 1), timedelta(days=366)

_OPEN_MONTHS = """
SELECT customers_open_months(ARRAY(
    SELECT DISTINCT booking_date FROM staged_transaction WHERE booking_date BETWEEN %(first)s AND %(last)s))
"""
_FIND_ACCOUNTS = """
UPDATE staged_transaction s SET account_id = a.id FROM customers_arrangement a
 WHERE s.account_id IS NULL AND a.system_id = 'core' AND a.source_key = s.account_key AND a.currency = s.currency
RETURNING s.account_key || ' ' || s.currency, s.account_id::text
"""
_FORGET_ACCOUNTS = "UPDATE staged_transaction SET account_id = NULL"
# What a step finds is not joined with what another finds, because the database cannot tell how many there are. An account's balance is
# settled with the file (see `settling`).
_LOAD = """
WITH booked AS (
    INSERT INTO customers_transaction (
        id, system_id, source_key, version, arrangement_id, booking_date, sequence, amount, currency, balance_after, method, purpose,
        counterparty, counterparty_account, merchant_category, source_file_id, source_line, recorded_at)
    SELECT DISTINCT ON (s.source_key)
           s.id, %(system)s, s.source_key, 0, s.account_id, s.booking_date, s.sequence, s.amount, s.currency, s.balance_after, s.method,
           s.purpose, s.counterparty, s.counterparty_account, s.merchant_category, %(file)s::uuid, s.line, %(at)s::timestamptz
      FROM staged_transaction s
     WHERE s.account_id IS NOT NULL AND s.booking_date BETWEEN %(first)s AND %(last)s
       AND NOT EXISTS (SELECT FROM customers_bookedentry e WHERE e.system_id = %(system)s AND e.source_key = s.source_key)
     ORDER BY s.source_key, s.line
    RETURNING id, system_id, source_key, arrangement_id, booking_date
), entered AS (
    INSERT INTO customers_bookedentry (system_id, source_key, position, transaction_id, booking_date, version)
    SELECT system_id, source_key, 0, id, booking_date, 0 FROM booked
), noted AS (
    INSERT INTO customers_bookedon (id, file_id, arrangements)
    SELECT %(note)s::uuid, %(file)s::uuid, array_agg(DISTINCT arrangement_id) FROM booked HAVING count(*) > 0
)
SELECT count(*) FROM booked
"""
_REMEMBER_POSITIONS = """
UPDATE customers_bookedentry e SET position = s.position FROM staged_transaction s
 WHERE e.system_id = %(system)s AND e.source_key = s.source_key AND e.transaction_id = s.id AND s.position > 0
"""
# A source's later word on an entry outdoes an extract's; only what no change of the source's explains is a contradiction.
_CONTRADICTS_BOOKED = """
EXISTS (
    SELECT FROM customers_bookedentry e
      JOIN customers_transaction t ON t.id = e.transaction_id AND t.booking_date = e.booking_date
      JOIN customers_arrangement a ON a.id = t.arrangement_id
     WHERE e.system_id = %(system)s AND e.source_key = s.source_key AND e.position <= s.position
       AND (a.source_key, t.booking_date, t.amount) IS DISTINCT FROM (s.account_key, s.booking_date, s.amount))
"""


def prepare_transactions(records: Sequence[TransactionRecord], accounts: AccountsAtHand) -> list[TransactionRecord]:
    return Written(records, found={"account_id": accounts.of(records)})


def load_transactions(records: Sequence[TransactionRecord], landing: Landing) -> Loaded:
    days = {"first": FIRST_DAY, "last": clock.bank_date(landing.at) + LONGEST_AHEAD}
    stage = Stage("staged_transaction", records, found={"account_id": "uuid"})
    stage.run(_OPEN_MONTHS, **days)
    corrected = 0
    if landing.corrects:
        landing.meanwhile()
        _refuse_misfits(stage, **days)
        corrected = correct_booked(stage, landing)
    try:
        booked = _book(stage, landing, **days)
    except IntegrityError:  # an account is no longer what it was when it was found
        landing.accounts.forget()
        stage.run(_FORGET_ACCOUNTS)
        booked = _book(stage, landing, **days)
    if landing.corrects:
        stage.run(_REMEMBER_POSITIONS, system=landing.system)
    elif booked < len(records):
        _refuse_misfits(stage, **days)
        _refuse_contradictions(stage, landing)
    return Loaded(booked + corrected, stage.complaints)


@transaction.atomic
def _book(stage: Stage, landing: Landing, **days: date) -> int:
    landing.accounts.remember(dict(stage.run(_FIND_ACCOUNTS)))
    landing.meanwhile()
    ((booked,),) = stage.run(_LOAD, system=landing.system, file=landing.file_id, at=landing.at, note=uuid7(), **days)
    return int(booked)


def _refuse_misfits(stage: Stage, *, first: date, last: date) -> None:
    stage.refuse(
        "bad_date",
        f"Entry “{{source_key}}” is booked on {{booking_date}}; entries are booked from {first} to {last}. Correct the day.",
        "booking_date NOT BETWEEN %(first)s AND %(last)s",
        first=first,
        last=last,
    )
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


def _refuse_contradictions(stage: Stage, landing: Landing) -> None:
    stage.refuse(
        "already_booked",
        "Entry “{source_key}” is booked already, with another account, day or amount. A booked entry never changes.",
        _CONTRADICTS_BOOKED,
        system=landing.system,
    )
