"""One spelling for each JSON value (RFC 8785), so that equal content has equal hashes whoever wrote it, in whatever order."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson
import rfc8785

_LARGEST = 2**53 - 1
_DEEPEST = 12


def canonical(parameters: Mapping[str, Any]) -> str:
    """The RFC 8785 text of a JSON object: keys sorted, no spaces, one form for each number.

    Raises:
        ValueError: it holds something JSON (or RFC 8785) cannot: an integer beyond 2^53, NaN, a lone surrogate, another type.
    """
    # The faster of the two spells like RFC 8785 wherever `_plain` holds.
    if not _plain(parameters, _DEEPEST):
        return rfc8785.dumps(dict(parameters)).decode()
    try:
        return orjson.dumps(parameters, option=orjson.OPT_SORT_KEYS).decode()
    except orjson.JSONEncodeError as error:  # a lone surrogate
        raise ValueError(str(error)) from error


def content_hash(content: Mapping[str, Any]) -> str:
    """The sha256 of the canonical text, in hex."""
    return sha256(canonical(content).encode()).hexdigest()


def parameters_hash(parameters: Mapping[str, Any]) -> str:
    """What binds a permit to exactly these parameters: hex sha256 over their canonical text."""
    return content_hash(parameters)


def _plain(value: Any, depth: int) -> bool:
    """Whether both spell it alike: ASCII keys, no number but integers of a double's exact range, no types of one's own."""
    kind = type(value)
    if kind is str or kind is bool or value is None or isinstance(value, str):
        return True
    if kind is int:
        return -_LARGEST <= value <= _LARGEST
    if not depth or kind not in (dict, list):
        return False
    # Plain loops: this is walked at every decision, and a generator an entry would be half of its time.
    if kind is dict:
        for name in value:
            if type(name) is not str or not name.isascii():
                return False
        value = value.values()
    for entry in value:  # noqa: SIM110
        if not _plain(entry, depth - 1):
            return False
    return True
