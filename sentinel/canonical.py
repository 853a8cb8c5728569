"""One spelling for each JSON value (RFC 8785), so that equal content has equal hashes whoever wrote it, in whatever order."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import rfc8785

# The standard library's encoder, which is written in C, spells like RFC 8785 wherever `_plain` holds.
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False).encode
_LARGEST = 2**53 - 1
_DEEPEST = 12


def canonical(parameters: Mapping[str, Any]) -> str:
    """The RFC 8785 text of a JSON object: keys sorted, no spaces, one form for each number.

    Raises:
        ValueError: it holds something JSON (or RFC 8785) cannot: an integer beyond 2^53, NaN, a lone surrogate, another type.
    """
    if _plain(parameters, _DEEPEST):
        text = _encode(parameters)
        text.encode()  # a lone surrogate is a ValueError
        return text
    return rfc8785.dumps(dict(parameters)).decode()


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
    if kind is dict:
        for name in value:
            if not isinstance(name, str) or not name.isascii():
                return False
        value = value.values()
    return all(_plain(entry, depth - 1) for entry in value)
