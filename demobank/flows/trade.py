"""Small businesses: takings or invoices in; suppliers, rent, wages, tax and the owner's drawings out."""

import numpy as np

from ..accounts import Accounts
from ..book import Book, Method
from ..economy import Economy
from ..merchants import CARD_SETTLEMENT, CLIENT_COMPANIES, REVENUE_OFFICE, SUPPLIERS
from ..people import NOBODY, People

# Shares of the monthly revenue, in the order they are paid.
_SUPPLIES, _RENT, _WAGES, _TAX = 0.34, 0.09, 0.20, 0.11


def add_trade(book: Book, people: People, economy: Economy, accounts: Accounts) -> None:
    plan, dice = book.plan, people.dice
    rows = np.flatnonzero(people.is_business)
    if not len(rows):
        return
    dice, account, revenue = dice.of(rows), accounts.of_current[rows], economy.revenue[rows]
    shop = people.keeps_shop[rows]

    opens = plan.weekday < 6
    takings = np.where(opens[None, :], revenue[:, None] * 12 / 313 * np.exp(0.25 * dice.normal("takings", plan.days)), 0)
    book.add(
        account=np.where(shop, account, NOBODY)[:, None],
        day=np.arange(plan.days)[None, :],
        cents=np.round(takings).astype(np.int64),
        method=Method.TRANSFER_IN,
        purpose="takings",
        counterparty=CARD_SETTLEMENT,
    )
    months = len(plan.month_starts) - 1
    invoices = np.round(revenue[:, None, None] / 6 * np.exp(0.3 * dice.normal("invoice", months, 6)) / 500).astype(np.int64) * 500
    book.add(
        account=np.where(shop, NOBODY, account)[:, None, None],
        day=plan.month_starts[None, :-1, None] + dice.whole("invoice day", 0, 27, months, 6),
        cents=invoices,
        method=Method.TRANSFER_IN,
        purpose="invoice",
        counterparty=np.array(CLIENT_COMPANIES, dtype=object)[dice.pick("invoice from", np.ones(len(CLIENT_COMPANIES)), months, 6)],
    )
    weeks = np.arange(3, plan.days, 7)
    supplies = np.round(revenue[:, None] * _SUPPLIES * 12 / 52 * dice.between("supplies cost", 0.7, 1.3, len(weeks))).astype(np.int64)
    book.add(
        account=account[:, None],
        day=weeks[None, :],
        cents=-supplies,
        method=Method.DIRECT_DEBIT,
        purpose="supplies",
        counterparty=np.array(SUPPLIERS, dtype=object)[dice.pick("supplier", np.ones(len(SUPPLIERS)), len(weeks))],
    )
    day_one = np.ones(len(rows), dtype=np.int64)
    book.monthly(
        account=account,
        day_of_month=day_one,
        cents=-np.round(revenue * _RENT, -3).astype(np.int64),
        method=Method.STANDING_ORDER,
        purpose="business rent",
        counterparty=economy.landlord[rows],
    )
    book.monthly(
        account=account,
        day_of_month=day_one * 28,
        cents=-np.round(revenue * _WAGES, -2).astype(np.int64),
        method=Method.TRANSFER,
        purpose="wages",
        counterparty="Staff wages",
        working_day=True,
    )
    book.monthly(
        account=account,
        day_of_month=day_one * 19,
        cents=-np.round(revenue * _TAX).astype(np.int64),
        method=Method.DIRECT_DEBIT,
        purpose="tax",
        counterparty=REVENUE_OFFICE,
        working_day=True,
    )
    _add_drawings(book, people, economy, accounts)


def _add_drawings(book: Book, people: People, economy: Economy, accounts: Accounts) -> None:
    """The owner's pay: a transfer from the business to the owner's own account, both sides."""
    owners = np.flatnonzero(people.business != NOBODY)
    company = people.business[owners]
    source, target = accounts.of_current[company], accounts.of_current[owners]
    names = np.array([people.name(int(row)) for row in owners], dtype=object)
    companies = np.array([people.name(int(row)) for row in company], dtype=object)
    day, cents = economy.pay_day[owners], economy.income[owners]
    book.monthly(
        account=source,
        day_of_month=day,
        cents=-cents,
        method=Method.TRANSFER,
        purpose="drawings",
        counterparty=names,
        other=target,
        working_day=True,
    )
    book.monthly(
        account=target,
        day_of_month=day,
        cents=cents,
        method=Method.TRANSFER_IN,
        purpose="drawings",
        counterparty=companies,
        other=source,
        working_day=True,
    )
