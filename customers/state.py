"""The customer as one value: who they are, what they hold, what is open, what they agreed to."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Max

from bankos.platform import clock
from bankos.platform.actors import Actor

from .models import Arrangement, ArrangementRole, Consent, Party, PartyRelationship
from .picture import draw
from .values import AccountView, ConsentView, CustomerState, DecisionFacts, Field, Freshness, PersonView, Provenance
from .visibility import NotVisible

__all__ = [
    "AccountView",
    "ConsentView",
    "CustomerState",
    "DecisionFacts",
    "Field",
    "Freshness",
    "PersonView",
    "Provenance",
    "facts_for_decision",
    "names_of",
    "state_of",
]


FULL_AGE = 18


def state_of(party_id: UUID, *, actor: Actor, at: datetime) -> CustomerState:
    """What the bank knows of this customer now, each field with its source and age.

    Raises:
        NotVisible: the actor may not see this party, or there is none.
    Queries: 10, whatever the customer's size.
    """
    party = Party.objects.visible_to(actor).filter(pk=party_id).select_related("home_branch").first()
    if party is None:
        raise NotVisible(party_id)
    return draw(party, actor=actor, at=at)


def names_of(party_ids: Collection[UUID], *, actor: Actor) -> dict[UUID, str]:
    """The names of those of these parties the actor may see. Queries: 1, none for an empty list."""
    if not party_ids:
        return {}
    return dict(Party.objects.visible_to(actor).filter(pk__in=party_ids).values_list("pk", "name"))


def facts_for_decision(party_id: UUID, *, at: datetime) -> DecisionFacts:
    """What policies read about a party. No actor: for floors that then ask sentinel. What is not known is left out.

    Raises:
        NotVisible: there is no such party.
    Queries: 3, and 1 more for a minor.
    """
    party = Party.objects.filter(pk=party_id).select_related("home_branch").first()
    if party is None:
        raise NotVisible(party_id)
    held = Arrangement.objects.filter(roles__party_id=party_id, roles__role__in=ArrangementRole.HOLDERS)
    open_ones = held.exclude(status=Arrangement.Status.CLOSED)
    products = list(open_ones.values("kind").annotate(late=Max("days_past_due")).order_by("kind"))
    agreed = {row.purpose: row.pk for row in Consent.objects.now().filter(party_id=party_id) if row.given}
    attributes: dict[str, object] = {
        "kind": party.kind,
        "branch": party.home_branch.code,
        "days_past_due": max((row["late"] for row in products), default=0),
        "products": [row["kind"] for row in products],
        "consents": sorted(agreed),
    }
    age = party.age_on(clock.bank_date(at)) if party.kind == Party.Kind.PERSON and party.birth_date is not None else None
    attributes["segment"] = _segment(party, age)
    if age is not None:
        attributes["age_years"] = age
        if age < FULL_AGE:
            guards = PartyRelationship.objects.filter(other_id=party_id, kind=PartyRelationship.Kind.GUARDIAN).order_by("party_id")
            attributes["guardians"] = [{"__entity": {"type": "Party", "id": str(id)}} for id in guards.values_list("party_id", flat=True)]
    return DecisionFacts(attributes, agreed)


def _segment(party: Party, age: int | None) -> str:
    """The groups of customers that automations earn their freedom for one by one."""
    if party.kind == Party.Kind.ORGANISATION:
        return "business"
    return "young" if age is not None and age < FULL_AGE else "personal"
