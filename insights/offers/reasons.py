"""Why something is suggested: figures that anybody can check against the account."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from insights.words import about, day_and_month, days_counted, money, ordinal, times_counted

from .account import MONTHLY, Account, Income
from .overdraft import Candidate

MONTHS_LOOKED_BACK = 6
MONTH_END_DAYS = 5
FOR_AT_MOST = 4


@dataclass(frozen=True, slots=True)
class Reason:
    """`for_` is False for what speaks against the suggestion."""

    text: str
    detail: str
    for_: bool = True


def reasons_for(account: Account, candidate: Candidate) -> list[Reason]:
    """Two to four that speak for it, the strongest first, and one against."""
    found = [_expected(account), _earlier_dips(account), _salary(account), _fees(account), _payment_before_income(account)]
    speaking_for = [reason for reason in found if reason is not None][:FOR_AT_MOST]
    return [*speaking_for, Reason(candidate.speaks_against, "", for_=False)]


def _expected(account: Account) -> Reason:
    return Reason(
        f"Expected lowest {about(account.lowest, account.currency)} on {day_and_month(account.lowest_date)}",
        f"8 of 10 times between {about(min(account.low), account.currency)} and {about(min(account.high), account.currency)}",
    )


def _earlier_dips(account: Account) -> Reason | None:
    """How many of the last complete months saw the account below zero, at their ends or anywhere."""
    by_month: dict[tuple[int, int], list[tuple[date, Decimal]]] = {}
    first = account.as_of - timedelta(days=len(account.past) - 1)
    for offset, balance in enumerate(account.past):
        day = first + timedelta(days=offset)
        by_month.setdefault((day.year, day.month), []).append((day, balance))
    whole = [days for days in by_month.values() if days[0][0].day == 1 and (days[-1][0] + timedelta(days=1)).day == 1]
    months = whole[-MONTHS_LOOKED_BACK:]
    dipped = [[point for point in days if point[1] < 0] for days in months]
    count = sum(bool(points) for points in dipped)
    if not count:
        return None
    at_end = all(any(point in days[-MONTH_END_DAYS:] for point in points) for days, points in zip(months, dipped, strict=True) if points)
    lowest_day, lowest = min((point for points in dipped for point in points), key=lambda point: point[1])
    where = f"at {count} of the last {len(months)} month-ends" if at_end else f"in {count} of the last {len(months)} months"
    return Reason(
        f"Below zero {where}",
        f"{days_counted(sum(map(len, dipped)))} in all, lowest {money(lowest, account.currency)} on {day_and_month(lowest_day)}",
    )


def _salary(account: Account) -> Reason | None:
    income = max(account.incomes, key=lambda income: income.amount * income.count, default=None)
    if income is None:
        return None
    due = f"next expected on {day_and_month(income.due[0])}" if income.due else "none expected in the next 30 days"
    return Reason(f"{income.name} of {money(income.amount, account.currency)} {_rhythm(income)} since {income.first_date:%B}", due)


def _rhythm(income: Income) -> str:
    if income.rhythm != MONTHLY:
        return f"arrives every {'week' if income.rhythm == 7 else f'{income.rhythm // 7} weeks'}"
    if income.day_of_month == 31:
        return "arrives on the last day of every month"
    return f"arrives on the {ordinal(income.day_of_month)}, every month"


def _fees(account: Account) -> Reason | None:
    if not account.overdraft_fees:
        return None
    amounts = [amount for _, amount in account.overdraft_fees]
    equal = f" {money(amounts[0], account.currency)}" if len(set(amounts)) == 1 else ""
    return Reason(
        f"{money(sum(amounts, Decimal(0)), account.currency)} in overdraft fees since {account.overdraft_fees[0][0]:%B}",
        f"{times_counted(len(amounts))}{equal}",
    )


def _payment_before_income(account: Account) -> Reason | None:
    """The largest agreed payment that leaves before the money comes."""
    paid = min((day for income in account.incomes for day in income.due), default=None)
    before = [payment for payment in account.payments if payment.due and (paid is None or payment.due[0] < paid)]
    if not before:
        return None
    largest = max(before, key=lambda payment: payment.amount)
    gap = f"{days_counted((paid - largest.due[0]).days)} before the next income" if paid else "and no income is expected before"
    return Reason(
        f"{largest.name.capitalize()} of {money(largest.amount, account.currency)} leaves on {day_and_month(largest.due[0])}", gap
    )
