"""Telling the floors above whose state a file changed: once per party and file, when the whole file is in."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from bankos.platform import events
from customers.changes import EVENT

from .locking import one_at_a_time
from .settling import settle

SOURCE = "customers.ingestion"
PARTIES_PER_TRANSACTION = 2_000

# Each time the next few parties behind those of the time before, with whatever other records of the same customers the file touched.
_ANNOUNCE = """
WITH next AS (
    SELECT party_id FROM customers_touchedparty
     WHERE file_id = %(file)s AND (%(after)s::uuid IS NULL OR party_id > %(after)s::uuid) ORDER BY party_id LIMIT %(limit)s
), customer AS (
    SELECT DISTINCT member.golden_id FROM next JOIN customers_party member ON member.id = next.party_id
), told AS (
    DELETE FROM customers_touchedparty t
     USING customer JOIN customers_party member ON member.golden_id = customer.golden_id
     WHERE t.file_id = %(file)s AND t.party_id = member.id
), raised AS (
    UPDATE customers_party p SET version = version + 1, changed_at = %(at)s FROM customer WHERE p.id = customer.golden_id
    RETURNING p.id, p.bucket
)
SELECT id::text, bucket, (SELECT max(party_id::text) FROM next), (SELECT count(*) FROM next) FROM raised ORDER BY id
"""


def announce(file_id: UUID, *, what: Sequence[str], at: datetime) -> int:
    """Settle the file's balances, raise the version of every customer a touched party is part of and publish one event for each.

    Killed half-way, it goes on where it stopped: a customer's parties are forgotten in the transaction that announces it.

    Args:
        what: names what the file changed, such as "transactions".
    Returns:
        The number of customers.
    """
    settle(file_id, at=at)
    total, after = 0, None
    while True:
        with transaction.atomic():
            one_at_a_time(at=at)
            with connection.cursor() as cursor:
                cursor.execute(_ANNOUNCE, {"file": file_id, "after": after, "at": at, "limit": PARTIES_PER_TRANSACTION})
                customers = cursor.fetchall()
            if not customers:
                return total
            _, _, after, looked_at = customers[0]
            items = [(id, {"changed": [*what], "bucket": bucket}) for id, bucket, _, _ in customers]
            events.publish_many(EVENT, items=items, source=SOURCE, at=at)
        total += len(customers)
        if looked_at < PARTIES_PER_TRANSACTION:
            return total
