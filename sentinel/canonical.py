"""One spelling for each JSON value (RFC 8785), so that equal content has equal hashes whoever wrote it, in whatever order."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import rfc8785


def canonical(parameters: Mapping[str, Any]) -> str:
    """The RFC 8785 text of a JSON object: keys sorted, no spaces, one form for each number.

    Raises:
        ValueError: it holds something JSON (or RFC 8785) cannot: an integer beyond 2^53, NaN, a lone surrogate, another type.
    """
    return rfc8785.dumps(dict(parameters)).decode()


def content_hash(content: Mapping[str, Any]) -> str:
    """The sha256 of the canonical text, in hex."""
    return sha256(canonical(content).encode()).hexdigest()


def parameters_hash(parameters: Mapping[str, Any]) -> str:
    """What binds a permit to exactly these parameters: hex sha256 over their canonical text."""
    return content_hash(parameters)
