"""How long it takes from a file's arrival until what it says is seen: measured on what really came, not promised.

For a source: from the arrival of each of its last files until the whole file was read and announced. For the read models of the floors
above: from the moment a change of a customer was announced until the last of them had taken it up.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection

from bankos.platform import events

from ..changes import EVENT

LAST_FILES = 100
LAST_EVENTS = 1_000


@dataclass(frozen=True, slots=True)
class Lag:
    """Half and nineteen of twenty were seen within so long; `measured` on so many."""

    median: timedelta
    p95: timedelta
    measured: int


# A file read with a moment of the past (an old data set, a test) tells nothing about how long reading takes.
_FILES = """
SELECT s.code, percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY f.took), count(*)
  FROM customers_sourcesystem s
  JOIN LATERAL (
       SELECT extract(epoch FROM finished_at - received_at) AS took FROM customers_sourcefile
        WHERE system_id = s.code AND state = 'done' AND finished_at >= received_at
        ORDER BY id DESC LIMIT %s) f ON true
 WHERE s.code = ANY(%s)
 GROUP BY s.code
"""


def of_sources(codes: Iterable[str]) -> dict[str, Lag]:
    """By source, over its last files; a source without any is left out. Queries: 1."""
    with connection.cursor() as cursor:
        cursor.execute(_FILES, [LAST_FILES, list(codes)])
        found = cursor.fetchall()
    return {code: Lag(timedelta(seconds=median), timedelta(seconds=p95), count) for code, (median, p95), count in found}


def of_events() -> Lag | None:
    """Of the last announcements, over all who listen; None while nobody took any up. Queries: 1."""
    measured = events.delivery_lag(EVENT, last=LAST_EVENTS)
    return Lag(*measured) if measured else None
