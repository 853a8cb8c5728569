"""Amounts and days inside the sentences a suggestion is made of."""

from datetime import date
from decimal import Decimal

from bankos.platform.money import amount_in_words


def money(amount: Decimal, currency: str) -> str:
    """`2410.00` EUR as "€2,410", `-273.5` as "−€273.50"."""
    return amount_in_words(amount, currency, decimals=0 if amount == amount.to_integral_value() else 2)


def about(amount: Decimal, currency: str) -> str:
    """An estimate: cents would claim to know more than anybody does."""
    return money(amount.quantize(Decimal(1)), currency)


def ordinal(number: int) -> str:
    """3 as "3rd"."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def day_and_month(day: date) -> str:
    return f"{day.day} {day:%B}"


def days_counted(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def times_counted(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
