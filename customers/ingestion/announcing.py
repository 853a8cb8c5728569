"""Telling the floors above whose state a file changed: once per party and file, when the whole file is in."""

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from bankos.platform import events

from .locking import one_at_a_time

EVENT = "customers.state.changed"
SOURCE = "customers.ingestion"
PARTIES_PER_TRANSACTION = 2_000

_ANNOUNCE = """
WITH told AS (
    DELETE FROM customers_touchedparty
     WHERE file_id = %(file)s
       AND party_id IN (SELECT party_id FROM customers_touchedparty WHERE file_id = %(file)s ORDER BY party_id LIMIT %(limit)s)
    RETURNING party_id
), raised AS (
    UPDATE customers_party p SET version = version + 1, changed_at = %(at)s FROM told WHERE p.id = told.party_id
    RETURNING p.id, p.bucket
)
SELECT id, bucket FROM raised ORDER BY id
"""


def announce(file_id: UUID, *, what: str, at: datetime) -> int:
    """Raise the version of every party the file touched and publish one event for each.

    Killed half-way, it goes on where it stopped: a party is forgotten in the transaction that announces it.

    Args:
        what: names what changed of them, such as "transactions".
    Returns:
        The number of parties.
    """
    total = 0
    while True:
        with transaction.atomic():
            one_at_a_time()
            with connection.cursor() as cursor:
                cursor.execute(_ANNOUNCE, {"file": file_id, "at": at, "limit": PARTIES_PER_TRANSACTION})
                parties = cursor.fetchall()
            if not parties:
                return total
            events.publish_many(
                EVENT, items=[(str(party), {"changed": [what], "bucket": bucket}) for party, bucket in parties], source=SOURCE, at=at
            )
        total += len(parties)
