"""Writing down what somebody said about a customer: decided and kept like every act."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError

from bankos.platform.actors import Actor
from sentinel import actions
from sentinel.actions import Action, Permitted

from .. import acting, changes
from ..models.life import LifeEvent, Word
from ..visibility import NotVisible
from .said import EventSaid, GoalSaid, NeedSaid, PreferenceSaid, Said, plain

__all__ = ["EventSaid", "GoalSaid", "NeedSaid", "NotSayable", "NotVisible", "PreferenceSaid", "Said", "record"]


class NotSayable(ValueError):
    """What was said makes no sense; the message says what is wrong."""


def record(party_id: UUID, *, said: Said, channel: str, actor: Actor, at: datetime) -> UUID:
    """Write down what was said. Takes effect at once; the earlier word is kept. Returns the id of the new word.

    Raises:
        NotVisible, NotSayable
        sentinel.authority.NotPermitted: the refusal is kept as a decision.
    """
    row = _row(said, channel=channel, actor=actor)
    try:
        row.clean_fields(exclude={"party", "decision_id", "occurred_at", "recorded_at"})
    except ValidationError as error:
        raise NotSayable(" ".join(f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items())) from error
    if isinstance(said, EventSaid) and said.happened_on > at.date() and said.standing == LifeEvent.Standing.CONFIRMED:
        raise NotSayable("What has not happened yet cannot be confirmed.")
    details = {"channel": channel, **{name: plain(value) for name, value in said.columns().items()}}
    asked: dict[str, Any] = {"resource_id": str(party_id), "parameters": said.parameters(), "details": details}
    row_id: UUID = actions.run(RECORDS[type(said)], actor=actor, at=at, **asked).or_raise()
    return row_id


def _row(said: Said, *, channel: str, actor: Actor) -> Word:
    return said.MODEL(channel=channel, actor_kind=actor.kind, actor_name=actor.name, **said.columns())


def _recording(kind: type[Said]) -> Callable[[Permitted], UUID]:
    def write(permitted: Permitted) -> UUID:
        said = kind.again(permitted.details)
        row = _row(said, channel=permitted.details["channel"], actor=permitted.actor)
        row.party_id = UUID(permitted.decision.resource.id)
        row.occurred_at = row.recorded_at = permitted.at
        row.decision_id = permitted.decision.id
        row.save(force_insert=True)
        changes.tell([row.party_id], changed=[said.CHANGES], at=permitted.at)
        return row.pk

    return write


def _declare(kind: type[Said]) -> Action:
    return actions.declare(kind.ACTION, facts=acting.locked, effect=_recording(kind))


RECORDS = {kind: _declare(kind) for kind in (NeedSaid, EventSaid, GoalSaid, PreferenceSaid)}
