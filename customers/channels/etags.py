"""Strong validators (RFC 9110, 8.8): a tag names a state of a customer as one actor sees it, without that state being built.

What a body says depends on more than the customer's version: on the day (age), on who looks (what is shown of it), on the people around
the customer, and on how fresh the sources are. All of it is in the tag.
"""

import json
from dataclasses import astuple
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.db.models import QuerySet

from bankos.platform import clock
from bankos.platform.actors import Actor
from customers.members import Customer, customer_of
from customers.models import ArrangementRole, Party, PartyRelationship, TouchedParty
from customers.picture import consents_of_customer, freshness_of_sources

# Raised when the body of the same state changes its form.
FORM = 2


def tag_of(*parts: object) -> str:
    """A tag, quotation marks included, from what it stands for."""
    text = json.dumps([FORM, *parts], default=str, sort_keys=True, separators=(",", ":"))
    return f'"{sha256(text.encode()).hexdigest()[:32]}"'


def state_tag(party_id: UUID, *, actor: Actor, at: datetime) -> str | None:
    """The tag of `state_of` for this actor. None while a file that concerns the customer is still being read: its rows are in before
    the version says so.

    Raises:
        NotVisible
    Queries: 5.
    """
    customer = customer_of(party_id, actor=actor)
    if TouchedParty.objects.filter(party__in=customer.ids).exists():
        return None
    around = list(_around(customer, actor))
    sources = [(one.system, one.last_data_at, one.stale) for one in freshness_of_sources(at)]
    # Consents end by themselves.
    agreed = [astuple(one) for one in consents_of_customer(customer, at=at)]
    seen_by = (actor.kind, actor.id, sorted(map(str, actor.roles)), sorted(customer.shown))
    return tag_of("state", customer.golden.pk, customer.golden.version, clock.bank_date(at), seen_by, around, agreed, sources)


def _around(customer: Customer, actor: Actor) -> QuerySet[Party, tuple[UUID, UUID, int]]:
    """The people a state may name: which records, of which customers, in which version."""
    held = ArrangementRole.objects.filter(party__in=customer.ids).values("arrangement")
    sharing = ArrangementRole.objects.filter(arrangement__in=held).values("party_id")
    related = PartyRelationship.objects.filter(party__in=customer.ids).values("other_id")
    relating = PartyRelationship.objects.filter(other__in=customer.ids).values("party_id")
    known = Party.objects.visible_to(actor).filter(pk__in=sharing.union(related, relating))
    return known.values_list("pk", "golden", "golden__version").order_by("pk")
