"""Keeps forecasts: one row an account, day and model version, written in bulk and only where something changed."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connection, transaction

from bankos.platform.ids import uuid7

from .models import BalanceForecast
from .registry import Champion

if TYPE_CHECKING:
    from .cashflow.forecast import Forecasts
    from .reading import Book

# What the forecast says; `id` and `computed_at` say when it was first said.
_SAID = (
    "party_id",
    "currency",
    "balance",
    "lowest_low",
    "lowest_median",
    "lowest_high",
    "lowest_date",
    "end_balance",
    "low_path",
    "median_path",
    "high_path",
    "data_until",
)
_KEY = ("arrangement_id", "as_of_date", "model_version_id")
_COLUMNS = ("id", *_KEY, *_SAID, "computed_at")


@dataclass(frozen=True, slots=True)
class Kept:
    """`rows` computed, `changed` of them new or different from what was stored; the same data have the same checksum."""

    rows: int
    changed: int
    checksum: str


def keep(book: "Book", forecasts: "Forecasts", *, champion: Champion, at: datetime) -> Kept:
    """Store the forecasts that are ready. Storing the same ones again changes nothing. Queries: 3, and one COPY."""
    digest, rows = hashlib.sha256(), []
    for key, said in _rows(book, forecasts, champion):
        digest.update(json.dumps([*key, *said], default=str).encode())
        rows.append((uuid7(), *key, *said, at))
    return Kept(len(rows), _upsert(rows) if rows else 0, digest.hexdigest())


def _rows(book: "Book", forecasts: "Forecasts", champion: Champion):  # type: ignore[no-untyped-def]
    band, accounts = forecasts.band, book.accounts
    columns = zip(
        accounts["arrangement_id"],
        accounts["party_id"],
        accounts["currency"],
        accounts["balance"],
        accounts["balance_date"],
        forecasts.ready,
        band.lowest_day.tolist(),
        band.low.tolist(),
        band.median.tolist(),
        band.high.tolist(),
        strict=True,
    )
    for arrangement, party, currency, balance, until, ready, lowest_day, low, median, high in columns:
        if not ready:
            continue
        said = (
            party,
            currency,
            f"{balance:.2f}",
            f"{min(low):.2f}",
            f"{min(median):.2f}",
            f"{min(high):.2f}",
            book.as_of + timedelta(days=lowest_day),
            f"{median[-1]:.2f}",
            _array(low),
            _array(median),
            _array(high),
            until,
        )
        yield (arrangement, book.as_of, champion.id), said


def _array(path: list[float]) -> str:
    return "{" + ",".join(f"{amount:.2f}" for amount in path) + "}"


def _upsert(rows: list[tuple]) -> int:
    """Stage by COPY, then insert or update where it differs. Returns how many rows were written."""
    table = BalanceForecast._meta.db_table
    columns, said = ", ".join(_COLUMNS), ", ".join(_SAID)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE staged_forecast (LIKE {table}) ON COMMIT DROP")
        with cursor.copy(f"COPY staged_forecast ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(
            f"INSERT INTO {table} AS kept ({columns}) SELECT {columns} FROM staged_forecast ORDER BY arrangement_id "  # noqa: S608
            f"ON CONFLICT ({', '.join(_KEY)}) DO UPDATE "
            f"SET ({said}, computed_at) = ROW({', '.join(f'excluded.{name}' for name in _SAID)}, excluded.computed_at) "
            f"WHERE ({', '.join(f'kept.{name}' for name in _SAID)}) "
            f"IS DISTINCT FROM ({', '.join(f'excluded.{name}' for name in _SAID)})"
        )
        changed = cursor.rowcount
        cursor.execute("DROP TABLE staged_forecast")
    return changed
