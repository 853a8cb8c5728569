"""Text of a source file into values. Each converter says what it expected, in words a clerk can act on."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar

_AMOUNT = re.compile(r"-?\d{1,13}(\.\d{1,2}0*)?", re.ASCII)
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_DIGITS = re.compile(r"\d+", re.ASCII)
_EARLIEST, _LATEST = date(1850, 1, 1), date(2200, 1, 1)
_SHOWN = 40
_REMEMBERED = 4_096

Value = TypeVar("Value")


class BadValue(ValueError):
    """A text that isn't what its column should hold; `code` is for machines, `sentence` for people."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code, self.sentence = code, sentence


def shown(text: str) -> str:
    """A value as it is quoted in a sentence."""
    return f"“{text if len(text) <= _SHOWN else text[: _SHOWN - 1] + '…'}”"


def text(longest: int, *, required: bool = False) -> Callable[[str], str]:
    """Words, with runs of white space made one space.

    Those converted last are remembered: in most columns of a file the same few texts come again and again.
    """

    @lru_cache(maxsize=_REMEMBERED)
    def convert(value: str) -> str:
        words = " ".join(value.split())
        if len(words) > longest:
            raise BadValue("too_long", f"{shown(words)} is longer than {longest} characters")
        if "\x00" in words:
            raise BadValue("unreadable", "holds characters that are not text")
        if required and not words:
            raise BadValue("missing", "is empty")
        return words

    return convert


def key(longest: int = 60) -> Callable[[str], str]:
    """What a system knows a thing by: never empty."""
    words = text(longest, required=True)

    def convert(value: str) -> str:
        # Nearly all keys are letters and digits, and each of its own: nothing to change, and nothing worth remembering.
        return value if value.isalnum() and len(value) <= longest else words(value)

    return convert


def amount(value: str) -> Decimal:
    """Signed, at most two decimals. Anything Decimal would take but no ledger writes (NaN, 1e5) is refused."""
    value = value.strip()
    if _AMOUNT.fullmatch(value) is not None:
        return Decimal(value)
    if not value:
        raise BadValue("missing", "is empty")
    if _NUMBER.fullmatch(value) is None:
        raise BadValue("bad_amount", f"{shown(value)} is not an amount; write it like -12.50")
    if len(value.partition(".")[0].lstrip("-0")) > 13:
        raise BadValue("bad_amount", f"{shown(value)} is larger than any amount a customer can have")
    raise BadValue("bad_amount", f"{shown(value)} has more than two decimals")


def positive_amount(value: str) -> Decimal:
    result = amount(value)
    if result <= 0:
        raise BadValue("bad_amount", f"{shown(value)} must be more than zero")
    return result


def not_negative_amount(value: str) -> Decimal:
    result = amount(value)
    if result < 0:
        raise BadValue("bad_amount", f"{shown(value)} must not be below zero")
    return result


def whole_number(lowest: int, highest: int) -> Callable[[str], int]:
    def convert(value: str) -> int:
        value = value.strip()
        if _DIGITS.fullmatch(value) is None or len(value) > 18 or not lowest <= int(value) <= highest:
            raise BadValue("bad_number", f"{shown(value)} is not a whole number from {lowest} to {highest}")
        return int(value)

    return convert


def number_within(value: str) -> int:
    """The digits of a key as one number: "T-0000123" → 123. Systems number their entries in the order they book them."""
    digits = value if value.isdecimal() else "".join(_DIGITS.findall(value))
    if not digits or len(digits) > 18:
        raise BadValue("bad_number", f"{shown(value)} holds no number that tells the order of entries")
    return int(digits)


@lru_cache(maxsize=_REMEMBERED)
def day(value: str) -> date:
    """An ISO date."""
    value = value.strip()
    if not value:
        raise BadValue("missing", "is empty")
    try:
        if _ISO_DATE.fullmatch(value) is None:
            raise ValueError
        result = date.fromisoformat(value)
    except ValueError:
        raise BadValue("bad_date", f"{shown(value)} is not a date; write it like 2026-11-23") from None
    if not _EARLIEST <= result < _LATEST:
        raise BadValue("bad_date", f"{shown(value)} is not a date of our times")
    return result


def moment(value: str) -> datetime:
    """ISO 8601 with an offset, as UTC."""
    value = value.strip()
    if not value:
        raise BadValue("missing", "is empty")
    try:
        result = datetime.fromisoformat(value)
    except ValueError:
        raise BadValue("bad_date", f"{shown(value)} is not a moment; write it like 2026-11-23T09:41:00+00:00") from None
    if result.tzinfo is None:
        raise BadValue("bad_date", f"{shown(value)} doesn't say its offset from UTC; write it like 2026-11-23T09:41:00+00:00")
    if not _EARLIEST <= result.date() < _LATEST:
        raise BadValue("bad_date", f"{shown(value)} is not a date of our times")
    return result.astimezone(UTC)


@lru_cache(maxsize=_REMEMBERED)
def currency(value: str) -> str:
    value = value.strip()
    if _CURRENCY.fullmatch(value) is None:
        raise BadValue("bad_currency", f"{shown(value)} is not a currency; write its three letters, like EUR")
    return value


def one_of(choices: Mapping[str, Value]) -> Callable[[str], Value]:
    """A word of a fixed list, as what it means."""
    known = ", ".join(f"“{word}”" for word in choices)

    def convert(value: str) -> Value:
        try:
            return choices[value.strip()]
        except KeyError:
            raise BadValue("unknown_word", f"{shown(value)} is not one of {known}") from None

    return convert


def same(*words: str) -> Callable[[str], str]:
    """A word of a fixed list that we call the same."""
    return one_of({word: word for word in words})


def optional(convert: Callable[[str], Value]) -> Callable[[str], Value | None]:
    """Empty is "not stated"."""
    return lambda value: convert(value) if value.strip() else None


def customer_number(value: str) -> str:
    """How staff write a customer's number: "20488137" → "C-204 881 37"."""
    return _grouped("C", value)


def client_number(value: str) -> str:
    """The number of somebody only the CRM knows: never a core banking customer's."""
    return _grouped("R", value)


def _grouped(letter: str, value: str) -> str:
    digits = "".join(_DIGITS.findall(value)).zfill(8)
    if len(digits) > 12:
        raise BadValue("bad_number", f"{shown(value)} is too long for a customer number")
    return f"{letter}-{' '.join(digits[start : start + 3] for start in range(0, len(digits), 3))}"
