"""How likely pairs of records are one person each: one statement over DuckDB tables, the same for a batch and for one new record."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import log2
from weakref import WeakKeyDictionary

import duckdb
import pyarrow as pa

from .blocking import LARGEST_BLOCK, LARGEST_OF_MANY, MANY, keys_of
from .comparisons import COMPARISONS, NAME, Comparison, Level
from .descriptions import Description
from .model import LEAST, MISSING, Model, Score

EVERY_PAIR = -1e9
"""No pair has so few bits."""

_LISTS = ("phones", "emails")
_SCHEMA = pa.schema([(name, pa.list_(pa.string()) if name in _LISTS else pa.string()) for name in Description._fields])
_PAIRS = """
WITH every_key AS MATERIALIZED (
         SELECT id, hash(key) AS key, contains($many, key[1]) AS of_many FROM (SELECT id, unnest(keys) AS key FROM description)),
     block AS (
         SELECT key FROM every_key GROUP BY key
         HAVING count(*) BETWEEN 2 AND CASE WHEN bool_or(of_many) THEN $largest_of_many ELSE $largest END),
     block_key AS MATERIALIZED (SELECT id, key FROM every_key SEMI JOIN block USING (key))
SELECT DISTINCT l.id AS left_id, r.id AS right_id
  FROM block_key l JOIN block_key r ON r.key = l.key AND l.id < r.id
 WHERE hash(l.id) % $parts = $part
"""


# To read the statement takes as long as to weigh a record by it: each connection keeps it, and for which model it is.
_taught: WeakKeyDictionary[duckdb.DuckDBPyConnection, Model] = WeakKeyDictionary()


def put_records(connection: duckdb.DuckDBPyConnection, records: Sequence[Description], bearers: Mapping[str, int] | None = None) -> None:
    """Make these the records that are compared. `bearers`: how many records bear a name, if not as many as here."""
    counted = Counter(record.name_key for record in records) if bearers is None else bearers
    columns = zip(*records, strict=True) if records else [[] for _ in _SCHEMA]
    table = pa.table([_array(column, field.type) for column, field in zip(columns, _SCHEMA, strict=True)], schema=_SCHEMA)
    table = table.append_column("bearers", pa.array([counted[record.name_key] for record in records], pa.int32()))
    keys = [sorted(keys_of(record)) for record in records]
    _put(connection, "description", table.append_column("keys", pa.array(keys, pa.list_(pa.string()))))


def _array(column: Iterable[object], kind: pa.DataType) -> pa.Array:
    return pa.array([None if value == "" else value for value in column], kind)


def pair_up(connection: duckdb.DuckDBPyConnection, *, part: int = 0, parts: int = 1) -> int:
    """Pair the records that share a key, and count the pairs. Of `parts` runs, each pairs what is on the left side in its part.

    A record is paired with at most `LARGEST_BLOCK` others by each of its keys, `LARGEST_OF_MANY` by those it has several of.
    """
    limits = {"largest": LARGEST_BLOCK, "largest_of_many": LARGEST_OF_MANY, "many": MANY}
    connection.execute("CREATE OR REPLACE TABLE pair AS " + _PAIRS, limits | {"part": part, "parts": parts})
    return int(connection.execute("SELECT count(*) FROM pair").fetchall()[0][0])


def put_pairs(connection: duckdb.DuckDBPyConnection, pairs: Sequence[tuple[str, str]]) -> None:
    """Make these (left, right) the pairs that are scored."""
    arrays = [pa.array(column, pa.string()) for column in (zip(*pairs, strict=True) if pairs else ((), ()))]
    _put(connection, "pair", pa.table(arrays, names=["left_id", "right_id"]))


def _put(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    connection.register("incoming", table)
    connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM incoming")  # noqa: S608
    connection.unregister("incoming")


def score(connection: duckdb.DuckDBPyConnection, model: Model, *, among: int, least: float) -> list[Score]:
    """Score the pairs in `pair`; those of at least `least` bits.

    Args:
        among: how many records there are in all: among many, two alike are more easily two people.
    """
    if _taught.get(connection) != model:
        connection.execute(f"CREATE OR REPLACE TEMP MACRO scored(same_prior, home_prior, among, least) AS TABLE {_statement(model)}")
        _taught[connection] = model
    numbers = [model.prior(among), model.prior_of_household(among), max(among, 1), least]
    rows = connection.execute("SELECT * FROM scored(?, ?, ?, ?)", numbers).fetchall()
    return [
        Score(left, right, bits, tuple(_code(comparison, place) for comparison, place in zip(COMPARISONS, places, strict=True)))
        for left, right, bits, *places in rows
    ]


def _code(comparison: Comparison, place: int) -> str:
    return MISSING if place < 0 else comparison.levels[place].code


def _statement(model: Model) -> str:
    """One person, against two strangers or two of one household. Rounded, since sums taken in parallel differ in their last digits."""
    same = " + ".join(
        _bits(comparison, {level.code: _same(comparison, level, model) for level in comparison.levels}) for comparison in COMPARISONS
    )
    home = " + ".join(
        _bits(comparison, {level.code: _home(comparison, level, model) for level in comparison.levels}) for comparison in COMPARISONS
    )
    gammas = ", ".join(comparison.gamma for comparison in COMPARISONS)
    return f"""
    WITH graded AS ({graded("pair")}),
         weighed AS (SELECT *, same_prior + {same} AS same, home_prior + {home} AS home FROM graded),
         scored AS (SELECT *, round(same - log2(1 + pow(2, least(home, 500))), 6) AS bits FROM weighed)
    SELECT id_l::VARCHAR, id_r::VARCHAR, bits, {gammas} FROM scored WHERE bits >= least
    """  # noqa: S608


def graded(pairs: str, *, records: str = "description") -> str:
    """The statement that says how well each pair of a table of pairs agrees on each thing."""
    sides = ", ".join(f"{side}.{column} AS {column}_{side}" for side in ("l", "r") for column in (*Description._fields, "bearers"))
    grades = ", ".join(f"{_grade(comparison)} AS {comparison.gamma}" for comparison in COMPARISONS)
    return f"""
    SELECT id_l, id_r, bearers_l AS bearers, {grades}
      FROM (SELECT {sides} FROM {pairs} p JOIN {records} l ON l.id = p.left_id JOIN {records} r ON r.id = p.right_id)
    """  # noqa: S608


def _grade(comparison: Comparison) -> str:
    """The place of the first level that holds; -1 for what is not stated."""
    levels = " ".join(f"WHEN {level.when} THEN {place}" for place, level in enumerate(comparison.levels) if level.when != "ELSE")
    return f"CASE WHEN {comparison.missing} THEN -1 {levels} ELSE {len(comparison.levels) - 1} END"


def _bits(comparison: Comparison, by_level: Mapping[str, str]) -> str:
    levels = " ".join(f"WHEN {place} THEN {by_level[level.code]}" for place, level in enumerate(comparison.levels))
    return f"CASE {comparison.gamma} {levels} ELSE 0 END"


def _same(comparison: Comparison, level: Level, model: Model) -> str:
    weight = model.weight(comparison, level.code)
    if comparison is not NAME or level.code != "same":
        return repr(weight.bits)
    # A name many bear says less: chance agreement grows by the share of the others who bear it.
    return f"log2({weight.m!r} / ({weight.u!r} + greatest(bearers - 2, 0) / among))"


def _home(comparison: Comparison, level: Level, model: Model) -> str:
    weight = model.weight(comparison, level.code)
    return repr(log2(max(comparison.at_home(level, m=weight.m, u=weight.u), LEAST) / weight.u))
