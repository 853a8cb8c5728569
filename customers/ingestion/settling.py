# ruff: noqa: S608 - the statements are put together from the constants below; every value is a parameter.
"""Balances: an account's is that of its newest standing transaction by (day, ledger order), whatever order files arrive in.

Which accounts a file books on is noted chunk by chunk (`BookedOn`), and their entries are asked when the file is in, or has stopped: in a
day's file every chunk touches most accounts, and settling each time would cost more than booking.
"""

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from ..models import BookedOn, TouchedArrangement
from .locking import one_at_a_time

ARRANGEMENTS_PER_TRANSACTION = 10_000

NEWEST_STANDING = """
SELECT t.balance_after, t.booking_date, t.sequence
  FROM customers_transaction t
 WHERE t.arrangement_id = {account}.id AND t.balance_after IS NOT NULL AND t.booking_date >= {since}
   AND EXISTS (SELECT FROM customers_bookedentry e
                WHERE e.system_id = t.system_id AND e.source_key = t.source_key AND e.transaction_id = t.id OFFSET 0)
 ORDER BY t.booking_date DESC, t.sequence DESC LIMIT 1
"""
"""The newest entry of an account that tells a balance and stands, of those from a day on.

OFFSET 0 keeps the question whether it stands behind the walk through the index: as a join it would be asked of all, and all be sorted.
"""

_GATHER = """
WITH noted AS (
    DELETE FROM customers_bookedon WHERE file_id = %(file)s RETURNING arrangements
)
INSERT INTO customers_touchedarrangement (file_id, arrangement_id)
SELECT %(file)s::uuid, arrangement_id FROM (SELECT DISTINCT unnest(arrangements) AS arrangement_id FROM noted) once
 ORDER BY arrangement_id
    ON CONFLICT DO NOTHING
"""
# Months before an account's balance are not looked into.
_SETTLE = f"""
WITH next AS (
    SELECT arrangement_id FROM customers_touchedarrangement
     WHERE file_id = %(file)s AND (%(after)s::uuid IS NULL OR arrangement_id > %(after)s::uuid)
     ORDER BY arrangement_id LIMIT %(limit)s
), balanced AS (
    UPDATE customers_arrangement a
       SET balance = newest.balance_after, balance_date = newest.booking_date, balance_sequence = newest.sequence
      FROM next JOIN customers_arrangement was ON was.id = next.arrangement_id
      CROSS JOIN LATERAL ({NEWEST_STANDING.format(account="was", since="coalesce(was.balance_date, '-infinity')")}) newest
     WHERE a.id = was.id
       AND (was.balance_date IS NULL OR (was.balance_date, was.balance_sequence) < (newest.booking_date, newest.sequence))
), touched AS (
    INSERT INTO customers_touchedparty (file_id, party_id)
    SELECT DISTINCT %(file)s::uuid, role.party_id FROM next JOIN customers_arrangementrole role USING (arrangement_id)
        ON CONFLICT DO NOTHING
), settled AS (
    DELETE FROM customers_touchedarrangement t USING next WHERE t.file_id = %(file)s AND t.arrangement_id = next.arrangement_id
)
SELECT max(arrangement_id::text) FROM next
"""


def settle(file_id: UUID, *, at: datetime) -> None:
    """Give the accounts a file booked on their balances, and remember whose they are. Killed half-way, it goes on where it stopped."""
    if BookedOn.objects.filter(file=file_id).exists():
        with transaction.atomic(), connection.cursor() as cursor:
            one_at_a_time(at=at)
            cursor.execute(_GATHER, {"file": file_id})
    after: str | None = None
    while TouchedArrangement.objects.filter(file=file_id).exists():
        with transaction.atomic(), connection.cursor() as cursor:
            one_at_a_time(at=at)
            cursor.execute(_SETTLE, {"file": file_id, "after": after, "limit": ARRANGEMENTS_PER_TRANSACTION})
            ((after,),) = cursor.fetchall()
