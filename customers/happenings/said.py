"""What was said and done: contacts, acts with their decisions, consents, signals."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from bankos.platform.actors import ActorKind

from ..models import Consent, ConsentPurpose, Interaction, Signal
from ..models.behaviour import Channel
from .entry import OURSELVES, Entry, Row, Wanted, before


def contacts(wanted: Wanted) -> list[Entry]:
    """Contacts, and acts with the decision they rest on."""
    rows = before(Interaction.objects.filter(wanted.holding("summary", "kind", "actor_name")), wanted.before)
    if wanted.kinds and "contact" not in wanted.kinds:
        rows = rows.filter(decision_id__isnull=False)
    if wanted.kinds and "decision" not in wanted.kinds:
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
        for row in _newest(rows, wanted.members, wanted.limit)
    ]


def consents(wanted: Wanted) -> list[Entry]:
    label = ConsentPurpose.objects.filter(code=OuterRef("purpose")).values("label")
    rows = before(Consent.objects.annotate(use=Subquery(label)).filter(wanted.holding("use", channel=Channel)), wanted.before)
    return [
        Entry(
            id=row.pk,
            kind="consent",
            occurred_at=row.occurred_at,
            title=f"{'Agreed' if row.given else 'Did not agree'}: {row.use.lower()}",  # type: ignore[attr-defined]
            detail=Channel(row.channel).label + (f" · about {Channel(row.contact_channel).label}" if row.contact_channel else ""),
            actor_kind=ActorKind.EMPLOYEE if row.recorded_by else ActorKind.CUSTOMER,
            actor_name=row.recorded_by,
            decision_id=row.decision_id,
            amount=None,
            source=row.source_file.system.name if row.source_file else OURSELVES,
        )
        for row in _newest(rows, wanted.members, wanted.limit)
    ]


def signals(wanted: Wanted) -> list[Entry]:
    rows = before(Signal.objects.filter(wanted.holding("kind", "detail", channel=Channel)), wanted.before)
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
        for row in _newest(rows, wanted.members, wanted.limit)
    ]


def _newest(rows: QuerySet[Row], members: Collection[UUID], limit: int) -> QuerySet[Row]:
    # Each record of the customer by itself, so that each is a short walk along its index however much happened.
    per_member = [rows.filter(party=member).select_related("source_file__system")[:limit] for member in members]
    return per_member[0].union(*per_member[1:], all=True).order_by("-occurred_at", "-id")[:limit] if per_member[1:] else per_member[0]
