"""Erasing single values out of evidence that otherwise never changes (GDPR Art. 17): the row stays, the value goes, its hash is kept.

Nobody can do it but a function of the database that acts with the owner's rights. It asks for a decision to erase that was used within the
hour, touches only columns the migrations named (`Erasable`), and writes for each value a salted hash, so that who still has the value can
show it was the one that stood there, and nobody else can tell what it was. What a table that keeps its history said before goes with it.
"""

import json
from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

MARK = "erasable:"


class Erasable(Operation):
    """Migration operation: from here on this column's values may be erased, leaving `blank` (an SQL literal) behind."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, table: str, column: str, blank: str = "''") -> None:
        self.table, self.column, self.blank = table, column, blank

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__name__, [self.table, self.column, self.blank], {})

    def describe(self) -> str:
        return f"Let values of {self.table}.{self.column} be erased"

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """A rule of the database only: no model changes."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        # A comment, because only the owner of a table can write one: the application cannot add to the list.
        self._comment(schema_editor, schema_editor.quote_value(MARK + self.blank))

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        self._comment(schema_editor, "NULL")

    def _comment(self, schema_editor: BaseDatabaseSchemaEditor, text: str) -> None:
        table, column = schema_editor.quote_name(self.table), schema_editor.quote_name(self.column)
        schema_editor.execute(f"COMMENT ON COLUMN {table}.{column} IS {text}", params=None)


def redact(decision_id: UUID, table: str, column: str, ids: Collection[UUID | int]) -> int:
    """Erase a column's values in these rows, and what those rows said before (`bankos.platform.history`), in the caller's transaction.

    Args:
        ids: their primary keys; of a composite one the first column.
    Returns:
        How many values there were; twice is once.
    """
    if not ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT sentinel_redact(%s, %s, %s, %s)", [decision_id, table, column, [str(id) for id in ids]])
        return int(cursor.fetchone()[0])


def before(decision_id: UUID, table: str, ids: Collection[UUID]) -> list[dict[str, Any]]:
    """What these rows were before they changed, column → value, for who has to erase what they came from."""
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT sentinel_before(%s, %s, %s)", [decision_id, table, [str(id) for id in ids]])
        return [json.loads(row) for (row,) in cursor.fetchall()]


def replace(decision_id: UUID, table: str, column: str, id: UUID, content: bytes) -> None:
    """Put other bytes in place of those that stand there, which hold more than what is to be erased: a run of lines without some."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sentinel_replace(%s, %s, %s, %s, %s)", [decision_id, table, column, str(id), content])


FUNCTIONS = """
CREATE OR REPLACE FUNCTION sentinel_check_erasing(decision uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM sentinel_consumption c JOIN sentinel_decision d ON d.id = c.decision_id
                    WHERE d.id = decision AND d.outcome = 'permit' AND d.action IN ('customer.erase', 'customer.erase_due')
                      AND c.consumed_at > clock_timestamp() - interval '1 hour') THEN
        RAISE EXCEPTION 'decision % permits no erasing now', decision USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

CREATE OR REPLACE FUNCTION sentinel_erasable(tbl text, col text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE said text;
BEGIN
    SELECT col_description(a.attrelid, a.attnum) INTO said FROM pg_attribute a
     WHERE a.attrelid = to_regclass(quote_ident(tbl)) AND a.attname = col AND NOT a.attisdropped;
    IF said IS NULL OR said NOT LIKE 'erasable:%' THEN
        RAISE EXCEPTION '% of % is not erasable', col, tbl USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN substr(said, length('erasable:') + 1);
END $$;

-- The first column of a table's primary key, and its type.
CREATE OR REPLACE FUNCTION sentinel_row_key(tbl text, OUT name text, OUT type text) LANGUAGE sql STABLE AS $$
    SELECT a.attname, format_type(a.atttypid, NULL) FROM pg_index i
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
     WHERE i.indrelid = to_regclass(quote_ident(tbl)) AND i.indisprimary
$$;

CREATE OR REPLACE FUNCTION sentinel_redact(decision uuid, tbl text, col text, ids text[]) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    blank text := sentinel_erasable(tbl, col);
    key record := sentinel_row_key(tbl);
    place text;
    hashed bigint;
    erased bigint := 0;
BEGIN
    PERFORM sentinel_check_erasing(decision);
    -- The table first: what an UPDATE takes out of it is kept in the past (bankos.platform.history), and goes from there with all before.
    FOREACH place IN ARRAY ARRAY[quote_ident(tbl), 'past.' || quote_ident(tbl)] LOOP
        CONTINUE WHEN to_regclass(place) IS NULL;
        EXECUTE format(
            'INSERT INTO sentinel_redaction (id, decision_id, table_name, column_name, row_id, salt, sha256, redacted_at)
             SELECT gen_random_uuid(), $1, $2, $3, key, salt, encode(sha256(convert_to(salt || old, ''UTF8'')), ''hex''), clock_timestamp()
               FROM (SELECT %4$I::text AS key, %1$I::text AS old, gen_random_uuid()::text AS salt FROM %2$s
                      WHERE %4$I = ANY ($4::%5$s[]) AND %1$I IS NOT NULL AND %1$I IS DISTINCT FROM %3$s OFFSET 0) AS going',
            col, place, blank, key.name, key.type) USING decision, place, col, ids;
        GET DIAGNOSTICS hashed = ROW_COUNT;
        erased := erased + hashed;
        PERFORM set_config('bankos.redaction', pg_current_xact_id()::text, true);
        EXECUTE format(
            'UPDATE %2$s SET %1$I = %3$s WHERE %4$I = ANY ($1::%5$s[]) AND %1$I IS NOT NULL AND %1$I IS DISTINCT FROM %3$s',
            col, place, blank, key.name, key.type) USING ids;
        PERFORM set_config('bankos.redaction', '', true);
    END LOOP;
    RETURN erased;
END $$;

CREATE OR REPLACE FUNCTION sentinel_before(decision uuid, tbl text, ids text[]) RETURNS SETOF jsonb
    LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE key record := sentinel_row_key(tbl);
BEGIN
    PERFORM sentinel_check_erasing(decision);
    IF to_regclass('past.' || quote_ident(tbl)) IS NOT NULL THEN
        RETURN QUERY EXECUTE format('SELECT to_jsonb(was) FROM past.%1$I was WHERE %2$I = ANY ($1::%3$s[])', tbl, key.name, key.type)
            USING ids;
    END IF;
END $$;

CREATE OR REPLACE FUNCTION sentinel_replace(decision uuid, tbl text, col text, row_id text, content bytea) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE key record := sentinel_row_key(tbl);
BEGIN
    IF sentinel_erasable(tbl, col) <> 'given' THEN
        RAISE EXCEPTION '% of % is erased as a whole', col, tbl USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM sentinel_check_erasing(decision);
    EXECUTE format(
        'INSERT INTO sentinel_redaction (id, decision_id, table_name, column_name, row_id, salt, sha256, redacted_at)
         SELECT gen_random_uuid(), $1, $2, $3, $4, salt, encode(sha256(convert_to(salt, ''UTF8'') || %1$I), ''hex''), clock_timestamp()
           FROM (SELECT %1$I, gen_random_uuid()::text AS salt FROM %2$I WHERE %3$I = $4::%4$s OFFSET 0) AS going',
        col, tbl, key.name, key.type) USING decision, tbl, col, row_id;
    PERFORM set_config('bankos.redaction', pg_current_xact_id()::text, true);
    EXECUTE format('UPDATE %2$I SET %1$I = $1 WHERE %3$I = $2::%4$s', col, tbl, key.name, key.type) USING content, row_id;
    PERFORM set_config('bankos.redaction', '', true);
END $$;

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['sentinel_check_erasing(uuid)', 'sentinel_erasable(text, text)', 'sentinel_row_key(text)',
                                'sentinel_redact(uuid, text, text, text[])', 'sentinel_before(uuid, text, text[])',
                                'sentinel_replace(uuid, text, text, text, bytea)'] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', name, current_schema());
    END LOOP;
END $$;
"""
NO_FUNCTIONS = """
DROP FUNCTION sentinel_replace(uuid, text, text, text, bytea);
DROP FUNCTION sentinel_before(uuid, text, text[]);
DROP FUNCTION sentinel_redact(uuid, text, text, text[]);
DROP FUNCTION sentinel_row_key(text);
DROP FUNCTION sentinel_erasable(text, text);
DROP FUNCTION sentinel_check_erasing(uuid);
"""
# As they were before rows with keys that are no UUID, and the past, were reached.
FIRST_FUNCTIONS_GO = """
DROP FUNCTION IF EXISTS sentinel_replace(uuid, text, text, uuid, bytea);
DROP FUNCTION IF EXISTS sentinel_redact(uuid, text, text, uuid[]);
"""
