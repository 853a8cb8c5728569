"""Two roles in the database: the owner, who migrates, and the application, which may add evidence but never change it.

Every process logs in as the owner and steps down to `settings.APPLICATION_ROLE` as its connection opens (`settings.postgres`).
Only `as_owner()` keeps the login's own rights; migrations and the making of the test database use it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from psycopg import sql

from .immutable import REFUSING_FUNCTION

_CREATE = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {name}) THEN
        CREATE ROLE {role} NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;  -- another database of this server made it at the same moment
END $$
"""

_APPEND_ONLY_TABLES = """
SELECT DISTINCT c.relname
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
 WHERE p.proname = %s AND c.relnamespace = current_schema()::regnamespace
"""


@contextmanager
def as_owner() -> Iterator[None]:
    """Let the default connection act as the login itself, outside the pool. May be nested; not inside a transaction."""
    options = connection.settings_dict["OPTIONS"]
    step_down = f"-c role={settings.APPLICATION_ROLE}"
    if step_down not in options.get("options", ""):
        yield
        return
    rights = {"options": options["options"].replace(step_down, "").strip()}
    _reconnect({name: value for name, value in options.items() if name != "pool"} | rights)
    try:
        yield
    finally:
        _reconnect(options)


def close_connection() -> None:
    """Close the default connection and its pool; the next query opens them again."""
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined] # PostgreSQL's has one


def _reconnect(options: dict[str, object]) -> None:
    close_connection()
    connection.settings_dict["OPTIONS"] = options


def create_application_role(schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Make the application's role if the server has none, and let the login step down to it."""
    role = sql.Identifier(settings.APPLICATION_ROLE)
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(sql.SQL(_CREATE).format(name=sql.Literal(settings.APPLICATION_ROLE), role=role))
        cursor.execute("SELECT pg_has_role(current_user, %s, 'MEMBER')", [settings.APPLICATION_ROLE])
        if not cursor.fetchone()[0]:
            cursor.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(role))


def grant_to_application() -> None:
    """Give the application's role what it needs on every table there is: on evidence, only to read and to add."""
    role = sql.Identifier(settings.APPLICATION_ROLE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        schema = sql.Identifier(cursor.fetchone()[0])
        for statement in (
            "GRANT USAGE ON SCHEMA {schema} TO {role}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
            "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}",
        ):
            cursor.execute(sql.SQL(statement).format(schema=schema, role=role))
        cursor.execute(_APPEND_ONLY_TABLES, [REFUSING_FUNCTION])
        for (table,) in cursor.fetchall():
            cursor.execute(sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM {}").format(sql.Identifier(table), role))
