"""The constant check: every minute some of the last day's decisions are made again, and each has to come out as it did.

A difference means that a fact, a policy text or the engine is not what it was: somebody has to look.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import Max, Q, Sum

from bankos.platform import events

from . import contexts, replay
from .models import Decision, ReplayCheck

SAMPLE = 50
LOOKED_BACK = timedelta(hours=24)
ROUND = timedelta(minutes=1)
LATE = 5 * ROUND
ROUNDS_A_DAY = LOOKED_BACK // ROUND
DIFFERENT = "sentinel.replay.different"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Status:
    """How the constant check stands. `checked`, `erased` and `different` are those of the last day's rounds."""

    checked_at: datetime | None
    checked: int
    erased: int
    different: tuple[UUID, ...]
    late: bool

    @property
    def same(self) -> bool:
        """Whether all that was made again came out the same."""
        return not self.different

    @property
    def sentence(self) -> str:
        if self.checked_at is None:
            return "No decision has been made again yet."
        if self.different:
            return f"{_number(len(self.different))} came out differently when made again. Somebody has to look into it."
        if self.late:
            return "The check is late: no decision has been made again in the last five minutes."
        return f"{_number(self.checked)} made again in the last day, all with the same outcome and the same rules."


def _number(decisions: int) -> str:
    return "1 decision" if decisions == 1 else f"{decisions:,} decisions"


def check(*, at: datetime, size: int = SAMPLE) -> ReplayCheck:
    """One round: make a sample again and write down what came of it. Differences are logged and published.

    Queries: 4 to 6, whatever the number of decisions.
    """
    rows = _sample(size, at)
    erased, different = 0, []
    for row in rows:
        try:
            came_out = replay.again(row)
        except contexts.ContentErased:
            erased += 1
        except replay.FAILURES as error:
            different.append((row, type(error).__name__))
        else:
            if not came_out.same_as(row):
                different.append((row, f"{came_out.outcome} by {', '.join(came_out.rules)}"))
    return _written(len(rows) - erased, erased, different, at)


def status(*, at: datetime) -> Status:
    """For the console. Queries: 2."""
    rounds = ReplayCheck.objects.filter(pk__in=ReplayCheck.objects.order_by("-id").values("pk")[:ROUNDS_A_DAY])
    of_the_day = Q(at__gt=at - LOOKED_BACK)
    sums = rounds.aggregate(
        checked_at=Max("at"), checked=Sum("checked", filter=of_the_day, default=0), erased=Sum("erased", filter=of_the_day, default=0)
    )
    told = rounds.filter(of_the_day).exclude(different=[]).order_by("id").values_list("different", flat=True)
    different = tuple(dict.fromkeys(decision_id for ids in told for decision_id in ids))
    late = sums["checked_at"] is not None and at - sums["checked_at"] > LATE
    return Status(**sums, different=different, late=late)


# Places in the log are given without gaps to speak of, whatever the hour, so random places hit every decision alike; random moments would
# hit the first one after each quiet hour.
_BOUNDS = """
SELECT (SELECT leaf_index FROM sentinel_decision WHERE issued_at > %s ORDER BY issued_at LIMIT 1),
       (SELECT leaf_index FROM sentinel_decision WHERE issued_at > %s ORDER BY issued_at DESC LIMIT 1)
"""
_AT_PLACES = """
SELECT DISTINCT d.id
  FROM unnest(%s::bigint[]) AS q (place)
 CROSS JOIN LATERAL (SELECT id FROM sentinel_decision WHERE leaf_index >= q.place ORDER BY leaf_index LIMIT 1) AS d
"""


def _sample(size: int, at: datetime) -> list[Decision]:
    """Up to `size` decisions of the last day that asked a policy."""
    with connection.cursor() as cursor:
        cursor.execute(_BOUNDS, [at - LOOKED_BACK] * 2)
        first, last = cursor.fetchone()
        if first is None:
            return []
        first, last = min(first, last), max(first, last)
        # No security rests on it; what is asked twice is made again once.
        places = random.sample(range(first, last + 1), min(size, last - first + 1))
        cursor.execute(_AT_PLACES, [places])
        ids = [row[0] for row in cursor.fetchall()]
    found = Decision.objects.filter(pk__in=ids, policy_version__isnull=False).select_related("context_key", "policy_version")
    return list(
        found.only(
            "outcome",
            "rules",
            "context_cipher",
            "context_key__wrapped",
            "policy_version__sha256",
        ).order_by("id")
    )


def _written(checked: int, erased: int, different: Sequence[tuple[Decision, str]], at: datetime) -> ReplayCheck:
    with transaction.atomic():
        made = ReplayCheck.objects.create(checked=checked, erased=erased, different=[row.pk for row, _ in different], at=at)
        for row, came_out in different:
            log.error("decision came out differently", decision=str(row.pk), was=row.outcome, came_out=came_out)
        if different:
            items = [(str(row.pk), {"was": row.outcome, "came_out": came_out}) for row, came_out in different]
            events.publish_many(DIFFERENT, items=items, source="sentinel", at=at)
    return made
