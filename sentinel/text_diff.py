"""Two texts compared line by line and, where a line was rewritten, word by word. Knows nothing of policies."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

CONTEXT = 2  # lines around a change that are shown
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
# Two lines with less than this in common are two lines, not one that was rewritten.
_REWRITTEN = 0.4


class Mark(StrEnum):
    """What became of a line or a word; `skipped` stands for unchanged lines that are not shown."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words with one mark."""

    mark: Mark
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """`before` and `after` are its numbers in the two texts, from 1; for skipped lines `count` says how many they are."""

    mark: Mark
    before: int | None
    after: int | None
    pieces: tuple[Piece, ...] = ()
    count: int = 1

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Pair:
    """One row of two texts side by side; None where one side has nothing."""

    left: Line | None
    right: Line | None


def words(before: str, after: str) -> tuple[Piece, ...]:
    """Both texts in one: what is gone and what is new, in place."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    pieces: list[Piece] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece(Mark.SAME, "".join(old[a:b])))
            continue
        if b > a:
            pieces.append(Piece(Mark.REMOVED, "".join(old[a:b])))
        if d > c:
            pieces.append(Piece(Mark.ADDED, "".join(new[c:d])))
    return tuple(pieces)


def lines(before: str, after: str, *, first_before: int = 1, first_after: int = 1) -> tuple[Line, ...]:
    """The lines of both texts in one column, unchanged ones far from a change collapsed. Equal texts give none.

    Args:
        first_before, first_after: the numbers of the two first lines.
    """
    if before == after:
        return ()
    old, new = before.splitlines(), after.splitlines()
    told: list[Line] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            same = [_whole(Mark.SAME, old[a + n], first_before + a + n, first_after + c + n) for n in range(b - a)]
            told += _shortened(same, first=a == c == 0, last=(b, d) == (len(old), len(new)))
        else:
            told += _rewritten(old[a:b], new[c:d], first_before + a, first_after + c)
    return tuple(told)


def side_by_side(told: Sequence[Line]) -> tuple[Pair, ...]:
    """The same lines in two columns: what was removed left, what was added right, beside each other where they follow each other."""
    return tuple(_pairs(told))


def _pairs(told: Sequence[Line]) -> Iterator[Pair]:
    removed: list[Line] = []
    added: list[Line] = []

    def gathered() -> Iterator[Pair]:
        for place in range(max(len(removed), len(added))):
            yield Pair(removed[place] if place < len(removed) else None, added[place] if place < len(added) else None)
        removed.clear()
        added.clear()

    for line in told:
        if line.mark is Mark.REMOVED:
            if added:
                yield from gathered()
            removed.append(line)
        elif line.mark is Mark.ADDED:
            added.append(line)
        else:
            yield from gathered()
            yield Pair(line, line)
    yield from gathered()


def _shortened(same: list[Line], *, first: bool, last: bool) -> list[Line]:
    head, tail = 0 if first else CONTEXT, 0 if last else CONTEXT
    hidden = len(same) - head - tail
    if hidden < 2:
        return same
    start = same[head]
    return [*same[:head], Line(Mark.SKIPPED, start.before, start.after, count=hidden), *same[len(same) - tail :]]


def _rewritten(old: list[str], new: list[str], before: int, after: int) -> list[Line]:
    gone, come = [], []
    for place, text in enumerate(old):
        other = new[place] if place < len(new) else None
        pieces = _pieces(text, other, Mark.REMOVED) if other is not None else (Piece(Mark.REMOVED, text),)
        gone.append(Line(Mark.REMOVED, before + place, None, pieces))
    for place, text in enumerate(new):
        other = old[place] if place < len(old) else None
        pieces = _pieces(other, text, Mark.ADDED) if other is not None else (Piece(Mark.ADDED, text),)
        come.append(Line(Mark.ADDED, None, after + place, pieces))
    return [*gone, *come]


def _pieces(before: str, after: str, mark: Mark) -> tuple[Piece, ...]:
    """One side of a rewritten line: its own words, those that are not on the other side marked."""
    both = words(before, after)
    same = sum(len(piece.text) for piece in both if piece.mark is Mark.SAME)
    if same < _REWRITTEN * max(len(before), len(after)):
        return (Piece(mark, before if mark is Mark.REMOVED else after),)
    return tuple(piece for piece in both if piece.mark in (Mark.SAME, mark))


def _whole(mark: Mark, text: str, before: int | None, after: int | None) -> Line:
    return Line(mark, before, after, (Piece(mark, text),))
