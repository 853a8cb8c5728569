"""Learning the weights from unlabelled records with splink: chance agreement from random pairs, the rest by expectation maximisation."""

import logging
import re
import warnings
from collections import Counter
from collections.abc import Mapping
from typing import Any

import duckdb
from splink import Linker, SettingsCreator, block_on
from splink.internals.duckdb.database_api import DuckDBAPI

from .comparisons import BIRTH_DATE, COMPARISONS, NAME, NATIONAL_ID, Comparison, Level
from .descriptions import Description
from .model import FIRST, LEAST, Model, Weight
from .scoring import graded

FEWEST = 100
"""Fewer records teach less than the first guesses are worth."""

# Numbered by what they say: ids are random, and what is learned of the same records is to be the same. Two that say the same may swap.
_RECORDS = f"""
SELECT * EXCLUDE (keys) REPLACE (row_number() OVER (ORDER BY {", ".join(f"hash({name})" for name in Description._fields[1:])}) AS id)
  FROM description
"""  # noqa: S608
_RANDOM_PAIRS = 50_000
# Neighbours in no order are strangers, if no record is certainly another's.
_STRANGERS = """
WITH shuffled AS (SELECT id, row_number() OVER (ORDER BY hash(id), id) AS place, count(*) OVER () AS records
                    FROM record WHERE id NOT IN (SELECT other FROM certain))
SELECT l.id AS left_id, r.id AS right_id
  FROM shuffled l CROSS JOIN unnest(range(1, 1 + least($pairs // l.records + 1, l.records // 2))) AS step (far)
  JOIN shuffled r ON r.place = (l.place + far - 1) % l.records + 1
 WHERE l.place <= $pairs
"""
_PAIRS_OF_A_SESSION = 100_000
_FEWEST_PAIRS = 30
_WORTH_OF_THE_GUESS = 0.1
"""How much of the first guess stays, so that a level seen a handful of times keeps a sensible weight."""

# Each session looks at pairs that agree on one thing, and learns of the others. What is agreed on is what people share least.
_SESSIONS = (("national_id",), ("birth_date",), ("name_key",))
# Who agrees on all of one of these is almost certainly one person, and about so many of those who are one person do.
_CERTAIN = (("national_id",), ("name_key", "birth_date"), ("name_key", "line_1", "house_number"), ("name_key", "postcode", "town"))
_FOUND_BY_CERTAIN = 0.85
_MOST_CERTAIN = 20
"""More records that agree like that bear a value that stands for "unknown"."""

_SIDES = re.compile(r"\b\w+_[lr]\b")

# More at one address are a house of flats or a wrong address.
_HOMES = """
SELECT line_1, house_number, postcode, count(*) AS size FROM record
 WHERE line_1 IS NOT NULL AND house_number IS NOT NULL AND postcode IS NOT NULL
 GROUP BY ALL HAVING size BETWEEN 2 AND 12
"""
_HOUSEMATES = f"""
SELECT l.id AS left_id, r.id AS right_id
  FROM ({_HOMES}) h
  JOIN record l ON (l.line_1, l.house_number, l.postcode) = (h.line_1, h.house_number, h.postcode)
  JOIN record r ON (r.line_1, r.house_number, r.postcode) = (h.line_1, h.house_number, h.postcode) AND l.id < r.id
 WHERE hash(h.line_1, h.house_number, h.postcode) % $one_in = 0
"""  # noqa: S608


def learn(connection: duckdb.DuckDBPyConnection, *, records: int, seed: int = 1) -> Model:
    """A model of the records in the table `description`.

    Looks at a few hundred thousand pairs, whatever the number of records. What the records say nothing about keeps its first guess.
    The same records teach the same, whatever their ids and order.
    """
    if records < FEWEST:
        return FIRST
    connection.execute(f"CREATE OR REPLACE TEMP TABLE record AS {_RECORDS}")
    share = _share_of_one_person(connection, records=records)
    chance = _by_chance(connection)
    logging.getLogger("splink").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        api = DuckDBAPI(connection=connection)
        linker = Linker(
            api.register("record", table_name="records"), _settings(connection, share, chance), log_level=None, validate_settings=False
        )
        for columns in _SESSIONS:
            if _agreeing(connection, columns):
                linker.training.estimate_parameters_using_expectation_maximisation(
                    block_on(*columns), max_pairs=_PAIRS_OF_A_SESSION, estimate_without_term_frequencies=True
                )
        learned = linker.misc.save_model_to_json()
    weights = {
        comparison.code: _weights(comparison, found["comparison_levels"], chance[comparison.code])
        for comparison, found in zip(COMPARISONS, learned["comparisons"], strict=True)
    }
    return Model(weights, matches=share * (records - 1), housemates=_housemates(connection, records=records), learned_from=records)


def _by_chance(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, float]]:
    """How often two strangers agree on each level: of random pairs of records none of which is certainly another's."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE stranger AS {_STRANGERS}", {"pairs": _RANDOM_PAIRS})
    gammas = ", ".join(comparison.gamma for comparison in COMPARISONS)
    rows = connection.execute(f"SELECT {gammas}, count(*) FROM ({graded('stranger', records='record')}) GROUP BY ALL").fetchall()  # noqa: S608
    chance = {}
    for place, comparison in enumerate(COMPARISONS):
        seen = Counter[int]()
        for *grades, pairs in rows:
            seen[grades[place]] += pairs
        stated = sum(pairs for grade, pairs in seen.items() if grade >= 0)
        chance[comparison.code] = {
            level.code: max(seen[grade] / stated if stated else level.u, _WORTH_OF_THE_GUESS * level.u, LEAST)
            for grade, level in enumerate(comparison.levels)
        }
    return chance


def _housemates(connection: duckdb.DuckDBPyConnection, *, records: int) -> float:
    """How many records of others in its household a record has, from those at one address who clearly are two people."""
    (pairs,) = connection.execute(f"SELECT coalesce(sum(size * (size - 1) / 2), 0) FROM ({_HOMES})").fetchall()[0]  # noqa: S608
    if not pairs:
        return LEAST
    one_in = max(int(pairs / _PAIRS_OF_A_SESSION), 1)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE housemate AS {_HOUSEMATES}", {"one_in": one_in})
    two_people = f"{NAME.gamma} >= {_place(NAME, 'given')} AND {BIRTH_DATE.gamma} = {_place(BIRTH_DATE, 'differs')}"
    sure = f"{two_people} AND {NATIONAL_ID.gamma} NOT IN ({_place(NATIONAL_ID, 'same')}, {_place(NATIONAL_ID, 'slip')})"
    (found,) = connection.execute(f"SELECT count(*) FROM ({graded('housemate', records='record')}) WHERE {sure}").fetchall()[0]  # noqa: S608
    return max(2 * found * one_in / records, LEAST)


def _place(comparison: Comparison, code: str) -> int:
    return comparison.levels.index(comparison.level(code))


def _share_of_one_person(connection: duckdb.DuckDBPyConnection, *, records: int) -> float:
    """How many of all pairs are one person's: at least one, so that there is something to learn."""
    pairs = " UNION ".join(_agreeing_on(columns) for columns in _CERTAIN)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE certain AS {pairs}")
    (found,) = connection.execute("SELECT count(*) FROM certain").fetchall()[0]
    return min(max(found / _FOUND_BY_CERTAIN, 1) * 2 / (records * (records - 1)), 0.5)


def _agreeing_on(columns: tuple[str, ...]) -> str:
    by = ", ".join(columns)
    stated = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    block = f"SELECT id, {by} FROM record WHERE {stated} QUALIFY count(*) OVER (PARTITION BY {by}) <= {_MOST_CERTAIN}"  # noqa: S608
    return f"SELECT l.id AS one, r.id AS other FROM ({block}) l JOIN ({block}) r USING ({by}) WHERE l.id < r.id"  # noqa: S608


def _agreeing(connection: duckdb.DuckDBPyConnection, columns: tuple[str, ...]) -> bool:
    """Whether enough pairs agree there to learn from."""
    by = ", ".join(columns)
    stated = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    pairs = f"SELECT count(*) * (count(*) - 1) / 2 AS pairs FROM record WHERE {stated} GROUP BY {by}"  # noqa: S608
    (count,) = connection.execute(f"SELECT coalesce(sum(pairs), 0) FROM ({pairs})").fetchall()[0]  # noqa: S608
    return bool(count >= _FEWEST_PAIRS)


def _settings(connection: duckdb.DuckDBPyConnection, share: float, chance: Mapping[str, Mapping[str, float]]) -> SettingsCreator:
    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="id",
        comparisons=[_for_splink(connection, comparison, chance[comparison.code]) for comparison in COMPARISONS],
        probability_two_random_records_match=share,
        em_convergence=0.001,
        max_iterations=15,
    )


def _for_splink(connection: duckdb.DuckDBPyConnection, comparison: Comparison, chance: Mapping[str, float]) -> dict[str, Any]:
    missing = {"sql_condition": comparison.missing, "label_for_charts": "not stated", "is_null_level": True}
    levels = [
        {
            "sql_condition": _named(connection, comparison, level),
            "label_for_charts": level.code,
            "m_probability": level.m,
            "u_probability": chance[level.code],
        }
        for level in comparison.levels
    ]
    return {"output_column_name": comparison.code, "comparison_levels": [missing, *levels]}


def _named(connection: duckdb.DuckDBPyConnection, comparison: Comparison, level: Level) -> str:
    """The level's condition as a function of the columns it reads: splink takes a condition apart a hundred times, which takes long for
    long ones. What is plain it has to see: it learns nothing of a thing from pairs chosen for agreeing on it.
    """
    if level.when == "ELSE" or level.code == "same":
        return level.when
    call = f"{comparison.code}_{level.code}({', '.join(sorted(set(_SIDES.findall(level.when))))})"
    connection.execute(f"CREATE OR REPLACE TEMP MACRO {call} AS ({level.when})")
    return call


def _weights(comparison: Comparison, found: list[Mapping[str, Any]], chance: Mapping[str, float]) -> dict[str, Weight]:
    """What splink found, its first guess mixed in."""
    stated = [level for level in found if not level.get("is_null_level")]
    weights = {}
    for level, learned in zip(comparison.levels, stated, strict=True):
        m = learned.get("m_probability")
        m = level.m if m is None else (1 - _WORTH_OF_THE_GUESS) * m + _WORTH_OF_THE_GUESS * level.m
        weights[level.code] = Weight(m, chance[level.code])
    best, *_, worst = (weight.bits for weight in weights.values())
    # What would say that the more two records differ the more they are one person, was learned from too little.
    return weights if best > worst else {level.code: Weight(level.m, level.u) for level in comparison.levels}
