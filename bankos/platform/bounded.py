"""The gate before every parser of text from outside: how deep, how long and how much, found by one linear scan that nests nothing.

A parser that calls itself, or one written in another language, may end the process on input that is only deep. So what comes from outside
passes here first, and is refused in words when it goes beyond what anybody needs.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol


class BeyondBounds(ValueError):
    """Deeper, longer or more than is read; the message goes on behind "The text": "is nested deeper than 32 levels"."""


class NotReadable(ValueError):
    """Not JSON, or JSON that two readers could understand differently; the message goes on behind "The text"."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """`depth`: objects and lists inside each other. `values`: of objects and lists together. `size`: bytes or characters."""

    depth: int
    values: int
    size: int


API = Bounds(depth=32, values=100_000, size=2_000_000)
LONGEST_NUMBER = 100  # characters
# A text in JSON, ended or not. Possessive: what was read once is never tried in another way.
_STRINGS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_HALF = re.compile("[\ud800-\udfff]")
_NO_BRACKET = re.compile(r"[^\[\]{}]+")


def check_json(text: str, bounds: Bounds) -> None:
    """Nothing, if this text may be given to a parser of JSON, whether it is JSON or not.

    Raises:
        BeyondBounds
    """
    if len(text) > bounds.size:
        raise BeyondBounds(f"is longer than {bounds.size:,} characters")
    # Most texts have fewer brackets and commas than would be too many.
    opened = text.count("[") + text.count("{")
    many = opened + text.count(",") > bounds.values
    if opened <= bounds.depth and not many:
        return
    outside = _STRINGS.sub("", text)
    if deepest(_NO_BRACKET.sub("", outside), bounds.depth) > bounds.depth:
        raise BeyondBounds(f"is nested deeper than {bounds.depth} levels")
    if many and outside.count(",") + outside.count("[") + outside.count("{") > bounds.values:
        raise BeyondBounds(f"holds more than {bounds.values:,} values")


def deepest(brackets: str, enough: int) -> int:
    """How many of these brackets, of which kind ever, are open at once; counts no further than one more than `enough`."""
    depth = most = 0
    for bracket in brackets:
        if bracket in "[{(<":
            depth += 1
            if depth > most:
                most = depth
                if most > enough:
                    break
        elif depth:
            depth -= 1
    return most


def read_json(raw: bytes | str, bounds: Bounds = API) -> Any:
    """A JSON value, read as I-JSON (RFC 7493): what two readers could understand differently is refused, and what no database can hold.

    Raises:
        BeyondBounds: more than the bounds; nothing was parsed.
        NotReadable: not UTF-8, not JSON, a member twice, NaN, a number of absurd length, half a character, or a zero character.
    """
    if len(raw) > bounds.size:
        raise BeyondBounds(f"is longer than {bounds.size:,} bytes")
    try:
        text = raw.decode("utf-8-sig") if isinstance(raw, bytes) else raw
    except UnicodeDecodeError:
        raise NotReadable("is not UTF-8") from None
    check_json(text, bounds)
    try:
        value = _READER.decode(text.strip(" \t\r\n"))
    except NotReadable:
        raise
    except (ValueError, RecursionError) as error:
        raise NotReadable(f"is not JSON: {str(error)[:120]}") from None
    if "\\u" in text or _HALF.search(text) or "\0" in text:
        _check_texts(value)
    return value


def _check_texts(value: Any) -> None:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            if "\0" in one:
                raise NotReadable("holds a zero character")
            if _HALF.search(one):
                raise NotReadable("holds half a character (an unpaired surrogate)")
        elif isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, list):
            waiting += one


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names: set[str] = set()
        twice = next(name for name, _ in pairs if name in names or names.add(name))  # type: ignore[func-returns-value]
        raise NotReadable(f"names the member {json.dumps(twice[:80])} twice in one object")
    return members


def _whole(written: str) -> int:
    if len(written) > LONGEST_NUMBER:
        raise NotReadable(f"holds a number of more than {LONGEST_NUMBER} digits")
    return int(written)


def _fraction(written: str) -> float:
    number = float(written)
    if len(written) > LONGEST_NUMBER or not math.isfinite(number):
        raise NotReadable("holds a number no computer holds exactly; send it as a text")
    return number


def _constant(written: str) -> Any:
    raise NotReadable(f"is not JSON: {written} is not a JSON number")


_READER = json.JSONDecoder(object_pairs_hook=_each_once, parse_int=_whole, parse_float=_fraction, parse_constant=_constant)


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class JsonStream:
    """A stream of JSON on its way to a parser that reads it piece by piece: no piece is handed on that nests too deep or goes on too long.

    Parsers of streams work a piece at a time and name the place of each value by the path to it; all paths of a piece together grow with
    the square of its depth. So they are stopped before the piece, not behind it, and pieces are small.
    """

    PIECE = 4 * 1024
    LONGEST_WORD = 2 * 1024  # of a number, and of what isn't JSON at all

    def __init__(self, source: Readable, *, depth: int, longest_text: int, at_once: int = 64 * 1024) -> None:
        self._source, self._deepest, self._longest, self._at_once = source, depth, longest_text, at_once
        self._depth = 0
        self._open = (
            b""  # how a text that the piece before left open goes on: its quotation mark, and a backslash that waits for its letter
        )
        self._text = 0  # bytes of that text so far
        self._word = 0  # bytes of a number or word the piece before ended in
        self._pieces = self._checked()

    def read(self, size: int = PIECE) -> bytes:
        """The next piece, of at most `PIECE` bytes whatever is asked for; none at the end. Raises BeyondBounds."""
        return next(self._pieces, b"") if size else b""

    def _checked(self) -> Iterator[bytes]:
        while block := self._source.read(self._at_once):
            for begins in range(0, len(block), self.PIECE):
                piece = block[begins : begins + self.PIECE]
                self._check(piece)
                yield piece

    def _check(self, piece: bytes) -> None:
        outside = _RAW_STRINGS.sub(b"", self._open + piece)
        begins = outside.find(b'"')
        if begins < 0:
            self._open, self._text = b"", 0
        else:
            rest = outside[begins:]
            self._text = self._text + len(piece) if self._open and not begins and len(rest) >= len(piece) else len(rest)
            if self._text > self._longest:
                raise BeyondBounds(f"has a text of more than {self._longest // 1024} KB")
            self._open = b'"\\' if (len(rest) - len(rest.rstrip(b"\\"))) % 2 else b'"'
            outside = outside[:begins]
        ends = len(outside) - len(outside.rstrip(_WORD))
        self._word = self._word + ends if ends == len(outside) else ends
        if self._word > self.LONGEST_WORD or _LONG_WORD.search(outside):
            raise BeyondBounds(f"has a number or word of more than {self.LONGEST_WORD:,} characters")
        depth = self._depth
        for bracket in outside.translate(None, _NO_BRACKETS):
            if bracket in b"[{":
                depth += 1
                if depth > self._deepest:
                    raise BeyondBounds(f"is nested deeper than {self._deepest} levels")
            elif depth:
                depth -= 1
        self._depth = depth


_RAW_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_LONG_WORD = re.compile(rb'[^\s\[\]{},:"]{%d}' % JsonStream.LONGEST_WORD)
_WORD = bytes(byte for byte in range(256) if byte not in b' \t\r\n[]{},:"')
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
