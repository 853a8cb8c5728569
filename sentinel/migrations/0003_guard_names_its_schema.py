"""The guard of consumptions looks into its own schema only: a temporary table could otherwise stand in for the decisions."""

from django.db import migrations

NAME_THE_SCHEMA = """
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION sentinel_check_consumption() SET search_path = %I, pg_temp', current_schema());
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("sentinel", "0002_evidence")]

    operations = [migrations.RunSQL(NAME_THE_SCHEMA, "ALTER FUNCTION sentinel_check_consumption() RESET search_path")]
