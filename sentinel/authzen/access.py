"""Who may ask a store: programs, each known by a secret that is shown once. Only its hash is kept."""

from datetime import datetime
from uuid import UUID

from bankos.platform import bearer
from sentinel.models import PolicyStore, StoreClient

MARK = "bk_"


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
    secret = bearer.new_secret(MARK)
    client = StoreClient.objects.create(
        store_id=store, name=name, secret_sha256=bearer.hash_of(secret), may_manage=may_manage, created_at=at
    )
    return client, secret


def revoke(store: str, client_id: UUID, *, at: datetime) -> None:
    """Take the right to ask from a client; the next request with its secret is refused.

    Raises:
        UnknownClient
    """
    if not StoreClient.objects.filter(store__name=store, pk=client_id, revoked_at=None).update(revoked_at=at):
        raise UnknownClient(client_id)


def client_with(secret: str) -> StoreClient | None:
    """The client that holds this secret, if it may still ask. Queries: 1."""
    if not bearer.plausible(secret):
        return None
    return StoreClient.objects.filter(secret_sha256=bearer.hash_of(secret), revoked_at=None).first()
