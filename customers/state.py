"""The customer as one value: who they are, what they hold, what is open, what they agreed to."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from django.db.models import Max

from bankos.platform import clock, history
from bankos.platform.actors import Actor

from .agreement import agreements_of, contact_channels
from .care import masking
from .life.reading import facts_of
from .members import customer_of
from .models import Arrangement, ArrangementRole, Party, PartyRelationship
from .models.parties import true_on
from .picture import draw
from .values import AccountView, Conflict, ConsentView, CustomerState, DecisionFacts, Detail, Field, Freshness, PersonView, Provenance
from .visibility import NotVisible, visible_party_ids

__all__ = [
    "AccountView",
    "Conflict",
    "ConsentView",
    "CustomerState",
    "DecisionFacts",
    "Detail",
    "Field",
    "Freshness",
    "NotKnownThen",
    "PersonView",
    "Provenance",
    "facts_for_decision",
    "names_of",
    "state_of",
]


FULL_AGE = 18


class NotKnownThen(LookupError):
    """The actor may see this customer, but at that moment the bank did not know it."""


def state_of(
    party_id: UUID,
    *,
    actor: Actor,
    at: datetime,
    known_at: datetime | None = None,
    valid_on: date | None = None,
    uncovered: Mapping[str, datetime] | None = None,
) -> CustomerState:
    """What the bank knows of this customer now, each field with its source and age. Any of the customer's records names it.

    Args:
        known_at: give what the bank knew at that moment, as `state_of` answered then. Who may see it is decided by today's rights.
        valid_on: give of the facts about the customer those true on that day rather than today; what they hold stays as it is.
        uncovered: fields shown whole although they are masked for this actor, each until a moment (`customers.care.revealing`).

    Raises:
        NotVisible: the actor may not see this party, or there is none.
        NotKnownThen: the bank did not know it yet.
    Queries: 9, whatever the customer's size; of a moment of the past, 14.
    """
    if known_at is None or known_at >= at:
        customer = customer_of(party_id, actor=actor)
        return masking.masked(draw(customer, actor=actor, at=at, valid_on=valid_on), shown=customer.shown, uncovered=uncovered or {})
    return _as_known(party_id, actor=actor, known_at=known_at, valid_on=valid_on)


def _as_known(party_id: UUID, *, actor: Actor, known_at: datetime, valid_on: date | None) -> CustomerState:
    today = customer_of(party_id, actor=actor)
    with history.as_known_at(known_at):
        try:
            then = customer_of(party_id, actor=None)
        except NotVisible as error:
            raise NotKnownThen(party_id) from error
        found = draw(then, actor=None, at=known_at, valid_on=valid_on)
        people = list(Party.objects.filter(golden__in=[person.party_id for person in found.people]).values_list("pk", "golden"))
    # Who was one customer then may be two today, one of them hidden from this actor: then nothing of the whole is told.
    records = {*then.ids, *today.ids, *(record for record, _ in people)}
    hidden = records - visible_party_ids(actor, records)
    if hidden & {*then.ids}:
        raise NotVisible(party_id)
    unseen = {golden for record, golden in people if record in hidden}
    found = replace(found, people=tuple(person for person in found.people if person.party_id not in unseen))
    return masking.masked(found, shown=today.shown, uncovered={})


def names_of(party_ids: Collection[UUID], *, actor: Actor) -> dict[UUID, str]:
    """The names of the customers these parties are part of, of those the actor may see. Queries: 1, none for an empty list."""
    if not party_ids:
        return {}
    return dict(Party.objects.visible_to(actor).filter(pk__in=party_ids).values_list("pk", "golden__name"))


def facts_for_decision(party_id: UUID, *, at: datetime) -> DecisionFacts:
    """What policies read about a party. No actor: for floors that then ask sentinel. What is not known is left out.

    Raises:
        NotVisible: there is no such party.
    Queries: 5, and 1 more for a minor.
    """
    customer = customer_of(party_id, actor=None)
    party = customer.golden
    held = Arrangement.objects.filter(
        pk__in=ArrangementRole.objects.filter(party__in=customer.ids, role__in=ArrangementRole.HOLDERS).values("arrangement")
    )
    open_ones = held.exclude(status=Arrangement.Status.CLOSED)
    products = list(open_ones.values("kind").annotate(late=Max("days_past_due")).order_by("kind"))
    agreements = agreements_of(customer, at=at)
    agreed = {one.purpose: one.rests_on.record_id for one in agreements if one.rests_on is not None}
    attributes: dict[str, object] = {
        "kind": party.kind,
        "branch": party.home_branch.code,
        "days_past_due": max((row["late"] for row in products), default=0),
        "products": [row["kind"] for row in products],
        "consents": sorted(agreed),
        **facts_of(customer.ids, at=at),
    }
    if party.deceased_date is not None and party.deceased_date <= clock.bank_date(at):
        attributes["deceased"] = True
    if party.restricted_at is not None:
        attributes["restricted"] = True
    channels = contact_channels(agreements)
    if channels is not None:
        attributes["channels"] = sorted(channels)
    age = party.age_on(clock.bank_date(at)) if party.kind == Party.Kind.PERSON and party.birth_date is not None else None
    attributes["segment"] = _segment(party, age)
    if age is not None:
        attributes["age_years"] = age
        if age < FULL_AGE:
            guards = PartyRelationship.objects.filter(
                true_on(clock.bank_date(at)), other__in=customer.ids, kind=PartyRelationship.Kind.GUARDIAN
            )
            golden = guards.values_list("party__golden", flat=True).distinct().order_by("party__golden")
            attributes["guardians"] = [{"__entity": {"type": "Party", "id": str(id)}} for id in golden]
    return DecisionFacts(attributes, agreed)


def _segment(party: Party, age: int | None) -> str:
    """The groups of customers that automations earn their freedom for one by one."""
    if party.kind == Party.Kind.ORGANISATION:
        return "business"
    return "young" if age is not None and age < FULL_AGE else "personal"
