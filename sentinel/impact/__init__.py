"""What another policy text would have done to the decisions of the last days, seen before it is in force.

A run is a job with parts (running); a part's decisions are made again and counted (counting) by action,
segment and protected group (groups); reports read the counts (reporting) in plain words (wording). docs/replay.md describes it.
"""

from .reporting import (
    ChangedDecision,
    ChangePage,
    GroupSplit,
    ImpactReport,
    Kind,
    Progress,
    Split,
    changes,
    latest,
    progress,
    report,
)
from .running import REPLAY, ImpactError, NotAllowed, NotFound, OutOfRange, start, stop, subject_of

__all__ = [
    "REPLAY",
    "ChangePage",
    "ChangedDecision",
    "GroupSplit",
    "ImpactError",
    "ImpactReport",
    "Kind",
    "NotAllowed",
    "NotFound",
    "OutOfRange",
    "Progress",
    "Split",
    "changes",
    "latest",
    "progress",
    "report",
    "start",
    "stop",
    "subject_of",
]
