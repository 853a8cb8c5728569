"""Days as whole numbers since 1970-01-01, so that calendar arithmetic runs over arrays."""

from datetime import date

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.int64]
Months = NDArray[np.int64]  # months since January 1970

EPOCH = date(1970, 1, 1).toordinal()


def number(day: date) -> int:
    return day.toordinal() - EPOCH


def to_date(day: int) -> date:
    return date.fromordinal(int(day) + EPOCH)


def month_of(days: Days) -> Months:
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def month_start(months: Months) -> Days:
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def month_length(months: Months) -> Days:
    return month_start(months + 1) - month_start(months)


def day_of_month(days: Days) -> Days:
    """1 to 31."""
    return days - month_start(month_of(days)) + 1


def in_month(months: Months, day: Days) -> Days:
    """The day numbered `day` of each month; the month's last day if it is shorter."""
    return month_start(months) + np.minimum(day, month_length(months)) - 1


def months_before(day: int, months: int) -> int:
    """The same day of the month, `months` earlier (31 March → 28 February)."""
    this = np.array([day], dtype=np.int64)
    return int(in_month(month_of(this) - months, day_of_month(this))[0])
