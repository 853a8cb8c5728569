"""Recurring money: finds what arrives or leaves at a steady rhythm, and says when it is due next.

A stream is a run of movements between an account and one counterparty, in one direction, at one of four
rhythms. It has ended when one and a half of its cycles passed without a sighting.
"""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .days import Days, day_of_month, in_month, month_length, month_of

MONTHLY, FOUR_WEEKLY, FORTNIGHTLY, WEEKLY = 30, 28, 14, 7
ENDED_AFTER_CYCLES = 1.5
# A payment due on a Sunday is booked on Monday or, after a holiday, on Tuesday.
LATE_BY_AT_MOST = 3
# An exactly repeated rhythm is rare in banking (weekends move it): this share of gaps must fit.
REGULAR_SHARE = 0.8
# Beyond this spread (median deviation ÷ median) the next amount is a guess, not an expectation.
STEADY_SPREAD = 0.5


@dataclass(frozen=True, slots=True)
class Movements:
    """Booked movements, one per row. `account` is a row number of the panel; `kind` is the same number for the
    same counterparty, method and purpose; `amount` is signed, money in is positive."""

    account: NDArray[np.int64]
    day: Days
    amount: NDArray[np.float64]
    kind: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.day)

    def until(self, day: int) -> Self:
        return self.only(self.day <= day)

    def only(self, rows: NDArray) -> Self:
        return type(self)(self.account[rows], self.day[rows], self.amount[rows], self.kind[rows])


@dataclass(frozen=True, slots=True)
class Streams:
    """Detected streams, one per row, sorted by account. `rhythm` in days (30 = monthly, on `day_of_month`)."""

    account: NDArray[np.int64]
    kind: NDArray[np.int64]
    amount: NDArray[np.float64]
    rhythm: NDArray[np.int64]
    day_of_month: Days
    first_day: Days
    last_day: Days
    count: NDArray[np.int64]
    steady: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.account)

    def only(self, rows: NDArray) -> Self:
        return type(self)(*(getattr(self, field.name)[rows] for field in fields(self)))

    def alive_at(self, day: int) -> NDArray[np.bool_]:
        return day - self.last_day <= ENDED_AFTER_CYCLES * self.rhythm + LATE_BY_AT_MOST


def detect(movements: Movements) -> tuple[Streams, NDArray[np.int64]]:
    """The streams in `movements`, and for each movement the row of its stream (-1: belongs to none).

    First everything between an account and one counterparty is tried as one stream; what does not fit is tried
    again by exact amount, which separates two loans paid to the same lender.
    """
    table = pd.DataFrame(
        {
            "account": movements.account,
            "kind": movements.kind,
            "inward": movements.amount > 0,
            "day": movements.day,
            "amount": movements.amount,
            "cents": np.rint(movements.amount * 100).astype(np.int64),
        }
    )
    member = np.full(len(table), -1, dtype=np.int64)
    whole, rows, of_row = _regular(table, ["account", "kind", "inward"])
    member[rows] = of_row
    left = table[member < 0]
    exact, rows, of_row = _regular(left, ["account", "kind", "inward", "cents"])
    member[rows] = np.where(of_row >= 0, of_row + len(whole), -1)
    both = pd.concat([whole, exact], ignore_index=True) if len(whole) and len(exact) else (whole if len(whole) else exact)
    order = np.argsort(both["account"].to_numpy(), kind="stable")
    place = np.empty(len(both) + 1, dtype=np.int64)
    place[order], place[-1] = np.arange(len(both)), -1
    both = both.iloc[order]
    return Streams(*(both[field.name].to_numpy() for field in fields(Streams))), place[member]


def _regular(table: pd.DataFrame, by: list[str]) -> tuple[pd.DataFrame, NDArray[np.int64], NDArray[np.int64]]:
    """Groups of `table` that keep a rhythm: the streams, the row numbers of `table`, each row's stream or -1."""
    table = table.sort_values([*by, "day"], kind="stable")
    group = table.groupby(by, sort=False).ngroup().to_numpy().astype(np.int64)
    day, amount = table["day"].to_numpy(dtype=np.int64), table["amount"].to_numpy(dtype=float)
    count = np.bincount(group) if len(group) else np.zeros(0, dtype=np.int64)
    first = np.cumsum(count) - count
    last = first + count - 1

    follows = np.zeros(len(day), dtype=bool)
    follows[1:] = group[1:] == group[:-1]
    gap = np.where(follows, np.diff(day, prepend=day[:1] if len(day) else 0), 0)[follows]
    gap_group = group[follows]
    typical = _median(gap.astype(float), gap_group, len(count))

    rhythm = np.zeros(len(count), dtype=np.int64)
    for cycle, low, high, slack, sightings in (
        (MONTHLY, 26, 35, 4, 3),
        (FOUR_WEEKLY, 28, 28, 1, 4),
        (FORTNIGHTLY, 13, 15, 0, 4),
        (WEEKLY, 6, 8, 1, 6),
    ):
        within = (gap >= low - slack) & (gap <= high + slack) if cycle != FOUR_WEEKLY else gap == FOUR_WEEKLY
        fitting = np.bincount(gap_group, weights=within, minlength=len(count))
        share = np.divide(fitting, count - 1, out=np.zeros(len(count)), where=count > 1)
        # February makes a monthly rhythm of 28 days once, never four times.
        wanted = 1.0 if cycle == FOUR_WEEKLY else REGULAR_SHARE
        rhythm[(typical >= low) & (typical <= high) & (share >= wanted) & (count >= sightings)] = cycle

    middle = _median(amount, group, len(count))
    deviation = _median(np.abs(amount - middle[group]), group, len(count)) if len(group) else middle
    recent = np.arange(len(day)) > last[group] - 3
    streams = pd.DataFrame(
        {
            "account": table["account"].to_numpy()[first],
            "kind": table["kind"].to_numpy()[first],
            "amount": _median(amount[recent], group[recent], len(count)),
            "rhythm": rhythm,
            "day_of_month": _usual_day(day, group, len(count)),
            "first_day": day[first],
            "last_day": day[last],
            "count": count,
            "steady": deviation <= STEADY_SPREAD * np.abs(middle),
        }
    )
    keep = (rhythm > 0) & streams["steady"].to_numpy()
    number = np.where(keep, np.cumsum(keep) - 1, -1)
    return streams[keep], table.index.to_numpy(), number[group]


def _usual_day(day: Days, group: NDArray[np.int64], groups: int) -> Days:
    """The day of the month a stream usually falls on; 31 when it is the month's last day."""
    of_month = day_of_month(day)
    of_month = np.where(of_month == month_length(month_of(day)), 31, of_month)
    # Sightings on the 30th, 31st and 1st are neighbours: count those after the turn of the month as 32 and up.
    spread = np.zeros(groups, dtype=np.int64)
    late = np.bincount(group, weights=of_month >= 25, minlength=groups) > 0
    early = np.bincount(group, weights=of_month <= 7, minlength=groups) > 0
    spread[late & early] = 31
    turned = np.where(of_month <= 7, of_month + spread[group], of_month)
    usual = np.rint(_median(turned.astype(float), group, groups)).astype(np.int64)
    return np.where(usual > 31, usual - 31, usual)


def _median(values: NDArray[np.float64], group: NDArray[np.int64], groups: int) -> NDArray[np.float64]:
    """The median of each group's values; 0 for a group without any."""
    order = np.lexsort((values, group))
    values, count = values[order], np.bincount(group, minlength=groups)
    first = np.cumsum(count) - count
    filled = np.append(values, 0.0)
    low, high = first + np.maximum(count - 1, 0) // 2, first + count // 2
    return np.where(count > 0, (filled[np.minimum(low, len(values))] + filled[np.minimum(high, len(values))]) / 2, 0.0)


def due(
    *, rhythm: NDArray[np.int64], on_day: Days, last_day: Days, origin: int, horizon: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """When recurring items fall within the `horizon` days after `origin`.

    An item up to three days late is expected on the first day; the same cycle never counts twice.

    Returns:
        (row of the item, day ahead 1 … horizon), one pair for each expected occurrence.
    """
    rows, ahead = [], []
    monthly = np.flatnonzero(rhythm == MONTHLY)
    this_month = month_of(np.array([origin], dtype=np.int64))
    for step in range(-1, horizon // 28 + 2):
        day = in_month(this_month + step, on_day[monthly])
        wanted = (day > last_day[monthly] + MONTHLY // 2) & (day >= origin - LATE_BY_AT_MOST) & (day <= origin + horizon)
        rows.append(monthly[wanted])
        ahead.append(np.maximum(day[wanted] - origin, 1))
    fixed = np.flatnonzero(rhythm != MONTHLY)
    for cycle in range(1, (horizon + LATE_BY_AT_MOST) // WEEKLY + 3):
        day = last_day[fixed] + cycle * rhythm[fixed]
        wanted = (day >= origin - LATE_BY_AT_MOST) & (day <= origin + horizon)
        rows.append(fixed[wanted])
        ahead.append(np.maximum(day[wanted] - origin, 1))
    return np.concatenate(rows), np.concatenate(ahead)
