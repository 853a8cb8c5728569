"""Programs as actors: made, changed, given keys and revoked by administrators, each act decided and kept.

A key is shown once. Of several that are good at once each opens the same door: a new one is handed out before the old one ends.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from bankos.platform import bearer
from bankos.platform.actors import Actor, ActorKind, Role
from customers.care.seeing import EVERY_CUSTOMER
from customers.models import ApiClient, Branch, ClientKey, Portfolio, Scope, SourceSystem
from sentinel import authority
from sentinel.governance import NotPossible

from .action_types import CLIENT, CLIENT_CHANGE

MARK = "bc_"
LIFETIME = timedelta(days=365)
LONGEST_LIFETIME = timedelta(days=730)
OVERLAP = timedelta(days=7)
LONGEST_OVERLAP = timedelta(days=90)
USED_TO_THE = timedelta(minutes=1)


class NotInCharge(LookupError):
    """Programs are the administrators' business; to everybody else there are none."""


class UnknownClient(LookupError):
    """There is no such program, or it was revoked."""


class UnknownKey(LookupError):
    """The program has no such key, or it is no good any more."""


@dataclass(frozen=True, slots=True)
class Described:
    """What a program is and may do."""

    name: str
    kind: str
    scopes: tuple[str, ...]
    reach: str
    branches: tuple[str, ...] = ()
    portfolios: tuple[str, ...] = ()
    channel: str = "app"
    system: str = ""
    per_minute: int = 600
    owner: UUID | None = None


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """`secret` is nowhere to be read again."""

    id: UUID
    secret: str
    expires_at: datetime


def in_charge(actor: Actor) -> None:
    """Raises NotInCharge."""
    if Role.ADMINISTRATOR not in actor.roles:
        raise NotInCharge


def make(described: Described, *, actor: Actor, at: datetime) -> ApiClient:
    """A new program, without a key yet.

    Raises:
        NotInCharge, authority.NotPermitted, NotPossible
    """
    _check(described)
    if ApiClient.objects.filter(name=described.name).exists():
        raise NotPossible(f"There is a program called {described.name} already.")
    client = ApiClient(created_at=at)
    with _decided(client, "make", described, actor=actor, at=at):
        _write(client, described)
    return client


def change(client_id: UUID, described: Described, *, actor: Actor, at: datetime) -> ApiClient:
    """Say anew what a program is and may do. Takes effect with its next request.

    Raises:
        NotInCharge, UnknownClient, authority.NotPermitted, NotPossible
    """
    _check(described)
    client = client_of(client_id, actor=actor)
    if ApiClient.objects.filter(name=described.name).exclude(pk=client_id).exists():
        raise NotPossible(f"There is a program called {described.name} already.")
    with _decided(client, "change", described, actor=actor, at=at):
        _write(client, described)
    return client


def issue_key(client_id: UUID, *, actor: Actor, at: datetime, lifetime: timedelta = LIFETIME, overlap: timedelta = OVERLAP) -> IssuedKey:
    """A new key; those there are end after `overlap`, or when they would have ended anyway.

    Raises:
        NotInCharge, UnknownClient, authority.NotPermitted
        NotPossible: a lifetime or overlap beyond what is allowed.
    """
    if not timedelta() < lifetime <= LONGEST_LIFETIME or not timedelta() <= overlap <= LONGEST_OVERLAP:
        raise NotPossible(f"A key lasts up to {LONGEST_LIFETIME.days} days, the one before it up to {LONGEST_OVERLAP.days} days more.")
    client = client_of(client_id, actor=actor)
    secret = bearer.new_secret(MARK)
    with _decided(client, "issue_key", None, actor=actor, at=at):
        _good(client, at).filter(expires_at__gt=at + overlap).update(expires_at=max(at + overlap, at + timedelta(microseconds=1)))
        key = ClientKey.objects.create(
            client=client,
            sha256=bearer.hash_of(secret),
            ending=secret[-4:],
            created_at=at,
            created_by=actor.name,
            expires_at=at + lifetime,
        )
    return IssuedKey(key.pk, secret, key.expires_at)


def revoke_key(client_id: UUID, key_id: UUID, *, actor: Actor, at: datetime) -> None:
    """The next request with this key is refused.

    Raises:
        NotInCharge, UnknownClient, UnknownKey, authority.NotPermitted
    """
    client = client_of(client_id, actor=actor)
    with _decided(client, "revoke_key", None, actor=actor, at=at):
        if not _good(client, at).filter(pk=key_id).update(revoked_at=at):
            raise UnknownKey(key_id)


def revoke(client_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Take everything from a program, for good: its next request is refused, and nothing is sent to it any more.

    Raises:
        NotInCharge, UnknownClient, authority.NotPermitted
    """
    client = client_of(client_id, actor=actor)
    with _decided(client, "revoke", None, actor=actor, at=at):
        client.revoked_at = at
        client.save(update_fields=["revoked_at"])
        _good(client, at).update(revoked_at=at)


def client_of(client_id: UUID, *, actor: Actor) -> ApiClient:
    """A program that may still ask. Raises NotInCharge, UnknownClient."""
    in_charge(actor)
    client = ApiClient.objects.filter(pk=client_id, revoked_at=None).first()
    if client is None:
        raise UnknownClient(client_id)
    return client


def client_with(secret: str, *, at: datetime) -> ApiClient | None:
    """The program that holds this secret, if it may still ask. Queries: 1, and once a minute 1 more."""
    if not bearer.plausible(secret):
        return None
    good = ClientKey.objects.filter(sha256=bearer.hash_of(secret), revoked_at=None, expires_at__gt=at, client__revoked_at=None)
    key = good.select_related("client").first()
    if key is None:
        return None
    if key.last_used_at is None or at - key.last_used_at >= USED_TO_THE:
        ClientKey.objects.filter(pk=key.pk).update(last_used_at=at)
    return key.client


def actor_of(client: ApiClient) -> Actor:
    """The program as who acts: an agent, or a system where people made all it does. What it may do stands in its roles."""
    kind = ActorKind.AGENT if client.kind == ApiClient.Kind.AGENT else ActorKind.SYSTEM
    return Actor(kind, f"client:{client.pk}", client.name, _roles(client, client.reach == ApiClient.Reach.EVERYBODY), client=client.pk)


def customer_through(client: ApiClient, party_id: UUID) -> Actor:
    """A customer whom a channel app speaks for: sees what the customer sees, within what the app may know of."""
    roles = _roles(client, client.reach != ApiClient.Reach.LISTED)
    return Actor(ActorKind.CUSTOMER, str(party_id), "The customer", roles, client=client.pk)


def speaks_for_customers(client: ApiClient) -> bool:
    return client.kind == ApiClient.Kind.CHANNEL


def _roles(client: ApiClient, everybody: bool) -> frozenset[str]:
    return frozenset([*client.scopes, EVERY_CUSTOMER]) if everybody else frozenset(client.scopes)


def _good(client: ApiClient, at: datetime) -> Any:
    return ClientKey.objects.filter(Q(client=client), revoked_at=None, expires_at__gt=at)


def _check(described: Described) -> None:
    """Raises NotPossible."""
    if not described.name.strip():
        raise NotPossible("A program needs a name.")
    if unknown := set(described.scopes) - set(Scope.values):
        raise NotPossible(f"There is no right called {', '.join(sorted(unknown))}.")
    if described.reach == ApiClient.Reach.SPOKEN_FOR and described.kind != ApiClient.Kind.CHANNEL:
        raise NotPossible("Only a channel app speaks for customers.")
    if (described.reach == ApiClient.Reach.LISTED) != bool(described.branches or described.portfolios):
        raise NotPossible("Name branches or portfolios for a program that may know of their customers, and for no other.")
    if Scope.EVENTS_WRITE in described.scopes and not described.system:
        raise NotPossible("Say which source the events of this program belong to.")
    if not 1 <= described.per_minute <= 1_000_000:
        raise NotPossible("A program asks between once and a million times a minute.")


def _write(client: ApiClient, described: Described) -> None:
    client.name, client.kind, client.reach = described.name.strip(), described.kind, described.reach
    client.scopes = sorted(set(described.scopes))
    client.channel, client.per_minute, client.owner_id = described.channel, described.per_minute, described.owner
    client.system = SourceSystem.objects.get(pk=described.system) if described.system else None
    client.save()
    client.branches.set(_all_of(Branch, described.branches))
    client.portfolios.set(_all_of(Portfolio, described.portfolios))


def _all_of(kind: type[Branch] | type[Portfolio], codes: Iterable[str]) -> list[Any]:
    """Raises NotPossible."""
    found: list[Any] = list(kind.objects.filter(code__in=list(codes)))
    if missing := set(codes) - {one.code for one in found}:
        raise NotPossible(f"There is no {kind._meta.verbose_name} {', '.join(sorted(missing))}.")
    return found


@contextmanager
def _decided(client: ApiClient, what: str, described: Described | None, *, actor: Actor, at: datetime) -> Iterator[None]:
    """Do it inside if the policies permit it, with the permit used up. Raises NotInCharge, authority.NotPermitted."""
    in_charge(actor)
    resource = resource_of(client, described)
    with authority.keeping_evidence():
        authority.authorize_and_consume(actor=actor, action=CLIENT_CHANGE.name, resource=resource, parameters={"change": what}, at=at)
        yield


def resource_of(client: ApiClient, described: Described | None = None) -> authority.Resource:
    """A program as policies see it: as it is, or as it is to be."""
    kind, reach, scopes = (described.kind, described.reach, described.scopes) if described else (client.kind, client.reach, client.scopes)
    return authority.Resource(CLIENT, str(client.pk), {"kind": str(kind), "reach": str(reach), "scopes": sorted(scopes)})
