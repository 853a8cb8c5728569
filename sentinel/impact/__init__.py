"""What another policy text would have done to the decisions of the last days, seen before it is in force.

The run table and its parts know what is left to do (running); a part's decisions are made again and counted (counting) by action,
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
from .running import ImpactError, NotAllowed, NotFound, OutOfRange, start, stop, sweep, work_next

__all__ = [
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
    "sweep",
    "work_next",
]
