"""What the customers' floor knows of many accounts, as one panel of arrays."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import numpy as np
import pandas as pd

from bankos.platform import clock
from customers import flows

from .cashflow import days
from .cashflow.panel import Panel, Schedules
from .cashflow.streams import Movements

HISTORY_DAYS = 240
BUCKETS = 256


@dataclass(frozen=True, slots=True)
class Book:
    """The frames of some accounts, and the panel made of them: row i of `accounts` is row i of the panel.

    `kinds` tells of each movement kind its method, purpose, counterparty and whether it is a fee for being below zero;
    `schedules` is aligned with the panel's schedules.
    """

    as_of: date
    panel: Panel
    accounts: pd.DataFrame
    kinds: pd.DataFrame
    schedules: pd.DataFrame
    savings: pd.DataFrame


def book_of(buckets: Sequence[int], *, at: datetime, parties: Collection[UUID] | None = None) -> Book | None:
    """The current accounts of the parties in `buckets` (of `parties` only, if given) as they are known at `at`; None if there are none.

    The last complete day is yesterday, unless something was already booked today: then it is today, and what was
    due today without being booked is expected tomorrow.
    """
    accounts = flows.current_accounts(buckets, parties=parties).drop_duplicates("arrangement_id").reset_index(drop=True)
    if accounts.empty:
        return None
    today = clock.bank_date(at)
    booked_today = (accounts["balance_date"] >= pd.Timestamp(today)).any()
    as_of = today if booked_today else today - timedelta(days=1)
    since = as_of - timedelta(days=HISTORY_DAYS - 1)

    row = pd.Series(np.arange(len(accounts)), index=accounts["arrangement_id"])
    net, first_day = _daily(flows.daily_flows(buckets, since=since, until=as_of, parties=parties), row, as_of)
    movements, kinds = _movements(flows.movements(buckets, since=since, until=as_of, parties=parties), row)
    schedules = flows.schedules(buckets, parties=parties)
    schedules = schedules[schedules["account_id"].isin(row.index)].reset_index(drop=True)
    panel = Panel(
        origin=days.number(as_of),
        balance=accounts["balance"].to_numpy(dtype=float),
        net=net,
        first_day=first_day,
        movements=movements,
        schedules=Schedules(
            account=row.reindex(schedules["account_id"]).to_numpy(dtype=np.int64),
            amount=schedules["amount"].to_numpy(dtype=float),
            day_of_month=schedules["day_of_month"].fillna(0).to_numpy(dtype=np.int64),
        ),
    )
    return Book(as_of, panel, accounts, kinds, schedules, flows.savings_of(buckets, parties=parties))


def sample(*, at: datetime, accounts: int) -> Book | None:
    """At least `accounts` current accounts (or all there are), spread evenly: buckets hold customers by chance. None if there are none."""
    count = 1
    while True:
        book = book_of(range(count), at=at)
        found = 0 if book is None else len(book.accounts)
        if found >= accounts or count == BUCKETS:
            return book
        # What one bucket holds tells how many are needed.
        per_bucket = max(found / count, 0.5)
        count = min(BUCKETS, max(count * 2, int(accounts / per_bucket) + 1))


def _daily(flow: pd.DataFrame, row: pd.Series, as_of: date) -> tuple[np.ndarray, np.ndarray]:
    """(accounts × history) nets, and the first day each account's history is known."""
    flow = flow[flow["arrangement_id"].isin(row.index)]
    account = row.reindex(flow["arrangement_id"]).to_numpy(dtype=np.int64)
    first = days.number(as_of) - HISTORY_DAYS + 1
    day = _day_numbers(flow["day"])
    net = np.bincount(account * HISTORY_DAYS + day - first, weights=flow["net"].to_numpy(dtype=float), minlength=len(row) * HISTORY_DAYS)
    first_day = np.full(len(row), days.number(as_of) + 1)
    np.minimum.at(first_day, account, day)
    return net.reshape(len(row), HISTORY_DAYS), first_day


def _movements(moved: pd.DataFrame, row: pd.Series) -> tuple[Movements, pd.DataFrame]:
    moved = moved[moved["arrangement_id"].isin(row.index)]
    columns = ["method", "purpose", "counterparty"]
    kind = moved.groupby(columns, sort=True).ngroup().to_numpy().astype(np.int64)
    kinds = moved[columns].assign(kind=kind).drop_duplicates("kind").set_index("kind").sort_index()
    named = (kinds["purpose"] + " " + kinds["counterparty"]).str.lower().str.contains("overdraft", regex=False)
    kinds["overdraft_fee"] = (kinds["method"] == "fee") & named.fillna(False)
    account = row.reindex(moved["arrangement_id"]).to_numpy(dtype=np.int64)
    return Movements(account, _day_numbers(moved["day"]), moved["amount"].to_numpy(dtype=float), kind), kinds


def _day_numbers(column: pd.Series) -> np.ndarray:
    return column.to_numpy().astype("datetime64[D]").astype(np.int64)
