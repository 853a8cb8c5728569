"""What an ingest tells its caller: while it runs, and at its end."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Progress:
    """A chunk is in. `rows` and `rejected` count from the file's beginning, `fraction` (0 to 1) of its bytes is read."""

    file: str
    rows: int
    rejected: int
    fraction: float


@dataclass(frozen=True, slots=True)
class FileReport:
    """`seconds` of this run; `known` if the same bytes had been read before and nothing was left to do."""

    file_id: UUID
    name: str
    feed: str
    read: int
    added: int
    rejected: int
    seconds: float
    known: bool

    @property
    def unchanged(self) -> int:
        """Rows that said what was known already."""
        return self.read - self.added - self.rejected


@dataclass(frozen=True, slots=True)
class IngestReport:
    system: str
    files: tuple[FileReport, ...]

    @property
    def added(self) -> int:
        return sum(file.added for file in self.files)

    @property
    def rejected(self) -> int:
        return sum(file.rejected for file in self.files)


@dataclass(frozen=True, slots=True)
class RerunReport:
    """Rows tried again: how many are in now, how many still wait."""

    accepted: int
    open: int
