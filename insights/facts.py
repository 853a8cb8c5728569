"""From a book's arrays back to one account in money and days, as the offers need it."""

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

import numpy as np

from .cashflow import days
from .offers.account import Account, Income, Payment, Savings

if TYPE_CHECKING:
    from .cashflow.forecast import Forecasts
    from .reading import Book

HALF_A_YEAR = 183


def account_at(row: int, book: "Book", forecasts: "Forecasts") -> Account:
    """The account in this row of the book, with its forecast and what hangs on it."""
    account, band = book.accounts.iloc[row], forecasts.band
    known = int(book.panel.origin - book.panel.first_day[row] + 1)
    past = book.panel.balance[row] - np.cumsum(book.panel.net[row, ::-1])[::-1] + book.panel.net[row]
    return Account(
        arrangement_id=UUID(account["arrangement_id"]),
        party_id=UUID(account["party_id"]),
        currency=account["currency"],
        overdraft_limit=_amount(account["overdraft_limit"]),
        as_of=book.as_of,
        past=_amounts(past[-known:]),
        low=_amounts(band.low[row]),
        median=_amounts(band.median[row]),
        high=_amounts(band.high[row]),
        lowest_date=book.as_of + timedelta(days=int(band.lowest_day[row])),
        payments=_payments(row, book, forecasts),
        incomes=_incomes(row, book, forecasts),
        savings=_savings(account["party_id"], account["currency"], book),
        overdraft_fees=_fees(row, book),
    )


def _payments(row: int, book: "Book", forecasts: "Forecasts") -> tuple[Payment, ...]:
    projection, found = forecasts.projection, []
    for place in np.flatnonzero(book.panel.schedules.account == row):
        schedule, day = book.schedules.iloc[place], int(projection.schedule_day[place])
        if day <= 0:
            continue
        ahead = projection.scheduled.ahead[projection.scheduled.row == place]
        found.append(
            Payment(
                arrangement_id=UUID(schedule["schedule_arrangement_id"]),
                name=_payment_name(schedule["kind"], schedule["purpose"]),
                counterparty=schedule["counterparty"] or "",
                amount=_amount(schedule["amount"]),
                day_of_month=day,
                due=_dates(ahead, book.as_of),
                is_loan=schedule["kind"] in ("loan", "mortgage"),
                movable=int(book.panel.schedules.day_of_month[place]) == day,
            )
        )
    return tuple(found)


def _payment_name(kind: str, purpose: str) -> str:
    """ "loan payment", "rent payment", or "standing order" where nothing tells what it is for."""
    if kind in ("loan", "mortgage"):
        return f"{kind} payment"
    return f"{purpose.replace('_', ' ').lower()} payment" if purpose else "standing order"


def _incomes(row: int, book: "Book", forecasts: "Forecasts") -> tuple[Income, ...]:
    projection = forecasts.projection
    streams = projection.streams
    return tuple(
        Income(
            name="Salary" if book.kinds.loc[int(streams.kind[place]), "method"] == "salary" else "Income",
            amount=_amount(streams.amount[place]),
            rhythm=int(streams.rhythm[place]),
            day_of_month=int(streams.day_of_month[place]),
            first_date=days.to_date(streams.first_day[place]),
            count=int(streams.count[place]),
            due=_dates(projection.recurring.ahead[projection.recurring.row == place], book.as_of),
        )
        for place in np.flatnonzero((streams.account == row) & (streams.amount > 0))
    )


def _savings(party_id: str, currency: str, book: "Book") -> tuple[Savings, ...]:
    own = book.savings[(book.savings["party_id"] == party_id) & (book.savings["currency"] == currency)]
    held = zip(own["arrangement_id"], own["balance"], strict=True)
    return tuple(Savings(UUID(arrangement), _amount(balance)) for arrangement, balance in held)


def _fees(row: int, book: "Book") -> tuple[tuple[date, Decimal], ...]:
    """What being below zero cost in the last half year."""
    moved = book.panel.movements
    mine = np.flatnonzero((moved.account == row) & (moved.amount < 0) & (moved.day > book.panel.origin - HALF_A_YEAR))
    mine = mine[book.kinds["overdraft_fee"].to_numpy()[moved.kind[mine]]]
    mine = mine[np.argsort(moved.day[mine], kind="stable")]
    return tuple((days.to_date(moved.day[place]), -_amount(moved.amount[place])) for place in mine)


def _dates(ahead: np.ndarray, as_of: date) -> tuple[date, ...]:
    return tuple(as_of + timedelta(days=int(step)) for step in sorted(ahead))


def _amounts(path: np.ndarray) -> tuple[Decimal, ...]:
    return tuple(_amount(amount) for amount in path.tolist())


def _amount(value: float | Decimal) -> Decimal:
    return Decimal(f"{value:.2f}")
