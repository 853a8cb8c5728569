"""What an operator can repair, in one sentence: how the command line tells of settings, disks and servers that are not as they must be."""

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

_NOT_WRITABLE = {errno.EROFS: "is read-only", errno.EACCES: "may not be used by this user", errno.EPERM: "may not be used by this user"}
_FULL = {errno.ENOSPC, errno.EDQUOT}


def sentence(error: BaseException, *, var: Path | None = None) -> str | None:
    """None for what is not an operator's to repair.

    Args:
        var: where the embedded servers keep their files; None while that is not known.
    """
    for one in _causes(error):
        if isinstance(one, ImproperlyConfigured):
            return str(one)
        if isinstance(one, psycopg.errors.DiskFull) or (isinstance(one, OSError) and one.errno in _FULL):
            return f"The disk{f' of {var}' if var else ''} is full: free some space and start again; what was done so far is kept."
        if isinstance(one, OSError) and one.errno in _NOT_WRITABLE and one.filename:
            return f"{one.filename} {_NOT_WRITABLE[one.errno]}: correct that, or choose another folder (BANKOS_VAR)."
        if isinstance(one, psycopg.OperationalError) and one.sqlstate is None:
            return f"The database does not answer ({_first_line(one)}): check DATABASE_URL, and that the server runs."
        if isinstance(one, psycopg.errors.CannotConnectNow | psycopg.errors.AdminShutdown | psycopg.errors.TooManyConnections):
            return f"The database takes no connections just now ({_first_line(one)}): try again in a minute."
    return None


@contextmanager
def told_in_one_sentence(*, exit_code: int) -> Iterator[None]:
    """End this process with the sentence and `exit_code`, where the block fails for what an operator can repair."""
    try:
        yield
    except SystemExit as ending:
        if not isinstance(ending.code, str):
            raise
        said = ending.code
    except Exception as error:
        found = sentence(error)
        if found is None:
            raise
        said = found
    else:
        return
    sys.stderr.write(f"{said}\n")
    raise SystemExit(exit_code)


def tell_in_one_sentence() -> None:
    """The same for programs that are not ours, like Celery's command line: whatever they do not catch is told so, or as it was before."""
    before = sys.excepthook

    def tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        said = sentence(error)
        if said is None:
            before(kind, error, trace)
        else:
            sys.stderr.write(f"{said}\n")

    sys.excepthook = tell


def _first_line(error: BaseException) -> str:
    """The server's own word about a connection: address and reason, no data and no password."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".:")


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in found:
        found.append(cause)
        # The way to the cause leads through errors of the database only: what another error came of is a program's fault.
        cause = cause.__cause__ if isinstance(cause, DatabaseError | OSError | psycopg.Error) else None
    return found
