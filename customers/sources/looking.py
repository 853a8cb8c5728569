"""Seeing what the rows of a source file say: after saying why, for half an hour, on record."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bankos.platform.actors import Actor
from sentinel import actions
from sentinel.actions import NotPossible, Permitted
from sentinel.catalogue import ActionType, ParameterKind, RiskTier

from ..models import SourceFile, SourceLook
from .access import SOURCE, SourceNotVisible, check_may_see, facts

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

    parameters = {"file": str(file.pk), "reason": reason[:LONGEST_REASON]}
    asked: dict[str, Any] = {"resource_id": file.system_id, "parameters": parameters, "details": {"reason": reason[: LONGEST_REASON + 1]}}
    until: datetime = actions.run(LOOK_AT_ROWS, actor=actor, at=at, **asked).or_raise()
    return until


def _look(permitted: Permitted) -> datetime:
    reason = permitted.details["reason"]
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise NotPossible(f"Say why you need to see these rows, in {SHORTEST_REASON} to {LONGEST_REASON} characters.")
    made = SourceLook.objects.create(
        file_id=permitted.parameters["file"],
        looked_by=permitted.actor.id,
        looked_by_name=permitted.actor.name,
        reason=reason,
        looked_at=permitted.at,
        until=permitted.at + LASTS,
        decision_id=permitted.decision.id,
    )
    return made.until


LOOK_AT_ROWS = actions.declare(
    ActionType(
        name="source.look",
        title="Look at the rows of a source file",
        resource_type=SOURCE,
        parameters={"file": ParameterKind.UUID, "reason": ParameterKind.TEXT},
        risk=RiskTier.LOW,
    ),
    facts=facts,
    effect=_look,
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
