"""The evidence of one automation, kept as it comes in: counts since its level began, and where its sequential tests stand.

Everything follows from the reviews in their order: `standing_from_reviews` makes it anew at any time, to the last bit.
"""

from collections.abc import Iterable
from typing import Any

from ..autonomy import Level
from ..autonomy_statistics import (
    WATCH_ACTS_ALONE,
    WATCH_ACTS_WITH_APPROVAL,
    WATCH_SUGGESTIONS,
    Evidence,
    Outcome,
    Standing,
    Suspicion,
    Tally,
    Watch,
    step,
)
from ..models import AutonomyWatch, Review
from .subjects import Automation

Verdict = Review.Verdict

OUTCOMES = {
    Verdict.AGREED: Outcome(agreed=True),
    Verdict.DISAGREED: Outcome(agreed=False),
    Verdict.UNDONE: Outcome(undone=True),
    Verdict.HARM: Outcome(harm=True),
    Verdict.KEPT: Outcome(undone=False, harm=False),
}
WATCHES = {
    Level.SUGGEST: WATCH_SUGGESTIONS,
    Level.ACT_WITH_APPROVAL: WATCH_ACTS_WITH_APPROVAL,
    Level.ACT_ALONE: WATCH_ACTS_ALONE,
}


def watch_of(level: Level) -> Watch:
    """The tests of a level. Below suggesting nothing is tried on customers; the tests of suggesting count on without effect."""
    return WATCHES.get(level, WATCH_SUGGESTIONS)


def standing_of(row: AutonomyWatch) -> Standing:
    """What is kept, as the statistics know it."""
    kept = row.state
    if not kept:
        return Standing()
    evidence = Evidence(Tally(*kept["agreed"]), Tally(*kept["undone"]), Tally(*kept["harm"]), kept["since_harm"])
    return Standing(evidence, Suspicion(*kept["suspicion"]))


def keep(row: AutonomyWatch, standing: Standing) -> None:
    """Put a standing into the row; saving it is the caller's."""
    evidence, suspicion = standing.evidence, standing.suspicion
    row.state = {
        "agreed": [evidence.agreed.hits, evidence.agreed.trials],
        "undone": [evidence.undone.hits, evidence.undone.trials],
        "harm": [evidence.harm.hits, evidence.harm.trials],
        "since_harm": evidence.since_harm,
        "suspicion": [suspicion.agreement, suspicion.undone, suspicion.since_harm],
    }
    row.reviews, row.agreed = evidence.agreed.trials, evidence.agreed.hits
    row.undone, row.harm = evidence.undone.hits, evidence.harm.hits


def standing_from_reviews(automation: Automation, since: Any, watch: Watch) -> Standing:
    """The standing made anew from the reviews since the level began."""
    reviews = Review.objects.filter(subject=automation.subject, action=automation.action, segment=automation.segment)
    return _folded(
        (Verdict(verdict) for verdict in reviews.filter(reviewed_at__gt=since).order_by("id").values_list("verdict", flat=True)), watch
    )


def _folded(verdicts: Iterable[Verdict], watch: Watch) -> Standing:
    standing = Standing()
    for verdict in verdicts:
        standing, _ = step(standing, OUTCOMES[verdict], watch)
    return standing
