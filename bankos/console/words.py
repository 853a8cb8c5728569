"""Amounts, moments and identifiers in the words staff read."""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from bankos.platform.money import Money

SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$"}
MINUS = "\u2212"  # the true minus: as wide as a plus, and never broken from its figure
NO_BREAK = "\u00a0"


def amount_in_words(amount: Decimal, currency: str, *, decimals: int = 2) -> str:
    """`-274` EUR as "−€274.00"; a currency without a sign of its own goes by its code."""
    sign = MINUS if amount < 0 else ""
    symbol = SYMBOLS.get(currency, currency + NO_BREAK)
    return f"{sign}{symbol}{abs(amount):,.{decimals}f}"


def money_in_words(money: Money, *, decimals: int = 2) -> str:
    return amount_in_words(money.amount, money.currency, decimals=decimals)


def day_in_words(day: date, today: date, *, weekday: bool = True) -> str:
    """ "Thu 26 Nov", with the year only when it is another one."""
    text = f"{day:%a} {day.day} {day:%b}" if weekday else f"{day.day} {day:%b}"
    return text if day.year == today.year else f"{text} {day.year}"


def moment_in_words(moment: datetime, now: datetime) -> str:
    """How a list names a past moment: "14:05" today, "Yesterday", "Fri" this week, then "12 Nov"."""
    local, here = timezone.localtime(moment), timezone.localtime(now)
    days = (here.date() - local.date()).days
    if days == 0:
        return f"{local:%H:%M}"
    if days == 1:
        return "Yesterday"
    if 1 < days < 7:
        return f"{local:%a}"
    return day_in_words(local.date(), here.date(), weekday=False)


def age_in_words(moment: datetime, now: datetime) -> str:
    """How old a piece of data is: "3 min", "5 h", "2 days", "4 months", "2 years"."""
    age = max(now - moment, timedelta())
    if age < timedelta(hours=1):
        return f"{int(age.total_seconds() // 60)} min"
    if age < timedelta(days=1):
        return f"{int(age.total_seconds() // 3600)} h"
    days = age.days
    if days < 60:
        return "1 day" if days == 1 else f"{days} days"
    if days < 730:
        return f"{days // 30} months"
    return f"{days // 365} years"


def time_left(due: datetime, now: datetime) -> tuple[str, str]:
    """The time left in words, and how it presses: "over", "near" (today) or "calm"."""
    left = due - now
    minutes = int(abs(left).total_seconds() // 60)
    if left < timedelta():
        return f"{_span(minutes)} over", "over"
    if minutes < 60:
        return f"{minutes} min", "near"
    local, here = timezone.localtime(due), timezone.localtime(now)
    days = (local.date() - here.date()).days
    if days == 0:
        return _span(minutes), "near"
    if days < 7:
        return f"{local:%a}, {days} day{'' if days == 1 else 's'}", "calm"
    return day_in_words(local.date(), here.date(), weekday=False), "calm"


def _span(minutes: int) -> str:
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60:02d}"
    days = minutes // (24 * 60)
    return f"{days} day{'' if days == 1 else 's'}"


def initials(name: str) -> str:
    """Up to two letters that stand for a person: "Ines Marchetti-Okafor" is "IM"."""
    parts = [part for part in re.split(r"[^\w]+", name) if part]
    return "".join(part[0] for part in parts[:2]).upper()
