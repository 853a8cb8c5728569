"""The text of policies as its authors see it: which lines each policy takes. Cedar itself names policies by their place only."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

# What a semicolon inside of does not end a policy, and what else there is to pass over.
_PIECES = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|//[^\n]*+|;|\s++|[^\s";/]++|.', re.DOTALL)
_ANNOTATION_ID = re.compile(r'@id\s*+\(\s*+"([^"\\]*+(?:\\.[^"\\]*+)*+)"\s*+\)')
MOST_LINES = 200
"""Of a text that is parsed once for each of its lines."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One policy as it is written: `source` from the line on which it begins (counted from 1), `remarks` all that stands above it."""

    id: str
    line: int
    source: str
    remarks: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the policies, or with their schema, and on which line, counted from 1."""

    line: int
    what: str
    in_schema: bool = False

    def __str__(self) -> str:
        return f"{'schema, ' if self.in_schema else ''}line {self.line}: {self.what}"


def statements(policies: str) -> tuple[Statement, ...]:
    """The policies in the order of the text, which is how Cedar counts them: policy0, policy1 …

    What is no policy counts as one all the same: whether it can be read is Cedar's to say. Without an @id the id is empty.
    """
    return tuple(_statements(policies))


def _statements(policies: str) -> Iterator[Statement]:
    start, begins = 0, None
    for piece in _PIECES.finditer(policies):
        if begins is None and not piece[0].isspace() and not piece[0].startswith("//"):
            begins = piece.start()
        if piece[0] == ";" and begins is not None:
            yield _statement(policies, start, begins, piece.end())
            start, begins = piece.end(), None
    if begins is not None:
        yield _statement(policies, start, begins, len(policies))


def _statement(policies: str, start: int, begins: int, ends: int) -> Statement:
    found = _ANNOTATION_ID.search(policies, begins, ends)
    line = policies.count("\n", 0, begins) + 1
    return Statement(found[1] if found else "", line, policies[begins:ends].rstrip(), policies[start:begins].lstrip())


def first_failing_line(text: str, fails: Callable[[str], bool]) -> int | None:
    """The first line up to which a text fails already; None if only the whole does.

    Parses the text line by line; a long one by halves, which finds a line up to which it fails and behind which it does not.
    """
    lines = text.splitlines(keepends=True)
    if len(lines) <= MOST_LINES:
        return next((number for number in range(1, len(lines) + 1) if fails("".join(lines[:number]))), None)
    if not fails(text):
        return None
    good, bad = 0, len(lines)
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (good, middle) if fails("".join(lines[:middle])) else (middle, bad)
    return bad


def line_of_word(text: str, word: str) -> int | None:
    """The first line a word stands on, remarks left aside."""
    lines = enumerate(text.splitlines(), start=1)
    return next((number for number, line in lines if re.search(rf"\b{re.escape(word)}\b", line.partition("//")[0])), None)
