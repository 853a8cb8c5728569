"""What is to be generated, and the days it covers."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np

# Families, guardians and owners live within a group, so that a block never needs another one.
GROUP = 20
BLOCK = 25 * GROUP
HORIZON = 30


class TooSmall(ValueError):
    """The bank must hold at least one group: the customers the documentation names live in the first."""


@dataclass(frozen=True)
class Plan:
    """One demo bank: the same plan always gives the same bytes.

    Days are counted from the first day of history: `today` is the first day that has not happened yet, and the
    `HORIZON` days from then on are simulated too, as what happens if nothing changes. They reach the truth file only.
    """

    customers: int
    seed: int
    months: int
    as_of: date

    def __post_init__(self) -> None:
        if self.customers < GROUP:
            raise TooSmall(f"a demo bank has at least {GROUP} customers")
        if self.months < 1:
            raise ValueError("a demo bank has at least one month of history")

    @cached_property
    def first_day(self) -> date:
        year, month = divmod(self.as_of.year * 12 + self.as_of.month - 1 - self.months, 12)
        return date(year, month + 1, min(self.as_of.day, 28))

    @cached_property
    def today(self) -> int:
        return (self.as_of - self.first_day).days

    @cached_property
    def days(self) -> int:
        """History and horizon together."""
        return self.today + HORIZON

    @cached_property
    def dates(self) -> list[date]:
        return [self.first_day + timedelta(days=offset) for offset in range(self.days)]

    @cached_property
    def iso(self) -> list[str]:
        return [day.isoformat() for day in self.dates]

    @cached_property
    def weekday(self) -> np.ndarray:
        """0 is Monday; shape (days,)."""
        return (self.first_day.weekday() + np.arange(self.days)) % 7

    @cached_property
    def month_starts(self) -> np.ndarray:
        """First day of every month that touches the plan, and of the one after; the first may lie before day 0."""
        starts, month = [], self.first_day.replace(day=1)
        while True:
            starts.append((month - self.first_day).days)
            if starts[-1] >= self.days:
                return np.array(starts)
            month = (month + timedelta(days=32)).replace(day=1)

    @cached_property
    def month_ends(self) -> np.ndarray:
        """Last days of the months that end within the plan."""
        ends = self.month_starts[1:] - 1
        return ends[ends < self.days]

    @cached_property
    def quarter_ends(self) -> np.ndarray:
        return self.month_ends[[self.dates[day].month % 3 == 0 for day in self.month_ends]]

    def on_day_of_month(self, day_of_month: np.ndarray, *, working_day: bool = False) -> np.ndarray:
        """Days on which a monthly payment falls; shape (payments, months), some outside the plan.

        A month too short pays on its last day; with `working_day`, a weekend pays on the Friday before.
        """
        starts, ends = self.month_starts[:-1], self.month_starts[1:] - 1
        days = np.minimum(starts + np.asarray(day_of_month)[:, None] - 1, ends)
        if working_day:
            weekday = (self.first_day.weekday() + days) % 7
            days = days - np.maximum(weekday - 4, 0)
        return days

    def offset(self, day: date) -> int:
        return (day - self.first_day).days

    def date(self, offset: int) -> date:
        return self.first_day + timedelta(days=int(offset))

    def day_of_month_in(self, days_ahead: int) -> tuple[int, int]:
        """The first day from `days_ahead` days ahead on that every month has: (days ahead, day of month)."""
        while (day := self.as_of + timedelta(days=days_ahead)).day > 28:
            days_ahead += 1
        return days_ahead, day.day

    def blocks(self) -> Iterator[range]:
        """Customer indexes in independent blocks of bounded size."""
        for start in range(0, self.customers, BLOCK):
            yield range(start, min(start + BLOCK, self.customers))
