"""The evidence of one automation, kept as it comes in: counts since its level began, and where its sequential tests stand.

Counting begins anew with each change of the setting that counts, and with each version of the model. What was decided before then earns
and costs nothing any more, except by harm: that counts whenever it is known. Everything follows from the reviews in their order:
`standing_from_reviews` makes it anew at any time, to the last bit.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import Q, QuerySet

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
from ..models import AutonomyWatch, Decision, Review
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


ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)  # since when a level holds that nobody ever set


def watch_of(level: Level) -> Watch:
    """The tests of a level. Below suggesting nothing is tried on customers; the tests of suggesting count on without effect."""
    return WATCHES.get(level, WATCH_SUGGESTIONS)


def standing_of(row: AutonomyWatch) -> Standing:
    """What is kept, as the statistics know it."""
    kept = row.state
    if "agreed" not in kept:
        return Standing()
    evidence = Evidence(Tally(*kept["agreed"]), Tally(*kept["undone"]), Tally(*kept["harm"]), kept["since_harm"])
    return Standing(evidence, Suspicion(*kept["suspicion"]))


def keep(row: AutonomyWatch, standing: Standing) -> None:
    """Put a standing into the row; saving it is the caller's."""
    evidence, suspicion = standing.evidence, standing.suspicion
    row.state = {
        "after": row.state.get("after"),
        "version": row.state.get("version"),
        "agreed": [evidence.agreed.hits, evidence.agreed.trials],
        "undone": [evidence.undone.hits, evidence.undone.trials],
        "harm": [evidence.harm.hits, evidence.harm.trials],
        "since_harm": evidence.since_harm,
        "suspicion": [suspicion.agreement, suspicion.undone, suspicion.since_harm],
    }
    row.reviews, row.agreed = evidence.agreed.trials, evidence.agreed.hits
    row.undone, row.harm = evidence.undone.hits, evidence.harm.hits


def present(automation: Automation) -> Standing:
    """The standing on the level the automation has now: nothing yet, if that was set after the last review. Queries: 1 to 2."""
    row = AutonomyWatch.objects.filter(**_named(automation)).first()
    return Standing() if row is None or _outdated(row, automation) else standing_of(row)


def locked(automation: Automation, *, at: datetime) -> AutonomyWatch:
    """The automation's row, on the level it has now. Whoever comes second waits: the tests take outcomes one by one."""
    AutonomyWatch.objects.bulk_create([AutonomyWatch(**_named(automation), since=ALWAYS, updated_at=at)], ignore_conflicts=True)
    row = AutonomyWatch.objects.select_for_update().get(**_named(automation))
    if _outdated(row, automation):
        begin(row, since=automation.level_began() or ALWAYS)
    return row


def begin(row: AutonomyWatch, *, since: datetime) -> None:
    """Count anew what is decided from this moment on; saving the row is the caller's."""
    newest = _reviews(row).order_by("-id").values_list("id", flat=True).first()
    row.since, row.state = since, {"after": str(newest) if newest else None}
    keep(row, Standing())


def counts(row: AutonomyWatch, decision: Decision, verdict: Verdict) -> bool:
    """Whether what came of this decision is said of the level and the model that are counted; a new version of the model begins anew."""
    if decision.issued_at < row.since:
        return verdict is Verdict.HARM
    version = (decision.model or {}).get("version", "")
    if row.state.get("version") not in (None, version):
        begin(row, since=decision.issued_at)
    row.state["version"] = version
    return True


def standing_from_reviews(row: AutonomyWatch, watch: Watch) -> Standing:
    """The standing made anew from the reviews since counting began."""
    reviews = _reviews(row).filter(Q(verdict=Verdict.HARM) | Q(decision__issued_at__gte=row.since))
    if after := row.state.get("after"):
        reviews = reviews.filter(id__gt=UUID(after))
    return _folded((Verdict(verdict) for verdict in reviews.order_by("id").values_list("verdict", flat=True)), watch)


def _named(automation: Automation) -> dict[str, str]:
    return {"subject": automation.subject, "action": automation.action, "segment": automation.segment}


def _reviews(row: AutonomyWatch) -> QuerySet[Review]:
    return Review.objects.filter(subject=row.subject, action=row.action, segment=row.segment)


def _outdated(row: AutonomyWatch, automation: Automation) -> bool:
    began = automation.level_began()
    return began is not None and began > row.since


def _folded(verdicts: Iterable[Verdict], watch: Watch) -> Standing:
    standing = Standing()
    for verdict in verdicts:
        standing, _ = step(standing, OUTCOMES[verdict], watch)
    return standing
