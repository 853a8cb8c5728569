"""Why a decision came out as it did, for those who look at it later: made again from what it rested on, with its own policy version."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bankos.platform.actors import Actor

from . import contexts, explanations, models, policy, replay
from .cedar import EngineFailed, Request, RequestInvalid, Verdict
from .decisions import VisibleResources, visible_row
from .explanations import Audience, Counterfactual, CustomerExplanation, DataUsed, RuleChecked
from .replay import Replayed, Stored


@dataclass(frozen=True, slots=True)
class ReviewView:
    """What came of it: agreed, disagreed, undone, harm, kept."""

    verdict: str
    label: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Story:
    """What can be told about a decision. Without its content (`erased_at`), or if no policy was asked, most of it cannot."""

    erased_at: datetime | None
    rules: tuple[RuleChecked, ...] = ()
    summary: str = ""
    changes: tuple[Counterfactual, ...] = ()
    data: tuple[DataUsed, ...] = ()
    today: Replayed | None = None
    same_today: bool | None = None
    reviews: tuple[ReviewView, ...] = ()


def story_of(decision_id: UUID, *, actor: Actor, visible_resources: VisibleResources | None = None) -> Story:
    """Everything that explains the decision to staff.

    Raises:
        decisions.NotVisible
    Queries: 4, and 1 for a policy version this process has not met.
    """
    row = visible_row(decision_id, actor, visible_resources)
    reviews = tuple(
        ReviewView(review.verdict, review.get_verdict_display(), review.reason, review.reviewed_at) for review in row.reviews.order_by("id")
    )
    try:
        asked = _request(row)
    except contexts.ContentErased:
        return Story(erased_at=row.context_key.erased_at, reviews=reviews)
    if asked is None or row.policy_version is None:
        return Story(erased_at=None, reviews=reviews)
    text = policy.text_of(row.policy_version.pk, row.policy_version.sha256)
    try:
        verdict = text.decide(asked)
        today = _today(row, asked)
        rules = explanations.rules_checked(text, asked)
        return Story(
            erased_at=None,
            rules=rules,
            summary=explanations.summary(rules),
            changes=explanations.smallest_changes(text, asked),
            data=explanations.data_used(text, verdict, asked, audience=Audience.STAFF),
            today=today,
            same_today=today.same_as(row) if today else None,
            reviews=reviews,
        )
    except (RequestInvalid, EngineFailed):
        return Story(erased_at=None, reviews=reviews)


def letter_of(
    decision_id: UUID, *, subject: str, bank: explanations.Bank, actor: Actor, visible_resources: VisibleResources | None = None
) -> CustomerExplanation | None:
    """The explanation for the customer; None where there is nothing to explain it from (erased, or no policy was asked).

    Raises:
        decisions.NotVisible
    """
    row = visible_row(decision_id, actor, visible_resources)
    try:
        asked = _request(row)
    except contexts.ContentErased:
        return None
    if asked is None or row.policy_version is None:
        return None
    text = policy.text_of(row.policy_version.pk, row.policy_version.sha256)
    verdict: Verdict = text.decide(asked)
    return explanations.customer_letter(text, verdict, asked, subject=subject, bank=bank)


def _request(row: models.Decision) -> Request | None:
    """What the bank's policies were asked; None for other stores, and where none was asked. Raises contexts.ContentErased."""
    try:
        content = contexts.content_of(row)
    except contexts.ContentDamaged:
        return None
    if "request" not in content:
        return None
    asked = Stored.from_json(content).asked
    return asked if isinstance(asked, Request) else None


def _today(row: models.Decision, asked: Request) -> Replayed | None:
    """What the rules in force today would say of the same facts; None where they cannot."""
    try:
        return Replayed.of(policy.active(row.store).text.decide(asked))
    except (policy.NoActivePolicy, *replay.FAILURES):
        return None
