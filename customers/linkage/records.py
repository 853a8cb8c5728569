"""The records of one customer: which systems speak of them, why they belong together, and every merge and split so far."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from bankos.platform.actors import Actor

from ..members import Customer, customer_of
from ..models import Party, PartyAct, PartyIdentifier, PartyLink

_KEYS = {"customer_no": "customer number", "client_id": "client number", "national_id": "national number"}


@dataclass(frozen=True, slots=True)
class Record:
    """One record. `why` it belongs to this customer; `may_leave`: it can be split off."""

    id: UUID
    name: str
    number: str
    sources: tuple[str, ...]
    why: str
    joined_at: datetime | None
    may_leave: bool


@dataclass(frozen=True, slots=True)
class Act:
    """A merge or split that touched this customer. `may_be_undone`: it still holds, and is no undoing itself."""

    id: UUID
    kind: str
    title: str
    by: str
    reason: str
    at: datetime
    decision_id: UUID
    may_be_undone: bool


@dataclass(frozen=True, slots=True)
class Records:
    golden: UUID
    name: str
    number: str
    records: tuple[Record, ...]
    acts: tuple[Act, ...]


def records_of(party_id: UUID, *, actor: Actor) -> Records:
    """The customer's records and history.

    Raises:
        NotVisible
    Queries: 5.
    """
    customer = customer_of(party_id, actor=actor)
    return Records(customer.golden.pk, customer.golden.name, customer.golden.number, _records(customer), _acts(customer, actor))


def _records(customer: Customer) -> tuple[Record, ...]:
    keys: dict[UUID, list[tuple[str, str]]] = {}
    for party, kind, system in PartyIdentifier.objects.filter(party__in=customer.ids).values_list("party_id", "kind", "system__name"):
        keys.setdefault(party, []).append((kind, system))
    links = PartyLink.objects.filter(left__in=customer.ids, right__in=customer.ids, state=PartyLink.State.JOINED)
    judged = {unit: link for link in links.order_by("bits") for unit in (link.left_id, link.right_id)}
    golden_first = sorted(customer.members, key=lambda member: (member.pk != customer.golden.pk, member.pk))
    return tuple(
        Record(
            id=member.pk,
            name=member.name,
            number=member.number,
            sources=tuple(sorted({system for _, system in keys.get(member.pk, [])})),
            why=_why(member, customer, keys.get(member.pk, []), judged),
            joined_at=member.joined_at,
            may_leave=member.pk != customer.golden.pk,
        )
        for member in golden_first
    )


def _why(member: Party, customer: Customer, keys: list[tuple[str, str]], judged: dict[UUID, PartyLink]) -> str:
    if member.pk == customer.golden.pk:
        return "The customer is known by this record’s number."
    link = judged.get(member.opened_as_id) or judged.get(member.pk)
    if member.opened_as_id != customer.golden.opened_as_id:
        return f"Judged to be the same person: {_percent(link)} likely." if link else "A person said it is the same customer."
    stated = ", ".join(sorted({_KEYS.get(kind, kind.replace("_", " ")) for kind, _ in keys}))
    return f"Its source names the same customer ({stated})." if stated else "Its source names the same customer."


def _percent(link: PartyLink) -> str:
    return f"{min(max(round(link.probability * 100), 1), 99)} %"


def _acts(customer: Customer, actor: Actor) -> tuple[Act, ...]:
    touched = PartyAct.objects.filter(Q(kept__in=customer.ids) | Q(moved__in=customer.ids)).select_related("kept", "moved", "undone_by")
    # Of an act with a customer this person may not see nothing is told.
    seen = Party.objects.visible_to(actor).values("pk")
    rows = touched.filter(kept__in=seen, moved__in=seen).order_by("-recorded_at", "-pk")[:100]
    return tuple(
        Act(
            id=row.pk,
            kind=row.kind,
            title=_title(row),
            by=row.done_by_name,
            reason=row.reason,
            at=row.recorded_at,
            decision_id=row.decision_id,
            may_be_undone=_may_be_undone(row),
        )
        for row in rows
    )


def _may_be_undone(act: PartyAct) -> bool:
    together = act.kept.golden_id == act.moved.golden_id
    match act.kind:
        case PartyAct.Kind.JOIN:
            return together and not hasattr(act, "undone_by")
        case PartyAct.Kind.PART:
            return not together
        case _:
            return False


def _title(act: PartyAct) -> str:
    match act.kind:
        case PartyAct.Kind.JOIN:
            return f"{act.moved.number} became part of {act.kept.number}"
        case PartyAct.Kind.PART:
            return f"{act.moved.number} was split off {act.kept.number}"
        case _:
            return f"{act.moved.number} was taken out of {act.kept.number} again"
