"""How often a program may ask: a leaky bucket in the database, so that all processes count together.

A program at rest may ask a sixth of its minute's number at once, and then goes on at its rate.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from customers.models import ApiClient

BURST = timedelta(seconds=10)

# One statement: two requests at the same moment are counted one after the other.
_TAKE = """
INSERT INTO customers_clientmeter AS meter (client_id, idle_at) VALUES (%(client)s, %(at)s + %(cost)s)
    ON CONFLICT (client_id) DO UPDATE SET idle_at = greatest(meter.idle_at, %(at)s) + %(cost)s
 WHERE greatest(meter.idle_at, %(at)s) + %(cost)s <= %(at)s + %(burst)s
RETURNING idle_at
"""
_IDLE_AT = "SELECT idle_at FROM customers_clientmeter WHERE client_id = %s"


def wait_before(client: ApiClient, *, at: datetime) -> timedelta | None:
    """Count a request. None: it may go on; otherwise how long to wait before the next try. Queries: 1, and 1 more to say how long."""
    cost = timedelta(minutes=1) / client.per_minute
    burst = max(BURST, cost)
    with connection.cursor() as cursor:
        taken: dict[str, Any] = {"client": client.pk, "at": at, "cost": cost, "burst": burst}
        cursor.execute(_TAKE, taken)
        if cursor.fetchone():
            return None
        cursor.execute(_IDLE_AT, [client.pk])
        (idle_at,) = cursor.fetchone()
    return max(idle_at + cost - burst - at, timedelta(milliseconds=1))
