"""From movements to a ledger: opening balances that make each account's story come true, fees, interest, running balances."""

from dataclasses import dataclass

import numpy as np

from .accounts import AccountKind, Accounts
from .book import Book, Entries, Method
from .economy import NO_BALANCE_GIVEN, Dip, Economy, LoanState
from .merchants import BANK
from .people import NOBODY, People
from .plan import Plan

OVERDRAFT_FEE = 900
_INTEREST = {AccountKind.SAVINGS: 0.015, AccountKind.YOUNG_SAVER: 0.02}
# A dip needs a fall from today's balance that is worth speaking about.
_SMALLEST_FALL = 6_000


@dataclass
class Ledger:
    """Entries in booking order with the balance after each; `closing` is every day's last balance, shape (accounts, days)."""

    entries: Entries
    balance_after: np.ndarray
    closing: np.ndarray


def settle(book: Book, people: People, economy: Economy, accounts: Accounts) -> Ledger:
    plan, entries = book.plan, book.entries()
    moves = np.bincount(entries.account * plan.days + entries.day, weights=entries.cents, minlength=len(accounts) * plan.days)
    path = moves.reshape(len(accounts), plan.days).astype(np.int64).cumsum(axis=1)

    goal = _opening_balances(plan, path, people, economy, accounts)
    opening, fees = goal, np.zeros((len(accounts), len(plan.month_ends)), dtype=np.int64)
    charged = (accounts.kind == AccountKind.CURRENT) | (accounts.kind == AccountKind.JOINT)
    # Fees already charged lower the path the goal was set for; a few rounds settle it for all but accounts on the brink.
    for _ in range(4):
        fees = np.where(charged[:, None], _overdraft_fees(plan, path + opening[:, None]), 0)
        before_today = fees[:, plan.month_ends < plan.today].sum(axis=1)
        opening, last = goal + before_today, opening
        if (opening == last).all():
            break
    fees = np.where(charged[:, None], _overdraft_fees(plan, path + opening[:, None]), 0)
    interest = _interest(plan, path, opening, accounts)
    given = economy.savings_balance_today[accounts.owner]
    savings_given = (accounts.kind == AccountKind.SAVINGS) & (given != NO_BALANCE_GIVEN)
    opening = np.where(savings_given, opening - interest[:, plan.month_ends < plan.today].sum(axis=1), opening)

    late = Book(plan)
    every = np.arange(len(accounts))[:, None]
    late.add(account=every, day=plan.month_ends[None, :], cents=-fees, method=Method.FEE, purpose="overdraft fee", counterparty=BANK)
    late.add(account=every, day=plan.month_ends[None, :], cents=interest, method=Method.INTEREST, purpose="interest", counterparty=BANK)
    entries = _joined(entries, late)
    order = np.argsort((entries.account * plan.days + entries.day) * 16 + entries.method, kind="stable")
    entries = entries.take(order)

    running = entries.cents.cumsum()
    first = np.searchsorted(entries.account, np.arange(len(accounts)))
    before = np.concatenate([[0], running])[first]
    balance_after = running - before[entries.account] + opening[entries.account]
    moves = np.bincount(entries.account * plan.days + entries.day, weights=entries.cents, minlength=len(accounts) * plan.days)
    closing = moves.reshape(len(accounts), plan.days).astype(np.int64).cumsum(axis=1) + opening[:, None]
    return Ledger(entries, balance_after, closing)


def _joined(entries: Entries, book: Book) -> Entries:
    more = book.entries()
    return Entries(*(np.concatenate(pair) for pair in zip(vars(entries).values(), vars(more).values(), strict=True)))


def _opening_balances(plan: Plan, path: np.ndarray, people: People, economy: Economy, accounts: Accounts) -> np.ndarray:
    """Balances to begin with, so that each account ends where its story needs it; shape (accounts,)."""
    owner = accounts.owner
    today = path[:, plan.today - 1]
    lowest_before = np.minimum(path[:, : plan.today].min(axis=1), 0)
    lowest_ahead = path[:, plan.today :].min(axis=1)
    opening = economy.floor[owner] - np.minimum(lowest_before, lowest_ahead)

    personal = accounts.kind == AccountKind.CURRENT
    recovered = lowest_ahead - lowest_before
    was_below = personal & economy.was_below_before[owner] & (recovered > 8_000)
    opening = np.where(was_below, -lowest_before - np.minimum(recovered // 2, 25_000), opening)

    fall = today - lowest_ahead
    running = np.isin(economy.loan_state[owner], (LoanState.ACTIVE, LoanState.ARREARS))
    payment = np.where(running, economy.loan[owner], np.maximum(economy.rent[owner], economy.new_rent[owner]))
    depth = np.minimum(economy.depth[owner], fall // 2)
    depth = np.where(economy.dip[owner] == Dip.LATER_DATE_HELPS, np.minimum(depth, payment * 6 // 10), depth)
    dips = personal & (economy.dip[owner] != Dip.NONE) & (fall > _SMALLEST_FALL)
    opening = np.where(dips, -depth - lowest_ahead, opening)

    saves = (accounts.kind == AccountKind.SAVINGS) | (accounts.kind == AccountKind.YOUNG_SAVER)
    lowest = np.minimum(lowest_before, lowest_ahead)
    opening = np.where(saves, np.maximum(economy.savings_balance[owner] - today, 1_000 - lowest), opening)
    opening = np.where(accounts.kind == AccountKind.CLOSED_SAVER, economy.savings_balance[owner], opening)

    for balances, places in (
        (economy.balance_today, accounts.of_current),
        (economy.joint_balance_today, accounts.of_joint),
        (economy.savings_balance_today, accounts.of_savings),
    ):
        rows = np.flatnonzero((balances != NO_BALANCE_GIVEN) & (places != NOBODY))
        opening[places[rows]] = balances[rows] - today[places[rows]]
    return opening


def _overdraft_fees(plan: Plan, path: np.ndarray) -> np.ndarray:
    """One fee at the end of each month in which the account was below zero; shape (accounts, month ends)."""
    fees = np.zeros((len(path), len(plan.month_ends)), dtype=np.int64)
    paid, start = np.zeros(len(path), dtype=np.int64), 0
    for month, end in enumerate(plan.month_ends):
        below = path[:, start : end + 1].min(axis=1) - paid < 0
        fees[:, month] = np.where(below, OVERDRAFT_FEE, 0)
        paid += fees[:, month]
        start = end + 1
    return fees


def _interest(plan: Plan, path: np.ndarray, opening: np.ndarray, accounts: Accounts) -> np.ndarray:
    """Monthly, on the month's last balance; shape (accounts, month ends). At least a cent, so that no account is silent."""
    rate = np.zeros(len(accounts))
    for kind, yearly in _INTEREST.items():
        rate[accounts.kind == kind] = yearly
    balance = path[:, plan.month_ends] + opening[:, None]
    return np.where(rate[:, None] > 0, np.maximum(np.round(balance * rate[:, None] / 12), 1), 0).astype(np.int64)
