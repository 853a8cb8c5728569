"""Made-up account histories as panels, for tests of the forecast's arithmetic."""

from datetime import date

import numpy as np

from insights.cashflow import days
from insights.cashflow.panel import Panel, Schedules
from insights.cashflow.streams import Movements

ORIGIN = days.number(date(2026, 11, 22))
HISTORY = 240
SALARY, RENT, LOAN = 1, 2, 3


class Street:
    """Households next door to each other; each `add` is one account with a salary, payments and daily spending."""

    def __init__(self, *, origin: int = ORIGIN, history: int = HISTORY, seed: int = 7) -> None:
        self.origin, self.history, self.random = origin, history, np.random.default_rng(seed)
        self.nets: list[np.ndarray] = []
        self.balances: list[float] = []
        self.rows: list[tuple[int, int, float, int]] = []
        self.schedules: list[tuple[int, float, int]] = []
        self.first: list[int] = []

    @property
    def days(self) -> range:
        return range(self.origin - self.history + 1, self.origin + 1)

    def add(
        self,
        *,
        balance: float = 500.0,
        salary: float = 2400.0,
        salary_day: int = 1,
        payments: dict[int, tuple[float, int]] | None = None,
        daily: float = 30.0,
        noise: float = 0.3,
        until: int | None = None,
    ) -> int:
        """`payments`: day of the month → (amount, kind). `until`: the salary stops after that day number."""
        account = len(self.nets)
        net = -np.round(daily * self.random.uniform(1 - noise, 1 + noise, self.history), 2)
        for day in self.days:
            of_month = days.to_date(day).day
            if salary and of_month == salary_day and (until is None or day <= until):
                self._book(account, net, day, salary, SALARY)
            for on, (amount, kind) in (payments or {}).items():
                if of_month == on:
                    self._book(account, net, day, -amount, kind)
        self.nets.append(net)
        self.balances.append(balance)
        self.first.append(self.origin - self.history + 1)
        return account

    def agree(self, account: int, amount: float, day: int) -> None:
        """A payment agreed with the bank, leaving each month on `day`."""
        self.schedules.append((account, amount, day))

    def _book(self, account: int, net: np.ndarray, day: int, amount: float, kind: int) -> None:
        net[day - self.days.start] += amount
        self.rows.append((account, day, amount, kind))

    def panel(self) -> Panel:
        rows = np.array(self.rows, dtype=float).reshape(-1, 4)
        agreed = np.array(self.schedules, dtype=float).reshape(-1, 3)
        return Panel(
            origin=self.origin,
            balance=np.array(self.balances),
            net=np.array(self.nets),
            first_day=np.array(self.first, dtype=np.int64),
            movements=Movements(rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64), rows[:, 2], rows[:, 3].astype(np.int64)),
            schedules=Schedules(agreed[:, 0].astype(np.int64), agreed[:, 1], agreed[:, 2].astype(np.int64)),
        )


def crowd(size: int, *, seed: int = 7, history: int = HISTORY) -> Panel:
    """`size` households that differ in income, habits and how near to zero they live."""
    street, random = Street(seed=seed, history=history), np.random.default_rng(seed)
    for _ in range(size):
        salary = float(np.round(random.uniform(1200, 4200), 2))
        rent = float(np.round(salary * random.uniform(0.2, 0.4), 2))
        street.add(
            balance=float(np.round(salary * random.uniform(0.02, 1.6), 2)),
            salary=salary,
            salary_day=int(random.integers(1, 29)),
            payments={int(random.integers(1, 29)): (rent, RENT)},
            daily=(salary - rent) / 30.4 * random.uniform(0.85, 1.05),
            noise=0.9,
        )
    return street.panel()
