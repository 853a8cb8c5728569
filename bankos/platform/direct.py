"""Queries past Django's cursor, for the few places asked at every decision.

A round trip to the server costs about a tenth of a millisecond, so a transaction here makes two: its BEGIN travels with its first query,
its COMMIT with its last statement. Transactions, errors and the log of queries stay Django's.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import Connection, Cursor, errors
from psycopg.adapt import Transformer
from psycopg.pq import Escaping, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

Rows = list[tuple[Any, ...]]


def fetch(query: str, parameters: Sequence[str]) -> Rows:
    """The rows of a query on the default connection. Parameters are texts, which the query casts to what it needs."""
    with _asked(query) as raw:
        if not raw.autocommit and raw.info.transaction_status is TransactionStatus.IDLE:
            # The driver would send BEGIN by itself, and wait for its answer.
            return _rows(raw, _sent(raw, b"BEGIN; " + _written(raw, query, parameters)))
        return Cursor(raw).execute(query, parameters).fetchall()


def execute(statement: str, parameters: Sequence[str], *, last: bool = False) -> None:
    """A statement without rows.

    Args:
        last: commit with it. Only inside the outermost atomic block, which must have nothing left to do: Django finds it committed.
    """
    with _asked(statement) as raw:
        if last:
            _sent(raw, _written(raw, statement, parameters) + b"; COMMIT")
        else:
            Cursor(raw).execute(statement, parameters)


def _written(raw: Connection[Any], query: str, parameters: Sequence[str]) -> bytes:
    literal = Escaping(raw.pgconn).escape_literal
    return query.encode() % tuple(literal(parameter.encode()) for parameter in parameters)


def _sent(raw: Connection[Any], statements: bytes) -> PGresult:
    """Several statements at once, in one round trip. Returns the last one's result; the first error ends them all."""
    result = raw.pgconn.exec_(statements)
    if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
        raise errors.error_from_result(result, encoding="utf-8")
    return result


def _rows(raw: Connection[Any], result: PGresult) -> Rows:
    reading = Transformer(raw)
    reading.set_pgresult(result)
    return reading.load_rows(0, result.ntuples, tuple)


@contextmanager
def _asked(query: str) -> Iterator[Connection[Any]]:
    # Each look at the default connection goes through the thread's own; one is enough.
    database = connections[DEFAULT_DB_ALIAS]
    database.ensure_connection()
    began = time.monotonic()
    with database.wrap_database_errors:
        yield database.connection
    if database.queries_logged:
        database.queries_log.append({"sql": query, "time": f"{time.monotonic() - began:.3f}"})
