"""The database backend Django loads for `ENGINE = "bankos.platform.database"`."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base
from psycopg import IsolationLevel

from .pool import Connection, Pool


class DatabaseWrapper(base.DatabaseWrapper):
    """`OPTIONS` may hold `pool` (`max_size`, `timeout`) and `patience` (seconds after which no answer is waited for)."""

    @property
    def pool(self) -> Pool | None:
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        pools: dict[str, Any] = self._connection_pools  # type: ignore[attr-defined] # the stubs know older Djangos
        if self.alias not in pools:
            connect = partial(self._connect, self.get_connection_params() | {"autocommit": True})
            # Threads may do this at once; the first one's is everybody's.
            pools.setdefault(self.alias, Pool(connect, **options))
        return pools[self.alias]

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection:
        self.isolation_level = IsolationLevel.READ_COMMITTED
        pool = self.pool
        return self._connect(conn_params) if pool is None else pool.getconn()

    def _connect(self, conn_params: dict[str, Any]) -> Connection:
        params = dict(conn_params)
        patience = params.pop("patience", None)
        one = Connection.connect(**params)
        one.patience = patience
        # Django's own pool does it here too: afterwards nothing tells a new connection from one that was used.
        if self.pool is not None:
            self._configure_connection(one)  # type: ignore[attr-defined]
        return one

    def _commit(self) -> None:
        from .. import outcomes  # has models, which this backend must be there for

        watch = outcomes.current()
        if watch is None or self.connection is None or self.alias != DEFAULT_DB_ALIAS:
            super()._commit()  # type: ignore[misc] # the stubs leave it out
            return
        with self.wrap_database_errors:
            wrote = watch.before_commit(self.connection)
        super()._commit()  # type: ignore[misc] # the stubs leave it out
        watch.recorded |= wrote

    def _close(self) -> None:
        owner = self.connection.owner if self.connection is not None else None
        if owner is None:
            if self.connection is not None:
                with self.wrap_database_errors:
                    self.connection.close()
            return
        with self.wrap_database_errors:
            owner.putconn(self.connection)
            self.connection = None


@contextmanager
def apart(*, seconds: int) -> Iterator[None]:
    """Let this thread's default connection be one of its own, outside the pool, which waits for no answer longer than `seconds`.

    For looks at the database's health: they neither wait for others nor keep them waiting. Inside a transaction it stays what it is.
    """
    shared = connections[DEFAULT_DB_ALIAS]
    if shared.in_atomic_block:
        yield
        return
    alone = shared.copy()
    options = alone.settings_dict["OPTIONS"]
    options.pop("pool", None)
    options |= {"connect_timeout": max(2, seconds), "patience": seconds}
    connections[DEFAULT_DB_ALIAS] = alone
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS] = shared
        alone.close()
