"""Four eyes: a second person agrees to one request, once, in time.

Who is eligible is not written here but in the policies: a person may approve what the policies permit with that person's approval –
their own roles and those they stand in for, their mandate, and who stands above them. Who is independent at all is written in
`independence`, whatever the policies say. An approval is bound to the asker, the action,
the resource and the parameters' hash; a changed parameter is another request.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import IntegrityError, transaction

from bankos.platform.actors import Actor, ActorKind

from . import catalogue, independence, mandates, policy
from .approval_evidence import seen_by
from .catalogue import RiskTier
from .cedar import APPROVER_ROLES, Approval, Mandate, Outcome, PolicyText, Request, RequestInvalid, somebody
from .contexts import ContentErased, content_of
from .decision import Decision
from .errors import Refused
from .models import ApprovalAnswer, ApprovalRequest, ApprovalUse
from .models import Decision as DecisionRow

LARGEST_LIST = 200


class ApprovalError(Exception):
    """An approval that cannot be asked for, given or used."""


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


class ApprovalVoid(ApprovalError):
    """The approval does not cover this request."""


class State(StrEnum):
    OPEN = "open"
    APPROVED = "approved"
    USED = "used"
    REFUSED = "refused"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """A request for approval as its readers see it at one moment; `asked_by` is an actor's id.

    `evidence` is what the approver had opened before answering.
    """

    id: UUID
    decision_id: UUID
    action: str
    title: str
    risk: RiskTier
    resource_type: str
    resource_id: str
    asked_by: str
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
    # One role at a time: whoever approves will hold real roles, not all of them.
    best = somebody(asked)
    eligible = [role for role in APPROVER_ROLES if text.permits_with(asked, replace(best, roles=frozenset([role])))]
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
    return {row.pk: _view(row, at) for row in _rows().filter(pk__in=request_ids)}


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
        _rows()
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
    own = _rows().filter(answer=None, expires_at__gt=at, decision__actor_kind=actor.kind, decision__actor_id=actor.id)
    return [_view(row, at) for row in own.order_by("expires_at", "id")[:LARGEST_LIST]]


def hindrance(request_id: UUID, *, actor: Actor, at: datetime) -> type[ApprovalError] | None:
    """What keeps this person from answering, if anything.

    Raises:
        UnknownRequest
    """
    row = _get(request_id)
    if (row.decision.actor_kind, row.decision.actor_id) == (actor.kind, actor.id):
        return MakerIsChecker
    state = _view(row, at).state
    if state is State.EXPIRED:
        return ApprovalExpired
    if state is not State.OPEN:
        return AlreadyAnswered
    return NotEligible if _agreement(actor, row.decision, _powers(actor, at), _rules_in_force()) is None else None


def refuse_unless_harmless(request_id: UUID, *, at: datetime) -> None:
    """What is approved together with others must be of the lowest risk.

    Raises:
        UnknownRequest, TooRisky
    """
    if view(request_id, at=at).risk is not RiskTier.LOW:
        raise TooRisky


def approve(request_id: UUID, *, actor: Actor, at: datetime, note: str = "") -> ApprovalView:
    """Agree. The asker may then ask again, naming this approval, until it expires.

    Raises:
        UnknownRequest, MakerIsChecker, NotEligible, ApprovalExpired, AlreadyAnswered
    """
    return _answer(request_id, approved=True, actor=actor, at=at, note=note)


def refuse(request_id: UUID, *, actor: Actor, at: datetime, note: str = "") -> ApprovalView:
    """Disagree. Raises as `approve`."""
    return _answer(request_id, approved=False, actor=actor, at=at, note=note)


def usable(request_id: UUID, *, actor: Actor, action: str, resource: tuple[str, str], parameters_hash: str, at: datetime) -> Approval:
    """The approval behind a request, if it covers exactly what is asked now. Queries: 1.

    Raises:
        ApprovalVoid
    """
    row = _rows().filter(pk=request_id).first()
    if row is None:
        raise ApprovalVoid("there is no such approval")
    found = _view(row, at)
    if found.state is not State.APPROVED:
        raise ApprovalVoid(f"the approval is {found.state}")
    asked = row.decision
    covered = (asked.actor_kind, asked.actor_id, asked.action, asked.resource_type, asked.resource_id, asked.parameters_hash)
    if covered != (actor.kind, actor.id, action, *resource, parameters_hash):
        raise ApprovalVoid("the approval was given for something else")
    given = row.answer
    return Approval(
        given.approver_id,
        frozenset(given.approver_roles),
        given.approver_branch or None,
        frozenset(given.approver_line),
        Mandate.from_json(given.mandate),
    )


def mark_used(request_id: UUID, *, decision_id: UUID) -> None:
    """Count the approval as used by this permit.

    Raises:
        ApprovalVoid: another permit was faster; the atomic block this stands in is lost.
    """
    try:
        ApprovalUse.objects.create(answer=ApprovalAnswer.objects.only("id").get(request=request_id), decision_id=decision_id)
    except IntegrityError as error:
        raise ApprovalVoid("the approval is used") from error


def _answer(request_id: UUID, *, approved: bool, actor: Actor, at: datetime, note: str) -> ApprovalView:
    row = _get(request_id)
    asked = row.decision
    if (asked.actor_kind, asked.actor_id) == (actor.kind, actor.id):
        raise MakerIsChecker
    powers = _powers(actor, at)
    agreement = _agreement(actor, asked, powers, _rules_in_force())
    if agreement is None:
        raise NotEligible
    found = _view(row, at)
    if found.state is State.EXPIRED:
        raise ApprovalExpired
    if found.state is not State.OPEN:
        raise AlreadyAnswered
    try:
        with transaction.atomic():
            ApprovalAnswer.objects.create(
                request=row,
                approved=approved,
                approver_id=actor.id,
                approver_roles=sorted(agreement.roles),
                approver_branch=agreement.branch or "",
                approver_line=list(actor.line),
                mandate=agreement.mandate.as_json() if agreement.mandate else None,
                delegated_by=sorted({one.giver_id for one in powers.stand_ins if one.role in agreement.roles - actor.roles}),
                evidence=seen_by(row.pk, actor),
                note=note,
                answered_at=at,
            )
    except IntegrityError as error:
        raise AlreadyAnswered from error
    return view(request_id, at=at)


@dataclass(frozen=True, slots=True)
class _Powers:
    """What one person can answer with at one moment besides their own roles; `lines` are those above who lent a role."""

    stand_ins: tuple[mandates.StandIn, ...]
    mandates: Mapping[str, Mandate]
    lines: Mapping[str, tuple[str, ...]]


def _powers(actor: Actor, at: datetime) -> _Powers:
    """Queries: 2, and 2 for the roles and lines of those they stand in for."""
    stand_ins = mandates.stand_ins_of(actor, at=at)
    return _Powers(stand_ins, mandates.mandates_of(actor, at=at), independence.lines_of({one.giver_id for one in stand_ins}))


def _agreement(actor: Actor, asked: DecisionRow, powers: _Powers, text: PolicyText) -> Approval | None:
    """This person's agreement as the policies would see it; None if it is not enough, or not independent.

    What the policies in force today no longer understand nobody can approve.
    """
    if actor.kind is not ActorKind.EMPLOYEE:
        return None
    try:
        request = Request.from_json(content_of(asked)["request"])
        concerned = independence.concerned_by(asked, request)
        if not concerned.leaves_free(actor.id, actor.line):
            return None
        lent = {one.role for one in powers.stand_ins if concerned.leaves_free(one.giver_id, powers.lines.get(one.giver_id, ()))}
        given = Approval(actor.id, actor.roles | lent, actor.branch, frozenset(actor.line), powers.mandates.get(asked.action))
        return given if text.permits_with(request, given) else None
    except (RequestInvalid, ContentErased):
        return None


def _rules_in_force() -> PolicyText:
    """Raises Refused: without policies nobody can agree to anything."""
    try:
        return policy.active().text
    except (policy.NoActivePolicy, policy.TextChanged, policy.PolicyInvalid) as error:
        raise Refused(f"no policy can be asked: {error}") from error


def _rows():  # type: ignore[no-untyped-def]
    return ApprovalRequest.objects.select_related("decision", "decision__context_key", "answer", "answer__use")


def _get(request_id: UUID) -> ApprovalRequest:
    try:
        return _rows().get(pk=request_id)
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
        asked_by=asked.actor_id,
        asked_at=row.asked_at,
        expires_at=row.expires_at,
        eligible_roles=tuple(row.eligible_roles),
        note=row.note,
        state=_state(row, answer, at),
        answered_by=answer.approver_id if answer else None,
        evidence=tuple(answer.evidence) if answer else (),
        answered_at=answer.answered_at if answer else None,
        answer_note=answer.note if answer else "",
    )


def _state(row: ApprovalRequest, answer: ApprovalAnswer | None, at: datetime) -> State:
    if answer is not None and not answer.approved:
        return State.REFUSED
    if answer is not None and hasattr(answer, "use"):
        return State.USED
    if at >= row.expires_at:
        return State.EXPIRED
    return State.OPEN if answer is None else State.APPROVED
