"""Who may do what in the database. Four roles, so that whoever takes over one cannot do the work of another:

- the owner migrates, and makes the other three;
- the application (`APPLICATION_ROLE`): web and workers log in as it. It may add evidence but never change it;
- the log's integrator (`LOG_ROLE`) alone writes the transparency log;
- the eraser (`ERASER_ROLE`) cannot log in: it owns the functions that take values out of evidence, and may do nothing else.

What a table or a function allows stands in its comment, which only the owner can write (`WrittenBy`, `CalledBy`); `migrate` grants it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from psycopg import sql

from .immutable import REFUSING_FUNCTION

OWNER, LOG = "owner", "log"
"""Logins by their names in `settings.DATABASE_LOGINS`."""
_WRITTEN_BY, _CALLED_BY = "written by: ", "called by: "

_CREATE = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {name}) THEN
        CREATE ROLE {role} {login};
    ELSIF EXISTS (SELECT FROM pg_roles WHERE rolname = {name} AND rolcanlogin <> {may_log_in}) THEN
        ALTER ROLE {role} {login};
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
_TABLES_WRITTEN_BY = """
SELECT relname, substr(obj_description(oid, 'pg_class'), length(%(mark)s) + 1) FROM pg_class
 WHERE relnamespace = current_schema()::regnamespace AND obj_description(oid, 'pg_class') LIKE %(mark)s || '%%'
"""
_ERASABLE = """
SELECT c.relname, a.attname, to_regclass('past.' || quote_ident(c.relname))::text
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
 WHERE c.relnamespace = current_schema()::regnamespace AND col_description(c.oid, a.attnum) LIKE 'erasable:%'
"""
# Those of extensions stay as they are.
_FUNCTIONS = """
SELECT p.oid::regprocedure::text, coalesce(obj_description(p.oid, 'pg_proc'), '') FROM pg_proc p
 WHERE p.pronamespace = current_schema()::regnamespace
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
"""


@contextmanager
def acting_as(login: str) -> Iterator[None]:
    """Let this thread's default connection be another login's, on a connection of its own. May be nested.

    What the caller has not committed is not seen inside.

    Args:
        login: a name in `settings.DATABASE_LOGINS`.
    Raises:
        ImproperlyConfigured: this process was not told how to log in so.
    """
    if login not in settings.DATABASE_LOGINS:
        raise ImproperlyConfigured(f"Set DATABASE_{login.upper()}_URL: this work is done as another login than the application's.")
    before: Any = connections[DEFAULT_DB_ALIAS]
    own = type(before)(
        {**before.settings_dict, "OPTIONS": {}, **settings.DATABASE_LOGINS[login], "NAME": before.settings_dict["NAME"]},
        DEFAULT_DB_ALIAS,
    )
    connections[DEFAULT_DB_ALIAS] = own
    try:
        yield
    finally:
        own.close()
        connections[DEFAULT_DB_ALIAS] = before


@contextmanager
def as_owner() -> Iterator[None]:
    """`acting_as` the owner: for migrations, and the making of the test database."""
    close_connection()  # the application's role may only come into being inside
    with acting_as(OWNER):
        yield


def close_connection() -> None:
    """Close the default connection and its pool; the next query opens them again."""
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined] # PostgreSQL's has one


def create_roles() -> None:
    """Make the roles the server does not have yet. As the owner, who needs CREATEROLE the first time."""
    logins = {settings.APPLICATION_ROLE: settings.DATABASES[DEFAULT_DB_ALIAS], settings.LOG_ROLE: settings.DATABASE_LOGINS.get(LOG, {})}
    with connection.cursor() as cursor:
        for name in (settings.APPLICATION_ROLE, settings.LOG_ROLE, settings.ERASER_ROLE):
            role, may_log_in = sql.Identifier(name), name in logins
            login = sql.SQL("LOGIN" if may_log_in else "NOLOGIN")
            cursor.execute(
                sql.SQL(_CREATE).format(name=sql.Literal(name), role=role, login=login, may_log_in=sql.SQL(str(may_log_in).lower()))
            )
            _tell_password(cursor, name, logins.get(name, {}))
        # Only who is a member of a role can hand functions to it.
        cursor.execute("SELECT pg_has_role(current_user, %s, 'MEMBER')", [settings.ERASER_ROLE])
        if not cursor.fetchone()[0]:
            cursor.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(settings.ERASER_ROLE)))


def _tell_password(cursor: Any, role: str, login: Mapping[str, Any]) -> None:
    """Where the settings made the password up themselves; a bank's own are set by who made the login."""
    if login.get("USER") == role and login.get("PASSWORD") and OWNER in settings.DATABASE_LOGINS:
        cursor.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(login["PASSWORD"])))


def grant() -> None:
    """Give every role what it needs on all there is: the application on evidence only to read and to add, the eraser the columns that
    `sentinel.redaction.Erasable` names, and of functions to each those that name it.
    """
    application, log, eraser = (sql.Identifier(name) for name in (settings.APPLICATION_ROLE, settings.LOG_ROLE, settings.ERASER_ROLE))
    with connection.cursor() as cursor:
        _keep_temporary_tables_to(application, cursor)
        cursor.execute("SELECT current_schema()")
        schema = sql.Identifier(cursor.fetchone()[0])
        for statement in (
            "REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC",
            "GRANT USAGE ON SCHEMA {schema} TO {application}, {log}, {eraser}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {application}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {application}",
            "GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {log}, {eraser}",
            "GRANT SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {log}",
            "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {application}",
        ):
            cursor.execute(sql.SQL(statement).format(schema=schema, application=application, log=log, eraser=eraser))
        cursor.execute(_APPEND_ONLY_TABLES, [REFUSING_FUNCTION])
        for (table,) in cursor.fetchall():
            cursor.execute(sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM {}").format(sql.Identifier(table), application))
        cursor.execute(_TABLES_WRITTEN_BY, {"mark": _WRITTEN_BY})
        for table, rights in cursor.fetchall():
            cursor.execute(sql.SQL("REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {} FROM {}").format(sql.Identifier(table), application))
            for right in filter(None, rights.split("; ")):
                verbs, _, role = right.partition(" by ")
                cursor.execute(sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(verbs), sql.Identifier(table), sql.Identifier(role)))
        cursor.execute(_ERASABLE)
        for table, column, past in cursor.fetchall():
            cursor.execute(sql.SQL("GRANT UPDATE ({}) ON {} TO {}").format(sql.Identifier(column), sql.Identifier(table), eraser))
            if past is not None:
                cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA past TO {}").format(eraser))
                cursor.execute(sql.SQL("GRANT SELECT, UPDATE ({}) ON {} TO {}").format(sql.Identifier(column), sql.SQL(past), eraser))
        cursor.execute(_FUNCTIONS)
        for function, comment in cursor.fetchall():
            cursor.execute(sql.SQL("REVOKE EXECUTE ON FUNCTION {} FROM PUBLIC").format(sql.SQL(function)))
            for role in comment.removeprefix(_CALLED_BY).split(", ") if comment.startswith(_CALLED_BY) else ():
                cursor.execute(sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(sql.SQL(function), sql.Identifier(role)))


def _keep_temporary_tables_to(application: sql.Identifier, cursor: Any) -> None:
    """Only the application stages records in temporary tables (customers.ingestion.staging). Who owns the database says so, or nobody."""
    cursor.execute("SELECT datname, pg_has_role(current_user, datdba, 'USAGE') FROM pg_database WHERE datname = current_database()")
    name, is_owner = cursor.fetchone()
    if is_owner:
        database = sql.Identifier(name)
        cursor.execute(sql.SQL("REVOKE TEMPORARY, CREATE ON DATABASE {} FROM PUBLIC").format(database))
        cursor.execute(sql.SQL("GRANT TEMPORARY ON DATABASE {} TO {}").format(database, application))


class _Comment(Operation):
    """A rule of the database only, kept as a comment: no model changes."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, subject: str, text: str) -> None:
        self.subject, self.text = subject, text

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Nothing to do."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        schema_editor.execute(f"COMMENT ON {self.subject} IS {schema_editor.quote_value(self.text)}", params=None)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        schema_editor.execute(f"COMMENT ON {self.subject} IS NULL", params=None)


class WrittenBy(_Comment):
    """Migration operation: from here on the application only reads `table`; these roles have these rights on it.

    `WrittenBy("sentinel_logentry", {"bankos_log": "INSERT"})`
    """

    def __init__(self, table: str, rights: Mapping[str, str]) -> None:
        self.table, self.rights = table, dict(rights)
        super().__init__(f'TABLE "{table}"', _WRITTEN_BY + "; ".join(f"{verbs} by {role}" for role, verbs in rights.items()))

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__name__, [self.table, self.rights], {})

    def describe(self) -> str:
        return f"Let the application only read {self.table}"


class CalledBy(_Comment):
    """Migration operation: these roles, and nobody else, may call `function`, written with its argument types."""

    def __init__(self, function: str, *roles: str) -> None:
        self.function, self.roles = function, roles
        super().__init__(f"FUNCTION {function}", _CALLED_BY + ", ".join(roles))

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__name__, [self.function, *self.roles], {})

    def describe(self) -> str:
        return f"Name who may call {self.function}"
