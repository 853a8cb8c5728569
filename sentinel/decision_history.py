"""What happened around a decision that needed a second person: asked, talked about, answered, done; in order, with names."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Q

from . import models
from .models import ApprovalAnswer, ApprovalRequest

NOBODY = "A former employee"


class StepKind(StrEnum):
    """`ended` is a request nobody answered in time. All but what was `said` and that name a decision of their own."""

    ASKED = "asked"
    SAID = "said"
    APPROVED = "approved"
    REFUSED = "refused"
    DONE = "done"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Step:
    """`text` is what the person wrote; of an answer, `roles` it was given with, `stood_in_for` whom and `evidence` opened before."""

    kind: StepKind
    who: str
    at: datetime
    text: str = ""
    decision_id: UUID | None = None
    roles: tuple[str, ...] = ()
    stood_in_for: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """Empty for a decision that never needed anybody."""

    request_id: UUID | None = None
    steps: tuple[Step, ...] = ()


def history_of(row: models.Decision, *, at: datetime) -> History:
    """The request this decision led to, the one it rests on, or the one it answered.

    Queries: 1, and 2 more if there is one.
    """
    requests = ApprovalRequest.objects.select_related("decision", "answer", "answer__use", "answer__use__decision")
    request = requests.filter(Q(pk=row.approval_id) | Q(decision=row) | Q(answer__decision=row)).first()
    if request is None:
        return History()
    answer = getattr(request, "answer", None)
    people = {request.decision.actor_id, *([answer.approver_id, *answer.delegated_by] if answer else ())}
    names = _names(people)
    asker = names.get(request.decision.actor_id) or request.decision.actor_id
    said = [Step(StepKind.SAID, one.author_name, one.at, one.text) for one in request.messages.order_by("id")]
    steps = [Step(StepKind.ASKED, asker, request.asked_at, request.note, decision_id=request.decision_id), *said]
    if answer is not None:
        steps += _answered(answer, names, asker)
    elif at >= request.expires_at:
        steps.append(Step(StepKind.ENDED, "", request.expires_at))
    return History(request.pk, tuple(steps))


def _answered(answer: ApprovalAnswer, names: dict[str, str], asker: str) -> list[Step]:
    steps = [
        Step(
            kind=StepKind.APPROVED if answer.approved else StepKind.REFUSED,
            who=names.get(answer.approver_id, NOBODY),
            at=answer.answered_at,
            text=answer.note,
            decision_id=answer.decision_id,
            roles=tuple(answer.approver_roles),
            stood_in_for=tuple(names.get(one, NOBODY) for one in answer.delegated_by),
            evidence=tuple(answer.evidence),
        )
    ]
    use = getattr(answer, "use", None)
    if use is not None:
        steps.append(Step(StepKind.DONE, asker, use.decision.issued_at, decision_id=use.decision_id))
    return steps


def _names(ids: Collection[str]) -> dict[str, str]:
    people = []
    for id in ids:
        try:
            people.append(UUID(id))
        except ValueError:  # a system or an agent
            continue
    return {str(id): name for id, name in get_user_model().objects.filter(pk__in=people).values_list("pk", "name")}
