"""Outcomes of what machines decided or proposed, told by the floors above. Each moves the sequential tests; an alarm takes freedom away."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef

from bankos.platform import actors
from bankos.platform.actors import Actor, ActorKind

from ..action_types import AUTOMATION
from ..actions import NotPossible
from ..authority import AuthorityError
from ..autonomy import Level
from ..autonomy_statistics import Measure, step
from ..models import AutonomyWatch, Decision, Review
from . import levels
from .subjects import Automation, below, decided_by_machines
from .watching import OUTCOMES, counts, keep, locked, standing_of, watch_of

Verdict = Review.Verdict
MACHINES = (ActorKind.SYSTEM, ActorKind.AGENT)
OURSELVES = actors.system("sentinel.automation")
# How long something may be undone, or complained about, before it counts as kept.
TIME_TO_NOTICE = timedelta(days=14)
SETTLED_AT_ONCE = 500
LOOK_BACK = timedelta(days=30)
WORDS = {
    Measure.AGREEMENT: "Staff disagree more often than this level allows.",
    Measure.UNDONE: "More of it is undone later than this level allows.",
    Measure.HARM: "It did harm.",
}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Recorded:
    """`fresh` is False if this was known already, or nobody's automation; `lowered` if it cost the automation its level."""

    fresh: bool
    lowered: bool = False


def record(
    decision_id: UUID,
    verdict: Verdict,
    *,
    reviewer: Actor,
    at: datetime,
    reason: str = "",
    confidence: Decimal | None = None,
) -> Recorded:
    """Take in what came of one decision of a machine. Twice is once; decisions of people are nobody's automation and pass by.

    Args:
        reason: a code, why it was overridden.
        confidence: how sure the model was that it would be agreed to, 0 to 1.
    Raises:
        Decision.DoesNotExist
    """
    decision = Decision.objects.only("actor_kind", "actor_id", "action", "segment", "model", "issued_at").get(pk=decision_id)
    if decision.actor_kind not in MACHINES:
        return Recorded(fresh=False)
    automation = Automation(decision.actor_id, decision.action, decision.segment)
    with transaction.atomic():
        watch = locked(automation, at=at)
        counted = counts(watch, decision, verdict)
        try:
            with transaction.atomic():
                Review.objects.create(
                    decision=decision,
                    subject=automation.subject,
                    action=automation.action,
                    segment=automation.segment,
                    verdict=verdict,
                    reason=reason,
                    confidence=confidence,
                    reviewer_id=reviewer.id,
                    reviewed_at=at,
                )
        except IntegrityError:
            return Recorded(fresh=False)
        alarms = _moved(watch, verdict, automation.leave().level) if counted else ()
        watch.updated_at = at
        watch.save()
        return Recorded(fresh=True, lowered=bool(alarms) and _lower(automation, alarms[0], at))


def _moved(watch: AutonomyWatch, verdict: Verdict, level: Level) -> tuple[Measure, ...]:
    """Move the tests on by one review; the measures that now demand the level below."""
    standing, alarms = step(standing_of(watch), OUTCOMES[verdict], watch_of(level))
    keep(watch, standing)
    return alarms


def settle(*, at: datetime) -> int:
    """Count as kept what was agreed to, or done alone, and neither undone nor complained about in time. Returns how many; twice is once."""
    noticed = [Verdict.UNDONE, Verdict.HARM, Verdict.KEPT]
    over = at - TIME_TO_NOTICE
    later = Review.objects.filter(decision=OuterRef("decision"), verdict__in=noticed)
    agreed = Review.objects.filter(~Exists(later), verdict=Verdict.AGREED, reviewed_at__lte=over)
    ids = list(agreed.order_by("reviewed_at", "id").values_list("decision_id", flat=True)[:SETTLED_AT_ONCE])
    # Looked for in a span that one run a day would cover, so that the search does not grow with the years.
    alone = decided_by_machines().filter(approval=None, consumption__isnull=False, issued_at__lte=over)
    alone = alone.filter(issued_at__gt=over - LOOK_BACK).exclude(resource_type=AUTOMATION)
    alone = alone.filter(~Exists(Review.objects.filter(decision=OuterRef("pk"), verdict__in=[*noticed, Verdict.AGREED])))
    ids += list(alone.order_by("id").values_list("id", flat=True)[: SETTLED_AT_ONCE - len(ids)])
    return sum(record(decision_id, Verdict.KEPT, reviewer=OURSELVES, at=at).fresh for decision_id in ids)


def _lower(automation: Automation, measure: Measure, at: datetime) -> bool:
    """One step down, by the automatic test itself."""
    down = below(automation.leave().level)
    if down is None:
        return False
    try:
        done = levels.lower(automation, down, actor=OURSELVES, reason=f"By itself: {WORDS[measure]}", at=at).done
    except (AuthorityError, NotPossible) as error:
        log.error("autonomy not lowered", automation=automation.key, error=type(error).__name__)
        return False
    log.warning("autonomy lowered", automation=automation.key, measure=str(measure))
    return done
