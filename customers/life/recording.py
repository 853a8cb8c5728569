"""Writing down what somebody said about a customer: decided and kept like every act."""

from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError

from bankos.platform.actors import Actor
from sentinel import authority

from .. import changes
from ..members import locked_customer
from ..models.life import LifeEvent
from ..state import facts_for_decision
from ..visibility import NotVisible
from .said import EventSaid, GoalSaid, NeedSaid, PreferenceSaid, Said

__all__ = ["EventSaid", "GoalSaid", "NeedSaid", "NotSayable", "NotVisible", "PreferenceSaid", "Said", "record"]


class NotSayable(ValueError):
    """What was said makes no sense; the message says what is wrong."""


def record(party_id: UUID, *, said: Said, channel: str, actor: Actor, at: datetime) -> UUID:
    """Write down what was said. Takes effect at once; the earlier word is kept. Returns the id of the new word.

    Raises:
        NotVisible, NotSayable
        sentinel.authority.NotPermitted: the refusal is kept as a decision.
    """
    row = said.MODEL(channel=channel, actor_kind=actor.kind, actor_name=actor.name, **said.columns())
    try:
        row.clean_fields(exclude={"party", "decision_id", "occurred_at", "recorded_at"})
    except ValidationError as error:
        raise NotSayable(" ".join(f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items())) from error
    if isinstance(said, EventSaid) and said.happened_on > at.date() and said.standing == LifeEvent.Standing.CONFIRMED:
        raise NotSayable("What has not happened yet cannot be confirmed.")
    with authority.keeping_evidence():
        party = locked_customer(party_id, actor=actor)
        resource = authority.Resource("Party", str(party.pk), facts_for_decision(party.pk, at=at).attributes)
        decision = authority.authorize_and_consume(actor=actor, action=said.ACTION, resource=resource, parameters=said.parameters(), at=at)
        row.party = party
        row.occurred_at = row.recorded_at = at
        row.decision_id = decision.id
        row.save(force_insert=True)
        changes.tell([party.pk], changed=[said.CHANGES], at=at)
        return row.pk
