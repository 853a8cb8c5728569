"""Erasing single values out of evidence that otherwise never changes (GDPR Art. 17): the row stays, the value goes, its hash is kept.

Nobody can do it but functions of the database that act as the eraser (`bankos.platform.roles`; migration 0010). They believe no row for
what it says: the decision must be signed by the bank, permit erasing, be used, not have expired, and serve no other transaction. They touch
only columns the migrations named (`Erasable`) of rows of the customer the decision names (`ErasedWith`); of rows that do not tell whose
they are, only what the bank signed an order for. For each value a salted hash is written, so that who still has the value can show it was
the one that stood there, and nobody else can tell what it was. What a table that keeps its history said before goes with it.
"""

import json
from collections.abc import Collection
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from . import tokens

MARK = "erasable:"
ORDER = "erasing-order+jwt"
"""The type of a token that orders erasing."""


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


class ErasedWith(Operation):
    """Migration operation: of `table`, whose columns `Erasable` named, a customer's are the rows for which `condition` holds: SQL on the
    row `r` and the ids of everybody the customer is, `members` (text[]).

    A table without one holds rows that do not tell whose they are: of those, only what the bank signed an order for is erased.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, table: str, condition: str) -> None:
        self.table, self.condition = table, condition

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__name__, [self.table, self.condition], {})

    def describe(self) -> str:
        return f"Say whose the rows of {self.table} are"

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """A rule of the database only: no model changes."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        quote = schema_editor.quote_value
        schema_editor.execute(_SAY_WHOSE.format(table=quote(self.table), condition=quote(f"\nof:{self.condition}")), params=None)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        schema_editor.execute(_SAY_WHOSE.format(table=schema_editor.quote_value(self.table), condition="''"), params=None)


_SAY_WHOSE = """
DO $$
DECLARE marked record;
BEGIN
    FOR marked IN SELECT attname, split_part(col_description(attrelid, attnum), E'\\nof:', 1) AS comment FROM pg_attribute
                   WHERE attrelid = {table}::regclass AND col_description(attrelid, attnum) LIKE 'erasable:%' LOOP
        EXECUTE format('COMMENT ON COLUMN %I.%I IS %L', {table}, marked.attname, marked.comment || {condition});
    END LOOP;
END $$
"""


def redact(decision_id: UUID, table: str, column: str, ids: Collection[UUID | int]) -> int:
    """Erase a column's values in these rows, and what those rows said before (`bankos.platform.history`), in the caller's transaction.

    Args:
        ids: their primary keys; of a composite one the first column.
    Returns:
        How many values there were; idempotent.
    """
    if not ids:
        return 0
    keys = [str(id) for id in ids]
    rows = sha256(",".join(keys).encode()).hexdigest()
    order = _order(decision=str(decision_id), table=table, column=column, rows=rows)
    with connection.cursor() as cursor:
        cursor.execute("SELECT sentinel_redact(%s, %s, %s, %s, %s)", [decision_id, table, column, keys, order])
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
    digest = sha256(content).hexdigest()
    order = _order(decision=str(decision_id), table=table, column=column, row=str(id), content=digest)
    with connection.cursor() as cursor:
        cursor.execute("SELECT sentinel_replace(%s, %s, %s, %s, %s, %s)", [decision_id, table, column, str(id), content, order])


def erase_keys(decision_id: UUID, subjects: Collection[str]) -> int:
    """Destroy the keys of what decisions about these customers rested on. Returns how many there were; idempotent."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sentinel_erase_keys(%s, %s)", [decision_id, list(subjects)])
        return int(cursor.fetchone()[0])


def _order(**order: str) -> str:
    """The bank's own word that exactly this is to be erased, for rows that do not tell whose they are."""
    return tokens.sign(order, type=ORDER)
