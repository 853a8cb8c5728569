"""JSON documents as bank interfaces answer them, item by item: never a whole document in memory."""

from collections.abc import Collection, Iterator
from decimal import Decimal
from io import BytesIO
from typing import Any

import ijson

from bankos.platform.bounded import BeyondBounds, JsonStream, Readable

from ..converters import BadValue, amount
from ..errors import UnreadableFile
from ..reading import Source
from .layout import Arriving

PARTS_PER_ITEM = 10_000
DEEPEST_LEVEL = 50
LONGEST_TEXT = 64 * 1024
DEEPEST = 400
"""Characters of the path of keys to a value."""


def items(source: Source, paths: Collection[str]) -> Iterator[tuple[str, Any]]:
    """(path, value) of what stands at these paths, such as "Data.Account.item". Numbers are Decimal, and write themselves as they came.

    Raises:
        UnreadableFile
    """
    builder, at, parts = None, "", 0
    try:
        for path, event, value in ijson.parse(_bounded(source), buf_size=JsonStream.PIECE):
            if len(path) > DEEPEST:
                raise UnreadableFile(f"{source.name} nests deeper than any bank's answer; it is not read.")
            if builder is None:
                if path not in paths or event in ("end_map", "end_array", "map_key"):
                    continue
                if event not in ("start_map", "start_array"):
                    yield path, value
                    continue
                builder, at, parts = ijson.ObjectBuilder(), path, 0
            builder.event(event, value)
            parts += 1
            if parts > PARTS_PER_ITEM:
                raise UnreadableFile(f"{source.name} has an item with more than {PARTS_PER_ITEM:,} parts; no bank writes such.")
            if path == at and event in ("end_map", "end_array"):
                yield at, builder.value
                builder = None
    except BeyondBounds as error:
        raise UnreadableFile(f"{source.name} {error}; no bank writes such, and it is not read.") from None
    except ijson.JSONError as error:
        reason = str(error).splitlines()[0].strip()
        raise UnreadableFile(f"{source.name} isn't well-formed JSON ({reason[:80]}). Send it again, whole.") from None
    except UnicodeDecodeError:
        raise UnreadableFile(f"{source.name} isn't UTF-8. Save the file as UTF-8 and send it again.") from None
    except (ValueError, ArithmeticError):
        raise UnreadableFile(f"{source.name} has a number that is none; it is not read. Send it again, whole.") from None


def paths_in(file: Arriving) -> set[str]:
    """The paths of keys in a file's beginning; empty if it isn't JSON."""
    found: set[str] = set()
    if not file.beginning.startswith((b"{", b"[")):
        return found
    try:
        for path, event, _ in ijson.parse(_bounded(BytesIO(file.beginning)), buf_size=JsonStream.PIECE):
            if event != "map_key":
                found.add(path)
    except (ijson.JSONError, BeyondBounds, ValueError, ArithmeticError):
        pass  # as far as it could be read; whoever reads the whole says what is wrong
    return found


def _bounded(source: Readable) -> JsonStream:
    return JsonStream(source, depth=DEEPEST_LEVEL, longest_text=LONGEST_TEXT)


def at(value: Any, *path: str) -> str:
    """The text down this path of keys; empty if there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, (str, int, Decimal)) and not isinstance(value, bool):
        return str(value).strip()
    return ""


def first(value: Any, *paths: tuple[str, ...]) -> str:
    return next((found for path in paths if (found := at(value, *path))), "")


def negative(value: str) -> bool:
    try:
        return amount(value) < 0
    except BadValue:
        return False
