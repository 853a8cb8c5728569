"""A query past Django's cursor, for the few places asked at every decision.

Django's PostgreSQL cursors quote parameters on the client; the driver's own cursor sends them beside the query, which saves about a
tenth of a millisecond a query. Transactions, errors and the log of queries stay Django's.
"""

import time
from collections.abc import Sequence
from typing import Any

from django.db import connection
from psycopg import Cursor


def fetch(query: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of a query on the default connection; parameters are bound by the server, so their types may need a cast."""
    cursor = _executed(query, parameters)
    return cursor.fetchall()


def execute(query: str, parameters: Sequence[Any]) -> None:
    """A statement without rows."""
    _executed(query, parameters)


def _executed(query: str, parameters: Sequence[Any]) -> Cursor[tuple[Any, ...]]:
    connection.ensure_connection()
    began = time.monotonic()
    with connection.wrap_database_errors:
        cursor = Cursor(connection.connection)
        cursor.execute(query, parameters)  # the callers' queries are constants
    if connection.queries_logged:
        connection.queries_log.append({"sql": query, "time": f"{time.monotonic() - began:.3f}"})
    return cursor
