"""The words that can be said about a customer, each with what it asks sentinel for and the row it becomes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from bankos.platform.ids import uuid7
from bankos.platform.money import Money
from sentinel.catalogue import ActionType, ParameterKind, RiskTier

from ..models.life import Goal, LifeEvent, Need, Preference, Word


@dataclass(frozen=True, slots=True)
class NeedSaid:
    """A need, or with `present` False that there is none any more; `agreed`: the customer agreed that it is written down."""

    ACTION: ClassVar[ActionType] = ActionType(
        name="need.record",
        title="Write down what a customer needs",
        resource_type="Party",
        parameters={"kind": ParameterKind.CODE, "present": ParameterKind.CODE, "agreed": ParameterKind.CODE},
        risk=RiskTier.MEDIUM,
    )
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

    @classmethod
    def again(cls, details: Mapping[str, Any]) -> "NeedSaid":
        """From its plain columns."""
        review = details["review_on"]
        return cls(details["kind"], details["present"], details["agreed"], details["help"], date.fromisoformat(review) if review else None)


@dataclass(frozen=True, slots=True)
class EventSaid:
    """A life event as asserted, confirmed, or found to be wrong."""

    ACTION: ClassVar[ActionType] = ActionType(
        name="life_event.record",
        title="Write down a life event",
        resource_type="Party",
        parameters={"kind": ParameterKind.CODE, "happened_on": ParameterKind.DATE, "standing": ParameterKind.CODE},
        risk=RiskTier.LOW,
    )
    MODEL: ClassVar[type[Word]] = LifeEvent
    CHANGES: ClassVar[str] = "life_events"
    kind: str
    happened_on: date
    standing: str

    def parameters(self) -> dict[str, str]:
        return {"kind": str(self.kind), "happened_on": self.happened_on.isoformat(), "standing": str(self.standing)}

    def columns(self) -> Mapping[str, Any]:
        return {"kind": self.kind, "happened_on": self.happened_on, "standing": self.standing}

    @classmethod
    def again(cls, details: Mapping[str, Any]) -> "EventSaid":
        """From its plain columns."""
        return cls(details["kind"], date.fromisoformat(details["happened_on"]), details["standing"])


@dataclass(frozen=True, slots=True)
class GoalSaid:
    """A goal as it stands from now on; `goal_id` that of an earlier word about the same goal."""

    ACTION: ClassVar[ActionType] = ActionType(
        name="goal.record",
        title="Write down a goal",
        resource_type="Party",
        parameters={
            "goal": ParameterKind.UUID,
            "amount": ParameterKind.MONEY,
            "currency": ParameterKind.CURRENCY,
            "standing": ParameterKind.CODE,
        },
        risk=RiskTier.LOW,
    )
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

    @classmethod
    def again(cls, details: Mapping[str, Any]) -> "GoalSaid":
        """From its plain columns."""
        by_date = date.fromisoformat(details["by_date"]) if details["by_date"] else None
        amount = Money(Decimal(details["amount"]), details["currency"])
        return cls(details["name"], amount, details["standing"], by_date, UUID(details["goal_id"]))


@dataclass(frozen=True, slots=True)
class PreferenceSaid:
    """How the customer wants to be dealt with; an empty value takes the preference back."""

    ACTION: ClassVar[ActionType] = ActionType(
        name="preference.record",
        title="Write down a preference",
        resource_type="Party",
        parameters={"kind": ParameterKind.CODE, "present": ParameterKind.CODE},
        risk=RiskTier.LOW,
    )
    MODEL: ClassVar[type[Word]] = Preference
    CHANGES: ClassVar[str] = "preferences"
    kind: str
    value: str

    def parameters(self) -> dict[str, str]:
        return {"kind": str(self.kind), "present": _yes(bool(self.value))}

    def columns(self) -> Mapping[str, Any]:
        return {"kind": self.kind, "value": self.value}

    @classmethod
    def again(cls, details: Mapping[str, Any]) -> "PreferenceSaid":
        """From its plain columns."""
        return cls(details["kind"], details["value"])


Said = NeedSaid | EventSaid | GoalSaid | PreferenceSaid


def plain(value: Any) -> Any:
    """A column's value as plain JSON."""
    return value if value is None or isinstance(value, bool) else str(value)


def _yes(value: bool) -> str:
    return "yes" if value else "no"
