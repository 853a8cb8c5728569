"""A source file as a stream: plain or gzip, read once from its beginning. Memory stays bounded whatever the file's size."""

import gc
import gzip
import hashlib
import io
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypeVar
from uuid import UUID

from bankos.platform.ids import uuid7

from .errors import UnreadableFile
from .feed import Complaint, Feed
from .records import Record

ROWS_PER_CHUNK = 10_000
LONGEST_LINE = 64 * 1024
LONGEST_CHUNK = 8 * 1024 * 1024
"""Bytes of a file; the row that exceeds it ends its chunk."""
LONGEST_SILENCE = 64 * 1024 * 1024
"""Bytes of a file between two entries."""
HEAD = 64 * 1024
"""How much of a file's beginning tells its format."""

TURN = 0.0002
"""Seconds a thread keeps Python for when the other wants it."""

# Little, because what a cut file holds in its last bite is lost with it.
_UNPACKED_AT_ONCE = 16 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that cannot be used, as column → text, with its line in the file and the feed it was to be read by."""

    line: int
    feed: Feed
    cells: dict[str, str]
    complaint: Complaint


@dataclass(slots=True)
class Batch:
    """The records one feed made of a chunk's rows. `cells`: line → texts of each record, in the order of `header`.

    `span`: the oldest and the newest business moment of the records, if they tell one. `looks`: what the columns hold (see `drift`).
    """

    feed: Feed
    header: Sequence[str]
    records: list[Record] = field(default_factory=list)
    cells: dict[int, Sequence[str]] = field(default_factory=dict)
    span: tuple[date, date] | tuple[datetime, datetime] | None = None
    looks: dict[str, dict[str, Any]] = field(default_factory=dict)

    def row(self, line: int) -> dict[str, str]:
        return as_row(self.header, self.cells[line])


@dataclass(slots=True)
class Chunk:
    """A run of lines, or of numbered entries where a file isn't made of lines: raw for keeping, and what they became.

    `position`: bytes of the file read when its last line was. `since`: an id made before those of its rows.
    """

    first_line: int
    line_count: int = 0
    position: int = 0
    raw: bytes = b""
    batches: list[Batch] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    since: UUID = field(default_factory=uuid7)


def as_row(header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """Column → text, with names of their own for cells too many."""
    names = [*header, *(f"column {number}" for number in range(len(header) + 1, len(cells) + 1))]
    return {name: cell.replace("\x00", "") for name, cell in zip(names, cells, strict=False)}


class Source:
    """An open file. `read` and `readline` say in words what is wrong with it; `take_raw` gives what was read since it was last asked."""

    def __init__(self, path: Path, raw: BinaryIO) -> None:
        self.path, self.name, self.size = path, path.name, path.stat().st_size
        self.lines_read = 0
        self._raw = raw
        self.packed = raw.read(2) == _GZIP_MAGIC
        raw.seek(0)
        self._stream = io.BufferedReader(gzip.GzipFile(fileobj=raw), _UNPACKED_AT_ONCE) if self.packed else raw
        self._kept: list[bytes] = []
        self.kept = 0

    @property
    def position(self) -> int:
        """Bytes of the file read so far."""
        return self._raw.tell()

    def read(self, size: int) -> bytes:
        """At most `size` bytes, none at the end of the file.

        Raises:
            UnreadableFile
        """
        return self._kept_of(partial(self._stream.read, size))

    def readline(self, longest: int = LONGEST_LINE) -> bytes:
        """The next line, empty at the end of the file.

        Raises:
            UnreadableFile
        """
        line = self._kept_of(partial(self._stream.readline, longest))
        if line:
            self.lines_read += 1
        if len(line) == longest and not line.endswith(b"\n"):
            raise UnreadableFile(f"{self.name}, line {self.lines_read}: longer than {longest // 1024} KB; this isn't a file of rows.")
        return line

    def lines(self, longest: int = LONGEST_LINE) -> Iterator[bytes]:
        while line := self.readline(longest):
            yield line

    def take_raw(self) -> bytes:
        raw, self._kept, self.kept = b"".join(self._kept), [], 0
        return raw

    def keep(self, raw: bytes, *, share: float) -> None:
        """Take as raw text what somebody else read of the file, who has come this far: from 0 to 1."""
        self._kept.append(raw)
        self.kept += len(raw)
        self._raw.seek(int(self.size * share))

    def _place(self, byte: int) -> str:
        return f"behind line {self.lines_read}" if self.lines_read else f"behind byte {byte:,}"

    def _kept_of(self, read: Callable[[], bytes]) -> bytes:
        byte = 0 if self.lines_read else self.position  # before it is read: afterwards nobody knows
        try:
            data = read()
        except EOFError:
            raise UnreadableFile(
                f"{self.name} is cut off {self._place(byte)}: its compressed data ends early. Send it again, whole."
            ) from None
        except (zlib.error, gzip.BadGzipFile):
            raise UnreadableFile(f"{self.name} is damaged {self._place(byte)}: it cannot be unpacked. Send it again.") from None
        except OSError as error:
            raise UnreadableFile(f"{self.name} cannot be read {self._place(byte)}: {error.strerror}.") from None
        self._kept.append(data)
        self.kept += len(data)
        if self.kept > LONGEST_SILENCE:
            megabytes = LONGEST_SILENCE // 1024**2
            place = self._place(byte)
            raise UnreadableFile(f"{self.name} goes on for {megabytes} MB {place} without an entry; this isn't what it says it is.")
        return data


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """Raises UnreadableFile."""
    try:
        raw = path.open("rb")
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be opened: {error.strerror}.") from None
    with raw:
        yield Source(path, raw)


def head_of(path: Path) -> bytes:
    """The file's beginning, unpacked; as much as can be read of a damaged one.

    Raises:
        UnreadableFile: nothing can be read.
    """
    head = b""
    with opened(path) as source:
        while len(head) < HEAD:
            try:
                piece = source.read(min(_UNPACKED_AT_ONCE, HEAD - len(head)))
            except UnreadableFile:
                if head:
                    break
                raise
            if not piece:
                break
            head += piece
    return head


def sha256_of(path: Path) -> str:
    with path.open("rb") as raw:
        return hashlib.file_digest(raw, "sha256").hexdigest()


def as_text(raw: bytes, *, name: str, line: int) -> str:
    """Raises UnreadableFile: it isn't UTF-8."""
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise UnreadableFile(
            f"{name}, line {line}: byte {error.start + 1} isn't UTF-8. Save the file as UTF-8 and send it again."
        ) from None


def packed(raw: bytes) -> bytes:
    """As raw lines are kept. Packed quickly: the last few per cent would cost more time than parsing the lines."""
    return zlib.compress(raw, 1)


@contextmanager
def for_two_threads() -> Iterator[None]:
    """Python set for one thread that reads and one that loads.

    Reading makes millions of values that refer to nothing; looking whether they form cycles takes as long as making them. And who loads
    says a word to the database now and then and has to say it at once: for Python's usual 5 ms the database would stand idle.
    """
    searching, turn = gc.isenabled(), sys.getswitchinterval()
    gc.disable()
    sys.setswitchinterval(TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(turn)
        if searching:
            gc.enable()


class Ahead(Generic[Item]):
    """Items, the next one being made in a thread from the moment `start` is called while the caller works with this one.

    Reading is Python's work and loading the database's: together they use two cores. But Python does one thing at a time, so the caller
    says when the long wait begins. What it had before the present item is given up in the thread as well, once the next one is made: with
    many rows that takes time in one go, in which the caller could not begin to wait.
    """

    def __init__(self, items: Iterator[Item]) -> None:
        self._items = items
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reading")
        self._upcoming: Future[Item | None] | None = None
        self._given: list[Item] = []

    def __iter__(self) -> Iterator[Item]:
        with self._thread:
            while (item := self._begun().result()) is not None:
                self._upcoming = None
                self._given.append(item)
                yield item

    def start(self) -> None:
        self._begun()

    def _begun(self) -> Future[Item | None]:
        if self._upcoming is None:
            self._upcoming = self._thread.submit(self._make)
        return self._upcoming

    def _make(self) -> Item | None:
        item = next(self._items, None)
        del self._given[:-1]
        return item
