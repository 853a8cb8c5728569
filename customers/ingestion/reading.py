"""A source file as a stream of chunks: plain or gzip, UTF-8, CSV. Memory stays bounded whatever the file's size."""

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

from .errors import UnreadableFile
from .feed import Complaint, Normalise, RowRefused
from .records import Record

LINES_PER_CHUNK = 5_000
LONGEST_LINE = 64 * 1024
LONGEST_QUOTED = 20
"""Lines a quoted text may span; more means its closing quotation mark is missing."""

# Little, because what a cut file holds in its last bite is lost with it.
_UNPACKED_AT_ONCE = 16 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that cannot be used, as column → text, with its line in the file."""

    line: int
    cells: dict[str, str]
    complaint: Complaint


@dataclass(slots=True)
class Chunk:
    """A run of lines: raw for keeping, and what they became. Line 1 of a file is its header.

    `cells`: line → texts of each record; `position`: bytes of the file read when its last line was.
    """

    first_line: int
    line_count: int = 0
    position: int = 0
    raw: bytes = b""
    records: list[Record] = field(default_factory=list)
    cells: dict[int, list[str]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)


class SourceText:
    """An open source file: its header, then its chunks."""

    def __init__(self, path: Path, raw: BinaryIO) -> None:
        self.path, self._raw = path, raw
        self.size = path.stat().st_size
        compressed = raw.read(2) == _GZIP_MAGIC
        raw.seek(0)
        stream = io.BufferedReader(gzip.GzipFile(fileobj=raw), _UNPACKED_AT_ONCE) if compressed else raw
        self._lines = _physical_lines(stream, path.name)
        first = next(self._lines, b"")
        if not first.strip():
            raise UnreadableFile(f"{path.name} doesn't begin with a header line.")
        self.header = [name.strip() for name in _cells(self._decode(first, 1).removeprefix("\ufeff"))]

    def chunks(self, normalise: Normalise, *, after: int = 0, size: int = LINES_PER_CHUNK) -> Iterator[Chunk]:
        """The chunks behind the first `after` data lines.

        A chunk ends where a row ends, so its length may exceed `size` by a few lines.

        Raises:
            UnreadableFile
        """
        for skipped in range(after):
            if next(self._lines, None) is None:
                raise UnreadableFile(f"{self.path.name} has only {skipped} lines, but {after} were read from it before.")
        line = after + 2
        while chunk := self._chunk(line, normalise, size):
            yield chunk
            line += chunk.line_count

    def _chunk(self, first_line: int, normalise: Normalise, size: int) -> Chunk | None:
        chunk = Chunk(first_line)
        taken: list[bytes] = []
        for line, cells in self._rows(first_line, taken, size):
            try:
                chunk.records.append(normalise(line, cells))
                chunk.cells[line] = cells
            except RowRefused as refused:
                chunk.refusals.append(Refusal(line, self.as_row(cells), refused.complaint))
        if not taken:
            return None
        chunk.line_count = len(taken)
        chunk.raw = zlib.compress(b"".join(taken))
        chunk.position = self._raw.tell()
        return chunk

    def _rows(self, line: int, taken: list[bytes], size: int) -> Iterator[tuple[int, list[str]]]:
        """(line, cells) of each row until `size` lines are taken; blank lines are taken but are no rows."""
        while len(taken) < size and (raw := next(self._lines, None)) is not None:
            taken.append(raw)
            text = self._decode(raw, line)
            if '"' not in text:
                if text.strip():
                    yield line, text.rstrip("\r\n").split(",")
            elif text.count('"') % 2 == 0:
                yield line, _cells(text)
            else:
                held = [text, *self._until_closed(line, taken)]
                cells = _cells("".join(held))
                if len(cells) == len(self.header):
                    yield line, cells
                else:
                    # The mark never closes: only the line it stands in is broken, those behind it are rows of their own.
                    yield from ((line + place, _cells(part)) for place, part in enumerate(held) if part.strip())
                line += len(held) - 1
            line += 1

    def _until_closed(self, line: int, taken: list[bytes]) -> Iterator[str]:
        """The lines behind `line` up to the one that closes the quotation it opened."""
        for number in range(line + 1, line + LONGEST_QUOTED):
            raw = next(self._lines, None)
            if raw is None:
                return
            taken.append(raw)
            text = self._decode(raw, number)
            yield text
            if text.count('"') % 2:
                return

    def as_row(self, cells: Sequence[str]) -> dict[str, str]:
        """Column → text, with names of their own for cells too many."""
        names = [*self.header, *(f"column {number}" for number in range(len(self.header) + 1, len(cells) + 1))]
        return {name: cell.replace("\x00", "") for name, cell in zip(names, cells, strict=False)}

    def _decode(self, raw: bytes, line: int) -> str:
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            raise UnreadableFile(
                f"{self.path.name}, line {line}: byte {error.start + 1} isn't UTF-8. Save the file as UTF-8 and send it again."
            ) from None


@contextmanager
def opened(path: Path) -> Iterator[SourceText]:
    """Raises UnreadableFile."""
    try:
        raw = path.open("rb")
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be opened: {error.strerror}.") from None
    with raw:
        yield SourceText(path, raw)


def sha256_of(path: Path) -> str:
    with path.open("rb") as raw:
        return hashlib.file_digest(raw, "sha256").hexdigest()


def one_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items, the next one being made in a thread while the caller works with this one.

    Reading is Python's work and loading the database's: together they use two cores.
    """
    advance: Callable[[], Item | None] = partial(next, items, None)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="reading") as thread:
        upcoming = thread.submit(advance)
        while (item := upcoming.result()) is not None:
            upcoming = thread.submit(advance)
            yield item


def _physical_lines(stream: BinaryIO, name: str) -> Iterator[bytes]:
    number = 0
    try:
        while raw := stream.readline(LONGEST_LINE):
            number += 1
            if len(raw) == LONGEST_LINE and not raw.endswith(b"\n"):
                raise UnreadableFile(f"{name}, line {number}: longer than {LONGEST_LINE // 1024} KB; this isn't a file of rows.")
            yield raw
    except EOFError:
        raise UnreadableFile(f"{name} is cut off behind line {number}: its compressed data ends early. Send it again, whole.") from None
    except (zlib.error, gzip.BadGzipFile):
        raise UnreadableFile(f"{name} is damaged behind line {number}: it cannot be unpacked. Send it again.") from None
    except OSError as error:
        raise UnreadableFile(f"{name} cannot be read behind line {number}: {error.strerror}.") from None


def _cells(text: str) -> list[str]:
    """The cells of one row; a single cell with all its text if its quotation marks make no sense."""
    text = text.rstrip("\r\n")
    if '"' not in text:
        return text.split(",")
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error:
        return [text]
