"""Seeing what the rows of a source file say: after saying why, for half an hour, on record."""

from datetime import datetime, timedelta
from uuid import UUID

from bankos.platform.actors import Actor
from sentinel.actions import NotPossible
from sentinel.authority import Decision

from ..action_types import LOOK_AT_ROWS
from ..models import SourceFile, SourceLook
from .access import SourceNotVisible, carry_out, check_may_see, source

LASTS = timedelta(minutes=30)
SHORTEST_REASON = 10
LONGEST_REASON = 300


def look(file_id: UUID, *, reason: str, actor: Actor, at: datetime) -> datetime:
    """Let `actor` read the rows of this file for a while.

    Returns:
        Until when.
    Raises:
        SourceNotVisible, sentinel.authority.NotPermitted
        NotPossible: the reason says nothing.
    """
    file = file_for(file_id, actor=actor)
    reason = " ".join(reason.split())

    def effect(decision: Decision) -> datetime:
        if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
            raise NotPossible(f"Say why you need to see these rows, in {SHORTEST_REASON} to {LONGEST_REASON} characters.")
        made = SourceLook.objects.create(
            file=file,
            looked_by=actor.id,
            looked_by_name=actor.name,
            reason=reason,
            looked_at=at,
            until=at + LASTS,
            decision_id=decision.id,
        )
        return made.until

    return carry_out(
        effect,
        actor=actor,
        action=LOOK_AT_ROWS.name,
        resource=source(file.system_id),
        parameters={"file": str(file.pk), "reason": reason[:LONGEST_REASON]},
        at=at,
    )


def files_read_by(actor: Actor, *, at: datetime) -> dict[UUID, datetime]:
    """The files whose rows this actor may read now, and until when. Queries: 1."""
    if actor.user_id is None:
        return {}
    looks = SourceLook.objects.filter(looked_by=actor.user_id, looked_at__lte=at, until__gt=at)
    return dict(looks.order_by("until").values_list("file_id", "until"))


def file_for(file_id: UUID, *, actor: Actor) -> SourceFile:
    """Queries: 1.

    Raises:
        SourceNotVisible
    """
    check_may_see(actor)
    file = SourceFile.objects.select_related("system").filter(pk=file_id).first()
    if file is None:
        raise SourceNotVisible(file_id)
    return file
