"""JSON Lines: one object a line, whose keys are the columns of a feed. A key left out is an empty cell."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from ..errors import UnreadableFile
from ..feed import Feed
from ..feeds import recognise
from ..reading import LONGEST_CHUNK, Chunk, Source, as_text
from .json_text import BrokenJson, cell, flat, parsed
from .layout import Arriving, Layout, Stretch
from .lines import chunks_of_lines

LONGEST_LINE = 1024 * 1024


class JsonLines:
    name = "JSON Lines"

    def recognise(self, file: Arriving) -> Layout | None:
        header = self.header(file)
        if header is None:
            return None
        first = _objects(file)[0]
        return self.layout(recognise(file.system, list(first), file=file.path.name, paths=header), header, file)

    def header(self, file: Arriving) -> list[str] | None:
        """Every path to a value in the objects the file begins with, nested ones with points between: `account.iban`, `lines.0.text`."""
        objects = _objects(file)
        return list(dict.fromkeys(path for row in objects for path in flat(row))) if objects else None

    def layout(self, feed: Feed, header: Sequence[str], file: Arriving) -> Layout:
        # A key may be left out of every object there is: that is a column always empty, not one that is missing.
        columns = tuple(dict.fromkeys([*feed.header, *header]))
        return Layout(name=feed.name, feeds=(feed,), chunks=partial(_chunks, feed), columns=columns)


def _objects(file: Arriving) -> list[dict[str, Any]]:
    """The whole objects in the file's beginning, one a line; none if its first line is no object."""
    if not file.beginning.startswith(b"{"):
        return []
    lines = file.beginning.split(b"\n")
    found: list[dict[str, Any]] = []
    for number, line in enumerate(lines, 1):
        try:
            row = parsed(as_text(line, name=file.path.name, line=number))
        except (BrokenJson, UnreadableFile):
            # Broken behind the first one is a row's own matter; the last line here may be cut by where the beginning ends.
            if number == 1:
                return []
            continue
        if isinstance(row, dict):
            found.append(row)
    return found


def _chunks(feed: Feed, source: Source, stretch: Stretch) -> Iterator[Chunk]:
    rows = partial(_rows, source, feed)
    return chunks_of_lines(source, rows, feed, feed.header, stretch, first_line=1, longest=LONGEST_LINE)


def _rows(source: Source, feed: Feed, line: int, taken: list[bytes], size: int) -> Iterator[tuple[int, Sequence[str]]]:
    while len(taken) < size and source.kept < LONGEST_CHUNK and (raw := source.readline(LONGEST_LINE)):
        taken.append(raw)
        text = as_text(raw, name=source.name, line=line).removeprefix("\ufeff").strip()
        if text:
            yield line, _cells(text, feed)
        line += 1


def _cells(text: str, feed: Feed) -> Sequence[str]:
    """In the order of the feed's header; what doesn't fit it comes as a single cell or with cells too many, and is refused for that."""
    try:
        row = parsed(text)
    except BrokenJson:
        return [text]
    if not isinstance(row, dict):
        return [text]
    if feed.lenient:
        paths = flat(row)
        return [paths.get(name, "") for name in feed.header]
    known = [cell(row.pop(name, None)) for name in feed.header]
    return [*known, *map(cell, row.values())]
