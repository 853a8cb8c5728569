"""Requests for approval as people read them, put together from the floors that know what each is about."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.urls import reverse

from bankos.platform.actors import OVERSEEING, Actor
from customers import state
from customers.visibility import NotVisible, visible_party_ids
from journeys import approvals as acts
from journeys.acts.act import is_act
from sentinel import actions, approvals, conversations, decisions
from sentinel.action_types import STAFF
from sentinel.approval_evidence import seen_by
from sentinel.approvals import ApprovalView, State
from sentinel.catalogue import RiskTier
from sentinel.conversations import Said
from sentinel.decisions import DecisionView
from sentinel.people import reading
from sentinel.unusual import Unusual, unusual_points

from ..decisions.words import parameters_in_words, visible_to
from .governing import Evidence, customers_of, described


@dataclass(frozen=True, slots=True)
class Line:
    """A request in a list. `about` is the customer, or what else it concerns; `harmless`: may be approved together with others."""

    id: UUID
    title: str
    about: str
    asked_by: str
    expires_at: datetime
    harmless: bool
    question_open: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """One request with all that its second person should see."""

    id: UUID
    view: ApprovalView
    decision: DecisionView
    title: str
    about: str
    about_url: str
    reason: str
    parameters: list[tuple[str, str]]
    changes: tuple[actions.Change, ...]
    evidence: tuple[Evidence, ...]
    opened: frozenset[str]
    unusual: tuple[Unusual, ...]
    conversation: list[Said]
    hindrance: type[approvals.ApprovalError] | None

    @property
    def is_open(self) -> bool:
        return self.view.state is State.OPEN

    @property
    def not_opened(self) -> list[Evidence]:
        return [one for one in self.evidence if one.item not in self.opened]


def one(request_id: UUID, *, actor: Actor, at: datetime) -> Waiting:
    """One request.

    Raises:
        NotVisible: there is none, or not for this person.
    """
    view = approvals.views([request_id], at=at).get(request_id)
    if view is None:
        raise NotVisible(str(request_id))
    return _act(view, actor, at) if is_act(view.action) else _governing(view, actor, at)


def waiting(*, actor: Actor, at: datetime) -> list[Line]:
    """What this person may answer now, the soonest to end first."""
    return _lines(approvals.pending(actor=actor, at=at), actor, at)


def asked(*, actor: Actor, at: datetime) -> list[Line]:
    """What this person asked for and waits for."""
    return _lines(approvals.asked_by(actor, at=at), actor, at)


def count(*, actor: Actor, at: datetime) -> int:
    """How many wait for this person's answer."""
    return len(waiting(actor=actor, at=at))


def _lines(views: list[ApprovalView], actor: Actor, at: datetime) -> list[Line]:
    names = _names(view.asked_by for view in views)
    known = {row.id: row for row in acts.awaited_of(views, actor=actor)}
    asking = conversations.open_questions([view.id for view in views], asker_id=actor.id)
    people = reading.whom([view.decision_id for view in views if view.resource_type == STAFF])
    customers = {UUID(view.resource_id) for view in views if view.resource_type == "Party" and view.id not in known}
    seen = visible_party_ids(actor, customers) if customers else set()
    lines = []
    for view in views:
        act = known.get(view.id)
        hidden = view.resource_type == "Party" and UUID(view.resource_id) not in seen
        if act is None and (hidden or not actions.is_declared(view.action)):
            continue  # about a customer this person may not see
        lines.append(
            Line(
                id=view.id,
                title=act.title if act else view.title,
                about=act.party_name if act else ": ".join(filter(None, (people.get(view.decision_id), view.note))),
                asked_by=act.asked_by if act else names.get(view.asked_by, view.asked_by),
                expires_at=view.expires_at,
                harmless=view.risk is RiskTier.LOW,
                question_open=view.id in asking,
            )
        )
    return lines


def _names(ids: Iterable[str]) -> dict[str, str]:
    people = [UUID(id) for id in set(ids) if _is_person(id)]
    return {str(id): name for id, name in get_user_model().objects.filter(pk__in=people).values_list("pk", "name")}


def _is_person(id: str) -> bool:
    try:
        UUID(id)
    except ValueError:
        return False
    return True


def _act(view: ApprovalView, actor: Actor, at: datetime) -> Waiting:
    row = acts.awaited(view.id, actor=actor, at=at)
    person = state.state_of(row.party_id, actor=actor, at=at)
    found = decisions.decision_of(row.decision_id, actor=actor, visible_resources=visible_to(actor))
    url = reverse("customer", args=[row.party_id])
    evidence = (
        Evidence("customer", "The customer", url),
        Evidence("decision", "The decision and its facts", reverse("decision", args=[found.id])),
    )
    return _waiting(
        view,
        found,
        actor,
        at,
        title=row.title,
        about=row.party_name,
        about_url=url,
        reason="",
        parameters=parameters_in_words(found, person),
        changes=actions.changes(view.id, at=at),
        evidence=evidence,
    )


def _governing(view: ApprovalView, actor: Actor, at: datetime) -> Waiting:
    hindrance = approvals.hindrance(view.id, actor=actor, at=at)
    involved = hindrance is None or view.asked_by == actor.id or view.answered_by == actor.id
    if not actions.is_declared(view.action) or not (involved or actor.roles & OVERSEEING):
        raise NotVisible(str(view.id))
    # Who may answer may read what it is about.
    found = decisions.decision_of(view.decision_id, actor=actor, visible_resources=lambda kind, id: True)
    about = customers_of(found)
    if visible_party_ids(actor, about) != about:
        raise NotVisible(str(view.id))
    words = described(found)
    return _waiting(
        view,
        found,
        actor,
        at,
        title=words.title,
        about=words.about,
        about_url=words.about_url,
        reason=words.reason,
        parameters=[] if words.changes else parameters_in_words(found, None),
        changes=words.changes,
        evidence=words.evidence,
    )


def _waiting(view: ApprovalView, found: DecisionView, actor: Actor, at: datetime, **given: Any) -> Waiting:
    return Waiting(
        id=view.id,
        view=view,
        decision=found,
        opened=frozenset(seen_by(view.id, actor)),
        unusual=unusual_points(view.id),
        conversation=conversations.conversation(view.id, asker_id=found.actor_id),
        hindrance=approvals.hindrance(view.id, actor=actor, at=at),
        **given,
    )
