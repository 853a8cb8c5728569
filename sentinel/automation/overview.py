"""All automations with their levels, evidence and history, as the page shows them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.db.models import Count, Q

from .. import autonomy, catalogue
from ..autonomy import Level, Limits
from ..autonomy_statistics import Calibration, Readiness, Summary, calibration_of, summary_of
from ..models import AutonomySetting, AutonomyWatch, Review
from . import levels
from .evidence import OURSELVES, Verdict
from .subjects import Automation, decided_by_machines
from .watching import present

RECENT = timedelta(days=30)
CALIBRATED = 2000  # reviews, the newest


@dataclass(frozen=True, slots=True)
class Reason:
    """Why it was overridden, and how often."""

    code: str
    times: int


@dataclass(frozen=True, slots=True)
class Change:
    """A change of level, from the history. `by` is empty for the automatic test."""

    level: Level
    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class AutomationView:
    """One automation. `next_level` is None at the top; `since` is when its level began, None if that is how it always was."""

    automation: Automation
    title: str
    level: Level
    limits: Limits
    since: datetime | None
    next_level: Level | None
    readiness: Readiness | None
    summary: Summary
    disagreed: int
    reasons: tuple[Reason, ...]
    calibration: Calibration | None
    today: int
    changes: tuple[Change, ...]

    @property
    def moved_down_by_itself(self) -> bool:
        return bool(self.changes) and not self.changes[0].by and "By itself" in self.changes[0].reason


@dataclass(frozen=True, slots=True)
class Today:
    """The machines' day."""

    proposed: int
    done: int
    refused: int
    agreed: int
    disagreed: int
    undone: int


def automations(*, at: datetime) -> list[AutomationView]:
    """Every automation that has a level or evidence of its own, or decided something in the last 30 days; those that do most first."""
    recent = decided_by_machines().filter(issued_at__gt=at - RECENT)
    counted = (
        recent.exclude(action__startswith="auto")
        .values("actor_id", "action", "segment")
        .annotate(times=Count("id"), today=Count("id", filter=Q(issued_at__gte=autonomy.start_of_day(at), consumption__isnull=False)))
    )
    busy = {Automation(row["actor_id"], row["action"], row["segment"]): row for row in counted}
    watched = [Automation(*row) for row in AutonomyWatch.objects.values_list("subject", "action", "segment")]
    known = [*busy, *(one for one in watched if one not in busy), *_set(busy, watched)]
    views = [_view(one, busy[one]["today"] if one in busy else 0) for one in known if _is_known(one.action)]
    return sorted(views, key=lambda view: (-(busy.get(view.automation) or {"times": 0})["times"], view.automation.key))


def automation(one: Automation, *, at: datetime) -> AutomationView:
    """One of them."""
    return _view(one, 0)


def today(*, at: datetime) -> Today:
    """Queries: 2."""
    day = autonomy.start_of_day(at)
    machines = decided_by_machines().filter(issued_at__gte=day)
    machines = machines.exclude(action__startswith="auto")
    decided = machines.aggregate(
        proposed=Count("id", filter=Q(outcome__in=["permit", "needs_approval"])),
        done=Count("id", filter=Q(consumption__isnull=False)),
        refused=Count("id", filter=Q(outcome="deny")),
    )
    reviews = Counter(Review.objects.filter(reviewed_at__gte=day).values_list("verdict", flat=True))
    return Today(**decided, agreed=reviews[Verdict.AGREED], disagreed=reviews[Verdict.DISAGREED], undone=reviews[Verdict.UNDONE])


def _set(*known: Iterable[Automation]) -> list[Automation]:
    """Those with a setting of their own that did nothing yet."""
    seen = {one for group in known for one in group}
    rows = AutonomySetting.objects.exclude(subject="").exclude(action="").values_list("subject", "action", "segment")
    return [one for one in (Automation(*row) for row in rows) if one not in seen]


def _view(one: Automation, acts_today: int) -> AutomationView:
    leave, evidence, began = one.leave(), present(one).evidence, one.level_began()
    following = levels.next_of(leave.level, evidence)
    changes = _changes(one)
    reviews = Review.objects.filter(subject=one.subject, action=one.action, segment=one.segment)
    if began is not None:
        reviews = reviews.filter(decision__issued_at__gte=began)
    overridden = reviews.filter(verdict=Verdict.DISAGREED)
    why = overridden.exclude(reason="").values("reason").annotate(times=Count("id")).order_by("-times", "reason")[:3]
    stated = reviews.filter(confidence__isnull=False, verdict__in=[Verdict.AGREED, Verdict.DISAGREED]).order_by("-id")
    return AutomationView(
        automation=one,
        title=catalogue.get(one.action).title,
        level=leave.level,
        limits=leave.limits,
        since=began,
        next_level=following.level if following else None,
        readiness=following.readiness if following else None,
        summary=summary_of(evidence),
        disagreed=overridden.count(),
        reasons=tuple(Reason(row["reason"], row["times"]) for row in why),
        calibration=calibration_of(
            (float(confidence), verdict == Verdict.AGREED)
            for confidence, verdict in stated.values_list("confidence", "verdict")[:CALIBRATED]
            if confidence is not None
        ),
        today=acts_today,
        changes=changes,
    )


def _changes(one: Automation) -> tuple[Change, ...]:
    """The newest first. Queries: 1 to 2."""
    rows = AutonomySetting.history.filter(subject=one.subject, action=one.action, segment=one.segment).order_by("-history_date")[:8]
    people = {row.changed_by for row in rows} - {"", OURSELVES.id}
    names = {str(user.pk): user.name for user in get_user_model().objects.filter(pk__in=people)} if people else {}
    return tuple(Change(Level(row.level), row.changed_at, names.get(row.changed_by, ""), row.reason) for row in rows)


def _is_known(action: str) -> bool:
    try:
        catalogue.get(action)
    except catalogue.NotRegistered:
        return False
    return True
