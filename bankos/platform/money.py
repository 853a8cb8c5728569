"""An amount with its currency, and how people read it. Never a float."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Self

SIGNS = {"EUR": "€", "GBP": "£", "USD": "$"}
MINUS = "\u2212"  # the true minus: as wide as a plus, and never broken from its figure
NO_BREAK = "\u00a0"


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies met in one sum or comparison."""


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` in major units (two decimals), `currency` as its ISO 4217 code."""

    amount: Decimal
    currency: str

    def __add__(self, other: Self) -> "Money":
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Self) -> "Money":
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __lt__(self, other: Self) -> bool:
        self._same(other)
        return self.amount < other.amount

    def in_words(self, *, decimals: int = 2) -> str:
        return amount_in_words(self.amount, self.currency, decimals=decimals)

    def _same(self, other: Self) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")


def amount_in_words(amount: Decimal, currency: str, *, decimals: int = 2) -> str:
    """`-274` EUR as "−€274.00"; a currency without a sign of its own goes by its code, an amount of none stands alone."""
    sign = SIGNS.get(currency, currency + NO_BREAK if currency else "")
    return f"{MINUS if amount < 0 else ''}{sign}{abs(amount):,.{decimals}f}"
