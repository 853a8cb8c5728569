"""Records that have just said something new, resolved at once: against whoever shares a key with them, by the model a batch uses."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from . import joining, known, links
from .comparing import compare
from .model import Score


def resolve(units: Collection[UUID], *, at: datetime) -> list[Score]:
    """Find whom these units may be: links are kept, and what a machine may join is joined. In the caller's transaction.

    Returns every pair compared. Queries: 8, and what joining takes.
    """
    by = links.judge()
    pairs = known.candidates(units)
    scores = compare(pairs, by)
    links.keep(scores, by, at=at)
    links.let_go(units, scores, by, at=at)
    joining.join_likely(units, by, at=at)
    return scores
