"""Balances: an account's is that of its newest standing transaction by (day, ledger order), whatever order files arrive in.

What a file books newest on each account is noted chunk by chunk (`TouchedArrangement`) and settled when the file is in, or has stopped:
in a day's file every chunk touches most accounts, and settling each time would cost more than booking.
"""

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from ..models import TouchedArrangement
from .locking import one_at_a_time

ARRANGEMENTS_PER_TRANSACTION = 10_000

_SETTLE = """
WITH next AS (
    SELECT arrangement_id, balance_after, booking_date, sequence FROM customers_touchedarrangement
     WHERE file_id = %(file)s AND (%(after)s::uuid IS NULL OR arrangement_id > %(after)s::uuid)
     ORDER BY arrangement_id LIMIT %(limit)s
), balanced AS (
    UPDATE customers_arrangement a
       SET balance = next.balance_after, balance_date = next.booking_date, balance_sequence = next.sequence
      FROM next
     WHERE a.id = next.arrangement_id AND next.balance_after IS NOT NULL
       AND (a.balance_date IS NULL OR (a.balance_date, a.balance_sequence) < (next.booking_date, next.sequence))
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
    after: str | None = None
    while TouchedArrangement.objects.filter(file=file_id).exists():
        with transaction.atomic(), connection.cursor() as cursor:
            one_at_a_time(at=at)
            cursor.execute(_SETTLE, {"file": file_id, "after": after, "limit": ARRANGEMENTS_PER_TRANSACTION})
            ((after,),) = cursor.fetchall()
