"""How far systems, agents and models may go by themselves: which setting counts, and whether an act stays inside its limits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction

from bankos.platform import clock

from .models import AutonomySetting

Level = AutonomySetting.Level

DEFAULT = Level.SUGGEST
# From the least to the most freedom.
ORDER = (Level.OFF, Level.WATCH, Level.SUGGEST, Level.ACT_WITH_APPROVAL, Level.ACT_ALONE)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one act, and one day, may come to when nobody looks; None: no limit. Hours are those of the bank, `to_hour` is excluded."""

    amount: Decimal | None = None
    currency: str = ""
    per_day: int | None = None
    from_hour: int | None = None
    to_hour: int | None = None

    def allow(self, parameters: Mapping[str, Any], *, hour: int, done_today: int) -> bool:
        """Whether an act with these parameters stays inside. An amount that cannot be compared does not."""
        if self.amount is not None:
            try:
                fits = parameters["currency"] == self.currency and Decimal(parameters["amount"]) <= self.amount
            except (KeyError, InvalidOperation, TypeError):
                fits = False
            if not fits:
                return False
        if self.per_day is not None and done_today >= self.per_day:
            return False
        return self.from_hour is None or self.to_hour is None or self.from_hour <= hour < self.to_hour


@dataclass(frozen=True, slots=True)
class Leave:
    """What a machine may do here: its level, and the limits of that level."""

    level: Level
    limits: Limits = Limits()


def leave_of(rows: Iterable[tuple[Any, ...]], *, subjects: Iterable[str]) -> Leave:
    """Of the settings that fit (see `Standing.settings`), the one that counts.

    For each of `subjects` (the actor, and the model it used) the most specific setting counts: its own before everybody's, then this
    action's before every action's, then this segment's before every segment's. Of the subjects' the one that leaves less freedom.
    """
    known = list(rows)
    leaves = []
    for subject in subjects:
        best = most_specific(known, subject=subject)
        leaves.append(Leave(DEFAULT) if best is None else Leave(Level(best[3]), _limits(*best[4:])))
    return min(leaves, key=lambda leave: ORDER.index(leave.level))


def most_specific(rows: Iterable[tuple[Any, ...]], *, subject: str) -> tuple[Any, ...] | None:
    """Of rows that begin with subject, action and segment and fit, the one that counts for this subject."""
    fitting = [row for row in rows if row[0] in (subject, "")]
    return max(fitting, key=lambda row: (bool(row[0]), bool(row[1]), bool(row[2])), default=None)


def may_act_alone(*, subjects: Iterable[str], action: str) -> bool:
    """Whether for any customer at all each of these may do this by itself; where not, there is no need to ask for every single one.

    Queries: 1.
    """
    free = AutonomySetting.objects.filter(level=Level.ACT_ALONE, action__in=(action, "")).values_list("subject", flat=True)
    leaving = set(free)
    return "" in leaving or leaving.issuperset(subjects)


def _limits(amount: str | None, currency: str, per_day: int | None, from_hour: int | None, to_hour: int | None) -> Limits:
    return Limits(Decimal(amount) if amount is not None else None, currency, per_day, from_hour, to_hour)


def set_level(
    *,
    subject: str,
    action: str,
    level: Level,
    reason: str,
    at: datetime,
    segment: str = "",
    changed_by: str = "",
    limits: Limits | None = None,
    decision_id: Any = None,
) -> AutonomySetting:
    """Set the level of a system, agent or model (empty: all) for an action (empty: all) and a segment of customers (empty: all).

    The history keeps each change. Without `limits` those that were set before stay.
    """
    with transaction.atomic():
        setting = AutonomySetting.objects.select_for_update().filter(subject=subject, action=action, segment=segment).first()
        if setting is None:
            setting = AutonomySetting(subject=subject, action=action, segment=segment)
        setting.level, setting.reason, setting.changed_at = level, reason, at
        setting.changed_by, setting.decision_id = changed_by, decision_id
        if limits is not None:
            setting.limit_amount, setting.limit_currency = limits.amount, limits.currency
            setting.limit_per_day, setting.from_hour, setting.to_hour = limits.per_day, limits.from_hour, limits.to_hour
        setting.save()
    return setting


def start_of_day(at: datetime) -> datetime:
    """From when on acts count towards the number a day allows."""
    return clock.start_of_day(clock.bank_date(at))
