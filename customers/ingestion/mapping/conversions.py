"""The converters a mapping may name, with their settings: what turns the texts of one or more columns into a value.

A text that doesn't fit raises BadValue with a sentence, as everywhere in ingestion; a *setting* that doesn't fit is told when the
mapping is checked, at its field.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from .. import converters
from ..converters import BadValue, shown
from .targets import Target, Wanted

Convert = Callable[..., Any]
Given = Mapping[str, str]
LARGEST_TABLE = 500


class BadSetting(ValueError):
    """A converter is set in a way that makes no sense; the message is a sentence for who maps."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What can be said about a converter. With `choices` one of them (value → words); without, a text of one or many lines."""

    name: str
    label: str
    choices: Mapping[str, str] | None = None
    default: str = ""
    lines: bool = False


@dataclass(frozen=True, slots=True)
class Conversion:
    """`columns`: how many texts it takes, at least and at most."""

    code: str
    title: str
    wanted: frozenset[Wanted]
    make: Callable[[Target, Given], Convert]
    settings: tuple[Setting, ...] = ()
    columns: tuple[int, int] = (1, 1)


DATE_FORMATS = {
    "%Y-%m-%d": "2026-11-23",
    "%d.%m.%Y": "23.11.2026",
    "%d/%m/%Y": "23/11/2026",
    "%m/%d/%Y": "11/23/2026",
    "%d-%m-%Y": "23-11-2026",
    "%Y%m%d": "20261123",
    "%y%m%d": "261123",
    "%d.%m.%y": "23.11.26",
    "%d %b %Y": "23 Nov 2026",
}
MOMENT_FORMATS = {
    "iso": "2026-11-23T09:41:00+01:00",
    "%Y-%m-%dT%H:%M:%S": "2026-11-23T09:41:00, the bank’s time",
    "%Y-%m-%d %H:%M:%S": "2026-11-23 09:41:00, the bank’s time",
    "%d.%m.%Y %H:%M:%S": "23.11.2026 09:41:00, the bank’s time",
    "%d.%m.%Y %H:%M": "23.11.2026 09:41, the bank’s time",
    "%d/%m/%Y %H:%M": "23/11/2026 09:41, the bank’s time",
    "epoch": "1795426860, seconds since 1970",
    "epoch_ms": "1795426860000, milliseconds since 1970",
}
_SHAPES = {
    "%Y": r"\d{4}",
    "%y": r"\d{2}",
    "%m": r"\d{1,2}",
    "%d": r"\d{1,2}",
    "%H": r"\d{1,2}",
    "%M": r"\d{2}",
    "%S": r"\d{2}",
    "%b": "[A-Za-z]{3}",
}
_PACKED = {"%Y%m%d": r"\d{8}", "%y%m%d": r"\d{6}"}


def _shape(pattern: str) -> re.Pattern[str]:
    """What a text written so looks like: strptime alone would take 1.1.2026 for 11.2026 and the like."""
    if pattern in _PACKED:
        return re.compile(_PACKED[pattern], re.ASCII)
    return re.compile(re.sub(r"%[A-Za-z]|.", lambda found: _SHAPES.get(found[0], re.escape(found[0])), pattern), re.ASCII)


def _chosen(given: Given, name: str, choices: Mapping[str, str], default: str) -> str:
    value = given.get(name) or default
    if value not in choices:
        raise BadSetting(f"“{value}” is not one of the choices for this converter.")
    return value


def _required(target: Target, convert: Convert) -> Convert:
    """Empty is "not stated" where the field may be missing; elsewhere the converter says that it is empty."""
    if target.required:
        return convert
    return lambda *texts: convert(*texts) if any(text.strip() for text in texts) else target.empty


# ---- texts ----


def _text(target: Target, given: Given) -> Convert:
    as_text = converters.text(target.longest, required=target.required)
    joined = given.get("joined_by", " ")

    def convert(*texts: str) -> Any:
        value = as_text(joined.join(part for text in texts if (part := text.strip())))
        if target.wanted is Wanted.WORD and value not in target.words:
            raise BadValue("unknown_word", f"{shown(value)} is not one of {', '.join(target.words)}")
        return value

    return convert


def _table(target: Target, given: Given) -> Convert:
    """A code table: one line a code, "P = person". The code "*" stands for every other, an empty code for an empty cell."""
    table: dict[str, Any] = {}
    lines = [line for line in given.get("table", "").splitlines() if line.strip()]
    if not lines:
        raise BadSetting("Write one line for each code, such as “P = person”.")
    if len(lines) > LARGEST_TABLE:
        raise BadSetting(f"A table has at most {LARGEST_TABLE} lines.")
    for line in lines:
        code, separator, meaning = (part.strip() for part in line.partition("="))
        if not separator:
            raise BadSetting(f"“{line.strip()}” isn’t written as “code = meaning”.")
        if code in table:
            raise BadSetting(f"The code “{code}” is there twice.")
        table[code] = _meaning(target, meaning)
    other = table.pop("*", None)
    has_other = other is not None
    known = converters.one_of(table)

    def convert(text: str) -> Any:
        return other if has_other and text.strip() not in table else known(text)

    return convert


def _meaning(target: Target, text: str) -> Any:
    """What a code means, as the field holds it. Raises BadSetting."""
    match target.wanted:
        case Wanted.WORD if text not in target.words:
            raise BadSetting(f"“{text}” is not one of {', '.join(target.words)}.")
        case Wanted.YES_NO:
            if text not in ("yes", "no"):
                raise BadSetting(f"“{text}” is neither yes nor no.")
            return text == "yes"
        case Wanted.NUMBER:
            try:
                return converters.whole_number(target.lowest, target.highest)(text)
            except BadValue as bad:
                raise BadSetting(f"{bad.sentence}.") from None
        case Wanted.CURRENCY:
            try:
                return converters.currency(text)
            except BadValue as bad:
                raise BadSetting(f"{bad.sentence}.") from None
        case _ if len(text) > target.longest:
            raise BadSetting(f"“{text}” is longer than {target.longest} characters.")
    if target.required and not text:
        raise BadSetting("The meaning of a code may not be empty here.")
    return text


def _as(convert: Convert, target: Target, given: Given) -> Convert:
    """A converter that knows no settings."""
    return _required(target, convert)


# ---- days and moments ----


def _day(target: Target, given: Given) -> Convert:
    pattern = _chosen(given, "pattern", DATE_FORMATS, "%Y-%m-%d")
    if pattern == "%Y-%m-%d":
        return _required(target, converters.day)
    read = _reader(pattern, "date", DATE_FORMATS[pattern])
    return _required(target, lambda text: converters.day(read(text).date().isoformat()))  # of our times


def _day_of_moment(target: Target, given: Given) -> Convert:
    moment = _moment_reader(given, "moment")
    zone = ZoneInfo(settings.TIME_ZONE)
    return _required(target, lambda text: moment(text).astimezone(zone).date())


def _moment(target: Target, given: Given) -> Convert:
    return _required(target, _moment_reader(given, "pattern"))


def _moment_reader(given: Given, setting: str) -> Callable[[str], datetime]:
    pattern = _chosen(given, setting, MOMENT_FORMATS, "iso")
    if pattern == "iso":
        return converters.moment
    if pattern.startswith("epoch"):
        return partial(_since_1970, 1000 if pattern == "epoch_ms" else 1)
    zone, read = ZoneInfo(settings.TIME_ZONE), _reader(pattern, "moment", MOMENT_FORMATS[pattern])
    return lambda text: converters.moment(read(text).replace(tzinfo=zone).isoformat())


def _reader(pattern: str, what: str, like: str) -> Callable[[str], datetime]:
    """Reads what is written by the pattern and no other way; what comes of it has no zone yet."""
    shape = _shape(pattern)

    def read(text: str) -> datetime:
        text = text.strip()
        if not text:
            raise BadValue("missing", "is empty")
        try:
            if shape.fullmatch(text) is None:
                raise ValueError
            return datetime.strptime(text, pattern)  # noqa: DTZ007 - the caller knows the zone, or needs none
        except ValueError:
            raise BadValue("bad_date", f"{shown(text)} is not a {what}; this mapping reads {what}s like {like}") from None

    return read


def _since_1970(divisor: int, text: str) -> datetime:
    text = text.strip()
    if not re.fullmatch(r"\d{1,15}", text, re.ASCII):
        raise BadValue("bad_date", f"{shown(text)} is not a count of {'milliseconds' if divisor > 1 else 'seconds'} since 1970")
    try:
        return converters.moment(datetime.fromtimestamp(int(text) / divisor, UTC).isoformat())
    except (ValueError, OverflowError, OSError):
        raise BadValue("bad_date", f"{shown(text)} is not a moment of our times") from None


# ---- amounts ----

DECIMALS = {".": "1234.50 (point)", ",": "1234,50 (comma)"}
THOUSANDS = {"": "not separated", ".": "1.234 (point)", ",": "1,234 (comma)", " ": "1 234 (space)", "'": "1'234 (apostrophe)"}
SIGNS = {
    "as_written": "as written, minus is money out",
    "opposite": "the other way round, minus is money in",
    "out": "no sign, always money out",
}
_GROUPS = {
    "": re.compile(r"\d+", re.ASCII),
    **{mark: re.compile(rf"\d{{1,3}}({re.escape(mark)}\d{{3}})*|\d+", re.ASCII) for mark in (".", ",", " ", "'")},
}
_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "’": "'"})


def _plain_amount(given: Given) -> Callable[[str], Decimal]:
    """A number as this source writes it; the minus before or behind."""
    point = _chosen(given, "decimal", DECIMALS, ".")
    thousands = given.get("thousands", "")
    if thousands not in THOUSANDS:
        raise BadSetting("This is no way of separating thousands.")
    if thousands == point:
        raise BadSetting("Thousands and decimals cannot be separated by the same character.")
    if (point, thousands) == (".", ""):
        return _trailing_minus(converters.amount)
    groups = _GROUPS[thousands]
    example = f"-1{thousands}234{point}50"

    def convert(text: str) -> Decimal:
        value = text.translate(_SPACES).strip()
        if not value:
            raise BadValue("missing", "is empty")
        whole, mark, cents = value.removeprefix("-").partition(point)
        if groups.fullmatch(whole) is None or (mark and not cents.isdecimal()):
            raise BadValue("bad_amount", f"{shown(text)} is not an amount; this mapping reads amounts like {example}")
        plain = f"{'-' if value.startswith('-') else ''}{whole.replace(thousands, '') if thousands else whole}"
        return converters.amount(f"{plain}.{cents}" if mark else plain)

    return _trailing_minus(convert)


def _trailing_minus(convert: Callable[[str], Decimal]) -> Callable[[str], Decimal]:
    def turned(text: str) -> Decimal:
        text = text.strip().removeprefix("+")
        return -convert(text[:-1]) if text.endswith("-") and len(text) > 1 and not text.startswith("-") else convert(text)

    return turned


def _limited(target: Target, convert: Convert) -> Convert:
    if not target.above_zero:
        return convert

    def checked(*texts: str) -> Decimal:
        value: Decimal = convert(*texts)
        if value <= 0:
            raise BadValue("bad_amount", f"{shown(texts[0])} must be more than zero")
        return value

    return checked


def _amount(target: Target, given: Given) -> Convert:
    plain = _plain_amount(given)
    sign = _chosen(given, "sign", SIGNS, "as_written")
    if sign == "as_written":
        return _required(target, _limited(target, plain))
    if sign == "opposite":
        return _required(target, _limited(target, lambda text: -plain(text)))
    return _required(target, _limited(target, lambda text: -abs(plain(text))))


def _amount_with_sign(target: Target, given: Given) -> Convert:
    """The second column tells the direction, by the words for money out and money in."""
    plain = _plain_amount(given)
    out, into = (_words(given.get(name, "")) for name in ("out_words", "in_words"))
    if not out or not into:
        raise BadSetting("Say which words of the second column mean money out, and which money in.")
    if both := out & into:
        raise BadSetting(f"“{min(both)}” cannot mean money out and money in.")

    def convert(text: str, direction: str) -> Decimal:
        value, word = plain(text), direction.strip()
        if word in out:
            return -abs(value)
        if word in into:
            return abs(value)
        raise BadValue(
            "unknown_word", f"{shown(word)} says neither money out ({', '.join(sorted(out))}) nor money in ({', '.join(sorted(into))})"
        )

    return _required(target, _limited(target, convert))


def _words(text: str) -> set[str]:
    return {word for part in text.replace(",", "\n").splitlines() if (word := part.strip())}


def _amount_of_two(target: Target, given: Given) -> Convert:
    """One column for money out, one for money in; exactly one of them is filled."""
    plain = _plain_amount(given)

    def convert(out: str, into: str) -> Decimal:
        if bool(out.strip()) == bool(into.strip()):
            raise BadValue("bad_amount", "exactly one of them must be filled")
        return -abs(plain(out)) if out.strip() else abs(plain(into))

    return _required(target, _limited(target, convert))


# ---- numbers, currencies ----


def _number(target: Target, given: Given) -> Convert:
    return _required(target, converters.whole_number(target.lowest, target.highest))


def _number_within(target: Target, given: Given) -> Convert:
    def convert(text: str) -> int:
        value = converters.number_within(text)
        if not target.lowest <= value <= target.highest:
            raise BadValue("bad_number", f"{shown(text)} is not from {target.lowest} to {target.highest}")
        return value

    return _required(target, convert)


def _currency(target: Target, given: Given) -> Convert:
    return lambda text: converters.currency(text.upper())


_AMOUNT_SETTINGS = (Setting("decimal", "Decimals", DECIMALS, "."), Setting("thousands", "Thousands", THOUSANDS, ""))
_PATTERN = "Written like"

_ALL = (
    Conversion(
        "text",
        "as it stands",
        frozenset({Wanted.TEXT, Wanted.WORD}),
        _text,
        (Setting("joined_by", "Columns joined by", default=" "),),
        (1, 5),
    ),
    Conversion(
        "table",
        "by a code table",
        frozenset({Wanted.TEXT, Wanted.WORD, Wanted.YES_NO, Wanted.NUMBER, Wanted.CURRENCY}),
        _table,
        (Setting("table", "Codes, one a line: P = person", lines=True),),
    ),
    Conversion("customer_number", "as a customer number", frozenset({Wanted.TEXT}), partial(_as, converters.customer_number)),
    Conversion("client_number", "as a client number", frozenset({Wanted.TEXT}), partial(_as, converters.client_number)),
    Conversion("day", "as a day", frozenset({Wanted.DAY}), _day, (Setting("pattern", _PATTERN, DATE_FORMATS, "%Y-%m-%d"),)),
    Conversion(
        "day_of",
        "the day of a moment",
        frozenset({Wanted.DAY}),
        _day_of_moment,
        (Setting("moment", "Moment written like", MOMENT_FORMATS, "iso"),),
    ),
    Conversion("moment", "as a moment", frozenset({Wanted.MOMENT}), _moment, (Setting("pattern", _PATTERN, MOMENT_FORMATS, "iso"),)),
    Conversion(
        "amount", "as an amount", frozenset({Wanted.AMOUNT}), _amount, (*_AMOUNT_SETTINGS, Setting("sign", "Sign", SIGNS, "as_written"))
    ),
    Conversion(
        "amount_with_sign",
        "amount, then a column with its sign",
        frozenset({Wanted.AMOUNT}),
        _amount_with_sign,
        (*_AMOUNT_SETTINGS, Setting("out_words", "Money out, such as D, DBIT"), Setting("in_words", "Money in, such as C, CRDT")),
        (2, 2),
    ),
    Conversion("amount_of_two", "money out, then money in", frozenset({Wanted.AMOUNT}), _amount_of_two, _AMOUNT_SETTINGS, (2, 2)),
    Conversion("number", "as a whole number", frozenset({Wanted.NUMBER}), _number),
    Conversion("number_within", "the digits in it", frozenset({Wanted.NUMBER}), _number_within),
    Conversion("currency", "as a currency", frozenset({Wanted.CURRENCY}), _currency),
)

CONVERSIONS: Mapping[str, Conversion] = {conversion.code: conversion for conversion in _ALL}


def fitting(target: Target) -> tuple[Conversion, ...]:
    """The converters that can fill this field, the usual one first."""
    found = [conversion for conversion in _ALL if target.wanted in conversion.wanted]
    # A code table is the exception where the source's own words, numbers or letters will do.
    return tuple(sorted(found, key=lambda one: one.code == "table" and target.wanted is not Wanted.YES_NO))
