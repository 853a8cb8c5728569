"""Salaries, pensions, benefits, and the changes a new job, a lost one or a first business brings."""

import numpy as np

from ..accounts import Accounts
from ..book import Book, Method
from ..economy import NEVER, Change, Economy, Income
from ..merchants import BENEFIT_PAYER, CLIENT_COMPANIES, PENSION_PAYERS
from ..people import NOBODY, People


def add_income(book: Book, people: People, economy: Economy, accounts: Accounts) -> None:
    account, kind, change = accounts.of_current, economy.income_kind, economy.change
    leaves = np.isin(change, (Change.NEW_JOB, Change.JOB_LOSS))
    last = np.where(leaves, economy.change_day, NEVER)
    monthly, fortnightly = kind == Income.MONTHLY, kind == Income.FORTNIGHTLY

    def who(chosen: np.ndarray) -> np.ndarray:
        return np.where(chosen, account, NOBODY)

    book.monthly(
        account=who(monthly),
        day_of_month=economy.pay_day,
        cents=economy.income,
        method=Method.SALARY,
        purpose="salary",
        counterparty=economy.employer,
        working_day=True,
        stop=last,
    )
    book.every(
        weeks=2,
        account=who(fortnightly),
        phase=economy.pay_phase,
        cents=economy.income * 6 // 13,
        method=Method.SALARY,
        purpose="salary",
        counterparty=economy.employer,
        stop=last,
    )
    new_job = change == Change.NEW_JOB
    # Nobody is paid by a new employer in the first days there.
    book.monthly(
        account=who(new_job),
        day_of_month=economy.new_pay_day,
        cents=economy.new_income,
        method=Method.SALARY,
        purpose="salary",
        counterparty=economy.new_employer,
        working_day=True,
        start=economy.change_day + 10,
    )
    book.monthly(
        account=who(kind == Income.PENSION),
        day_of_month=np.where(economy.pay_day > 20, 3, 15),
        cents=economy.income,
        method=Method.TRANSFER_IN,
        purpose="pension",
        counterparty=np.array(PENSION_PAYERS, dtype=object)[people.index % len(PENSION_PAYERS)],
        working_day=True,
    )
    on_benefit, lost = kind == Income.BENEFIT, change == Change.JOB_LOSS
    book.every(
        weeks=1,
        account=who(on_benefit | lost),
        phase=economy.pay_phase,
        cents=economy.new_income * 12 // 52,
        method=Method.TRANSFER_IN,
        purpose="benefit",
        counterparty=BENEFIT_PAYER,
        start=np.where(lost, economy.change_day + 24, 0),
    )
    # Pay for days not taken goes out with the last month's settlement.
    book.add(
        account=who(lost),
        day=economy.change_day + 4,
        cents=economy.income * 2 // 5,
        method=Method.SALARY,
        purpose="final pay",
        counterparty=economy.employer,
    )
    _first_business_income(book, people, economy, who(change == Change.FIRST_BUSINESS_INCOME))


def _first_business_income(book: Book, people: People, economy: Economy, account: np.ndarray) -> None:
    """Invoices paid by a few companies, irregular, from the day of the change on."""
    dice = people.dice
    payers = np.array(CLIENT_COMPANIES, dtype=object)[
        (people.index[:, None] * 5 + dice.whole("invoice payer", 0, 2, 40)) % len(CLIENT_COMPANIES)
    ]
    gaps = dice.whole("invoice gap", 5, 17, 40).cumsum(axis=1)
    book.add(
        account=account[:, None],
        day=economy.change_day[:, None] + gaps - 5,
        cents=np.round(dice.spread("invoice", 38_000, 0.5, 40), -2).astype(np.int64),
        method=Method.TRANSFER_IN,
        purpose="invoice",
        counterparty=payers,
    )
