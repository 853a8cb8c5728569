"""How often a program may ask: a leaky bucket in the database, so that all processes count together.

A program at rest may ask a sixth of its minute's number at once, and then goes on at its rate. The buckets are a table without a journal:
a count costs no wait for the disk, and after a crash of the database every program is at rest.
"""

import math
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

BURST = timedelta(seconds=10)

# One statement: two requests at the same moment are counted one after the other. Outside a transaction, so that none waits for a request.
_TAKE = """
INSERT INTO platform_meter AS meter (key, idle_at) VALUES (%(key)s, %(at)s + %(cost)s)
    ON CONFLICT (key) DO UPDATE SET idle_at = greatest(meter.idle_at, %(at)s) + %(cost)s
 WHERE greatest(meter.idle_at, %(at)s) + %(cost)s <= %(at)s + %(burst)s
RETURNING idle_at
"""
_IDLE_AT = "SELECT idle_at FROM platform_meter WHERE key = %s"


def wait_before(key: str, *, per_minute: int, at: datetime, cost: int = 1, at_once: int = 1) -> timedelta | None:
    """Count a request. None: it may go on; otherwise how long to wait before the next try.

    Args:
        key: who asks; kinds of programs have a prefix each.
        cost: as how many requests it counts.
        at_once: how many a program at rest may ask at once whatever its rate: no less than the largest `cost`.
    Queries: 1, and 1 more to say how long.
    """
    taken = cost * timedelta(minutes=1) / per_minute
    burst = max(BURST, at_once * timedelta(minutes=1) / per_minute)
    with connection.cursor() as cursor:
        asked: dict[str, Any] = {"key": key, "at": at, "cost": taken, "burst": burst}
        cursor.execute(_TAKE, asked)
        if cursor.fetchone():
            return None
        cursor.execute(_IDLE_AT, [key])
        (idle_at,) = cursor.fetchone()
    return max(idle_at + taken - burst - at, timedelta(milliseconds=1))


class Throttle(BaseThrottle):
    """For the endpoints of an API: a program that asks too often is answered with 429 and Retry-After. Who is counted, a subclass says."""

    _wait: timedelta | None = None

    def waits(self, request: Request) -> timedelta | None:
        """Count the request; how long its program has to wait, None if it may go on or is none."""
        raise NotImplementedError

    def allow_request(self, request: Request, view: APIView) -> bool:
        self._wait = self.waits(request)
        return self._wait is None

    def wait(self) -> float | None:
        return seconds(self._wait) if self._wait else None


def seconds(wait: timedelta) -> int:
    """As Retry-After says it (RFC 9110): whole seconds, rather one more."""
    return math.ceil(wait.total_seconds())
