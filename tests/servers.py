"""Pytest plugin: a PostgreSQL and a broker for this run, and a test database whose owner is not who the tests act as."""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction

from bankos.platform import embedded, roles

from . import people

_stack = ExitStack()
_started: dict[str, embedded.Server] = {}


def pytest_sessionstart(session: pytest.Session) -> None:
    if session.config.getoption("numprocesses", None) and not hasattr(session.config, "workerinput"):
        return  # it only hands out the tests: each process that runs some has servers of its own
    _remove_what_killed_runs_left()
    wanted = embedded.Wanted(database="DATABASE_URL" not in os.environ, broker="CELERY_BROKER_URL" not in os.environ)
    layout = settings.EMBEDDED_LAYOUT
    _stack.callback(shutil.rmtree, layout.root, ignore_errors=True)
    _stack.callback(shutil.rmtree, layout.data, ignore_errors=True)
    _stack.callback(shutil.rmtree, layout.sockets, ignore_errors=True)
    _started.update({server.name: server for server in _stack.enter_context(embedded.running(layout, wanted, durable=False))})


def pytest_sessionfinish() -> None:
    _stack.close()


def _remove_what_killed_runs_left() -> None:
    """The servers of a killed run died with it; its folder bears the process id."""
    for folder in settings.VAR_DIR.glob("test-*"):
        try:
            os.kill(int(folder.name.removeprefix("test-")), 0)
        except ProcessLookupError:
            shutil.rmtree(folder, ignore_errors=True)
        except (PermissionError, ValueError):
            continue


@pytest.fixture(scope="session")
def embedded_servers() -> dict[str, embedded.Server]:
    """The servers this run started for itself, by name: none where the environment names others."""
    return _started


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> Iterator[ExitStack]:
    """The owner makes, migrates and drops the test database: runs before and after pytest-django's own set-up."""
    owner = ExitStack()
    owner.enter_context(roles.as_owner())
    yield owner
    owner.close()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_modify_db_settings: ExitStack, django_db_blocker: Any) -> Iterator[None]:
    """In between, everything acts as the application's role."""
    owner = django_db_modify_db_settings
    with django_db_blocker.unblock():
        people.make_functions()
        _leave_statistics_alone()
        _keep_reference_rows()
        owner.close()
        connection.ops.execute_sql_flush = _back_to_freshly_migrated
    yield
    with django_db_blocker.unblock():
        owner.enter_context(roles.as_owner())


@pytest.fixture(scope="session", autouse=True)
def _act_within_the_tests_transaction() -> Iterator[None]:
    """What is done as another login (`roles.acting_as`) is done as its role, on the same connection, which sees what the test wrote."""
    by_login = roles.acting_as

    @contextmanager
    def by_role(login: str) -> Iterator[None]:
        role = {roles.LOG: settings.LOG_ROLE, roles.OWNER: "NONE"}[login]
        if login == roles.OWNER and not connection.in_atomic_block:
            with by_login(login):
                yield
            return
        with connection.cursor() as cursor:
            cursor.execute(f"SET ROLE {role}")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute(f"SET ROLE {settings.APPLICATION_ROLE}")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(roles, "acting_as", by_role)
        yield


def _tables_with_rows() -> list[str]:
    tables = connection.introspection.table_names()
    with connection.cursor() as cursor:
        return [table for table in tables if cursor.execute(f'SELECT 1 FROM "{table}" LIMIT 1').fetchone()]


def _leave_statistics_alone() -> None:
    """A test's rows are never committed: autovacuum would find its tables large and empty, and the planner would believe it."""
    with connection.cursor() as cursor:
        # A partitioned table holds no rows itself: its partitions are made by the tests that book transactions, and stay empty.
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace")
        for (table,) in cursor.fetchall():
            cursor.execute(f'ALTER TABLE "{table}" SET (autovacuum_enabled = false)')


def _keep_reference_rows() -> None:
    """Copy what migrations filled (permissions, groups, policies), for the tests that commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'freshly_migrated'")
        if cursor.fetchone():  # pytest's --reuse-db: the database is that of an earlier run, whose keys were others
            kept = "freshly_migrated.platform_publishedkey"
            cursor.execute(f"INSERT INTO {kept} TABLE platform_publishedkey EXCEPT TABLE {kept}")
            return
        cursor.execute("CREATE SCHEMA freshly_migrated")
        for table in _tables_with_rows():
            cursor.execute(f'CREATE TABLE freshly_migrated."{table}" AS TABLE "{table}"')


def _back_to_freshly_migrated(sql_list: list[str]) -> None:
    """Django's `flush` after a test that commits: as the server's superuser past the append-only triggers, reference rows kept."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        for sql in sql_list:
            cursor.execute(sql)
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'freshly_migrated'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'DELETE FROM "{table}"')
            cursor.execute(f'INSERT INTO "{table}" SELECT * FROM freshly_migrated."{table}"')
        cursor.execute("ALTER SEQUENCE sentinel_log_place RESTART")
