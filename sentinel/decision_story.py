"""Why a decision came out as it did, for those who look at it later: made again from what it rested on, with its own policy version."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from bankos.platform.actors import Actor

from . import contexts, explanations, facts_shown, models, policy, replay
from .cedar import PolicyText, Question, Request
from .decision_history import History, history_of
from .decision_views import DecisionView, views
from .decisions import VisibleResources, visible_row
from .explanations import Audience, Counterfactual, CustomerExplanation, DataUsed, RuleChecked
from .replay import Replayed, Stored
from .verification import Verification, verify_row


@dataclass(frozen=True, slots=True)
class ReviewView:
    """What came of it: agreed, disagreed, undone, harm, kept."""

    verdict: str
    label: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Story:
    """What can be told about a decision. Without its content (`erased_at`), or if no policy was asked, most of it cannot.

    `rules`, `changes` and `data` are known for the bank's own decisions, `today` for those of every store. `withheld`: the reader may not
    see what it is about, and so not what follows from its facts either.
    """

    erased_at: datetime | None = None
    rules: tuple[RuleChecked, ...] = ()
    summary: str = ""
    changes: tuple[Counterfactual, ...] = ()
    data: tuple[DataUsed, ...] = ()
    today: Replayed | None = None
    same_today: bool | None = None
    reviews: tuple[ReviewView, ...] = ()
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything there is to say about one decision to staff."""

    decision: DecisionView
    story: Story
    history: History
    verification: Verification


def dossier_of(decision_id: UUID, *, actor: Actor, at: datetime, visible_resources: VisibleResources | None = None) -> Dossier:
    """One decision, explained and proven.

    Raises:
        decisions.NotVisible
    Queries: 8; 2 more if a second person was asked, 1 more if one agreed; 1 for each policy version this process has not met.
    """
    row = visible_row(decision_id, actor, visible_resources)
    (found,) = facts_shown.as_seen_by(actor, views([row]))
    return Dossier(found, Story(withheld=True) if found.withheld else _story(row), history_of(row, at=at), verify_row(row))


def story_of(decision_id: UUID, *, actor: Actor, visible_resources: VisibleResources | None = None) -> Story:
    """What explains the decision to staff.

    Raises:
        decisions.NotVisible
    Queries: 3, and 1 for a policy version this process has not met.
    """
    row = visible_row(decision_id, actor, visible_resources)
    return _story(row) if _is_shown(row, actor) else Story(withheld=True)


def letter_of(
    decision_id: UUID, *, subject: str, bank: explanations.Bank, actor: Actor, visible_resources: VisibleResources | None = None
) -> CustomerExplanation | None:
    """The explanation for the customer; None where there is nothing to explain it from (erased, damaged, or no policy was asked).

    Raises:
        decisions.NotVisible
    """
    row = visible_row(decision_id, actor, visible_resources)
    if not _is_shown(row, actor):
        return None
    try:
        found = _own(row)
        if found is None:
            return None
        text, asked = found
        if not isinstance(asked, Request):
            return None
        return explanations.customer_letter(text, text.decide(asked), asked, subject=subject, bank=bank)
    except (contexts.ContentErased, *replay.FAILURES):
        return None


def _is_shown(row: models.Decision, actor: Actor) -> bool:
    return row.store != policy.BANK or facts_shown.shown_to(actor, row.resource_type, row.resource_id)


def _story(row: models.Decision) -> Story:
    reviews = tuple(
        ReviewView(review.verdict, review.get_verdict_display(), review.reason, review.reviewed_at) for review in row.reviews.order_by("id")
    )
    try:
        found = _own(row)
        if found is None:
            return Story(reviews=reviews)
        text, asked = found
        today = _today(row, asked)
        told = Story(today=today, same_today=today.same_as(row) if today else None, reviews=reviews)
        if not isinstance(asked, Request):
            return told
        rules = explanations.rules_checked(text, asked)
        return replace(
            told,
            rules=rules,
            summary=explanations.summary(rules),
            changes=explanations.smallest_changes(text, asked),
            data=explanations.data_used(text, text.decide(asked), asked, audience=Audience.STAFF),
        )
    except contexts.ContentErased:
        return Story(erased_at=row.context_key.erased_at, reviews=reviews)
    except replay.FAILURES:
        # The proof on the same page says what is wrong.
        return Story(reviews=reviews)


def _own(row: models.Decision) -> tuple[PolicyText, Request | Question] | None:
    """The text that decided and what it was asked; None where no policy was asked.

    Raises:
        contexts.ContentErased, replay.FAILURES
    """
    version = row.policy_version
    if version is None:
        return None
    return policy.text_of(version.pk, version.sha256), Stored.from_json(contexts.content_of(row)).asked


def _today(row: models.Decision, asked: Request | Question) -> Replayed | None:
    """What the rules in force today would say of the same facts; None where they cannot."""
    try:
        return Stored(asked).put_to(policy.active(row.store).text)
    except (policy.NoActivePolicy, *replay.FAILURES):
        return None
