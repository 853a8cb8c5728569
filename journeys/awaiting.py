"""Filing an act that needs a second person: the request, what will be done, and the work item for those who may agree."""

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sentinel import approvals
from sentinel.authority import Decision, ModelRef

from . import work
from .models import AwaitedAct


def file(
    decision: Decision,
    *,
    party_id: UUID,
    branch_code: str,
    purposes: tuple[str, ...],
    model: ModelRef | None,
    summary: str,
    at: datetime,
) -> UUID:
    """Ask for a second person's agreement, in the caller's transaction. Returns the request's id."""
    request = approvals.request(decision, at=at, note=summary)
    AwaitedAct.objects.create(
        request_id=request.id,
        decision_id=decision.id,
        action=decision.action,
        party_id=party_id,
        parameters=decision.parameters,
        actor_kind=decision.actor.kind,
        actor_id=decision.actor.id,
        purposes=list(purposes),
        model=asdict(model) if model else None,
        summary=summary,
        asked_at=at,
    )
    work.add(
        kind="approval",
        party_id=party_id,
        title=summary,
        why=decision.sentence,
        due_at=request.expires_at,
        branch_code=branch_code,
        subject_id=request.id,
        for_roles=request.eligible_roles,
        asked_by=decision.actor.id,
        at=at,
    )
    return request.id
