"""Emergency accesses as they are shown: one's own to everybody, all of them to compliance."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from bankos.platform.actors import Actor, Role

from ..models import EmergencyAccess
from ..visibility import visible_party_ids
from .emergencies import NoSuchAccess

LARGEST_LIST = 200


@dataclass(frozen=True, slots=True)
class Overview:
    """One emergency access as a list shows it. `party_id` and `party_name` are empty to who may not see the customer."""

    id: UUID
    number: str
    asked_by: str
    reason: str
    asked_at: datetime
    until: datetime | None
    ended_at: datetime | None
    party_id: UUID | None
    party_name: str
    open: bool
    justified: bool | None
    review_note: str
    reviewed_by: str
    reviewable: bool


def of_person(actor: Actor, *, at: datetime) -> list[Overview]:
    """What this person asked for, the newest first. The rows tell no more than was typed, unless the customer is open to them."""
    return _overviews(EmergencyAccess.objects.filter(asked_by=actor.user_id), actor, at)


def one_of_person(access_id: UUID, *, actor: Actor, at: datetime) -> Overview:
    """One of them.

    Raises:
        NoSuchAccess
    """
    found = _overviews(EmergencyAccess.objects.filter(pk=access_id, asked_by=actor.user_id), actor, at)
    if not found:
        raise NoSuchAccess(access_id)
    return found[0]


def overview(*, actor: Actor, at: datetime) -> list[Overview]:
    """All of them for compliance: those that wait for a review first, then the newest.

    Raises:
        NoSuchAccess: the actor is no officer.
    """
    if Role.COMPLIANCE not in actor.roles:
        raise NoSuchAccess(actor.id)
    found = _overviews(EmergencyAccess.objects.all(), actor, at)
    return sorted(found, key=lambda one: one.justified is not None)


def waiting_for_review(actor: Actor) -> int:
    """How many an officer still has to look at. Queries: 1, none for anybody else."""
    if Role.COMPLIANCE not in actor.roles:
        return 0
    return EmergencyAccess.objects.filter(review__isnull=True).exclude(asked_by=actor.user_id).count()


def _overviews(found: QuerySet[EmergencyAccess], actor: Actor, at: datetime) -> list[Overview]:
    """Queries: 2."""
    related = found.select_related("asked_by", "party__golden", "granted", "ended", "review__reviewed_by").order_by("-id")
    rows = list(related[:LARGEST_LIST])
    seen = visible_party_ids(actor, [row.party_id for row in rows if row.party_id])
    return [_overview(row, row.party_id in seen, actor, at) for row in rows]


def _overview(row: EmergencyAccess, seen: bool, actor: Actor, at: datetime) -> Overview:
    grant, end, judged = (getattr(row, name, None) for name in ("granted", "ended", "review"))
    own = row.asked_by_id == actor.user_id
    return Overview(
        id=row.pk,
        # Others than the asker learn a number only of a customer they may see; of nobody's as little as of a hidden one's.
        number=row.number if own or seen else f"•••• {row.number[-2:]}",
        asked_by=row.asked_by.get_full_name(),
        # What was written of a customer speaks of them.
        reason=f"{row.get_reason_code_display()}. {row.reason}" if own or seen else f"{row.get_reason_code_display()}.",
        asked_at=row.asked_at,
        until=grant.until if grant and (seen or not own) else None,
        ended_at=end.ended_at if end else None,
        party_id=row.party.golden_id if row.party and seen else None,
        party_name=row.party.golden.name if row.party and seen else "",
        open=bool(grant and not end and grant.until > at and (seen or not own)),
        justified=judged.justified if judged else None,
        review_note=judged.note if judged and (own or seen) else "",
        reviewed_by=judged.reviewed_by.get_full_name() if judged else "",
        reviewable=judged is None and not own,
    )
