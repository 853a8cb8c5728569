"""What became of a request whose answer was lost: known exactly, because it is written in the transaction that does it.

A page gives each thing it sends a key (`Request-Key`). As a transaction of the request commits, the key is written with it. Who does
not know what became of a key asks, and with that takes the key: either it is there, then what was sent is recorded; or it is not, then
it never will be, because a transaction that comes later finds its key taken and is rolled back.

A form that is sent without script carries the key the server wrote into it. Sent a second time – a second press, an answer that was lost
and asked for anew – it finds its key recorded by another request, and is rolled back the same way.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import DatabaseError
from psycopg import Connection
from psycopg.pq import TransactionStatus

from .models import RequestOutcome

KEPT = timedelta(days=2)

_MARK = """
INSERT INTO platform_requestoutcome (key, user_id, recorded, at)
SELECT %s, %s, true, clock_timestamp() WHERE pg_current_xact_id_if_assigned() IS NOT NULL
ON CONFLICT (key) DO UPDATE SET at = platform_requestoutcome.at RETURNING recorded, xmax = 0
"""


class GivenUp(DatabaseError):
    """Somebody asked what became of this request and was told that nothing will: its transaction is rolled back."""


class Repeated(DatabaseError):
    """What was sent under this key is recorded already, by a request before this one: this one's transaction is rolled back."""


@dataclass(slots=True)
class Watch:
    """What this process knows of a request: whether something it wrote was committed."""

    key: UUID | None
    user_id: UUID | None
    recorded: bool = False

    def before_commit(self, raw: Connection[Any]) -> bool:
        """Write the key into the transaction, if it wrote anything. Returns whether it did.

        Raises:
            GivenUp
            Repeated
        """
        if raw.info.transaction_status != TransactionStatus.INTRANS:
            return not raw.autocommit  # committed already, with its last statement (see `direct`)
        if self.key is None or self.user_id is None:
            row = raw.execute("SELECT pg_current_xact_id_if_assigned() IS NOT NULL").fetchone()
            return bool(row and row[0])
        row = raw.execute(_MARK, [self.key, self.user_id]).fetchone()
        if row is not None and not row[0]:
            raise GivenUp(str(self.key))
        if row is not None and not row[1] and not self.recorded:
            raise Repeated(str(self.key))
        return row is not None


_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)


def current() -> Watch | None:
    """The watch over the request this thread works for."""
    return _watch.get()


@contextmanager
def watching(watch: Watch) -> Iterator[None]:
    token = _watch.set(watch)
    try:
        yield
    finally:
        _watch.reset(token)


def settle(key: UUID, *, user_id: UUID, at: datetime) -> bool:
    """Whether what was sent under this key is recorded. If not, it never will be.

    Waits for a transaction that is about to commit. Queries: 2.
    """
    RequestOutcome.objects.bulk_create([RequestOutcome(key=key, user_id=user_id, recorded=False, at=at)], ignore_conflicts=True)
    return RequestOutcome.objects.filter(key=key, user_id=user_id, recorded=True).exists()


def forget_old(*, at: datetime) -> None:
    """Delete what nobody asks about any more."""
    RequestOutcome.objects.filter(at__lt=at - KEPT).delete()
