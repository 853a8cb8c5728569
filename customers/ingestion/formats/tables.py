"""A file of rows and columns before anybody says what they mean: its columns, its first rows, and how a mapping's feed would read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple, cast

from ..feed import Feed
from ..reading import head_of, opened
from ..records import Record
from . import FORMATS
from .layout import Arriving, Layout, Stretch, Tabular


class _Row(NamedTuple):
    line: int


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it came: the texts of its cells, as many as it has."""

    line: int
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class Table:
    """`format`: how it is written, in a word."""

    file: Arriving
    how: Tabular
    header: tuple[str, ...]

    @property
    def format(self) -> str:
        return self.how.name

    def layout(self, feed: Feed) -> Layout:
        """How this feed reads the rows."""
        return self.how.layout(feed, self.header, self.file)

    def first_rows(self, count: int) -> list[Row]:
        """Raises UnreadableFile."""
        # A feed that makes nothing of a row but its line: the formats hand its cells on as they are.
        as_it_came = Feed(name="", system="", header=self.header, record=cast(type[Record], _Row), fields={}, lenient=True)
        with opened(self.file.path) as source:
            chunk = next(self.layout(as_it_came).chunks(source, Stretch(0, count, timedelta())), None)
        if chunk is None:
            return []
        rows = [Row(line, cells) for batch in chunk.batches for line, cells in batch.cells.items()]
        rows += [Row(refusal.line, tuple(refusal.cells.values())) for refusal in chunk.refusals]
        return sorted(rows, key=lambda row: row.line)[:count]


def table_of(system: str, path: Path) -> Table | None:
    """The file as a table; None if it is of a format that says by itself what its parts mean.

    Raises:
        IngestError: nobody can read it.
    """
    file = Arriving(path, head_of(path), system)
    for one in FORMATS:
        if isinstance(one, Tabular):
            if header := one.header(file):
                return Table(file, one, tuple(header))
        elif one.recognise(file) is not None:
            return None
    return None
