"""What customers ask for, from the moment it is recorded to its answer. It is answered within a month (GDPR Art. 12(3))."""

import calendar
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from bankos.platform import clock
from bankos.platform.actors import Actor, Role
from sentinel import actions, authority
from sentinel.actions import Ask, Permitted
from sentinel.catalogue import ActionType, ParameterKind, RiskTier

from .. import acting
from ..members import customer_of
from ..models import LegalHold, RightsRequest
from ..state import facts_for_decision
from ..visibility import visible_parties_subquery

Kind, State = RightsRequest.Kind, RightsRequest.State


@dataclass(frozen=True, slots=True)
class RequestView:
    """One request as pages show it. `progress` is the share of a copy that is made, None for what is no copy."""

    id: UUID
    party_id: UUID
    name: str
    kind: str
    title: str
    state: str
    asked_at: datetime
    due_at: datetime
    closed_at: datetime | None
    recorded_by: str
    answer: str

    @property
    def open(self) -> bool:
        return self.state == State.OPEN


def requests_of(party_id: UUID, *, actor: Actor) -> tuple[RequestView, ...]:
    """What a customer ever asked for, the newest first. Queries: 2.

    Raises:
        NotVisible
    """
    members = customer_of(party_id, actor=actor).ids
    return _views(RightsRequest.objects.filter(party__in=members).order_by("-id"))


def open_requests(*, actor: Actor, limit: int = 200) -> tuple[RequestView, ...]:
    """What waits for an answer, the most pressing first: for those who oversee. Queries: 1."""
    if Role.COMPLIANCE not in actor.roles:
        return ()
    visible = RightsRequest.objects.open().filter(party__in=visible_parties_subquery(actor))
    return _views(visible.order_by("due_at", "id")[:limit])


def due_from(asked_at: datetime) -> datetime:
    """The end of the day a month later; a day that month does not have becomes its last (Regulation 1182/71, Art. 3)."""
    asked = clock.bank_date(asked_at)
    year, month = (asked.year + 1, 1) if asked.month == 12 else (asked.year, asked.month + 1)
    return clock.end_of_day(date(year, month, min(asked.day, calendar.monthrange(year, month)[1])))


def record(
    party_id: UUID,
    kind: RightsRequest.Kind,
    *,
    checked: str,
    heard_on: str,
    actor: Actor,
    at: datetime,
    details: Mapping[str, Any] | None = None,
) -> UUID:
    """Write down what the customer asks for, and what follows from it at once (`follows`). Returns the request's id.

    Raises:
        NotVisible, sentinel.authority.NotPermitted
    """
    said = {"kind": str(kind), "checked": checked, "heard_on": heard_on}
    asked: dict[str, Any] = {"resource_id": str(party_id), "parameters": said, "details": details}
    request_id: UUID = actions.run(ASK, actor=actor, at=at, **asked).or_raise()
    return request_id


Following = Callable[[RightsRequest, Permitted], None]
_following: dict[str, Following] = {}


def follows(kind: RightsRequest.Kind, start: Following) -> None:
    """Register what is started when a customer asks for this, in the transaction of the decision."""
    _following[kind] = start


def customer(asked: Ask) -> authority.Resource:
    """The customer as the policies see them, and whether a legal hold stands in the way of erasing. Raises as `acting.customer`."""
    return _with_holds(acting.customer(asked), asked.at)


def locked(asked: Ask) -> authority.Resource:
    """`customer`, with their records locked."""
    return _with_holds(acting.locked(asked), asked.at)


def _with_holds(resource: authority.Resource, at: datetime) -> authority.Resource:
    return replace(resource, attributes={**resource.attributes, "held": in_force(UUID(resource.id), at=at).exists()})


def _record(permitted: Permitted) -> UUID:
    said = permitted.parameters
    request = RightsRequest.objects.create(
        party_id=permitted.decision.resource.id,
        kind=said["kind"],
        heard_on=said["heard_on"],
        identity_check=said["checked"],
        asked_at=permitted.at,
        due_at=due_from(permitted.at),
        recorded_by=permitted.actor.name,
        decision_id=permitted.decision.id,
    )
    if start := _following.get(request.kind):
        start(request, permitted)
    return request.pk


ASK = actions.declare(
    ActionType(
        name="rights.ask",
        title="Record what a customer asks for",
        resource_type=acting.PARTY,
        parameters={"kind": ParameterKind.CODE, "checked": ParameterKind.CODE, "heard_on": ParameterKind.CODE},
        risk=RiskTier.LOW,
    ),
    facts=locked,
    effect=_record,
)


def resource_of(party_id: UUID, *, at: datetime) -> authority.Resource:
    """The customer as the policies see them, and whether a legal hold stands in the way of erasing. Queries: 4 to 5."""
    facts = facts_for_decision(party_id, at=at).attributes
    return authority.Resource("Party", str(party_id), {**facts, "held": in_force(party_id, at=at).exists()})


def in_force(party_id: UUID, *, at: datetime) -> QuerySet[LegalHold]:
    """The legal holds of any of the customer's records."""
    members = customer_of(party_id, actor=None).ids
    return LegalHold.objects.filter(party__in=members, lifted_at=None, until__gte=clock.bank_date(at))


def close(request: RightsRequest, state: RightsRequest.State, *, answer: str, at: datetime) -> None:
    """Say what became of it; in the caller's transaction."""
    request.state, request.answer, request.closed_at = state, answer[:300], at
    request.save(update_fields=["state", "answer", "closed_at"])


def _views(rows: QuerySet[RightsRequest]) -> tuple[RequestView, ...]:
    return tuple(
        RequestView(
            id=row.pk,
            party_id=row.party_id,
            name=row.party.golden.name,
            kind=row.kind,
            title=Kind(row.kind).label.capitalize(),
            state=row.state,
            asked_at=row.asked_at,
            due_at=row.due_at,
            closed_at=row.closed_at,
            recorded_by=row.recorded_by,
            answer=row.answer,
        )
        for row in rows.select_related("party__golden")
    )
