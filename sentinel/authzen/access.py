"""Who may ask a store: programs, each known by a secret that is shown once. Only its hash is kept."""

import secrets
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sentinel.models import PolicyStore, StoreClient

MARK = "bk_"  # by which a secret that leaked is recognised
LONGEST_SECRET = 200


class UnknownStore(LookupError):
    """There is no such store, or the asker has no business with it; which of the two is not said."""


class UnknownClient(LookupError):
    """The store has no such client, or it has been revoked."""


def issue(store: str, *, name: str, may_manage: bool, at: datetime) -> tuple[StoreClient, str]:
    """A new client of a store, and its secret, which nobody can read again.

    Raises:
        UnknownStore
    """
    if not PolicyStore.objects.filter(name=store).exists():
        raise UnknownStore(store)
    secret = MARK + secrets.token_urlsafe(32)
    client = StoreClient.objects.create(store_id=store, name=name, secret_sha256=_hash(secret), may_manage=may_manage, created_at=at)
    return client, secret


def revoke(store: str, client_id: UUID, *, at: datetime) -> None:
    """Take the right to ask from a client; the next request with its secret is refused.

    Raises:
        UnknownClient
    """
    if not StoreClient.objects.filter(store__name=store, pk=client_id, revoked_at=None).update(revoked_at=at):
        raise UnknownClient(client_id)


def bearer(authorization: str) -> str | None:
    """The secret in an Authorization header (RFC 6750), or None if it carries none."""
    scheme, _, secret = authorization.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


def client_with(secret: str) -> StoreClient | None:
    """The client that holds this secret, if it may still ask.

    Looked up by hash: how long that takes tells nothing of the secrets there are. Queries: 1.
    """
    if not secret.isascii() or len(secret) > LONGEST_SECRET:
        return None
    return StoreClient.objects.filter(secret_sha256=_hash(secret), revoked_at=None).first()


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
