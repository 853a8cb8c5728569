"""How long and how deep a text in Cedar may be, measured by one scan that nests nothing, before Cedar or anybody else reads it.

Cedar's parser calls itself for each bracket and each operator; deep enough, that ends the process.
"""

import re

from .policy_source import Problem

LONGEST = 500_000  # characters
MOST_STATEMENTS = 5_000
DEEPEST_BRACKETS = 40
LONGEST_CHAIN = 200
"""Operators, and the brackets around them, that may depend on each other."""

_PIECES = re.compile(
    r"""(?P<text>"[^"\\]*+(?:\\.[^"\\]*+)*+(?P<closed>")?)
    |//[^\n]*+
    |(?P<joint>&&|\|\||\b(?:if|then|else|when|unless)\b)
    |(?P<step>[=!<>]=|[!<>.+*/%-]|\b(?:in|has|like|is)\b)
    |(?P<opens>[\[({])|(?P<closes>[\])}])|(?P<comma>,)|(?P<ends>;)
    |\n|\w++|[^\S\n]++|.""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)


class _Group:
    """What stands inside one pair of brackets: how many of its operators hang together."""

    __slots__ = ("_joints", "_steps", "_steps_at_most")

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self._joints = self._steps = self._steps_at_most = 0

    def join(self) -> None:
        self._joints, self._steps = self._joints + 1, 0

    def step(self) -> None:
        self._steps += 1
        self._steps_at_most = max(self._steps_at_most, self._steps)

    @property
    def depth(self) -> int:
        return 1 + self._joints + self._steps_at_most


def beyond(policies: str) -> Problem | None:
    """Why policies are not read at all: the first place beyond the bounds; None if they are within."""
    return _beyond(policies, in_schema=False)


def beyond_in_schema(schema: str) -> Problem | None:
    """The same for a schema, where `<` and `>` are brackets."""
    return _beyond(schema, in_schema=True)


def _beyond(text: str, *, in_schema: bool) -> Problem | None:
    if len(text) > LONGEST:
        return Problem(1, f"this is longer than {LONGEST:,} characters", in_schema)
    groups, outside, statements = [_Group()], 0, 0
    for piece in _PIECES.finditer(text):
        kind = piece.lastgroup if piece.lastgroup != "closed" else "text"
        mark = piece[0]
        if kind is None:
            continue
        if in_schema and mark in ("<", ">"):
            kind = "opens" if mark == "<" else "closes"
        what = ""
        if kind == "text":
            if piece["closed"] is None:
                what = "a quotation mark is not closed"
        elif kind == "opens":
            outside += groups[-1].depth
            groups.append(_Group())
            if len(groups) > DEEPEST_BRACKETS + 1:
                what = f"brackets are nested deeper than {DEEPEST_BRACKETS} levels"
        elif kind == "closes":
            if len(groups) > 1:
                groups.pop()
                outside -= groups[-1].depth
        elif kind == "comma":
            groups[-1].begin()
        elif kind == "ends":
            statements += 1
            if not in_schema:
                groups, outside = [_Group()], 0
            if statements > MOST_STATEMENTS:
                what = f"there are more than {MOST_STATEMENTS:,} statements"
        elif not in_schema:
            if kind == "joint":
                groups[-1].join()
            else:
                groups[-1].step()
            if outside + groups[-1].depth > LONGEST_CHAIN:
                what = f"more than {LONGEST_CHAIN} operators depend on each other; use several rules, or a set"
        if what:
            return Problem(text.count("\n", 0, piece.start()) + 1, what, in_schema)
    return None
