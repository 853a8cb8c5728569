"""How an account has behaved so far, in numbers that do not depend on its size.

Money is divided by the account's monthly debits. Nothing here looks at agreed future payments: their effect is
known exactly and belongs to the projection, not to the model.
"""

import numpy as np
from numpy.typing import NDArray

from .days import months_before
from .panel import Panel
from .project import HORIZON, Projection

MONTHS_BACK = 4
FURTHEST = 8.0  # in monthly debits; beyond it an account is simply "far away"
NAMES = (
    "constant",
    "balance",
    "balance_capped",
    "balance_root",
    "usual_low",
    "usual_low_negative",
    "usual_end",
    "low_last_month",
    "low_mean",
    "low_worst",
    "end_last_month",
    "end_mean",
    "lowest_30",
    "lowest_90",
    "above_average_90",
    "gained_30",
    "gained_90",
    "unsteadiness",
    "worst_drop",
    "largest_day",
    "income_ahead",
    "no_income",
)


def scale_of(panel: Panel) -> NDArray[np.float64]:
    """What an ordinary month moves: an account's monthly debits (mean of up to 91 days).

    An account that rarely spends is measured by half its monthly credits or a tenth of its balance instead, so that
    one large withdrawal from a dormant account does not count like a hundred months of ordinary life.
    """
    days = min(91, panel.history)
    known = np.clip(panel.origin - panel.first_day + 1, 1, days)
    recent = panel.net[:, -days:]
    out = np.clip(-recent, 0, None).sum(axis=1) / known * HORIZON
    received = np.clip(recent, 0, None).sum(axis=1) / known * HORIZON
    return np.maximum.reduce([out, received / 2, np.abs(panel.balance) / 10, np.ones(len(panel))])


def features_of(panel: Panel, projection: Projection, scale: NDArray[np.float64]) -> NDArray[np.float64]:
    """(accounts × len(NAMES)). Queries nothing; the same panel gives the same numbers."""
    balance = panel.balance
    past = panel.balances()
    usual_low = projection.usual.min(axis=1) - balance
    usual_end = projection.usual[:, -1] - balance
    lows, ends = same_days_of_earlier_months(panel, past)
    month, quarter = past[:, -30:], past[:, -90:]
    peak = np.maximum.accumulate(quarter, axis=1)
    by_size = balance / scale
    columns = {
        "constant": np.ones(len(panel)),
        "balance": by_size,
        "balance_capped": np.clip(by_size, -1, 1),
        "balance_root": np.sign(by_size) * np.sqrt(np.abs(by_size)),
        "usual_low": usual_low / scale,
        "usual_low_negative": np.minimum(balance + usual_low, 0) / scale,
        "usual_end": usual_end / scale,
        "low_last_month": (lows[0] - usual_low) / scale,
        "low_mean": (lows.mean(axis=0) - usual_low) / scale,
        "low_worst": (lows.min(axis=0) - usual_low) / scale,
        "end_last_month": (ends[0] - usual_end) / scale,
        "end_mean": (ends.mean(axis=0) - usual_end) / scale,
        "lowest_30": (balance - month.min(axis=1)) / scale,
        "lowest_90": (balance - quarter.min(axis=1)) / scale,
        "above_average_90": (balance - quarter.mean(axis=1)) / scale,
        "gained_30": (balance - month[:, 0]) / scale,
        "gained_90": (balance - quarter[:, 0]) / scale,
        "unsteadiness": projection.rest[:, -90:].std(axis=1) * np.sqrt(HORIZON) / scale,
        "worst_drop": (peak - quarter).max(axis=1) / scale,
        "largest_day": -panel.net[:, -90:].min(axis=1) / scale,
        "income_ahead": np.minimum(projection.income_ahead, HORIZON) / HORIZON,
        "no_income": (projection.income_ahead > HORIZON).astype(float),
    }
    assert tuple(columns) == NAMES  # noqa: S101
    return np.clip(np.column_stack(list(columns.values())), -FURTHEST, FURTHEST)


def same_days_of_earlier_months(panel: Panel, past: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How the 30 days after this day of the month went in the last four months: (lowest, last) gain, months × accounts.

    A month before an account's history began, or not over yet, repeats the next later one.
    """
    lows: list[NDArray[np.float64]] = []
    ends: list[NDArray[np.float64]] = []
    start_of_panel = panel.origin - panel.history + 1
    for back in range(1, MONTHS_BACK + 1):
        start = min(months_before(panel.origin, back), panel.origin - HORIZON)
        if start < start_of_panel:
            lows.append(lows[-1])
            ends.append(ends[-1])
            continue
        at = start - start_of_panel
        path = past[:, at + 1 : at + 1 + HORIZON] - past[:, at : at + 1]
        low, end = path.min(axis=1), path[:, -1]
        if back > 1:
            known = panel.first_day <= start
            low, end = np.where(known, low, lows[-1]), np.where(known, end, ends[-1])
        lows.append(low)
        ends.append(end)
    return np.array(lows), np.array(ends)
