"""One day-by-day band from a projection and the quantiles of its minimum.

The lowest point of each line IS the stated quantile of the minimum, and the lines never cross: what the chart
shows, what the alert says and what an amount is computed from are the same numbers.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .model import Corrections


@dataclass(frozen=True, slots=True)
class Band:
    """Each line is (accounts × days), in whole cents; `lowest_day` is the first day ahead (1 …) of the median's minimum."""

    low: NDArray[np.float64]
    median: NDArray[np.float64]
    high: NDArray[np.float64]
    lowest_day: NDArray[np.int64]


def band_of(expected: NDArray[np.float64], by: Corrections) -> Band:
    """Bend `expected` so that its lowest point moves by the median correction, and its last day by `end`.

    The correction grows evenly up to the trough: today is known, the trough is what was learnt. Where growing
    unevenly would dig a new lowest point, the line stops at the stated minimum.
    """
    days = expected.shape[1]
    trough = expected.argmin(axis=1)[:, None]
    ahead = np.arange(days)[None, :]
    reached = np.minimum((ahead + 1) / (trough + 1), 1.0)
    after = np.clip((ahead - trough) / np.maximum(days - 1 - trough, 1), 0.0, 1.0)
    median_low = expected.min(axis=1) + by.median
    at_end = np.where(trough[:, 0] == days - 1, by.median, by.end)
    bend = by.median[:, None] * reached + (at_end - by.median)[:, None] * after
    median = np.maximum(expected + bend, median_low[:, None])

    # Uncertainty grows with the square root of time, and is the learnt one at the trough.
    grown = np.sqrt((ahead + 1) / (trough + 1))
    down, up = (by.low - by.median)[:, None], (by.high - by.median)[:, None]
    low = np.maximum(median + down * grown, (median_low + down[:, 0])[:, None])
    high = np.maximum(median + up * grown, (median_low + up[:, 0])[:, None])
    median = np.round(median, 2)
    return Band(np.round(low, 2), median, np.round(high, 2), median.argmin(axis=1) + 1)
