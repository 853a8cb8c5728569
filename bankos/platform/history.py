# ruff: noqa: S608 - the statements are put together from our own names.
"""What was known when: rows that change leave what they were behind, and any past moment can be read with the queries of today.

A table of evidence is filtered by `recorded_at`. A table whose rows change (`KeepHistory`) has `changed_at`, and each row as it was goes
into a table of the same name in schema `past` when it changes or goes. Schema `known` holds a view for each, again of the same name:
inside `as_known_at(moment)` it stands first in the search path, so every query reads the past unchanged.

The views are made anew at the end of every `migrate`: a migration never meets them, and whoever adds a column to a table does nothing.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from psycopg import sql

from .immutable import REFUSING_FUNCTION

KNOWN, PAST = "known", "past"
_STAMP, _KEEP = "platform_stamp_change", "platform_keep_history"
_MOMENT = "current_setting('bankos.known_at')::timestamptz"

# A row changes at the moment its writer says, at the one `stamp` set for the transaction, or now; never before it last changed.
_FUNCTIONS = f"""
CREATE SCHEMA IF NOT EXISTS {PAST};
CREATE OR REPLACE FUNCTION {_STAMP}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stamped CONSTANT timestamptz := nullif(current_setting('bankos.stamp', true), '')::timestamptz;
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.changed_at := coalesce(stamped, NEW.changed_at);
    ELSE
        IF NEW.changed_at IS NOT DISTINCT FROM OLD.changed_at THEN
            NEW.changed_at := coalesce(stamped, clock_timestamp());
        END IF;
        NEW.changed_at := greatest(NEW.changed_at, OLD.changed_at);
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION {_KEEP}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    kept CONSTANT text := format('{PAST}.%I', TG_TABLE_NAME);
    columns text;
BEGIN
    SELECT string_agg(quote_ident(past.attname), ', ' ORDER BY past.attnum) INTO columns
      FROM pg_attribute past JOIN pg_attribute live ON live.attname = past.attname AND live.attrelid = TG_RELID
     WHERE past.attrelid = kept::regclass AND past.attnum > 0 AND NOT past.attisdropped AND NOT live.attisdropped;
    IF TG_OP = 'DELETE' THEN
        EXECUTE format('INSERT INTO %s (%s, known_until) SELECT %s, greatest(changed_at, $1) FROM old_rows', kept, columns, columns)
          USING coalesce(nullif(current_setting('bankos.stamp', true), '')::timestamptz, clock_timestamp());
    ELSE
        -- What changes twice at one moment was never known in between.
        EXECUTE format(
            'INSERT INTO %s (%s, known_until) SELECT %s, until FROM old_rows'
            ' JOIN (SELECT %I AS same, changed_at AS until FROM new_rows) new ON same = %I WHERE changed_at < until',
            kept, columns, columns, TG_ARGV[0], TG_ARGV[0]);
    END IF;
    RETURN NULL;
END $$;
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION {_KEEP}() SET search_path = %I, pg_temp', current_schema());
END $$;
"""
_KEEP_HISTORY = """
CREATE TABLE {past} (LIKE {table}, known_until timestamptz NOT NULL);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {past} FOR EACH ROW EXECUTE FUNCTION {refuse}();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON {past} FOR EACH STATEMENT EXECUTE FUNCTION {refuse}();
CREATE TRIGGER a_change_has_a_moment BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {stamp}();
CREATE TRIGGER what_changes_is_kept AFTER UPDATE ON {table} REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION {keep}({key});
CREATE TRIGGER what_goes_is_kept AFTER DELETE ON {table} REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION {keep}({key});
"""
_FORGET_HISTORY = """
DROP TRIGGER what_goes_is_kept ON {table};
DROP TRIGGER what_changes_is_kept ON {table};
DROP TRIGGER a_change_has_a_moment ON {table};
DROP TABLE {past};
"""
_TABLES_CALLING = """
SELECT DISTINCT c.relname
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
 WHERE p.proname = %s AND c.relnamespace = current_schema()::regnamespace AND NOT c.relispartition
 ORDER BY 1
"""
_COLUMNS = """
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
 WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""


class KeepHistory(Operation):
    """Migration operation: from here on `table`, which has a column `changed_at`, keeps what its rows were. Only the database writes
    there; the application's role cannot.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, table: str, *, key: str = "id", indexes: Sequence[str] = ()) -> None:
        """`key` is the primary key; `indexes` are the columns by which the past is read besides it."""
        self.table = table
        self.key = key
        self.indexes = tuple(indexes)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__name__, [self.table], {"key": self.key, "indexes": self.indexes})

    def describe(self) -> str:
        return f"Keep what the rows of {self.table} were"

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """A rule of the database only: no model changes."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        quoted = schema_editor.quote_name
        table, past = quoted(self.table), f"{PAST}.{quoted(self.table)}"
        schema_editor.execute(_FUNCTIONS, params=None)
        schema_editor.execute(
            _KEEP_HISTORY.format(table=table, past=past, refuse=REFUSING_FUNCTION, stamp=_STAMP, keep=_KEEP, key=quoted(self.key)),
            params=None,
        )
        for column in (self.key, *self.indexes):
            schema_editor.execute(f"CREATE INDEX ON {past} ({quoted(column)})")

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        quoted = schema_editor.quote_name
        schema_editor.execute(_FORGET_HISTORY.format(table=quoted(self.table), past=f"{PAST}.{quoted(self.table)}"))


def take_views_down() -> None:
    """Before a migration: it may change what the views stand on."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {KNOWN} CASCADE")


def put_views_up() -> None:
    """After a migration: a view for every table that keeps history or is evidence with `recorded_at`, for the application to read."""
    role = sql.Identifier(settings.APPLICATION_ROLE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        schema = cursor.fetchone()[0]
        cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(KNOWN)))
        cursor.execute(_TABLES_CALLING, [_KEEP])
        changing = [table for (table,) in cursor.fetchall()]
        for table in changing:
            columns = _in_step(cursor, table)
            _make_view(cursor, schema, table, columns, f"changed_at <= {_MOMENT}", f"changed_at <= {_MOMENT} AND known_until > {_MOMENT}")
        cursor.execute(_TABLES_CALLING, [REFUSING_FUNCTION])
        for (table,) in cursor.fetchall():
            cursor.execute(_COLUMNS, [table])
            columns = [name for name, _ in cursor.fetchall()]
            if "recorded_at" in columns:
                _make_view(cursor, schema, table, columns, f"recorded_at <= {_MOMENT}")
        for statement in ("GRANT USAGE ON SCHEMA {} TO {}", "GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {}"):
            cursor.execute(sql.SQL(statement).format(sql.Identifier(KNOWN), role))


def _in_step(cursor: Any, table: str) -> list[str]:
    """Give the past the columns and types the table has by now. Returns the table's columns."""
    past = sql.Identifier(PAST, table)
    cursor.execute(_COLUMNS, [f'{PAST}."{table}"'])
    kept = dict(cursor.fetchall())
    cursor.execute(_COLUMNS, [table])
    columns = dict(cursor.fetchall())
    for name, kind in columns.items():
        change = "ADD COLUMN {} {}" if name not in kept else "ALTER COLUMN {} TYPE {}" if kept[name] != kind else None
        if change is not None:
            cursor.execute(sql.SQL("ALTER TABLE {} " + change).format(past, sql.Identifier(name), sql.SQL(kind)))
    return list(columns)


def _make_view(cursor: Any, schema: str, table: str, columns: Sequence[str], live: str, past: str | None = None) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    select = sql.SQL("SELECT {} FROM {} WHERE ").format(names, sql.Identifier(schema, table)) + sql.SQL(live)
    if past is not None:
        select += sql.SQL(" UNION ALL SELECT {} FROM {} WHERE ").format(names, sql.Identifier(PAST, table)) + sql.SQL(past)
    cursor.execute(sql.SQL("CREATE VIEW {} AS ").format(sql.Identifier(KNOWN, table)) + select)


def stamp(at: datetime) -> None:
    """Let what changes in the caller's transaction from here on change at `at`, the moment its act reckons with. Queries: 1."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('bankos.stamp', %s, true)", [at.isoformat()])


@contextmanager
def as_known_at(moment: datetime) -> Iterator[None]:
    """Everything read inside is read as it was known at `moment`; nothing can be changed. Queries: 2, and those of a transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('search_path'), set_config('bankos.known_at', %s, true),"
            f" set_config('search_path', '{KNOWN}, ' || current_setting('search_path'), true)",
            [moment.isoformat()],
        )
        (before, *_) = cursor.fetchone()
        yield  # an error ends the block's transaction, and with it what was set
        cursor.execute("SELECT set_config('search_path', %s, true)", [before])
