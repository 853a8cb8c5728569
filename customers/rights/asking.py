"""What customers ask for, from the moment it is recorded to its answer. It is answered within a month (GDPR Art. 12(3))."""

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from bankos.platform import clock
from bankos.platform.actors import Actor, Role
from sentinel import authority
from sentinel.catalogue import ActionType

from ..members import customer_of, locked_customer
from ..models import LegalHold, Party, RightsRequest
from ..state import facts_for_decision
from ..visibility import visible_parties_subquery
from .action_types import ASK

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


def record(party_id: UUID, kind: RightsRequest.Kind, *, checked: str, heard_on: str, actor: Actor, at: datetime) -> RightsRequest:
    """Write down what the customer asks for, in the caller's transaction (`authority.keeping_evidence`).

    Raises:
        NotVisible, sentinel.authority.NotPermitted
    """
    party = locked_customer(party_id, actor=actor)
    decision = allowed(party, ASK, {"kind": str(kind), "checked": checked, "heard_on": heard_on}, actor=actor, at=at)
    return RightsRequest.objects.create(
        party=party,
        kind=kind,
        heard_on=heard_on,
        identity_check=checked,
        asked_at=at,
        due_at=due_from(at),
        recorded_by=actor.name,
        decision_id=decision.id,
    )


def allowed(party: Party, action: ActionType, parameters: Mapping[str, Any], *, actor: Actor, at: datetime) -> authority.Decision:
    """One act of seeing to what a customer asks for. Raises as `authority.authorize_and_consume`."""
    resource = resource_of(party.pk, at=at)
    return authority.authorize_and_consume(actor=actor, action=action.name, resource=resource, parameters=parameters, at=at)


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
