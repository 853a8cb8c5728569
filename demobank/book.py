"""Movements of money before they are put in order: columns of entries, and the streams that made them."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from .people import NOBODY
from .plan import Plan


class Method(IntEnum):
    """In the order the ledger books them within a day: money in comes first."""

    SALARY = 0
    TRANSFER_IN = 1
    TRANSFER = 2
    STANDING_ORDER = 3
    INSTALMENT = 4
    DIRECT_DEBIT = 5
    CARD = 6
    CASH = 7
    INTEREST = 8
    FEE = 9


METHOD_WORDS = {
    Method.SALARY: "salary",
    Method.TRANSFER_IN: "transfer",
    Method.TRANSFER: "transfer",
    Method.STANDING_ORDER: "standing_order",
    Method.INSTALMENT: "instalment",
    Method.DIRECT_DEBIT: "direct_debit",
    Method.CARD: "card",
    Method.CASH: "cash",
    Method.INTEREST: "interest",
    Method.FEE: "fee",
}


@dataclass
class Entries:
    """Columns of equal length. `cents` is signed, money in positive; `other` an account of the block or NOBODY."""

    account: np.ndarray
    day: np.ndarray
    cents: np.ndarray
    method: np.ndarray
    purpose: np.ndarray
    counterparty: np.ndarray
    other: np.ndarray
    category: np.ndarray

    def __len__(self) -> int:
        return len(self.account)

    def take(self, places: np.ndarray) -> "Entries":
        return Entries(*(column[places] for column in vars(self).values()))


@dataclass(frozen=True)
class Stream:
    """One recurring movement as it truly is, `cents` signed, `start` to before `stop`, `day` of month or None."""

    account: int
    method: Method
    purpose: str
    counterparty: str
    cents: int
    every: str
    day: int | None
    start: int
    stop: int
    other: int


class Book:
    """Collects the movements of one block."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.streams: list[Stream] = []
        self._parts: list[Entries] = []

    def add(
        self,
        *,
        account: np.ndarray,
        day: np.ndarray,
        cents: np.ndarray,
        method: Method,
        purpose: str | np.ndarray,
        counterparty: str | np.ndarray,
        other: int | np.ndarray = NOBODY,
        category: int | np.ndarray = 0,
    ) -> None:
        """Add entries; whatever has no account, no amount or lies outside the plan's days isn't one."""
        shape = np.broadcast_shapes(np.shape(account), np.shape(day), np.shape(cents))

        def column(values: object, kind: type = np.int64) -> np.ndarray:
            return np.broadcast_to(np.asarray(values, dtype=kind), shape).reshape(-1)

        days, accounts, amounts = column(day), column(account), column(cents)
        keep = (accounts != NOBODY) & (amounts != 0) & (days >= 0) & (days < self.plan.days)
        if keep.any():
            rest = (column(method), column(purpose, object), column(counterparty, object), column(other), column(category))
            self._parts.append(Entries(accounts[keep], days[keep], amounts[keep], *(values[keep] for values in rest)))

    def monthly(
        self,
        *,
        account: np.ndarray,
        day_of_month: np.ndarray,
        cents: np.ndarray,
        method: Method,
        purpose: str,
        counterparty: np.ndarray | str,
        other: np.ndarray | int = NOBODY,
        working_day: bool = False,
        start: np.ndarray | int = 0,
        stop: np.ndarray | int | None = None,
    ) -> None:
        """A stream a customer: shapes (customers,)."""
        days = self.plan.on_day_of_month(day_of_month, working_day=working_day)
        self._stream(account, days, cents, method, purpose, counterparty, other, "month", np.asarray(day_of_month), start, stop)

    def every(
        self,
        *,
        weeks: int,
        account: np.ndarray,
        phase: np.ndarray,
        cents: np.ndarray,
        method: Method,
        purpose: str,
        counterparty: np.ndarray | str,
        start: np.ndarray | int = 0,
        stop: np.ndarray | int | None = None,
    ) -> None:
        """A stream a customer on the same weekday every so many weeks; `phase` moves it by days, weekends excluded."""
        length = 7 * weeks
        monday = -(self.plan.first_day.toordinal() - 1) % 7 - 7
        days = monday + np.arange(0, self.plan.days + 2 * length, length)[None, :] + (phase % length)[:, None]
        weekday = (days - monday) % 7
        days = days - np.maximum(weekday - 4, 0)
        self._stream(
            account, days, cents, method, purpose, counterparty, NOBODY, f"{weeks} weeks" if weeks > 1 else "week", None, start, stop
        )

    def _stream(
        self,
        account: np.ndarray,
        days: np.ndarray,
        cents: np.ndarray,
        method: Method,
        purpose: str,
        counterparty: np.ndarray | str,
        other: np.ndarray | int,
        every: str,
        day_of_month: np.ndarray | None,
        start: np.ndarray | int,
        stop: np.ndarray | int | None,
    ) -> None:
        n = len(account)
        whole = np.int64
        starts, stops = (
            np.broadcast_to(np.asarray(start, whole), n),
            np.broadcast_to(np.asarray(self.plan.days if stop is None else stop, whole), n),
        )
        others, names = np.broadcast_to(np.asarray(other, whole), n), np.broadcast_to(np.asarray(counterparty, object), n)
        amounts = np.asarray(cents, whole)
        active = (account != NOBODY) & (amounts != 0) & (starts < stops)
        within = active[:, None] & (days >= starts[:, None]) & (days < stops[:, None])
        self.add(
            account=account[:, None],
            day=np.where(within, days, -1),
            cents=amounts[:, None],
            method=method,
            purpose=purpose,
            counterparty=names[:, None],
            other=others[:, None],
        )
        for place in np.flatnonzero(active):
            day = None if day_of_month is None else int(day_of_month[place])
            self.streams.append(
                Stream(
                    int(account[place]),
                    method,
                    purpose,
                    names[place],
                    int(amounts[place]),
                    every,
                    day,
                    int(starts[place]),
                    int(stops[place]),
                    int(others[place]),
                )
            )

    def entries(self) -> Entries:
        columns = zip(*(vars(part).values() for part in self._parts), strict=True)
        return Entries(*(np.concatenate(column) for column in columns))
