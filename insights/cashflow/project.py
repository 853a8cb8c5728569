"""What comes if everything goes on as usual: scheduled and recurring items on their days, the rest day by day.

Two projections are made. `usual` knows the history only; `expected` knows the agreed schedules too. The model
learns how far off `usual` was; that correction is added to `expected`. So a payment that is newly agreed moves the
forecast by exactly its amount, and one seen each month is not counted twice.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .days import Days
from .panel import Panel, Schedules
from .streams import MONTHLY, Streams, detect, due

HORIZON = 30
TYPICAL_DAYS = 91  # thirteen whole weeks: each weekday counts the same
SAME_AMOUNT = 0.01


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Items that fall into the horizon: `row` of the stream or schedule, `ahead` its day (1 is the day after the origin)."""

    row: NDArray[np.int64]
    ahead: NDArray[np.int64]

    def only(self, which: NDArray[np.bool_]) -> Self:
        return type(self)(self.row[which], self.ahead[which])


@dataclass(frozen=True, slots=True)
class Projection:
    """`usual` and `expected`: (accounts × horizon) end-of-day balances from the day after the origin."""

    usual: NDArray[np.float64]
    expected: NDArray[np.float64]
    spared: NDArray[np.float64]  # what would be left more at the usual trough if nothing were spent until then
    rest: NDArray[np.float64]  # the history without its streams, shaped like Panel.net
    income_ahead: NDArray[np.int64]  # days to the next expected income, horizon + 1 if none
    streams: Streams  # those still alive
    recurring: Occurrences  # of `streams`; those that an agreed payment stands for are left out
    scheduled: Occurrences  # of Panel.schedules
    schedule_day: Days  # the day of the month of each of Panel.schedules, 0 if nothing tells


def project(panel: Panel, *, horizon: int = HORIZON) -> Projection:
    streams, member = detect(panel.movements)
    rest = _without(panel, member)
    known = np.clip(panel.origin - panel.first_day + 1, 1, min(TYPICAL_DAYS, panel.history))
    recent = np.arange(panel.history)[None, :] >= panel.history - known[:, None]
    ordinary_day = (np.where(recent, rest, 0.0).sum(axis=1) / known)[:, None]
    spent_a_day = np.where(recent, np.clip(-rest, 0, None), 0.0).sum(axis=1) / known

    alive = streams.only(streams.alive_at(panel.origin))
    recurring = Occurrences(
        *due(rhythm=alive.rhythm, on_day=alive.day_of_month, last_day=alive.last_day, origin=panel.origin, horizon=horizon)
    )
    account, amount = alive.account[recurring.row], alive.amount[recurring.row]
    usual_items = _spread(len(panel), horizon, account, recurring.ahead, amount)
    income_ahead = np.full(len(panel), horizon + 1, dtype=np.int64)
    np.minimum.at(income_ahead, account[amount > 0], recurring.ahead[amount > 0])

    stands_for = match(panel.schedules, alive)
    scheduled, schedule_day = _schedule(panel, alive, stands_for, horizon)
    replaced = np.isin(recurring.row, stands_for)
    agreed = panel.schedules
    expected_items = _spread(len(panel), horizon, account[~replaced], recurring.ahead[~replaced], amount[~replaced])
    expected_items -= _spread(len(panel), horizon, agreed.account[scheduled.row], scheduled.ahead, agreed.amount[scheduled.row])

    usual = panel.balance[:, None] + np.cumsum(usual_items + ordinary_day, axis=1)

    return Projection(
        usual=usual,
        expected=panel.balance[:, None] + np.cumsum(expected_items + ordinary_day, axis=1),
        spared=spent_a_day * (usual.argmin(axis=1) + 1),
        rest=rest,
        income_ahead=income_ahead,
        streams=alive,
        recurring=recurring.only(~replaced),
        scheduled=scheduled,
        schedule_day=schedule_day,
    )


def _without(panel: Panel, member: NDArray[np.int64]) -> NDArray[np.float64]:
    """The daily nets without what belongs to a stream."""
    rest = panel.net.copy()
    column = panel.movements.day - (panel.origin - panel.history + 1)
    inside = (member >= 0) & (column >= 0)
    np.subtract.at(rest, (panel.movements.account[inside], column[inside]), panel.movements.amount[inside])
    return rest


def _schedule(panel: Panel, streams: Streams, stands_for: NDArray[np.int64], horizon: int) -> tuple[Occurrences, Days]:
    """When the agreed payments leave, and on which day of the month.

    One without a day of the month takes the day on which it was seen; if it was never seen, nothing says when it
    leaves, and it is left out.
    """
    schedules = panel.schedules
    seen = stands_for >= 0
    # Never seen on the account: nothing tells whether an occurrence before the origin happened, so only later ones count.
    on_day, last_day = schedules.day_of_month.copy(), np.full(len(schedules), panel.origin - MONTHLY // 2)
    last_day[seen] = streams.last_day[stands_for[seen]]
    unknown = seen & (on_day <= 0)
    on_day[unknown] = streams.day_of_month[stands_for[unknown]]
    placed = np.flatnonzero(on_day > 0)
    monthly = np.full(len(placed), MONTHLY, dtype=np.int64)
    row, ahead = due(rhythm=monthly, on_day=on_day[placed], last_day=last_day[placed], origin=panel.origin, horizon=horizon)
    return Occurrences(placed[row], ahead), on_day


def match(schedules: Schedules, streams: Streams) -> NDArray[np.int64]:
    """For each schedule the row of the stream it produced, or -1. Each stream stands for one schedule at most."""
    monthly_out = np.flatnonzero((streams.amount < 0) & (streams.rhythm == MONTHLY))
    found = np.full(len(schedules), -1, dtype=np.int64)
    pairs = pd.merge(
        pd.DataFrame({"account": schedules.account, "schedule": np.arange(len(schedules))}),
        pd.DataFrame({"account": streams.account[monthly_out], "stream": monthly_out}),
        on="account",
    )
    if not len(pairs):
        return found
    schedule, stream = pairs["schedule"].to_numpy(), pairs["stream"].to_numpy()
    difference = np.abs(schedules.amount[schedule] + streams.amount[stream])
    days_apart = np.abs(schedules.day_of_month[schedule] - streams.day_of_month[stream])
    days_apart = np.where(schedules.day_of_month[schedule] > 0, np.minimum(days_apart, 31 - days_apart), 0)
    same = (difference <= SAME_AMOUNT * schedules.amount[schedule]) & (days_apart <= 5)
    # Nearest day first; then each schedule and each stream is used once.
    order = np.lexsort((stream, difference, days_apart))
    order = order[same[order]]
    chosen = pd.DataFrame({"schedule": schedule[order], "stream": stream[order]})
    chosen = chosen.drop_duplicates("schedule").drop_duplicates("stream")
    found[chosen["schedule"].to_numpy()] = chosen["stream"].to_numpy()
    return found


def _spread(
    accounts: int, horizon: int, account: NDArray[np.int64], ahead: NDArray[np.int64], amount: NDArray[np.float64]
) -> NDArray[np.float64]:
    place = account * horizon + ahead - 1
    # Without any item numpy counts in whole numbers.
    return np.bincount(place, weights=amount, minlength=accounts * horizon).reshape(accounts, horizon).astype(float)
