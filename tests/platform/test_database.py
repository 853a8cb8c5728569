"""Connections that died in their pool, and pools that are full: what it costs the next one who asks."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import DatabaseError, OperationalError, connection, connections
from psycopg_pool import PoolTimeout

from bankos.platform import roles
from bankos.platform.database.base import apart
from bankos.platform.database.pool import Connection, Pool

pytestmark = pytest.mark.django_db


def connect() -> Connection:
    options = dict(connection.settings_dict["OPTIONS"])
    database = connection.settings_dict
    return Connection.connect(
        host=database["HOST"] or None,
        port=database["PORT"] or None,
        user=database["USER"] or None,
        password=database["PASSWORD"] or None,
        dbname=database["NAME"],
        options=options["options"],
        autocommit=True,
        connect_timeout=2,
    )


@pytest.fixture
def pool() -> Iterator[Pool]:
    made = Pool(connect, max_size=12, timeout=0.5)
    yield made
    made.close()


def idle(pool: Pool, count: int) -> list[int]:
    """Fill the pool with so many idle connections; their server processes."""
    taken = [pool.getconn() for _ in range(count)]
    pids = [one.info.backend_pid for one in taken]
    for one in taken:
        pool.putconn(one)
    return pids


def cut(pids: list[int]) -> None:
    with connect() as other:
        other.execute("SET ROLE NONE")
        for pid in pids:
            other.execute("SELECT pg_terminate_backend(%s)", [pid])
        while other.execute("SELECT 1 FROM pg_stat_activity WHERE pid = ANY(%s)", [pids]).fetchone():
            time.sleep(0.01)


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """What a firewall that forgot the connection looks like: nothing comes back, no end either."""
    try:
        os.kill(pid, signal.SIGSTOP)
    except (PermissionError, ProcessLookupError):
        pytest.skip("the database's processes are not ours to stop")
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("dead", [1, 3, 8, 12])
def test_dead_connections_cost_milliseconds_however_many_they_are(pool: Pool, dead: int) -> None:
    cut(idle(pool, dead))
    began = time.monotonic()
    one = pool.getconn()
    assert one.execute("SELECT 1").fetchone() == (1,)
    assert time.monotonic() - began < 0.5
    pool.putconn(one)
    assert len(set(idle(pool, 12))) == 12, "every place can be used again"


def test_one_dead_connection_costs_its_neighbours_nothing(pool: Pool) -> None:
    pids = idle(pool, 4)
    cut(pids[-1:])
    began = time.monotonic()
    taken = [pool.getconn() for _ in range(4)]
    assert [one.execute("SELECT 1").fetchone() for one in taken] == [(1,)] * 4
    assert time.monotonic() - began < 0.5
    for one in taken:
        pool.putconn(one)


def test_a_connection_that_never_answers_is_given_up_within_a_second(pool: Pool) -> None:
    [pid] = idle(pool, 1)
    with stopped(pid):
        began = time.monotonic()
        one = pool.getconn()
        assert one.execute("SELECT 1").fetchone() == (1,)
        assert time.monotonic() - began < 1
    pool.putconn(one)


def test_who_finds_every_place_taken_waits_a_bounded_time_and_is_served_when_one_comes_free(pool: Pool) -> None:
    taken = [pool.getconn() for _ in range(pool.max_size)]
    began = time.monotonic()
    with pytest.raises(PoolTimeout):
        pool.getconn()
    assert 0.4 < time.monotonic() - began < 1.5
    threading.Timer(0.1, pool.putconn, [taken.pop()]).start()
    taken.append(pool.getconn())
    for one in taken:
        pool.putconn(one)
    assert len(set(idle(pool, pool.max_size))) == pool.max_size


def test_a_connection_comes_back_without_what_its_last_user_left_open(pool: Pool) -> None:
    one = pool.getconn()
    one.execute("BEGIN")
    pool.putconn(one)
    again = pool.getconn()
    assert again is one
    assert again.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    pool.putconn(again)


def test_who_asks_while_the_server_is_away_is_told_at_once_and_served_as_soon_as_it_is_back() -> None:
    there = threading.Event()

    def sometimes() -> Connection:
        if not there.is_set():
            raise psycopg.OperationalError("connection refused")
        return connect()

    pool = Pool(sometimes, max_size=2, timeout=5)
    for _ in range(5):
        began = time.monotonic()
        with pytest.raises(psycopg.OperationalError, match="refused"):
            pool.getconn()
        assert time.monotonic() - began < 0.2
    there.set()
    began = time.monotonic()
    one = pool.getconn()
    assert time.monotonic() - began < 0.5
    pool.putconn(one)
    pool.close()


def test_a_child_process_takes_no_connection_of_its_parents(pool: Pool) -> None:
    [parents] = idle(pool, 1)
    readable, writable = os.pipe()
    if not (child := os.fork()):
        one = pool.getconn()
        os.write(writable, str(one.info.backend_pid).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert int(os.read(readable, 20)) != parents
    one = pool.getconn()
    assert one.info.backend_pid == parents, "and the parent's is as it was"
    pool.putconn(one)


@pytest.mark.django_db(transaction=True)
def test_the_page_after_a_restart_of_the_server_is_answered(client) -> None:  # type: ignore[no-untyped-def]
    def ask() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return int(cursor.fetchone()[0])

    first = ask()
    connection.close()  # the end of a request: back into the pool
    connection.close()
    cut([first])
    assert ask() != first


@pytest.mark.django_db(transaction=True)
def test_a_look_apart_waits_for_nothing_longer_than_it_said_and_leaves_the_threads_connection_alone() -> None:
    before = connections["default"]
    began = time.monotonic()
    with pytest.raises(OperationalError, match="did not answer"), apart(seconds=1), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(20)")
    assert time.monotonic() - began < 3
    assert connections["default"] is before
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("bankos_app",)
    with apart(seconds=1), connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("bankos_app",), "it acts as the application too"


@pytest.mark.django_db(transaction=True)
def test_an_exhausted_pool_is_an_error_of_the_database_and_passes(settings) -> None:  # type: ignore[no-untyped-def]
    options = connection.settings_dict["OPTIONS"]["pool"]
    roles.close_connection()
    connection.settings_dict["OPTIONS"]["pool"] = {"max_size": 1, "timeout": 0.2}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        found: list[BaseException] = []

        def other() -> None:
            try:
                connection.ensure_connection()
            except DatabaseError as error:
                found.append(error)

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert isinstance(found[0], OperationalError)
    finally:
        roles.close_connection()
        connection.settings_dict["OPTIONS"]["pool"] = options
