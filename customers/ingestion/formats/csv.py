"""CSV with a header: quotation marks, UTF-8, and the separator its header uses most (comma, semicolon, tab or bar).

A cell is text and stays text, whatever a spreadsheet would make of it.
"""

import csv
from collections.abc import Iterator, Sequence
from functools import partial

from ..errors import UnreadableFile
from ..feed import Feed
from ..feeds import recognise
from ..reading import LONGEST_CHUNK, Chunk, Source, as_text
from .layout import Arriving, Layout, Stretch
from .lines import chunks_of_lines

SEPARATORS = ",;\t|"
LONGEST_QUOTED = 20
"""Lines a quoted text may span; more means its closing quotation mark is missing."""


class Csv:
    """The format of every file no other format knows: its first line must then be the header of a feed."""

    name = "CSV"

    def recognise(self, file: Arriving) -> Layout:
        header = self.header(file)
        return self.layout(recognise(file.system, header, file=file.path.name), header, file)

    def header(self, file: Arriving) -> list[str]:
        first = _first_line(file)
        return [name.strip() for name in _cells(first, _separator(first))]

    def layout(self, feed: Feed, header: Sequence[str], file: Arriving) -> Layout:
        chunks = partial(_chunks, feed, header, _separator(_first_line(file)))
        return Layout(name=feed.name, feeds=(feed,), chunks=chunks, first_line=2, columns=tuple(header))


def _first_line(file: Arriving) -> str:
    """Raises UnreadableFile."""
    first = file.head.split(b"\n", 1)[0]
    if not first.strip():
        raise UnreadableFile(f"{file.path.name} doesn't begin with a header line.")
    return as_text(first, name=file.path.name, line=1).removeprefix("\ufeff")


def _separator(header: str) -> str:
    return max(SEPARATORS, key=header.count)


def _chunks(feed: Feed, header: Sequence[str], separator: str, source: Source, stretch: Stretch) -> Iterator[Chunk]:
    source.readline()
    return chunks_of_lines(source, _Rows(source, len(header), separator), feed, header, stretch, first_line=2)


class _Rows:
    def __init__(self, source: Source, width: int, separator: str) -> None:
        self._source, self._width, self._separator = source, width, separator
        self._lines = source.lines()

    def __call__(self, line: int, taken: list[bytes], size: int) -> Iterator[tuple[int, list[str]]]:
        """(line, cells) of each row until `size` lines are taken; blank lines are taken but are no rows."""
        while len(taken) < size and self._source.kept < LONGEST_CHUNK and (raw := next(self._lines, None)) is not None:
            taken.append(raw)
            text = as_text(raw, name=self._source.name, line=line)
            if '"' not in text:
                if text.strip():
                    yield line, text.rstrip("\r\n").split(self._separator)
            elif text.count('"') % 2 == 0:
                yield line, _cells(text, self._separator)
            else:
                held = [text, *self._until_closed(line, taken)]
                cells = _cells("".join(held), self._separator)
                if len(cells) == self._width:
                    yield line, cells
                else:
                    # The mark never closes: only the line it stands in is broken, those behind it are rows of their own.
                    yield from ((line + place, _cells(part, self._separator)) for place, part in enumerate(held) if part.strip())
                line += len(held) - 1
            line += 1

    def _until_closed(self, line: int, taken: list[bytes]) -> Iterator[str]:
        """The lines behind `line` up to the one that closes the quotation it opened."""
        for number in range(line + 1, line + LONGEST_QUOTED):
            raw = next(self._lines, None)
            if raw is None:
                return
            taken.append(raw)
            text = as_text(raw, name=self._source.name, line=number)
            yield text
            if text.count('"') % 2:
                return


def _cells(text: str, separator: str) -> list[str]:
    """The cells of one row; a single cell with all its text if its quotation marks make no sense."""
    text = text.rstrip("\r\n")
    if '"' not in text:
        return text.split(separator)
    try:
        return next(csv.reader([text], delimiter=separator, strict=True))
    except csv.Error:
        return [text]
