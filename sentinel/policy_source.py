"""The text of policies as its authors see it: which lines each policy takes. Cedar itself names policies by their place only."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

# What a semicolon inside of does not end a policy, and what else there is to pass over.
_PIECES = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|;|\s+|[^\s";/]+|.', re.DOTALL)
_ANNOTATION_ID = re.compile(r'@id\s*\(\s*"((?:\\.|[^"\\])*)"\s*\)')


@dataclass(frozen=True, slots=True)
class Statement:
    """One policy as it is written. `text` begins with the remarks above it, `line` (from 1) is that of the policy itself."""

    id: str
    line: int
    text: str


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

    A piece that is no policy is one all the same; whether it can be read is Cedar's to say. Without an @id the id is empty.
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
    text = policies[start:ends].strip()
    found = _ANNOTATION_ID.search(policies, begins, ends)
    return Statement(found[1] if found else "", policies.count("\n", 0, begins) + 1, text)


def line_of_failure(text: str, fails: Callable[[str], bool]) -> int:
    """The first line up to which the text already fails, if whatever begins like that fails too. Parses a dozen times.

    Args:
        fails: whether a text fails for the same reason as the whole.
    """
    lines = text.splitlines(keepends=True)
    fine, failing = 0, len(lines)
    while failing - fine > 1:
        middle = (fine + failing) // 2
        if fails("".join(lines[:middle])):
            failing = middle
        else:
            fine = middle
    return max(failing, 1)
