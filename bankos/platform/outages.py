"""Which errors only say that the database cannot be reached or cannot write just now: they pass, and the fault is not the program's."""

from collections.abc import Iterator

import psycopg
from django.db import InterfaceError, OperationalError
from psycopg_pool import PoolTimeout

# Classes of SQLSTATE: connection, insufficient resources (also a full disk), operator intervention (shutdown, starting up).
_CLASSES = ("08", "53", "57P")
_READ_ONLY = "25006"  # what was the primary is a standby now
RETRY_AFTER = 5  # seconds


def is_outage(error: BaseException | None) -> bool:
    """Whether this error, or one it came from, is the loss of the database."""
    return any(_says_away(one) for one in _causes(error))


def _says_away(error: BaseException) -> bool:
    if isinstance(error, PoolTimeout):
        return True
    if isinstance(error, psycopg.Error):
        state = error.sqlstate
        if state is None:  # the driver's own word, not the server's: connections that failed or broke
            return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        return state.startswith(_CLASSES) or state == _READ_ONLY
    # The driver's error is its cause; without one the connection was closed under Django's hands.
    return isinstance(error, OperationalError | InterfaceError) and error.__cause__ is None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
