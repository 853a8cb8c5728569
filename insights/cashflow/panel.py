"""What is known of many accounts at the end of one day: the only input of a forecast."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from .days import Days
from .streams import Movements


@dataclass(frozen=True, slots=True)
class Schedules:
    """Payments agreed with the bank, one per row: certain in amount and, if `day_of_month` > 0, in day.

    `amount` is positive and leaves the account each month.
    """

    account: NDArray[np.int64]
    amount: NDArray[np.float64]
    day_of_month: Days

    @classmethod
    def none(cls) -> Self:
        return cls(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64))

    def __len__(self) -> int:
        return len(self.account)


@dataclass(frozen=True, slots=True)
class Panel:
    """`net[i, j]` is what account i gained on day `origin - history + 1 + j`; the last column is the origin.

    `balance` stands at the end of the origin day. `movements` are the non-card, non-cash ones, in which streams
    can be found; they are part of `net` too. `first_day` is the first day an account's history is known.
    """

    origin: int
    balance: NDArray[np.float64]
    net: NDArray[np.float64]
    first_day: Days
    movements: Movements
    schedules: Schedules

    def __post_init__(self) -> None:
        assert self.net.shape[0] == len(self.balance) == len(self.first_day)  # noqa: S101
        assert not len(self.movements) or self.movements.day.max() <= self.origin  # noqa: S101

    def __len__(self) -> int:
        return len(self.balance)

    @property
    def history(self) -> int:
        """How many days of history the panel holds."""
        return self.net.shape[1]

    def balances(self) -> NDArray[np.float64]:
        """End-of-day balances of the whole history; the last column is `balance`."""
        later = np.cumsum(self.net[:, ::-1], axis=1)[:, ::-1]
        return self.balance[:, None] - later + self.net

    def rewound(self, days: int) -> Self:
        """The same accounts as they were known `days` earlier. Schedules are dropped: when they began is not known."""
        origin, kept = self.origin - days, self.history - days
        return type(self)(
            origin=origin,
            balance=self.balances()[:, kept - 1],
            net=self.net[:, :kept],
            first_day=self.first_day,
            movements=self.movements.until(origin),
            schedules=Schedules.none(),
        )
