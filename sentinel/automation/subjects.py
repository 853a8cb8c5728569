"""An automation: one machine, doing one kind of act, for one segment of customers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from django.db.models import QuerySet

from bankos.platform.actors import ActorKind

from .. import autonomy
from ..action_types import ACTIVATE_POLICY, ANSWER_REQUEST
from ..autonomy import ORDER, Leave, Level
from ..models import AutonomySetting, Decision


def decided_by_machines() -> QuerySet[Decision]:
    """What systems and agents did for the bank, besides running sentinel itself: policies put in force, answers tried."""
    machines = Decision.objects.filter(store="bank", actor_kind__in=[ActorKind.SYSTEM, ActorKind.AGENT])
    return machines.exclude(action__in=[ACTIVATE_POLICY.name, ANSWER_REQUEST.name])


@dataclass(frozen=True, slots=True)
class Automation:
    """`segment` is empty where segments are not told apart."""

    subject: str
    action: str
    segment: str = ""

    @property
    def key(self) -> str:
        """Its id as the resource of a decision."""
        return f"{self.subject}/{self.action}/{self.segment}"

    @classmethod
    def from_key(cls, key: str) -> Self:
        """Raises ValueError."""
        subject, action, segment = key.split("/")
        return cls(subject, action, segment)

    def leave(self) -> Leave:
        """What it may do now. Queries: 1."""
        rows = self._settings().values_list(
            "subject",
            "action",
            "segment",
            "level",
            "limit_amount",
            "limit_currency",
            "limit_per_day",
            "from_hour",
            "to_hour",
        )
        return autonomy.leave_of(rows, subjects=[self.subject])

    def level_began(self) -> datetime | None:
        """When the setting that counts was last changed; None if none was ever made. Queries: 1."""
        rows = self._settings().values_list("subject", "action", "segment", "changed_at")
        found = autonomy.most_specific(rows, subject=self.subject)
        return found[3] if found else None

    def _settings(self) -> QuerySet[AutonomySetting]:
        return AutonomySetting.objects.filter(subject__in=[self.subject, ""], action__in=[self.action, ""], segment__in=[self.segment, ""])


def above(level: Level) -> Level | None:
    """The next level up; None at the top."""
    place = ORDER.index(level) + 1
    return ORDER[place] if place < len(ORDER) else None


def below(level: Level) -> Level | None:
    """The next level down; None at the bottom."""
    place = ORDER.index(level) - 1
    return ORDER[place] if place >= 0 else None
