"""The embedded servers of one layout, owned by one process at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .layout import Layout
from .postgres import Postgres
from .processes import EmbeddedUnavailable, Server, wait_until
from .valkey import Valkey


class InUse(Exception):
    """Another living process owns this layout's servers; the message names it."""


@dataclass(frozen=True)
class Wanted:
    """Which of the two to embed: the one the environment does not name."""

    database: bool
    broker: bool


@contextmanager
def running(layout: Layout, wanted: Wanted, *, durable: bool = True, share: bool = False) -> Iterator[list[Server]]:
    """The wanted servers, running while the block runs; yields those this process started, in starting order.

    Args:
        share: use the servers of another process if one runs them already (yields nothing then), rather than refuse.
    Raises:
        EmbeddedUnavailable: a server cannot run here.
        InUse: another process runs them, and `share` is false.
    """
    servers: list[Server] = []
    if wanted.database:
        servers.append(Postgres(layout, durable=durable))
    if wanted.broker:
        servers.append(Valkey(layout, durable=durable))
    if not servers:
        yield []
        return
    layout.root.mkdir(parents=True, exist_ok=True)
    # The kernel gives the lock back when its holder dies, however it dies.
    try:
        lock = (layout.root / "owner.lock").open("a+")
    except PermissionError:
        raise EmbeddedUnavailable(f"{layout.root} belongs to another user. Run as that user, or remove the folder.") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            owner = f"process {lock.read().strip() or 'unknown'}"
            if not share:
                raise InUse(f"bankos already runs on {layout.root} ({owner}). Stop it first.") from None
            if not wait_until(lambda: all(server.answers() for server in servers), seconds=60):
                raise EmbeddedUnavailable(f"The servers of {owner} do not answer.") from None
            yield []
            return
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        try:
            for server in servers:
                server.start()
            yield servers
        finally:
            for server in reversed(servers):
                server.stop()
