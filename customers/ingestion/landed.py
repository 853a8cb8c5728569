"""What a loader is told and what it answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from .feed import Complaint


@dataclass(frozen=True, slots=True)
class Landing:
    """Where the records at hand come from, and the moment bankos comes to know them."""

    system: str
    file_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Loaded:
    """`added`: records that brought something new. `complaints`: line → why its record could not be loaded."""

    added: int
    complaints: dict[int, Complaint] = field(default_factory=dict)


Loader = Callable[[Sequence[Any], Landing], Loaded]
"""Loads records of one kind, in the caller's transaction; the same records again change nothing."""
