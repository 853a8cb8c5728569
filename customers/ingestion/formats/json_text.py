"""JSON whose values stay the text they were written as: 12.50 is not 12.5, and no number loses a digit on its way."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bankos.platform.bounded import Bounds, check_json

ROW = Bounds(depth=64, values=200_000, size=2_000_000)
"""What a row in JSON may be, deeper than anything a bank writes."""


class BrokenJson(ValueError):
    """Not JSON, or nested deeper than anything a bank writes."""


def parsed(text: str) -> Any:
    """Objects, lists and texts; numbers as they were written.

    Raises:
        BrokenJson
    """
    try:
        check_json(text, ROW)
        return json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        raise BrokenJson from None


def cell(value: Any) -> str:
    """A JSON value as the text of a cell; null is "not stated"."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return json.dumps(value, ensure_ascii=False)


MOST_PATHS = 500
DEEPEST = 8


def flat(row: Mapping[str, Any]) -> dict[str, str]:
    """Path → text of every value: nested objects and lists with points between. What lies deeper than anything a bank writes stays JSON."""
    found: dict[str, str] = {}
    waiting: list[tuple[str, Any, int]] = [(key, value, 1) for key, value in reversed(list(row.items()))]
    while waiting and len(found) < MOST_PATHS:
        path, value, depth = waiting.pop()
        inside: Iterable[tuple[Any, Any]] = ()
        if depth < DEEPEST and isinstance(value, dict):
            inside = value.items()
        elif depth < DEEPEST and isinstance(value, list):
            inside = enumerate(value)
        nested = [(f"{path}.{key}", one, depth + 1) for key, one in inside]
        if nested:
            waiting += reversed(nested)
        else:
            found[path] = cell(value)
    return found
