"""Connections of one process to its database, used again and again.

A connection is checked as it is handed out. One that is dead is never alone: a restart, a fail-over or a firewall cut all that lay
idle. So all of them are thrown away at once, and whoever asked gets a new one, made on its own thread. Nobody waits for anything
but the server: there are no threads that reconnect in the background, and no pauses between tries that outlast the trouble.
"""

import os
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg_pool import PoolTimeout

# A server that is well answers an empty query in a tenth of a millisecond; a cut connection may never answer.
CHECK_SECONDS = 0.5
LOOK_SECONDS = 0.1  # how often a wait looks whether Ctrl-C was pressed, as psycopg does
IDLE_SECONDS = 600.0
LIFE_SECONDS = 3600.0


class Connection(psycopg.Connection[Any]):
    """`patience`: seconds after which an answer is no longer waited for; None waits for ever. `owner`: the pool it goes back to."""

    owner: "Pool | None" = None
    patience: float | None = None
    born = 0.0
    returned = 0.0

    def wait(self, gen: Any, interval: float = LOOK_SECONDS, timeout: float | None = None) -> Any:
        limit = self.patience if timeout is None else timeout
        try:
            return super().wait(gen, interval=interval, timeout=limit)
        except psycopg.errors._WaitTimeout:
            if timeout is not None:
                raise
            self.pgconn.finish()  # its answer may still come: nobody must take it for another's
            raise psycopg.OperationalError(f"the server did not answer within {limit:g} s") from None

    def answers(self) -> bool:
        """Whether the server still listens, found out within `CHECK_SECONDS`."""
        before, self.patience = self.patience, CHECK_SECONDS
        try:
            self.execute("")
        except psycopg.Error:
            return False
        finally:
            self.patience = before
        return True


class Pool:
    """At most `max_size` connections at once, made when they are needed.

    Args:
        connect: makes one, ready for use.
        timeout: seconds somebody waits for one while all are in use.
    """

    def __init__(self, connect: Callable[[], Connection], *, max_size: int, timeout: float) -> None:
        self.max_size = max_size
        self._connect = connect
        self._timeout = timeout
        self._closed = False
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._idle: list[Connection] = []
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(self.max_size)

    def open(self) -> None:
        """Nothing to do: there are no threads to start."""

    def getconn(self) -> Connection:
        """A connection that works.

        Raises:
            PoolTimeout: all were in use for too long.
            OperationalError: the server takes no connections.
        """
        if self._process != os.getpid():
            self._begin()  # what the parent holds is the parent's
        if not self._places.acquire(timeout=self._timeout):
            raise PoolTimeout(f"all {self.max_size} database connections of this process were in use for {self._timeout:g} s")
        try:
            while one := self._newest():
                if one.answers():
                    return one
                one.pgconn.finish()
                self.forget_idle()
            one = self._connect()
            one.owner, one.born = self, time.monotonic()
            return one
        except BaseException:
            self._places.release()
            raise

    def putconn(self, one: Connection) -> None:
        """Take back what `getconn` gave."""
        if self._process != os.getpid():
            return  # the parent's: to close it here would end the parent's session
        if one.pgconn.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
            try:
                one.rollback()
            except psycopg.Error:
                one.pgconn.finish()
        one.returned = now = time.monotonic()
        sound = one.pgconn.transaction_status == TransactionStatus.IDLE and now - one.born < LIFE_SECONDS
        with self._lock:
            keep = sound and not self._closed
            if keep:
                self._idle.append(one)
            old = [other for other in self._idle if now - other.returned > IDLE_SECONDS]
            self._idle = [other for other in self._idle if now - other.returned <= IDLE_SECONDS]
        for other in old if keep else (*old, one):
            other.close()
        self._places.release()

    def forget_idle(self) -> None:
        """Close every connection nobody uses."""
        if self._process != os.getpid():
            return
        with self._lock:
            idle, self._idle = self._idle, []
        for one in idle:
            one.close()

    def close(self) -> None:
        """Close what nobody uses now, and the rest as it comes back."""
        self._closed = True
        self.forget_idle()

    def _newest(self) -> Connection | None:
        with self._lock:
            return self._idle.pop() if self._idle else None
