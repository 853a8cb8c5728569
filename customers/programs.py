"""Programs as who acts: what each may do stands in its roles, whom it may know of is said there, too.

A channel app that speaks for a customer knows of that customer, if the customer is within its reach: the two together.
"""

from uuid import UUID

from django.db.models import Q

from bankos.platform.actors import Actor, ActorKind

from .care.seeing import EVERY_CUSTOMER, PROTECTED_CUSTOMERS
from .models import ApiClient

# Of what belongs to a program: nobody was named to answer for it yet, or who does still works here.
ANSWERED_FOR = Q(client__owner=None) | Q(client__owner__is_active=True)


def actor_of(client: ApiClient) -> Actor:
    """The program while it speaks for nobody: an agent, or a system where people made all it does."""
    return _acting(client, everybody=client.reach == ApiClient.Reach.EVERYBODY)


def customer_through(client: ApiClient, party_id: UUID) -> Actor:
    """A customer whom a channel app speaks for: sees what the customer sees, within what the app may know of."""
    roles = _roles(client, everybody=client.reach != ApiClient.Reach.LISTED)
    return Actor(ActorKind.CUSTOMER, str(party_id), "The customer", roles, client=client.pk)


def reach_of(client: ApiClient) -> Actor:
    """Whoever the program may come to know of: by itself, or as one it speaks for."""
    return _acting(client, everybody=client.reach != ApiClient.Reach.LISTED)


def only_spoken_for(client: ApiClient) -> bool:
    """Whether it knows of nobody while it speaks for nobody."""
    return client.reach == ApiClient.Reach.SPOKEN_FOR


def speaks_for_customers(client: ApiClient) -> bool:
    return client.kind == ApiClient.Kind.CHANNEL


def _acting(client: ApiClient, *, everybody: bool) -> Actor:
    kind = ActorKind.AGENT if client.kind == ApiClient.Kind.AGENT else ActorKind.SYSTEM
    return Actor(kind, f"client:{client.pk}", client.name, _roles(client, everybody=everybody), client=client.pk)


def _roles(client: ApiClient, *, everybody: bool) -> frozenset[str]:
    reach = {EVERY_CUSTOMER: everybody, PROTECTED_CUSTOMERS: client.sees_protected}
    return frozenset([*client.scopes, *(role for role, held in reach.items() if held)])
