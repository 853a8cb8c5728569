"""What customers said of their life and wishes."""

from typing import TypeVar

from django.db.models import QuerySet

from bankos.platform.money import Money

from ..models.behaviour import Channel
from ..models.life import Goal, LifeEvent, Need, Preference, Word
from .entry import OURSELVES, Entry, Wanted, before

Said = TypeVar("Said", bound=Word)


def needs(wanted: Wanted) -> list[Entry]:
    return [
        _saying(row, ("To take care of: " if row.present else "No longer: ") + Need.Kind(row.kind).label, row.help)
        for row in _newest(Need.objects.filter(wanted.holding("help", kind=Need.Kind)), wanted)
    ]


def events(wanted: Wanted) -> list[Entry]:
    return [
        _saying(row, f"{LifeEvent.Kind(row.kind).label.capitalize()} ({LifeEvent.Standing(row.standing).label})", f"on {row.happened_on}")
        for row in _newest(LifeEvent.objects.filter(wanted.holding(kind=LifeEvent.Kind, standing=LifeEvent.Standing)), wanted)
    ]


def goals(wanted: Wanted) -> list[Entry]:
    return [
        _saying(row, f"Goal {Goal.Standing(row.standing).label}: {row.name}", "", Money(row.amount, row.currency))
        for row in _newest(Goal.objects.filter(wanted.holding("name", standing=Goal.Standing)), wanted)
    ]


def preferences(wanted: Wanted) -> list[Entry]:
    return [
        _saying(row, f"{Preference.Kind(row.kind).label.capitalize()}: {row.value or 'no preference any more'}", "")
        for row in _newest(Preference.objects.filter(wanted.holding("value", kind=Preference.Kind)), wanted)
    ]


def _newest(rows: QuerySet[Said], wanted: Wanted) -> QuerySet[Said]:
    return before(rows.filter(party__in=wanted.members), wanted.before)[: wanted.limit]


def _saying(row: Word, title: str, detail: str, amount: Money | None = None) -> Entry:
    return Entry(
        id=row.pk,
        kind="life",
        occurred_at=row.occurred_at,
        title=title,
        detail=" · ".join(part for part in (detail, Channel(row.channel).label) if part),
        actor_kind=row.actor_kind,
        actor_name=row.actor_name,
        decision_id=row.decision_id,
        amount=amount,
        source=OURSELVES,
    )
