"""What a loader is told and what it answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from .at_hand import AccountsAtHand
from .feed import Complaint


def _nothing() -> None:
    """What there is to do meanwhile where nothing is read ahead."""


@dataclass(frozen=True, slots=True)
class Landing:
    """Where the records at hand come from, and the moment bankos comes to know them.

    `corrects`: the source changed what it had said of these keys (a change event). A booked entry that differs from its record is then
    reversed and booked anew; otherwise a record that contradicts a booked entry is refused.

    `accounts`: those found before among the same file's entries.

    `meanwhile`: to be called when the database is about to be busy for long, so that the next chunk is read at that time.
    """

    system: str
    file_id: UUID
    at: datetime
    corrects: bool = False
    accounts: AccountsAtHand = field(default_factory=AccountsAtHand)
    meanwhile: Callable[[], None] = _nothing


@dataclass(frozen=True, slots=True)
class Loaded:
    """`added`: records that brought something new. `complaints`: line → why its record could not be loaded."""

    added: int
    complaints: dict[int, Complaint] = field(default_factory=dict)


Loader = Callable[[Sequence[Any], Landing], Loaded]
"""Loads records of one kind, in the caller's transaction; the same records again change nothing."""
