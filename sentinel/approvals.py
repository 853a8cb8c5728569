"""Four eyes: a second person agrees to one request, once, in time.

Who is eligible is not written here but in the policies: a person may approve what the policies permit with that person's approval –
their own roles and those they stand in for, their mandate, and who stands above them. Who is independent at all is written in
`independence`, whatever the policies say. An approval is bound to the asker, the action, the resource and the parameters' hash; a changed
parameter is another request. An answer is a decision of the person who gives it (`agreements`), and needs no approval itself.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from bankos.platform.actors import Actor, ActorKind
from bankos.platform.models import User

from . import authority, catalogue, independence, mandates, policy
from .action_types import ANSWER_REQUEST, REQUEST
from .agreements import ApprovalError, ApprovalVoid, State, Word, requests, state_of
from .approval_evidence import seen_by
from .catalogue import RiskTier
from .cedar import Approval, Mandate, Outcome, PolicyText, Request, RequestInvalid
from .contexts import ContentErased, content_of
from .decision import Decision, Resource
from .errors import Refused
from .models import ApprovalAnswer, ApprovalRequest
from .models import Decision as DecisionRow

__all__ = [
    "AlreadyAnswered",
    "ApprovalError",
    "ApprovalExpired",
    "ApprovalView",
    "ApprovalVoid",
    "MakerIsChecker",
    "NotEligible",
    "NothingToApprove",
    "State",
    "TooRisky",
    "UnknownRequest",
    "Waiting",
    "approve",
    "asked_by",
    "hindrance",
    "pending",
    "refuse",
    "refuse_unless_harmless",
    "request",
    "view",
    "views",
    "waiting_about",
]

LARGEST_LIST = 200


class UnknownRequest(ApprovalError):
    """There is no such request."""


class NothingToApprove(ApprovalError):
    """The decision needs no approval, or no approval could change it."""


class MakerIsChecker(ApprovalError):
    """Nobody approves what they asked for themselves."""


class NotEligible(ApprovalError):
    """The policies do not accept this person's approval, or the person is not independent of who is concerned."""


class AlreadyAnswered(ApprovalError):
    """Somebody has answered already."""


class ApprovalExpired(ApprovalError):
    """Nobody answered in time, which is a no."""


class TooRisky(ApprovalError):
    """What can do more than little harm is looked at one by one."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What was asked for and waits for a second person; `asked_by` is a name."""

    id: UUID
    title: str
    note: str
    asked_by: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """A request for approval as its readers see it at one moment; `asked_by` is an actor's id; of
    `parameters` free texts are only hashes.

    `evidence` is what the approver had opened before answering.
    """

    id: UUID
    decision_id: UUID
    action: str
    title: str
    risk: RiskTier
    resource_type: str
    resource_id: str
    parameters: Mapping[str, Any]
    asked_by: str
    asked_by_kind: str
    asked_at: datetime
    expires_at: datetime
    eligible_roles: tuple[str, ...]
    note: str
    state: State
    answered_by: str | None
    evidence: tuple[str, ...]
    answered_at: datetime | None
    answer_note: str


def request(decision: Decision, *, at: datetime, note: str = "") -> ApprovalView:
    """Ask for a second person's agreement to a decision that needs it. Asked twice, it is one request.

    Raises:
        NothingToApprove
    """
    if decision.outcome is not Outcome.NEEDS_APPROVAL:
        raise NothingToApprove(f"the answer was {decision.outcome}")
    row = DecisionRow.objects.select_related("context_key").get(pk=decision.id)
    asked = Request.from_json(content_of(row)["request"])
    text = _rules_in_force()
    eligible = list(authority.second_people(text, asked))
    waiting, _ = ApprovalRequest.objects.get_or_create(
        decision=row,
        defaults={
            "eligible_roles": eligible,
            "note": note,
            "asked_at": at,
            "expires_at": at + catalogue.get(row.action).approval_lifetime,
        },
    )
    return _view(waiting, at)


def view(request_id: UUID, *, at: datetime) -> ApprovalView:
    """One request. Queries: 1.

    Raises:
        UnknownRequest
    """
    return _view(_get(request_id), at)


def views(request_ids: Sequence[UUID], *, at: datetime) -> dict[UUID, ApprovalView]:
    """Those of these requests that exist. Queries: 1."""
    return {row.pk: _view(row, at) for row in requests().filter(pk__in=request_ids)}


def pending(
    *,
    actor: Actor,
    at: datetime,
    visible_resources: Callable[[str, str], bool] | None = None,
    actions: Collection[str] | None = None,
) -> list[ApprovalView]:
    """The requests this person may answer now, the soonest to end first: open, not their own, and the policies accept their agreement.

    Args:
        visible_resources: leaves out requests about resources (type, id) the person may not see.
        actions: only requests for these.
    Queries: 4, and 2 for the roles and lines of those they stand in for; what naming those concerned takes.
    """
    if actor.kind is not ActorKind.EMPLOYEE:
        return []
    powers = _powers(actor, at)
    roles = actor.roles | {one.role for one in powers.stand_ins}
    rows = (
        requests()
        .filter(answer=None, expires_at__gt=at, eligible_roles__overlap=sorted(roles))
        .exclude(decision__actor_kind=actor.kind, decision__actor_id=actor.id)
        .order_by("expires_at", "id")
    )
    if actions is not None:
        rows = rows.filter(decision__action__in=actions)
    text = _rules_in_force()
    return [
        _view(row, at)
        for row in rows[:LARGEST_LIST]
        if (visible_resources is None or visible_resources(row.decision.resource_type, row.decision.resource_id))
        and _agreement(actor, row.decision, powers, text) is not None
    ]


def asked_by(actor: Actor, *, at: datetime) -> list[ApprovalView]:
    """The requests of this person that wait, the soonest to end first. Queries: 1."""
    own = requests().filter(answer=None, expires_at__gt=at, decision__actor_kind=actor.kind, decision__actor_id=actor.id)
    return [_view(row, at) for row in own.order_by("expires_at", "id")[:LARGEST_LIST]]


def waiting_about(resource_type: str, resource_ids: Collection[str], *, at: datetime) -> list[Waiting]:
    """What waits about any of these, the oldest first, with the names of who asked. Queries: 2."""
    rows = requests().filter(answer=None, expires_at__gt=at, decision__resource_type=resource_type, decision__resource_id__in=resource_ids)
    found = [_view(row, at) for row in rows.order_by("id")[:LARGEST_LIST]]
    names = {str(id): name for id, name in User.objects.filter(pk__in=[one.asked_by for one in found]).values_list("pk", "name")}
    return [Waiting(one.id, one.title, one.note, names.get(one.asked_by, ""), one.asked_at) for one in found]


def hindrance(request_id: UUID, *, actor: Actor, at: datetime) -> type[ApprovalError] | None:
    """What keeps this person from answering, if anything.

    Raises:
        UnknownRequest
    """
    row = _get(request_id)
    return _objection(row, _agreement_to(row, actor, at), actor, at)


def refuse_unless_harmless(request_id: UUID, *, at: datetime) -> None:
    """What is approved together with others must be of the lowest risk.

    Raises:
        UnknownRequest, TooRisky
    """
    if view(request_id, at=at).risk is not RiskTier.LOW:
        raise TooRisky


def approve(request_id: UUID, *, actor: Actor, at: datetime, note: str = "") -> ApprovalView:
    """Agree. The asker may then ask again, naming this approval, until it expires.

    The answer is a decision of the person who gives it: signed, in the log, used up in this transaction. Who may not answer is on record,
    too: inside a transaction of one's own, let these errors leave it by `authority.kept_at(ApprovalError)`.

    Raises:
        UnknownRequest, MakerIsChecker, NotEligible, ApprovalExpired, AlreadyAnswered
        sentinel.authority.AuthorityError: nothing could be decided.
    """
    return _answer(request_id, approved=True, actor=actor, at=at, note=note)


def refuse(request_id: UUID, *, actor: Actor, at: datetime, note: str = "") -> ApprovalView:
    """Disagree. Raises as `approve`."""
    return _answer(request_id, approved=False, actor=actor, at=at, note=note)


@dataclass(frozen=True, slots=True)
class _Powers:
    """What one person can answer with at one moment besides their own roles; `lines` are those above who lent a role."""

    stand_ins: tuple[mandates.StandIn, ...]
    mandates: Mapping[tuple[str, str], Mandate]
    lines: Mapping[str, tuple[str, ...]]


def _powers(actor: Actor, at: datetime) -> _Powers:
    """Queries: 2, and 2 for the roles and lines of those they stand in for."""
    stand_ins = mandates.stand_ins_of(actor, at=at)
    return _Powers(stand_ins, mandates.mandates_of(actor, at=at), independence.lines_of({one.giver_id for one in stand_ins}))


@dataclass(frozen=True, slots=True)
class _Agreement:
    """A person's agreement as the policies see it, and whose roles it uses besides their own."""

    approval: Approval
    lent_by: tuple[str, ...]


def _agreement(actor: Actor, asked: DecisionRow, powers: _Powers, text: PolicyText) -> _Agreement | None:
    """This person's agreement; None if it is not enough, or not independent.

    What the policies in force today no longer understand nobody can approve.
    """
    if actor.kind is not ActorKind.EMPLOYEE:
        return None
    try:
        request = Request.from_json(content_of(asked)["request"])
        concerned = independence.concerned_by(asked, request)
        if not concerned.leaves_free(actor.id, actor.line):
            return None
        lenders = [one for one in powers.stand_ins if concerned.leaves_free(one.giver_id, powers.lines.get(one.giver_id, ()))]
        roles = actor.roles | {one.role for one in lenders}
        mandate = powers.mandates.get((asked.action, str(request.parameters.get("currency") or "")))
        given = Approval(actor.id, roles, actor.branch, frozenset(actor.line), mandate)
        lent_by = sorted({one.giver_id for one in lenders if one.role not in actor.roles})
        return _Agreement(given, tuple(lent_by)) if text.permits_with(request, given) else None
    except (RequestInvalid, ContentErased):
        return None


def _answer(request_id: UUID, *, approved: bool, actor: Actor, at: datetime, note: str) -> ApprovalView:
    with authority.kept_at(ApprovalError):
        row = _get(request_id)
        _take_turns(row)
        row = _get(request_id)
        asked, agreement = row.decision, _agreement_to(row, actor, at)
        objection = _objection(row, agreement, actor, at)
        decision = authority.authorize(
            actor=actor,
            action=ANSWER_REQUEST.name,
            resource=_resource(row, agreement, own=objection is MakerIsChecker, is_open=state_of(row, at) is State.OPEN),
            parameters={
                "answer": Word.APPROVE.value if approved else Word.REFUSE.value,
                "decision": str(asked.pk),
                "parameters_hash": asked.parameters_hash,
                "note": note,
            },
            about=(asked.resource_type, asked.resource_id),
            at=at,
        )
        if objection is not None:
            raise objection
        if agreement is None or decision.outcome is not Outcome.PERMIT:
            raise NotEligible
        authority.consume_permit(decision, at=at)
        given = agreement.approval
        ApprovalAnswer.objects.create(
            request=row,
            decision_id=decision.id,
            approved=approved,
            approver_id=actor.id,
            approver_roles=sorted(given.roles),
            approver_branch=given.branch or "",
            approver_line=list(actor.line),
            mandate=given.mandate.as_json() if given.mandate else None,
            delegated_by=list(agreement.lent_by),
            evidence=seen_by(row.pk, actor),
            note=note,
            answered_at=at,
        )
    return view(request_id, at=at)


def _agreement_to(row: ApprovalRequest, actor: Actor, at: datetime) -> _Agreement | None:
    """This person's agreement to a request; None to their own, or where it is not enough."""
    return None if _is_own(row, actor) else _agreement(actor, row.decision, _powers(actor, at), _rules_in_force())


def _objection(row: ApprovalRequest, agreement: _Agreement | None, actor: Actor, at: datetime) -> type[ApprovalError] | None:
    """What keeps this person from answering, if anything: asked before they try, and when they do."""
    if _is_own(row, actor):
        return MakerIsChecker
    if agreement is None:
        return NotEligible
    return {State.OPEN: None, State.EXPIRED: ApprovalExpired}.get(state_of(row, at), AlreadyAnswered)


def _is_own(row: ApprovalRequest, actor: Actor) -> bool:
    return (row.decision.actor_kind, row.decision.actor_id) == (actor.kind, actor.id)


def _take_turns(row: ApprovalRequest) -> None:
    """Of two who answer at once the second waits for the first one's transaction, and finds the request answered."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"sentinel.approval.{row.pk}"])


def _resource(row: ApprovalRequest, agreement: _Agreement | None, *, own: bool, is_open: bool) -> Resource:
    """What the policies may know of a request when somebody answers it."""
    return Resource(
        REQUEST,
        str(row.pk),
        {
            "action": row.decision.action,
            "eligible": agreement is not None,
            "own": own,
            "open": is_open,
            "agreement": agreement.approval.as_json() if agreement else None,
        },
    )


def _rules_in_force() -> PolicyText:
    """Raises Refused: without policies nobody can agree to anything."""
    try:
        return policy.active().text
    except (policy.NoActivePolicy, policy.TextChanged, policy.PolicyInvalid) as error:
        raise Refused(f"no policy can be asked: {error}") from error


def _get(request_id: UUID) -> ApprovalRequest:
    try:
        return requests().get(pk=request_id)
    except ApprovalRequest.DoesNotExist as error:
        raise UnknownRequest(request_id) from error


def _view(row: ApprovalRequest, at: datetime) -> ApprovalView:
    answer = getattr(row, "answer", None)
    asked = row.decision
    action_type = catalogue.get(asked.action)
    return ApprovalView(
        id=row.pk,
        decision_id=asked.pk,
        action=asked.action,
        title=action_type.title,
        risk=action_type.risk,
        resource_type=asked.resource_type,
        resource_id=asked.resource_id,
        parameters=asked.parameters,
        asked_by=asked.actor_id,
        asked_by_kind=asked.actor_kind,
        asked_at=row.asked_at,
        expires_at=row.expires_at,
        eligible_roles=tuple(row.eligible_roles),
        note=row.note,
        state=state_of(row, at),
        answered_by=answer.approver_id if answer else None,
        evidence=tuple(answer.evidence) if answer else (),
        answered_at=answer.answered_at if answer else None,
        answer_note=answer.note if answer else "",
    )
