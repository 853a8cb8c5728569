"""The words that can be said about a customer, each with what it asks sentinel for and the row it becomes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from bankos.platform.ids import uuid7
from bankos.platform.money import Money

from .. import action_types
from ..models.life import Goal, LifeEvent, Need, Preference, Word


@dataclass(frozen=True, slots=True)
class NeedSaid:
    """A need, or with `present` False that there is none any more; `agreed`: the customer agreed that it is written down."""

    ACTION: ClassVar[str] = action_types.NEED_RECORD
    MODEL: ClassVar[type[Word]] = Need
    CHANGES: ClassVar[str] = "needs"
    kind: str
    present: bool
    agreed: bool
    help: str = ""
    review_on: date | None = None

    def parameters(self) -> dict[str, str]:
        return {"kind": str(self.kind), "present": _yes(self.present), "agreed": _yes(self.agreed)}

    def columns(self) -> Mapping[str, Any]:
        return {"kind": self.kind, "present": self.present, "agreed": self.agreed, "help": self.help, "review_on": self.review_on}


@dataclass(frozen=True, slots=True)
class EventSaid:
    """A life event as asserted, confirmed, or found to be wrong."""

    ACTION: ClassVar[str] = action_types.LIFE_EVENT_RECORD
    MODEL: ClassVar[type[Word]] = LifeEvent
    CHANGES: ClassVar[str] = "life_events"
    kind: str
    happened_on: date
    standing: str

    def parameters(self) -> dict[str, str]:
        return {"kind": str(self.kind), "happened_on": self.happened_on.isoformat(), "standing": str(self.standing)}

    def columns(self) -> Mapping[str, Any]:
        return {"kind": self.kind, "happened_on": self.happened_on, "standing": self.standing}


@dataclass(frozen=True, slots=True)
class GoalSaid:
    """A goal as it stands from now on; `goal_id` that of an earlier word about the same goal."""

    ACTION: ClassVar[str] = action_types.GOAL_RECORD
    MODEL: ClassVar[type[Word]] = Goal
    CHANGES: ClassVar[str] = "goals"
    name: str
    amount: Money
    standing: str = Goal.Standing.OPEN
    by_date: date | None = None
    goal_id: UUID = field(default_factory=uuid7)

    def parameters(self) -> dict[str, str]:
        return {
            "goal": str(self.goal_id),
            "amount": f"{self.amount.amount:.2f}",
            "currency": self.amount.currency,
            "standing": str(self.standing),
        }

    def columns(self) -> Mapping[str, Any]:
        return {
            "goal_id": self.goal_id,
            "name": self.name,
            "amount": self.amount.amount,
            "currency": self.amount.currency,
            "by_date": self.by_date,
            "standing": self.standing,
        }


@dataclass(frozen=True, slots=True)
class PreferenceSaid:
    """How the customer wants to be dealt with; an empty value takes the preference back."""

    ACTION: ClassVar[str] = action_types.PREFERENCE_RECORD
    MODEL: ClassVar[type[Word]] = Preference
    CHANGES: ClassVar[str] = "preferences"
    kind: str
    value: str

    def parameters(self) -> dict[str, str]:
        return {"kind": str(self.kind), "present": _yes(bool(self.value))}

    def columns(self) -> Mapping[str, Any]:
        return {"kind": self.kind, "value": self.value}


Said = NeedSaid | EventSaid | GoalSaid | PreferenceSaid


def _yes(value: bool) -> str:
    return "yes" if value else "no"
