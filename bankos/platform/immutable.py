"""Tables of evidence: rows are added, never changed. The database refuses, whoever asks."""

from typing import Any

from django.conf import settings
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

REFUSING_FUNCTION = "platform_refuse_change"

# The error class is that of a missing privilege: the application's role, which has no such privilege on these tables, and the
# owner, whom the trigger stops, both meet the same kind of refusal.
_FUNCTION = """
CREATE OR REPLACE FUNCTION platform_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The one exception: what erases values keeps their hashes, and is the only thing the eraser can do (sentinel.redaction).
    IF TG_OP = 'UPDATE' AND current_user = '{eraser}' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION platform_refuse_change() SET search_path = %I, pg_temp', current_schema());
END $$
"""


class AppendOnly(Operation):
    """Migration operation: from here on `table` refuses UPDATE, DELETE and TRUNCATE.

    Row triggers rather than statement triggers for UPDATE and DELETE, because PostgreSQL copies only those to the partitions
    of a partitioned table.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, table: str) -> None:
        self.table = table

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__name__, [self.table], {})

    def describe(self) -> str:
        return f"Make {self.table} append-only"

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """A rule of the database only: no model changes."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        quoted = schema_editor.quote_name(self.table)
        schema_editor.execute(_FUNCTION.replace("{eraser}", settings.ERASER_ROLE), params=None)
        schema_editor.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {quoted} FOR EACH ROW EXECUTE FUNCTION {REFUSING_FUNCTION}()"
        )
        schema_editor.execute(
            f"CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON {quoted} FOR EACH STATEMENT EXECUTE FUNCTION {REFUSING_FUNCTION}()"
        )

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        quoted = schema_editor.quote_name(self.table)
        schema_editor.execute(f"DROP TRIGGER IF EXISTS append_only ON {quoted}")
        schema_editor.execute(f"DROP TRIGGER IF EXISTS append_only_truncate ON {quoted}")
