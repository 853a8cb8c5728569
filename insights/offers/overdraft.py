"""An account is about to go below zero: what could keep it above.

Below zero is what costs fees; an agreed overdraft makes it bearable, not free. Three remedies are known: money
of the customer's own, a payment on a better day, and, at last, borrowing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from enum import IntEnum

from insights.words import about, day_and_month, days_counted, money, ordinal

from .account import MONTHLY, Account, Income, Payment

TRANSFER, MOVE_DATE, CREDIT = "transfer.between_own_accounts", "payment.move_date", "credit.offer"
# A salary that is a day or two late must still be there first.
DAYS_AFTER_INCOME = 2
LAST_DAY_EVERY_MONTH_HAS = 28
# Landlords and lenders wait some days, not weeks.
PUT_OFF_AT_MOST = timedelta(days=14)


class Burden(IntEnum):
    """What a remedy asks of the customer."""

    PATIENCE = 0
    SAVINGS = 1
    DEBT = 2


@dataclass(frozen=True, slots=True)
class Candidate:
    """One remedy: the action to ask for, the path it leads to, and what to say."""

    action: str
    parameters: dict[str, str | int]
    title: str
    detail: str
    path: tuple[Decimal, ...]
    burden: Burden
    speaks_against: str
    say: str
    unless: str

    @property
    def lowest(self) -> Decimal:
        return min(self.path)

    @property
    def holds(self) -> bool:
        return self.lowest >= 0


def is_coming(account: Account) -> bool:
    return account.lowest < 0


def candidates_for(account: Account) -> list[Candidate]:
    """Every remedy that would do something, best first: one that holds, asks least, leaves most."""
    if not is_coming(account):
        return []
    found = [*_from_savings(account), *_on_a_better_day(account), *_more_credit(account)]
    return sorted(found, key=lambda candidate: (not candidate.holds, candidate.burden, -candidate.lowest))


def rounded_up(amount: Decimal, step: int) -> Decimal:
    return (amount / step).to_integral_value(ROUND_CEILING) * step


def _from_savings(account: Account) -> Iterator[Candidate]:
    amount = rounded_up(-account.lowest, 10)
    source = max(account.savings, key=lambda savings: savings.balance, default=None)
    if source is None or source.balance < amount:
        return
    words = money(amount, account.currency)
    left = money(source.balance - amount, account.currency)
    when = account.first_below or account.lowest_date
    yield Candidate(
        action=TRANSFER,
        parameters={
            "from_arrangement": str(source.arrangement_id),
            "to_arrangement": str(account.arrangement_id),
            "amount": f"{amount:.2f}",
            "currency": account.currency,
        },
        title=f"Move {words} from savings to the current account",
        detail="helps once",
        path=account.with_change({account.today: amount}),
        burden=Burden.SAVINGS,
        speaks_against=f"Savings fall to {left}, and it helps only this time",
        say=(
            f"Your account will probably go below zero {_on(when, account)}. Moving {words} from your savings today "
            f"should keep it above. {left} stays in your savings. Would you like that?"
        ),
        unless=f"{words} more were on the account before {day_and_month(when)}.",
    )


def _on_a_better_day(account: Account) -> Iterator[Candidate]:
    """The one payment whose move leaves the account highest; only if the account then stays above zero."""
    moves = [
        candidate
        for payment in account.payments
        for income in account.incomes
        if (candidate := _moved(account, payment, income)) is not None and candidate.holds
    ]
    if moves:
        yield max(moves, key=lambda candidate: (candidate.lowest, candidate.title))


def _moved(account: Account, payment: Payment, income: Income) -> Candidate | None:
    if income.rhythm != MONTHLY or not payment.movable or not payment.due or payment.due[0] > account.lowest_date:
        return None
    leaves = payment.due[0]
    paid = next((day for day in income.due if day > leaves), None)
    if paid is None:
        return None
    later = paid + timedelta(days=DAYS_AFTER_INCOME)
    while later.day > LAST_DAY_EVERY_MONTH_HAS:
        later += timedelta(days=1)
    if later - leaves > PUT_OFF_AT_MOST:
        return None
    changes: dict[date, Decimal] = {}
    for due in payment.due:
        moved = _next_day_of_month(later.day, after=due)
        changes[due] = changes.get(due, Decimal(0)) + payment.amount
        changes[moved] = changes.get(moved, Decimal(0)) - payment.amount
    old, new, gap = ordinal(payment.day_of_month), ordinal(later.day), (paid - leaves).days
    amount = money(payment.amount, account.currency)
    return Candidate(
        action=MOVE_DATE,
        parameters={"arrangement": str(payment.arrangement_id), "from_day": payment.day_of_month, "to_day": later.day},
        title=f"Move the {payment.name} from the {old} to the {new}",
        detail="helps every month",
        path=account.with_change(changes),
        burden=Burden.PATIENCE,
        speaks_against=_price_of_waiting(payment, (later - leaves).days),
        say=(
            f"Your {payment.name} of {amount} leaves on the {old}, {days_counted(gap)} before you are paid. "
            f"We can move it to the {new}, so that your account should stay above zero. Would you like that?"
        ),
        unless=f"the {income.name.lower()} came before the {old}, or {about(-account.lowest, account.currency)} more were on the account.",
    )


def _price_of_waiting(payment: Payment, days: int) -> str:
    if payment.is_loan:
        return f"The loan bears interest for {days_counted(days)} more, once"
    return f"{payment.counterparty or 'The payee'} is paid {days_counted(days)} later and has to accept it"


def _more_credit(account: Account) -> Iterator[Candidate]:
    limit = rounded_up(-account.lowest, 100)
    if limit <= account.overdraft_limit:
        return
    words, when = money(limit, account.currency), account.first_below or account.lowest_date
    yield Candidate(
        action=CREDIT,
        parameters={"product": "overdraft", "amount": f"{limit:.2f}", "currency": account.currency},
        title=f"{'A larger' if account.overdraft_limit else 'An agreed'} overdraft of {words}",
        detail="payments go through, at interest",
        path=account.median,
        burden=Burden.DEBT,
        speaks_against="It is borrowing: every day below zero costs interest",
        say=(
            f"Your account will probably go below zero {_on(when, account)}. We can agree an overdraft of {words}, so that your "
            "payments go through. You would pay interest for the days you use it. Would you like that?"
        ),
        unless=f"{about(-account.lowest, account.currency)} more were on the account before {day_and_month(when)}.",
    )


def _on(day: date, account: Account) -> str:
    return "today" if day == account.today else f"on {day_and_month(day)}"


def _next_day_of_month(number: int, *, after: date) -> date:
    day = after + timedelta(days=1)
    while day.day != number:
        day += timedelta(days=1)
    return day
