"""What a timeline is made of: one reader per kind of row, each giving its newest entries before a place."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from bankos.platform import clock
from bankos.platform.actors import ActorKind
from bankos.platform.money import Money

from .models import Arrangement, ArrangementRole, Consent, Interaction, Signal, Transaction
from .models.behaviour import Channel, Purpose

# The order of the list: moment, then id. Ids sort by the moment they were made, so equal moments keep their order of arrival.
Place = tuple[datetime, UUID]
OURSELVES = "bankos"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `kind`: money, contact, decision, consent, signal. A booking knows its day only: it stands at the day's first moment."""

    id: UUID
    kind: str
    occurred_at: datetime
    title: str
    detail: str
    actor_kind: str
    actor_name: str
    decision_id: UUID | None
    amount: Money | None
    source: str


Row = TypeVar("Row", bound=Model)
Reader = Callable[[UUID, Collection[str], Place | None, int], list[Entry]]


def _money(party_id: UUID, kinds: Collection[str], before: Place | None, limit: int) -> list[Entry]:
    """Queries: 1, and 1 for the accounts."""
    accounts = Arrangement.objects.filter(roles__party_id=party_id, roles__role__in=ArrangementRole.HOLDERS).select_related("product")
    named = {account.pk: account for account in accounts}
    bookings = Transaction.objects.filter(_booked_before(before)).order_by("-booking_date", "-id")
    # Each account by itself, so that each is a short walk along its index however long its history.
    per_account = [bookings.filter(arrangement=account)[:limit] for account in named]
    if not per_account:
        return []
    rows = per_account[0].union(*per_account[1:], all=True).order_by("-booking_date", "-id")[:limit] if per_account[1:] else per_account[0]
    return [_booking(row, named[row.arrangement_id]) for row in rows]


def _booked_before(place: Place | None) -> Q:
    if place is None:
        return Q()
    moment, id = place
    day = clock.bank_date(moment)
    # The bound stands by itself: from the "or" alone the database would walk along all that is newer.
    earlier = Q(booking_date__lte=day)
    if moment == clock.start_of_day(day):
        earlier &= Q(booking_date__lt=day) | Q(id__lt=id)
    return earlier


def _booking(row: Transaction, account: Arrangement) -> Entry:
    method = row.method.replace("_", " ")
    who = row.counterparty or row.counterparty_account or method.capitalize()
    detail = [method if who.lower() != method else "", row.purpose.replace("_", " "), f"{account.product.name} •• {account.number[-4:]}"]
    return Entry(
        id=row.pk,
        kind="money",
        occurred_at=clock.start_of_day(row.booking_date),
        title=who,
        detail=" · ".join(part for part in detail if part),
        actor_kind="",
        actor_name="",
        decision_id=None,
        amount=Money(row.amount, row.currency),
        source="Core banking",
    )


def _contacts(party_id: UUID, kinds: Collection[str], before: Place | None, limit: int) -> list[Entry]:
    """Contacts, and acts with the decision they rest on."""
    rows = _before(Interaction.objects.filter(party_id=party_id), before).select_related("source_file__system")
    if kinds and "contact" not in kinds:
        rows = rows.filter(decision_id__isnull=False)
    if kinds and "decision" not in kinds:
        rows = rows.filter(decision_id__isnull=True)
    return [
        Entry(
            id=row.pk,
            kind="decision" if row.decision_id else "contact",
            occurred_at=row.occurred_at,
            title=row.summary,
            detail="" if row.decision_id else f"{row.kind.replace('_', ' ').capitalize()} · {Channel(row.channel).label}",
            actor_kind=row.actor_kind,
            actor_name="The customer" if row.actor_kind == ActorKind.CUSTOMER else row.actor_name,
            decision_id=row.decision_id,
            amount=None,
            source=row.source_file.system.name if row.source_file else OURSELVES,
        )
        for row in rows[:limit]
    ]


def _consents(party_id: UUID, kinds: Collection[str], before: Place | None, limit: int) -> list[Entry]:
    rows = _before(Consent.objects.filter(party_id=party_id), before).select_related("source_file__system")
    return [
        Entry(
            id=row.pk,
            kind="consent",
            occurred_at=row.occurred_at,
            title=f"{'Agreed' if row.given else 'Did not agree'}: {Purpose(row.purpose).label.lower()}",
            detail=Channel(row.channel).label,
            actor_kind=ActorKind.EMPLOYEE if row.recorded_by else ActorKind.CUSTOMER,
            actor_name=row.recorded_by,
            decision_id=row.decision_id,
            amount=None,
            source=row.source_file.system.name if row.source_file else OURSELVES,
        )
        for row in rows[:limit]
    ]


def _signals(party_id: UUID, kinds: Collection[str], before: Place | None, limit: int) -> list[Entry]:
    rows = _before(Signal.objects.filter(party_id=party_id), before).select_related("source_file__system")
    return [
        Entry(
            id=row.pk,
            kind="signal",
            occurred_at=row.occurred_at,
            title=row.kind.replace("_", " ").capitalize(),
            detail=" · ".join(part for part in (row.detail, Channel(row.channel).label) if part),
            actor_kind=ActorKind.CUSTOMER,
            actor_name="",
            decision_id=None,
            amount=None,
            source=row.source_file.system.name,
        )
        for row in rows[:limit]
    ]


def _before(rows: QuerySet[Row], place: Place | None) -> QuerySet[Row]:
    if place is not None:
        moment, id = place
        rows = rows.filter(Q(occurred_at__lte=moment) & (Q(occurred_at__lt=moment) | Q(id__lt=id)))
    return rows.order_by("-occurred_at", "-id")


SOURCES: tuple[tuple[frozenset[str], Reader], ...] = (
    (frozenset({"money"}), _money),
    (frozenset({"contact", "decision"}), _contacts),
    (frozenset({"consent"}), _consents),
    (frozenset({"signal"}), _signals),
)
