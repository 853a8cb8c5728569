"""What a run has come to, shaped for its readers. While it goes on, it speaks of the parts that are done."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from bankos.platform import jobs
from bankos.platform.actors import Actor

from .. import catalogue
from ..decisions import short_id
from ..models import ReplayChange
from . import wording
from .groups import DIMENSIONS, Dimension, values_of
from .running import REPLAY, NotFound, check_allowed, subject_of

FEWEST = 20  # decisions: of fewer nothing is said about a group
# A group that is treated more strictly than 1 / (4/5) times as often as the others is marked, in the manner of the four-fifths rule
# (Uniform Guidelines on Employee Selection Procedures, 29 CFR 1607.4(D)).
DISPARITY = 1.25
LARGEST_PAGE = 200

State = jobs.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is. `done` of `total` decisions are made again; of them `erased` had no content left.

    `failed` could not be made again: damaged, or in a part that was given up. `seconds` it took; None while it goes on.
    """

    run_id: UUID
    version_id: UUID
    state: str
    since: datetime
    until: datetime
    asked_by_name: str
    started_at: datetime
    finished_at: datetime | None
    total: int
    done: int
    changed: int
    erased: int
    failed: int

    @property
    def over(self) -> bool:
        return self.finished_at is not None

    @property
    def seconds(self) -> float | None:
        return None if self.finished_at is None else (self.finished_at - self.started_at).total_seconds()

    @property
    def sentence(self) -> str:
        counted = f"{self.done:,} of {self.total:,} decisions"
        match self.state:
            case State.RUNNING:
                return f"{counted} made again so far."
            case State.STOPPING:
                return f"Stopping; {counted} made again."
            case State.STOPPED:
                return f"Stopped after {counted}."
            case State.FAILED:
                return f"{counted} made again; the rest could not be."
        if not self.total:
            return "There was no decision in these days."
        again = self.total - self.erased - self.failed
        which = "All" if again == self.total else f"{again:,} of"
        return f"{which} {self.total:,} decisions made again: {self.changed:,} would come out differently."


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of change, such as "Permitted, would need approval"."""

    was: str
    would_be: str
    sentence: str
    number: int
    stricter: bool


@dataclass(frozen=True, slots=True)
class Split:
    """The decisions of one action or segment."""

    code: str
    title: str
    decisions: int
    changed: int
    stricter: int

    @property
    def share(self) -> float:
        """The share that would come out differently, 0 to 1."""
        return self.changed / self.decisions


@dataclass(frozen=True, slots=True)
class GroupSplit:
    """The decisions about one protected group, in one dimension. Below 20 decisions all numbers are None.

    `others_share_stricter` is that of all others whose group in this dimension is known; None if those are fewer than 20.
    """

    dimension: str
    code: str
    title: str
    decisions: int | None
    changed: int | None
    share: float | None
    share_stricter: float | None
    others_share_stricter: float | None

    @property
    def disparity(self) -> bool:
        """Whether stricter answers would meet this group more than 1.25 times as often as the others. A reason to look, not a proof."""
        if self.share_stricter is None or self.others_share_stricter is None:
            return False
        return self.share_stricter > DISPARITY * self.others_share_stricter

    @property
    def sentence(self) -> str:
        if self.decisions is None or self.share_stricter is None:
            return f"Fewer than {FEWEST} decisions: nothing is said."
        if self.others_share_stricter is None:
            return f"{self.share_stricter:.1%} would be treated more strictly; there are too few others to compare with."
        compared = f"{self.share_stricter:.1%} would be treated more strictly, {self.others_share_stricter:.1%} of the others"
        return f"{compared}: look into it." if self.disparity else f"{compared}."


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactReport(Progress):
    """A run's progress and what it has counted. The splits are sorted by number of changes, groups by their dimension's order."""

    kinds: tuple[Kind, ...]
    by_action: tuple[Split, ...]
    by_segment: tuple[Split, ...]
    by_group: tuple[GroupSplit, ...]

    @property
    def unchanged(self) -> int:
        return sum(split.decisions - split.changed for split in self.by_action)


@dataclass(frozen=True, slots=True)
class ChangedDecision:
    """A decision that would come out differently; `sentence` says from what to what."""

    decision_id: UUID
    short_id: str
    action: str
    action_title: str
    segment: str
    was: str
    would_be: str
    sentence: str
    rules_were: tuple[str, ...]
    rules_would_be: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChangePage:
    """The newest decisions first; `next_after` continues the list, None ends it."""

    changes: tuple[ChangedDecision, ...]
    next_after: UUID | None


def progress(run_id: UUID, *, actor: Actor) -> Progress:
    """How far a run is: cheap enough to be asked for every second.

    Raises:
        NotAllowed, NotFound
    Queries: 1.
    """
    return Progress(**_progress(run_id, actor))


def latest(version_id: UUID) -> Progress | None:
    """The newest run with this version. Queries: 1."""
    rows = _rows("subject = %s", subject_of(version_id))
    return Progress(**rows[0]) if rows else None


def report(run_id: UUID, *, actor: Actor) -> ImpactReport:
    """What the run has counted so far.

    Raises:
        NotAllowed, NotFound
    Queries: 2, whatever the number of decisions.
    """
    reached = _progress(run_id, actor)
    counts = _counts(run_id)
    kinds: Counter[tuple[str, str]] = Counter()
    for count in counts:
        if count.changed:
            kinds[count.was, count.would_be] += count.number
    return ImpactReport(
        **reached,
        kinds=tuple(Kind(*kind, wording.change(*kind), number, wording.stricter(*kind)) for kind, number in kinds.most_common()),
        by_action=_splits(counts, lambda count: count.action, catalogue.title_of),
        by_segment=_splits(counts, lambda count: count.segment, lambda code: code.replace("_", " ").capitalize() or "No segment"),
        by_group=tuple(split for dimension in DIMENSIONS for split in _group_splits(counts, dimension)),
    )


def changes(run_id: UUID, *, actor: Actor, was: str = "", would_be: str = "", after: UUID | None = None, limit: int = 50) -> ChangePage:
    """The decisions that would come out differently.

    Args:
        was, would_be: only this kind of change.
        after: the `next_after` of the page before.
    Raises:
        NotAllowed, NotFound
    Queries: 1; 2 where nothing is found.
    """
    check_allowed(actor)
    found: QuerySet[ReplayChange] = ReplayChange.objects.filter(run=run_id).order_by("-decision_id")
    if was:
        found = found.filter(was=was)
    if would_be:
        found = found.filter(would_be=would_be)
    if after is not None:
        found = found.filter(decision_id__lt=after)
    limit = max(1, min(limit, LARGEST_PAGE))
    rows = list(found[: limit + 1])
    if not rows and not jobs.of(REPLAY).filter(pk=run_id).exists():
        raise NotFound("There is no such run.")
    page = rows[:limit]
    return ChangePage(tuple(_changed(row) for row in page), page[-1].decision_id if len(rows) > limit else None)


def _progress(run_id: UUID, actor: Actor) -> dict[str, Any]:
    check_allowed(actor)
    rows = _rows("id = %s", run_id)
    if not rows:
        raise NotFound("There is no such run.")
    return rows[0]


# A part that is done may hold a decision or two more than were counted beforehand: those that were being written just then.
_RUNS = """
SELECT run.id, split_part(run.subject, '/', 2)::uuid, run.given, run.state, run.asked_by_name, run.asked_at, run.finished_at,
       coalesce(sum(CASE WHEN part.state = 'done' THEN (part.counts ->> 'made')::bigint ELSE part.total END), 0)::bigint,
       coalesce(sum((part.counts ->> 'made')::bigint) FILTER (WHERE part.state = 'done'), 0)::bigint,
       coalesce(sum((part.counts ->> 'changed')::bigint) FILTER (WHERE part.state = 'done'), 0)::bigint,
       coalesce(sum((part.counts ->> 'erased')::bigint) FILTER (WHERE part.state = 'done'), 0)::bigint,
       coalesce(sum(CASE part.state WHEN 'done' THEN (part.counts ->> 'damaged')::bigint WHEN 'failed' THEN part.total END), 0)::bigint
  FROM (SELECT * FROM platform_job WHERE kind = %s AND parent_id IS NULL AND {which} ORDER BY id DESC LIMIT 1) AS run
  LEFT JOIN platform_job part ON part.parent_id = run.id
 GROUP BY run.id, run.subject, run.given, run.state, run.asked_by_name, run.asked_at, run.finished_at
"""


def _rows(which: str, *values: UUID | str) -> list[dict[str, Any]]:
    """Runs as `Progress` has them, the newest only. `which` is a condition of our own."""
    with connection.cursor() as cursor:
        cursor.execute(_RUNS.format(which=which), [REPLAY.name, *values])
        found = cursor.fetchall()
    return [
        {
            "run_id": run_id,
            "version_id": version_id,
            "state": state,
            **{name: datetime.fromisoformat(moment) for name, moment in json.loads(given).items()},
            "asked_by_name": asked_by_name,
            "started_at": asked_at,
            "finished_at": finished_at,
            "total": total,
            "done": done,
            "changed": changed,
            "erased": erased,
            "failed": failed,
        }
        for run_id, version_id, given, state, asked_by_name, asked_at, finished_at, total, done, changed, erased, failed in found
    ]


class _Count(NamedTuple):
    action: str
    segment: str
    group: str
    was: str
    would_be: str
    number: int

    @property
    def changed(self) -> bool:
        return self.was != self.would_be

    @property
    def stricter(self) -> bool:
        return wording.stricter(self.was, self.would_be)


_COUNTS = """
SELECT c ->> 0, c ->> 1, c ->> 2, c ->> 3, c ->> 4, sum((c ->> 5)::bigint)::bigint
  FROM platform_job CROSS JOIN LATERAL jsonb_array_elements(counts -> 'counts') AS c
 WHERE parent_id = %s AND state = 'done'
 GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
"""


def _counts(run_id: UUID) -> list[_Count]:
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, [run_id])
        return [_Count(*row) for row in cursor.fetchall()]


class _Sums(NamedTuple):
    decisions: int = 0
    changed: int = 0
    stricter: int = 0

    @classmethod
    def of(cls, counts: Iterable[_Count]) -> "_Sums":
        sums = cls()
        for count in counts:
            number = count.number
            sums = cls(sums.decisions + number, sums.changed + number * count.changed, sums.stricter + number * count.stricter)
        return sums

    @property
    def share_stricter(self) -> float | None:
        return None if self.decisions < FEWEST else self.stricter / self.decisions


def _splits(counts: Sequence[_Count], code_of: Callable[[_Count], str], title_of: Callable[[str], str]) -> tuple[Split, ...]:
    by_code: dict[str, list[_Count]] = {}
    for count in counts:
        by_code.setdefault(code_of(count), []).append(count)
    splits = [Split(code, title_of(code), *_Sums.of(counted)) for code, counted in by_code.items()]
    return tuple(sorted(splits, key=lambda split: (-split.changed, split.title)))


def _group_splits(counts: Sequence[_Count], dimension: Dimension) -> Iterable[GroupSplit]:
    known = [(values_of(count.group)[dimension.name], count) for count in counts]
    known = [(value, count) for value, count in known if value in dimension.values]
    for code, title in dimension.values.items():
        own = _Sums.of(count for value, count in known if value == code)
        others = _Sums.of(count for value, count in known if value != code)
        if own.decisions < FEWEST:
            yield GroupSplit(dimension.title, code, title, None, None, None, None, None)
            continue
        share = own.changed / own.decisions
        yield GroupSplit(dimension.title, code, title, own.decisions, own.changed, share, own.share_stricter, others.share_stricter)


def _changed(row: ReplayChange) -> ChangedDecision:
    return ChangedDecision(
        decision_id=row.decision_id,
        short_id=short_id(row.decision_id),
        action=row.action,
        action_title=catalogue.title_of(row.action),
        segment=row.segment,
        was=row.was,
        would_be=row.would_be,
        sentence=wording.change(row.was, row.would_be),
        rules_were=tuple(row.rules_were),
        rules_would_be=tuple(row.rules_would_be),
    )
