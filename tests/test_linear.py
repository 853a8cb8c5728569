"""Patterns for text from outside take time that grows with the text, not with its square: not everybody who writes one means well.

Every pattern a module holds by a name, or asks on the spot, is asked the way the module asks it, about texts made of the pattern's own
pieces, over and over.
"""

import ast
import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import bankos
import customers
import demobank
import insights
import journeys
import sentinel

FLOORS = (bankos, customers, demobank, insights, journeys, sentinel)
NO_MODULES = re.compile(r"\.(migrations|management|settings)\b|\.(asgi|wsgi|\w+_apart|apart_child)$")
WAYS = ("fullmatch", "match", "search", "sub", "split", "finditer", "findall")
SIZES = (1_024, 4_096, 16_384)
ENOUGH_S = 0.1
"""For the largest. Most take a thousandth; what tries each end of a text behind each beginning takes a second and more."""


def _modules() -> Iterator[ModuleType]:
    for floor in FLOORS:
        for found in pkgutil.walk_packages(floor.__path__, floor.__name__ + "."):
            if NO_MODULES.search(found.name) is None:
                yield importlib.import_module(found.name)


def _asked(module: ModuleType) -> Iterator[tuple[str, re.Pattern[Any], str]]:
    source = Path(module.__file__ or "").read_text()
    for name, value in list(vars(module).items()):
        if isinstance(value, re.Pattern):
            for way in [way for way in WAYS if re.search(rf"\b{name}\.{way}\(", source)] or ["fullmatch"]:
                yield f"{module.__name__}.{name}.{way}", value, way
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "re":
            written = node.args[0] if node.args else None
            if node.func.attr in WAYS and isinstance(written, ast.Constant):
                yield f"{module.__name__}:{node.lineno}", re.compile(written.value), node.func.attr


ASKED = {name: (pattern, way) for module in _modules() for name, pattern, way in _asked(module)}


def _texts(pattern: str) -> Iterator[tuple[str, str, str]]:
    """(beginning, piece, end): what such a pattern may be about, made of its own characters and some of each class."""
    signs = re.sub(r"\\[a-zA-Z]|\(\?[^)]*?[:=!>]|[\\^$*+?{}|]", "", pattern)
    plain = sorted({one for one in signs if one.isprintable()} | set(" a0A\n.,:\"'\\x-"))
    literal = re.match(r"[\w :@!-]*", pattern)
    for piece in plain + [one + other for one in plain for other in ("a", "0", " ")]:
        for begins in dict.fromkeys(("", literal[0] if literal else "", "1")):
            yield begins, piece, "\x01"


def took(pattern: re.Pattern[Any], way: str, text: str) -> float:
    given: Any = text.encode() if isinstance(pattern.pattern, bytes) else text
    began = time.process_time()
    if way == "sub":
        pattern.sub(given[:0], given)
    elif way == "finditer":
        for _ in pattern.finditer(given):
            pass
    else:
        getattr(pattern, way)(given)
    return time.process_time() - began


@pytest.mark.parametrize("name", sorted(ASKED))
def test_a_pattern_takes_time_as_its_text_grows(name: str) -> None:
    pattern, way = ASKED[name]
    written = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin1")
    for begins, piece, ends in _texts(written):
        for size in SIZES:
            text = begins + piece * (size // len(piece)) + ends
            if (seconds := took(pattern, way, text)) > ENOUGH_S:
                seconds = min(seconds, took(pattern, way, text))  # this machine may have been busy
            assert seconds <= ENOUGH_S, f"{seconds:.2f} s for {size:,} characters such as {text[:20]!r}"


def test_a_pattern_that_tries_every_end_behind_every_beginning_is_found() -> None:
    slow = re.compile(r"[\w.]+@x")

    assert took(slow, "search", "a" * SIZES[-1]) > ENOUGH_S
    assert any("@" in piece for _, piece, _ in _texts(slow.pattern))
