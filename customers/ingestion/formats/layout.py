"""What a format says of a file it recognises."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Protocol, runtime_checkable

from ..feed import Feed
from ..reading import Chunk, Source


@dataclass(frozen=True, slots=True)
class Stretch:
    """What of a file is to be read, and how: behind line `after`, in chunks of about `size` rows, every date moved by `shift`."""

    after: int
    size: int
    shift: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a recognised file is read.

    `name` is kept with the file; `feeds` read its rows, those first that others refer to; `first_line` is the place of its first row;
    `columns` are those the file has, where it is a table.
    """

    name: str
    feeds: tuple[Feed, ...]
    chunks: Callable[[Source, Stretch], Iterator[Chunk]]
    first_line: int = 1
    columns: tuple[str, ...] = ()

    @property
    def last_day(self) -> date | None:
        """The last day of a closed data set."""
        days = [feed.last_day for feed in self.feeds if feed.last_day]
        return max(days) if days and len(days) == len(self.feeds) else None


@dataclass(frozen=True, slots=True)
class Arriving:
    """A file that nobody knows yet: where it lies, how it begins, and the system it is said to come from."""

    path: Path
    head: bytes
    system: str

    @property
    def beginning(self) -> bytes:
        """The head without a byte order mark and white space."""
        return self.head.removeprefix(b"\xef\xbb\xbf").lstrip()


class Format(Protocol):
    """One way of writing things down in a file."""

    def recognise(self, file: Arriving) -> Layout | None:
        """How to read the file, or None if it is of another format.

        Raises:
            IngestError: it is of this format, but cannot be read.
        """


@runtime_checkable
class Tabular(Format, Protocol):
    """A format whose rows are cells under columns: what a mapping is written for."""

    name: str

    def header(self, file: Arriving) -> list[str] | None:
        """The columns, or None if it is of another format.

        Raises:
            UnreadableFile
        """

    def layout(self, feed: Feed, header: Sequence[str], file: Arriving) -> Layout:
        """How `feed` reads the file's rows."""
