"""Compare a few pairs of described units at once, by the model a batch uses: what live resolution and joining weigh."""

import threading
from collections.abc import Iterable
from uuid import UUID

import duckdb

from . import known
from .links import Judge
from .model import Score
from .scoring import EVERY_PAIR, put_pairs, put_records, score

_here = threading.local()


def compare(pairs: Iterable[tuple[UUID, UUID]], by: Judge) -> list[Score]:
    """Score pairs of described units, each of them. Queries: 2, 1 to 2 more before anything was learned, none without pairs."""
    wanted = [(str(left), str(right)) for left, right in pairs]
    if not wanted:
        return []
    records = known.descriptions({UUID(unit) for pair in wanted for unit in pair})
    described = {record.id for record in records}
    connection = _connection()
    put_records(connection, records, known.bearers({record.name_key for record in records}))
    put_pairs(connection, [pair for pair in wanted if described.issuperset(pair)])
    return score(connection, by.model, among=by.model.learned_from or known.how_many(), least=EVERY_PAIR)


def _connection() -> duckdb.DuckDBPyConnection:
    """One small database in memory for each thread: to open one takes longer than to score a record."""
    if not hasattr(_here, "connection"):
        _here.connection = duckdb.connect(config={"threads": 1})
        # A handful of rows is weighed sooner than a better plan for it is thought out.
        _here.connection.execute("PRAGMA disable_optimizer")
    connection: duckdb.DuckDBPyConnection = _here.connection
    return connection
