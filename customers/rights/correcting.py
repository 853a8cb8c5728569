"""Corrections (GDPR Art. 16): what a customer says is wrong goes to the owner of the source as a task. bankos never writes the source:
the task ends by itself when the source states what the customer said, or when its owner answers.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from bankos.platform import clock
from bankos.platform.actors import Actor
from sentinel import actions, authority
from sentinel.actions import Ask, NotPossible, Permitted
from sentinel.catalogue import ActionType, ParameterKind, RiskTier

from .. import acting
from ..attributes import masked_as, objection_to_word
from ..care.masking import mask
from ..members import customer_of
from ..models import Correction, PartyFact, RightsRequest, SourceSystem
from ..validity import holding_on, holding_on_or_later
from ..visibility import NotVisible, visible_parties_subquery
from . import asking
from .asking import Kind, State

CORRECTED, REFUSED = "corrected", "refused"


class NotAWord(ValueError):
    """What was said is no value of its kind; the message says what it looks like."""


class NothingStated(LookupError):
    """No source states this about the customer, or not this field."""


class Answered(Exception):
    """Somebody, or the source itself, has answered already."""


@dataclass(frozen=True, slots=True)
class CorrectionView:
    request_id: UUID
    party_id: UUID
    attribute: str
    label: str
    system: str
    system_name: str
    stated: str
    said: str
    evidence: str
    state: str
    due_at: datetime
    answer: str


@dataclass(frozen=True, slots=True)
class Stated:
    """What one source says now about one thing; `by_customer` if it is the customer's own word, which no source can put right."""

    fact_id: UUID
    attribute: str
    label: str
    system_name: str
    value: str
    being_corrected: bool
    by_customer: bool


def stated_of(party_id: UUID, *, actor: Actor, at: datetime) -> tuple[Stated, ...]:
    """What each source states now, to choose what is wrong; what this person sees masked elsewhere is masked here. Queries: 3.

    Raises:
        NotVisible
    """
    customer = customer_of(party_id, actor=actor)
    going_on = {(one.system_id, one.attribute) for one in _open(customer.ids)}
    return tuple(
        Stated(
            row.pk,
            row.attribute,
            PartyFact.Attribute(row.attribute).label.capitalize(),
            row.system.name,
            _as_seen(row.attribute, row.value, customer.shown),
            (row.system_id, row.attribute) in going_on,
            row.system_id == SourceSystem.CUSTOMERS_WORD,
        )
        for row in holding_on(clock.bank_date(at), customer.ids).select_related("system").order_by("attribute", "system", "pk")
    )


def being_corrected(party_id: UUID, *, actor: Actor) -> tuple[CorrectionView, ...]:
    """What sources are being asked to put right, to be shown with the fields. Queries: 2.

    Raises:
        NotVisible
    """
    customer = customer_of(party_id, actor=actor)
    rows = _open(customer.ids).select_related("request", "system").order_by("request__due_at", "pk")
    return tuple(_view(row, customer.shown) for row in rows)


def ask(party_id: UUID, fact_id: UUID, *, said: str, evidence: str, checked: str, heard_on: str, actor: Actor, at: datetime) -> UUID:
    """Record that the customer says a source is wrong. Returns the request's id.

    Raises:
        NotVisible, NothingStated, sentinel.authority.NotPermitted
        NotAWord: what the customer says is no value of this kind.
    """
    fact = _stated(fact_id, customer_of(party_id, actor=actor).ids)
    if fact is None:
        raise NothingStated(fact_id)
    if wrong := objection_to_word(fact.attribute, said):
        raise NotAWord(wrong)
    details = {"fact": str(fact_id), "said": said, "evidence": evidence}
    return asking.record(party_id, Kind.CORRECTION, checked=checked, heard_on=heard_on, actor=actor, at=at, details=details)


def _begin(request: RightsRequest, permitted: Permitted) -> None:
    said = permitted.details
    fact = _stated(UUID(said["fact"]), customer_of(request.party_id, actor=None).ids)
    if fact is None:
        raise NotPossible("The source does not state this any more.")
    Correction.objects.create(
        request=request, system_id=fact.system_id, attribute=fact.attribute, stated=fact.value, said=said["said"], evidence=said["evidence"]
    )


asking.follows(Kind.CORRECTION, _begin)


def _stated(fact_id: UUID, members: Collection[UUID]) -> PartyFact | None:
    return PartyFact.objects.filter(pk=fact_id, party__in=members).first()


def correction_of(request_id: UUID, *, actor: Actor) -> CorrectionView:
    """Raises NotVisible. Queries: 2."""
    found = _visible(request_id, actor)
    return _view(found, customer_of(found.request.party_id, actor=actor).shown)


def answer(request_id: UUID, *, corrected: bool, answer: str, actor: Actor, at: datetime) -> None:
    """Say for the source what became of it.

    Raises:
        NotVisible, Answered, sentinel.authority.NotPermitted
    """
    found = _visible(request_id, actor)
    parameters = {"request": str(request_id), "answer": CORRECTED if corrected else REFUSED}
    asked: dict[str, Any] = {"resource_id": str(found.request.party_id), "parameters": parameters, "details": {"answer": answer}}
    actions.run(ANSWER, actor=actor, at=at, **asked).or_raise()


def _open_request(asked: Ask) -> authority.Resource:
    """Raises Answered."""
    request = RightsRequest.objects.select_for_update().get(pk=asked.parameters["request"])
    if request.state != State.OPEN:
        raise Answered(request.pk) if asked.approval is None else NotPossible("This was answered meanwhile.")
    return asking.customer(asked)


def _answer(permitted: Permitted) -> None:
    corrected = permitted.parameters["answer"] == CORRECTED
    request = RightsRequest.objects.get(pk=permitted.parameters["request"])
    asking.close(request, State.DONE if corrected else State.REFUSED, answer=permitted.details["answer"], at=permitted.at)


ANSWER = actions.declare(
    ActionType(
        name="correction.answer",
        title="Answer a correction for a source",
        resource_type=acting.PARTY,
        parameters={"request": ParameterKind.UUID, "answer": ParameterKind.CODE},
        risk=RiskTier.MEDIUM,
    ),
    facts=_open_request,
    effect=_answer,
)


def notice(parties: Collection[UUID], *, at: datetime) -> int:
    """End what a source has put right by stating it. Returns how many corrections that were."""
    ended = 0
    with transaction.atomic():
        waiting = Correction.objects.filter(request__state=State.OPEN, request__party__golden__members__in=parties).distinct("pk")
        for correction in waiting.select_related("request", "system"):
            members = customer_of(correction.request.party_id, actor=None).ids
            stated = holding_on_or_later(clock.bank_date(at), members)
            about = stated.filter(system=correction.system_id, attribute=correction.attribute, recorded_at__gt=correction.request.asked_at)
            fact = next((row for row in about.order_by("pk") if _same(row.value, correction.said)), None)
            if fact is None:
                continue
            correction.corrected_by = fact
            correction.save(update_fields=["corrected_by"])
            asking.close(correction.request, State.DONE, answer=f"{correction.system.name} now states what you said.", at=at)
            ended += 1
    return ended


def _same(stated: str, said: str) -> bool:
    return " ".join(stated.casefold().split()) == " ".join(said.casefold().split())


def _open(members: Collection[UUID]):  # type: ignore[no-untyped-def]
    return Correction.objects.filter(request__party__in=members, request__state=State.OPEN)


def _visible(request_id: UUID, actor: Actor) -> Correction:
    visible = RightsRequest.objects.filter(party__in=visible_parties_subquery(actor)).values("pk")
    found = Correction.objects.filter(pk=request_id, request__in=visible).select_related("request__party", "system").first()
    if found is None:
        raise NotVisible(request_id)
    return found


def _as_seen(attribute: str, value: str, shown: frozenset[str]) -> str:
    kind = masked_as(attribute)
    return mask(kind, value) if value and kind and kind not in shown else value


def _view(row: Correction, shown: frozenset[str]) -> CorrectionView:
    return CorrectionView(
        request_id=row.pk,
        party_id=row.request.party_id,
        attribute=row.attribute,
        label=PartyFact.Attribute(row.attribute).label.capitalize(),
        system=row.system_id,
        system_name=row.system.name,
        stated=_as_seen(row.attribute, row.stated, shown),
        said=row.said,
        evidence=row.evidence,
        state=row.request.state,
        due_at=row.request.due_at,
        answer=row.request.answer,
    )
