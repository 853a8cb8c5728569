"""What comes if everything goes on as usual: scheduled and recurring items on their days, the rest day by day.

Two projections are made. `usual` knows the history only; `expected` knows the agreed schedules too. The model
learns how far off `usual` was; that correction is added to `expected`. So a payment that is newly agreed moves the
forecast by exactly its amount, and one seen each month is not counted twice.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .panel import Panel, Schedules
from .streams import MONTHLY, Streams, detect, due

HORIZON = 30
TYPICAL_DAYS = 91  # thirteen whole weeks: each weekday counts the same
SAME_AMOUNT = 0.01
NEVER = -(10**6)


@dataclass(frozen=True, slots=True)
class Projection:
    """`usual` and `expected`: (accounts × horizon) end-of-day balances from the day after the origin."""

    usual: NDArray[np.float64]
    expected: NDArray[np.float64]
    spending: NDArray[np.float64]  # what an ordinary day takes or brings, besides streams
    rest: NDArray[np.float64]  # the history without its streams, like Panel.net
    income_ahead: NDArray[np.int64]  # days to the next expected income, horizon + 1 if none
    streams: Streams


def project(panel: Panel, *, horizon: int = HORIZON) -> Projection:
    streams, member = detect(panel.movements)
    rest = panel.net.copy()
    column = panel.movements.day - (panel.origin - panel.history + 1)
    inside = (member >= 0) & (column >= 0)
    np.subtract.at(rest, (panel.movements.account[inside], column[inside]), panel.movements.amount[inside])

    known = np.clip(panel.origin - panel.first_day + 1, 1, min(TYPICAL_DAYS, panel.history))
    recent = np.arange(panel.history)[None, :] >= panel.history - known[:, None]
    spending = np.where(recent, rest, 0.0).sum(axis=1) / known

    alive = streams.only(streams.alive_at(panel.origin))
    row, ahead = due(rhythm=alive.rhythm, on_day=alive.day_of_month, last_day=alive.last_day, origin=panel.origin, horizon=horizon)
    usual_items = _spread(len(panel), horizon, alive.account[row], ahead, alive.amount[row])

    scheduled, replaced = _scheduled_items(panel, alive, horizon)
    still = ~replaced[row]
    expected_items = _spread(len(panel), horizon, alive.account[row][still], ahead[still], alive.amount[row][still]) + scheduled

    income_ahead = np.full(len(panel), horizon + 1, dtype=np.int64)
    incoming = alive.amount[row] > 0
    np.minimum.at(income_ahead, alive.account[row][incoming], ahead[incoming])

    daily = spending[:, None]
    return Projection(
        usual=panel.balance[:, None] + np.cumsum(usual_items + daily, axis=1),
        expected=panel.balance[:, None] + np.cumsum(expected_items + daily, axis=1),
        spending=spending,
        rest=rest,
        income_ahead=income_ahead,
        streams=streams,
    )


def _scheduled_items(panel: Panel, streams: Streams, horizon: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The agreed payments by day, and which streams they stand for.

    A schedule without a day of the month takes the day on which it was seen; if it was never seen, nothing says
    when it leaves, and it is left out.
    """
    schedules = panel.schedules
    stream = match(schedules, streams)
    seen = stream >= 0
    replaced = np.zeros(len(streams), dtype=bool)
    replaced[stream[seen]] = True
    on_day, last_day = schedules.day_of_month.copy(), np.full(len(schedules), NEVER, dtype=np.int64)
    last_day[seen] = streams.last_day[stream[seen]]
    unknown = seen & (on_day <= 0)
    on_day[unknown] = streams.day_of_month[stream[unknown]]
    # Never seen on the account: nothing tells whether an occurrence before the origin happened, so only later ones count.
    last_day[~seen] = panel.origin - MONTHLY // 2
    placed = np.flatnonzero(on_day > 0)
    row, ahead = due(
        rhythm=np.full(len(placed), MONTHLY, dtype=np.int64),
        on_day=on_day[placed],
        last_day=last_day[placed],
        origin=panel.origin,
        horizon=horizon,
    )
    items = _spread(len(panel), horizon, schedules.account[placed][row], ahead, -schedules.amount[placed][row])
    return items, replaced


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
    return np.bincount(place, weights=amount, minlength=accounts * horizon).reshape(accounts, horizon)
