"""Card payments and cash: how often, where and how much, adding up to what a household has left to spend."""

from dataclasses import dataclass

import numpy as np

from ..accounts import AccountKind, Accounts
from ..book import Book, Method
from ..economy import Economy
from ..merchants import CATEGORIES, TRADE_SUPPLIES
from ..people import NOBODY, People

MONTH = 365.25 / 12
SLOTS = 4  # at most so many card payments a day
# Monday to Sunday; the mean is 1.
_WEEK = np.array([0.80, 0.80, 0.85, 0.95, 1.25, 1.45, 0.90])

_CODES = np.array([category.code for category in CATEGORIES])
_WORDS = np.array([category.word for category in CATEGORIES], dtype=object)
_MEDIANS = np.array([category.median for category in CATEGORIES])
_SIGMAS = np.array([category.sigma for category in CATEGORIES])
_WEIGHTS = np.array([[getattr(category, who) for category in CATEGORIES] for who in ("personal", "household", "teenager")])
_EDGES = (_WEIGHTS / _WEIGHTS.sum(axis=1, keepdims=True)).cumsum(axis=1)
_SHOP_COUNT = np.array([len(category.shops) for category in CATEGORIES])
_SHOPS = np.array([list(category.shops) + [""] * (_SHOP_COUNT.max() - len(category.shops)) for category in CATEGORIES], dtype=object)

PERSONAL, HOUSEHOLD, TEENAGER = range(3)


@dataclass
class Purses:
    """Who spends from where: one place per account that has a card. Budgets in cents a month."""

    account: np.ndarray
    customer: np.ndarray
    taste: np.ndarray
    budget: np.ndarray
    purchases: np.ndarray
    cash: np.ndarray
    change_day: np.ndarray
    after_change: np.ndarray


def purses_of(people: People, economy: Economy, accounts: Accounts) -> Purses:
    """Persons spend what they have left; couples from the joint account, too, what the home leaves of what both put in."""
    rows = np.flatnonzero(~people.is_business)
    leads = np.flatnonzero((accounts.of_joint != NOBODY) & people.leads)
    put_in = economy.contribution[leads] + economy.contribution[people.partner[leads]]
    home = sum(getattr(economy, bill)[leads] for bill in ("rent", "mortgage", "electricity", "gas", "broadband"))
    children = np.bincount(people.guardian[people.is_child], weights=economy.pocket_money[people.is_child], minlength=len(people))[leads]
    left = np.maximum(put_in - home - children, put_in * 0.2).astype(np.int64)
    customer = np.concatenate([rows, leads])
    taste = np.concatenate([np.where(people.is_child[rows], TEENAGER, PERSONAL), np.full(len(leads), HOUSEHOLD)])
    cash_share = np.where(people.is_child, 0.0, people.dice.between("cash share", 0.03, 0.25))
    spending = economy.spending[rows]
    return Purses(
        account=np.concatenate([accounts.of_current[rows], accounts.of_joint[leads]]),
        customer=customer,
        taste=taste,
        budget=np.concatenate([(spending * (1 - cash_share[rows])).astype(np.int64), left]),
        purchases=np.concatenate([economy.purchases[rows], np.clip(left / 12_000, 5, 14)]),
        cash=np.concatenate([(spending * cash_share[rows]).astype(np.int64), np.zeros(len(leads), dtype=np.int64)]),
        change_day=economy.change_day[customer],
        after_change=np.where(taste == HOUSEHOLD, 1.0, economy.spending_after_change[customer]),
    )


def add_spending(book: Book, people: People, economy: Economy, accounts: Accounts) -> None:
    purses = purses_of(people, economy, accounts)
    # Children draw on the household's own stream of chances: two purses of one customer never share draws.
    for taste in (PERSONAL, HOUSEHOLD, TEENAGER):
        chosen = np.flatnonzero(purses.taste == taste)
        if len(chosen):
            _add_purchases(book, people, Purses(*(column[chosen] for column in vars(purses).values())), taste)
    _add_cash(book, people, purses)
    _add_supplies(book, people, accounts)


def _add_purchases(book: Book, people: People, purses: Purses, taste: int) -> None:
    plan, dice = book.plan, people.dice.of(purses.customer)
    rate = np.minimum(purses.purchases[:, None] / MONTH * _WEEK[plan.weekday] / SLOTS, 0.6)
    rate = np.where(purses.budget[:, None] > 0, rate, 0.0)
    changed = np.arange(plan.days)[None, :] >= purses.change_day[:, None]
    rate = np.where(changed, rate * purses.after_change[:, None], rate)
    buys = dice.uniform(f"buys {taste}", plan.days, SLOTS) < rate[:, :, None]
    purse, day, _ = np.nonzero(buys)
    each = dice.of_draws(f"purchase {taste}", buys, 4)
    category = np.searchsorted(_EDGES[taste], each[:, 0], side="right").clip(max=len(CATEGORIES) - 1)
    usual = np.exp(_SIGMAS[category] * np.sqrt(-2 * np.log1p(-each[:, 1])) * np.cos(2 * np.pi * each[:, 2])) * _MEDIANS[category]
    # Scaled so that a purse spends its budget over the whole span, no more and no less.
    total = np.bincount(purse, weights=usual, minlength=len(purses.account))
    share = (1 + (purses.after_change - 1) * np.clip(plan.days - purses.change_day, 0, plan.days) / plan.days) * plan.days / MONTH
    scale = purses.budget * share / np.maximum(total, 1)
    cents = np.maximum(np.round(usual * scale[purse]), 120).astype(np.int64)
    shop = (each[:, 3] * _SHOP_COUNT[category]).astype(np.int64)
    book.add(
        account=purses.account[purse],
        day=day,
        cents=-cents,
        method=Method.CARD,
        purpose=_WORDS[category],
        counterparty=_SHOPS[category, shop],
        category=_CODES[category],
    )


def _add_cash(book: Book, people: People, purses: Purses) -> None:
    """Once to three times a month, in notes of ten and twenty."""
    plan, dice = book.plan, people.dice.of(purses.customer)
    starts = plan.month_starts[:-1]
    times = np.clip(purses.cash // 8_000, 1, 3)
    notes = np.where(purses.cash < 1_000, 0, np.maximum(np.round(purses.cash / times / 1_000), 1) * 1_000).astype(np.int64)
    day = starts[None, :, None] + dice.whole("cash day", 0, 27, len(starts), 3)
    wanted = np.arange(3)[None, None, :] < times[:, None, None]
    day = np.where(wanted & (day < purses.change_day[:, None, None]) | wanted & (purses.after_change == 1.0)[:, None, None], day, -1)
    book.add(
        account=purses.account[:, None, None],
        day=day,
        cents=-notes[:, None, None],
        method=Method.CASH,
        purpose="cash",
        counterparty="Cash machine",
    )


def _add_supplies(book: Book, people: People, accounts: Accounts) -> None:
    """A business card is used for small supplies."""
    business = np.where(accounts.kind[accounts.of_current] == AccountKind.BUSINESS, accounts.of_current, NOBODY)
    count = max(book.plan.days // 12, 1)
    book.add(
        account=business[:, None],
        day=people.dice.whole("supplies day", 0, book.plan.days - 1, count),
        cents=-people.dice.whole("supplies", 1_900, 14_000, count),
        method=Method.CARD,
        purpose=TRADE_SUPPLIES[1],
        counterparty="Shopfit Direct",
        category=TRADE_SUPPLIES[0],
    )
