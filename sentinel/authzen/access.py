"""Who asks a store: programs, each known by a secret that is shown once. Only its hash is kept. Who may: `granting`."""

from datetime import datetime, timedelta

from bankos.platform import bearer, metering
from sentinel.models import StoreClient

from .messages import MOST_EVALUATIONS

MARK = "bk_"
PER_MINUTE = 6_000  # evaluations of a client for which nothing else is said
MOST_PER_MINUTE = 1_000_000
COST_OF_A_SEARCH = COST_OF_A_CHANGE = 10  # evaluations


class UnknownStore(LookupError):
    """There is no such store, or the asker has no business with it; which of the two is not said."""


class UnknownClient(LookupError):
    """The store has no such client, or it has been revoked."""


class TooOften(Exception):
    """A client asked more than its rate allows. `wait` is how long to wait before the next try."""

    def __init__(self, wait: timedelta) -> None:
        self.wait = wait
        super().__init__("This client asks more often than it may.")


def client_with(secret: str) -> StoreClient | None:
    """The client that holds this secret, if it may still ask. Queries: 1."""
    if not bearer.plausible(secret):
        return None
    return StoreClient.objects.filter(secret_sha256=bearer.hash_of(secret), revoked_at=None).first()


def count(client: StoreClient, *, at: datetime, cost: int = 1) -> None:
    """Count what a client asks, in evaluations, over all processes. At rest it may send the largest batch, or ten seconds of its rate.

    Raises:
        TooOften
    Queries: 1, outside of any transaction.
    """
    wait = metering.wait_before(f"store:{client.pk}", per_minute=client.per_minute, at=at, cost=cost, at_once=MOST_EVALUATIONS)
    if wait is not None:
        raise TooOften(wait)
