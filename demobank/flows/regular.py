"""What people send on agreed days: to the joint account, to savings, to their children, on loans, to a charity."""

import numpy as np

from ..accounts import Accounts
from ..book import Book, Method
from ..economy import Economy, LoanState
from ..merchants import BANK, CHARITIES, LENDER, SUBSCRIPTION, SUBSCRIPTION_SHOPS
from ..people import NOBODY, People


def add_regular(book: Book, people: People, economy: Economy, accounts: Accounts) -> None:
    own = accounts.of_current
    names = np.array([people.name(row) for row in range(len(people))], dtype=object)
    _move(book, own, accounts.of_joint, economy.contribution_day, economy.contribution, "household", names, names)
    _move(book, np.where(people.is_child, NOBODY, own), accounts.of_savings, economy.saving_day, economy.saving, "savings", names, names)
    parent = np.where(people.is_child, accounts.pays_household(people)[people.guardian], NOBODY)
    _move(book, parent, own, economy.bill_day, economy.pocket_money, "pocket money", names[people.guardian], names)
    book.monthly(
        account=own,
        day_of_month=(economy.bill_day + 9) % 28 + 1,
        cents=-economy.charity,
        method=Method.STANDING_ORDER,
        purpose="charity",
        counterparty=np.array(CHARITIES, dtype=object)[people.index % len(CHARITIES)],
    )
    add_loans(book, economy, own)
    # A subscription is a card payment, on the same day each month.
    days = book.plan.on_day_of_month((economy.bill_day + 12) % 28 + 1)
    book.add(
        account=np.where(people.is_adult, own, NOBODY)[:, None],
        day=days,
        cents=-economy.subscription[:, None],
        method=Method.CARD,
        purpose=SUBSCRIPTION[1],
        counterparty=np.array(SUBSCRIPTION_SHOPS, dtype=object)[people.index % len(SUBSCRIPTION_SHOPS)][:, None],
        category=SUBSCRIPTION[0],
    )
    book.add(
        account=np.where(people.is_child, NOBODY, own)[:, None],
        day=book.plan.quarter_ends[None, :],
        cents=np.where(people.is_business, -4_500, -600)[:, None],
        method=Method.FEE,
        purpose="account fee",
        counterparty=BANK,
    )
    _irregular(book, people, economy, accounts, names)


def add_loans(book: Book, economy: Economy, account: np.ndarray) -> None:
    """Instalments; none since a loan fell into arrears (the next one is asked for again), none after its end."""
    plan = book.plan
    state = economy.loan_state
    stop = np.select(
        [state == LoanState.ACTIVE, state == LoanState.ARREARS, state == LoanState.CLOSED],
        [plan.days, plan.today - economy.days_past_due, closed_on(plan.today, economy)],
        default=0,
    )
    in_arrears = np.where(state == LoanState.ARREARS, account, NOBODY)
    for payer, start, end in ((account, 0, stop), (in_arrears, plan.today, None)):
        book.monthly(
            account=payer,
            day_of_month=economy.loan_day,
            cents=-economy.loan,
            method=Method.INSTALMENT,
            purpose="loan",
            counterparty=LENDER,
            start=start,
            stop=end,
        )


def closed_on(today: int, economy: Economy) -> np.ndarray:
    """The day a closed loan's last instalment was due before, somewhere in the history."""
    return (today * (0.3 + 0.6 * (economy.loan % 97) / 97)).astype(np.int64)


def _move(
    book: Book,
    source: np.ndarray,
    target: np.ndarray,
    day: np.ndarray,
    cents: np.ndarray,
    purpose: str,
    payer: np.ndarray,
    payee: np.ndarray,
) -> None:
    """A standing order between two accounts of the bank: both sides of it."""
    both = (source != NOBODY) & (target != NOBODY)
    source, target = np.where(both, source, NOBODY), np.where(both, target, NOBODY)
    book.monthly(
        account=source, day_of_month=day, cents=-cents, method=Method.STANDING_ORDER, purpose=purpose, counterparty=payee, other=target
    )
    book.monthly(
        account=target, day_of_month=day, cents=cents, method=Method.TRANSFER_IN, purpose=purpose, counterparty=payer, other=source
    )


def _irregular(book: Book, people: People, economy: Economy, accounts: Accounts, names: np.ndarray) -> None:
    """Now and then: birthday money, a dip into savings, a saver that ran out."""
    dice, plan = people.dice, book.plan
    child = np.where(people.is_child, accounts.of_current, NOBODY)
    book.add(
        account=child,
        day=plan.today - people.age_days % 365,
        cents=dice.pick("birthday", np.array([3, 5, 2])) * 2_000 + 2_000,
        method=Method.TRANSFER_IN,
        purpose="birthday",
        counterparty="Grandparents",
    )
    draws = (economy.draws_on_savings & (accounts.of_savings != NOBODY))[:, None]
    day, cents = dice.whole("draw day", 0, max(plan.today - 1, 0), 2), dice.whole("draw", 3, 30, 2) * 1_000
    savings, current = accounts.of_savings[:, None], accounts.of_current[:, None]
    for account, other, signed, method in ((savings, current, -cents, Method.TRANSFER), (current, savings, cents, Method.TRANSFER_IN)):
        book.add(
            account=np.where(draws, account, NOBODY),
            day=day,
            cents=signed,
            method=method,
            purpose="savings",
            counterparty=names[:, None],
            other=other,
        )
    gone = accounts.of_closed
    day, cents = (plan.today * dice.between("saver ends", 0.2, 0.9)).astype(np.int64), economy.savings_balance
    book.add(account=gone, day=day, cents=-cents, method=Method.TRANSFER, purpose="savings", counterparty=names, other=accounts.of_current)
    book.add(
        account=np.where(gone != NOBODY, accounts.of_current, NOBODY),
        day=day,
        cents=cents,
        method=Method.TRANSFER_IN,
        purpose="savings",
        counterparty=names,
        other=gone,
    )
