"""What is known of a customer's life and wishes now."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from django.db.models import QuerySet

from bankos.platform.actors import Actor
from bankos.platform.money import Money

from ..members import customer_of
from ..models import Channel
from ..models.life import Goal, LifeEvent, Need, Preference, Word

Said = TypeVar("Said", bound=Word)
# How long a confirmed event weighs in decisions.
RECENT = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Saying:
    """Who said it and where: `by` is a name, `machine` if a system or agent noticed it."""

    by: str
    machine: bool
    channel: str
    at: datetime
    decision_id: UUID


@dataclass(frozen=True, slots=True)
class NeedView:
    kind: str
    label: str
    help: str
    review_on: date | None
    review_due: bool
    saying: Saying


@dataclass(frozen=True, slots=True)
class LifeEventView:
    kind: str
    label: str
    happened_on: date
    standing: str
    standing_label: str
    saying: Saying

    @property
    def key(self) -> str:
        """What tells this event from others of the customer."""
        return f"{self.kind}-{self.happened_on.isoformat()}"

    @property
    def confirmed(self) -> bool:
        return self.standing == LifeEvent.Standing.CONFIRMED


@dataclass(frozen=True, slots=True)
class GoalView:
    goal_id: UUID
    name: str
    amount: Money
    by_date: date | None
    standing: str
    saying: Saying


@dataclass(frozen=True, slots=True)
class PreferenceView:
    kind: str
    label: str
    value: str
    saying: Saying


@dataclass(frozen=True, slots=True)
class Life:
    """Needs that are there, life events that did not turn out wrong (the newest first), open goals, preferences."""

    needs: tuple[NeedView, ...]
    events: tuple[LifeEventView, ...]
    goals: tuple[GoalView, ...]
    preferences: tuple[PreferenceView, ...]


def life_of(party_id: UUID, *, actor: Actor, at: datetime) -> Life:
    """What is known now.

    Raises:
        NotVisible
    Queries: 5.
    """
    members = customer_of(party_id, actor=actor).ids
    today = at.date()
    events = [row for row in said_now(LifeEvent, members) if row.standing != LifeEvent.Standing.WRONG]
    return Life(
        needs=tuple(
            NeedView(
                row.kind,
                Need.Kind(row.kind).label,
                row.help,
                row.review_on,
                row.review_on is not None and row.review_on <= today,
                _saying(row),
            )
            for row in said_now(Need, members)
            if row.present
        ),
        events=tuple(
            LifeEventView(
                row.kind,
                LifeEvent.Kind(row.kind).label,
                row.happened_on,
                row.standing,
                LifeEvent.Standing(row.standing).label,
                _saying(row),
            )
            for row in sorted(events, key=lambda row: (row.happened_on, row.id), reverse=True)
        ),
        goals=tuple(
            GoalView(row.goal_id, row.name, Money(row.amount, row.currency), row.by_date, row.standing, _saying(row))
            for row in said_now(Goal, members)
            if row.standing == Goal.Standing.OPEN
        ),
        preferences=tuple(
            PreferenceView(row.kind, Preference.Kind(row.kind).label, row.value, _saying(row))
            for row in said_now(Preference, members)
            if row.value
        ),
    )


def facts_of(members: Collection[UUID], *, at: datetime) -> dict[str, list[str]]:
    """What policies read of it: needs that are there, life events that are confirmed and recent. Queries: 2."""
    needs = [row.kind for row in said_now(Need, members) if row.present]
    since = (at - RECENT).date()
    events = said_now(LifeEvent, members)
    confirmed = {row.kind for row in events if row.standing == LifeEvent.Standing.CONFIRMED and row.happened_on >= since}
    return {"needs": sorted(needs), "life_events": sorted(confirmed)}


def said_now(model: type[Said], members: Collection[UUID]) -> QuerySet[Said]:
    """The newest word on each thing."""
    words: QuerySet[Said] = model._default_manager.filter(party__in=members)
    return words.order_by(*model.SUBJECT, "-occurred_at", "-id").distinct(*model.SUBJECT)


def _saying(row: Word) -> Saying:
    return Saying(row.actor_name, row.actor_kind in ("system", "agent"), Channel(row.channel).label, row.occurred_at, row.decision_id)
