"""A chunk notes the accounts it booked on in one row; and the database itself says that an entry is in its account's currency.

Who books takes an account's id from what it found earlier in the same file. A reversal is in the currency of what it takes back, whatever
its account is kept in by then.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import bankos.platform.ids

_CHECK = """
CREATE OR REPLACE FUNCTION customers_check_transactions() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
BEGIN
    -- In their order, so that what is looked up one after the other lies side by side.
    IF EXISTS (SELECT FROM (SELECT DISTINCT arrangement_id, currency, reverses IS NULL AS anew FROM added ORDER BY arrangement_id) used
                WHERE NOT EXISTS (SELECT FROM customers_arrangement known
                                   WHERE known.id = used.arrangement_id AND (known.currency = used.currency OR NOT used.anew))) THEN
        RAISE EXCEPTION 'a transaction is on an arrangement that does not exist, or is kept in another currency'
              USING ERRCODE = 'foreign_key_violation';
    END IF;
    IF EXISTS (SELECT FROM (SELECT DISTINCT source_file_id FROM added) used
                WHERE NOT EXISTS (SELECT FROM customers_sourcefile known WHERE known.id = used.source_file_id)) THEN
        RAISE EXCEPTION 'a transaction is of a file that does not exist' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
"""


def check_currencies(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        cursor.execute(_CHECK.format(schema=cursor.fetchone()[0]))


class Migration(migrations.Migration):
    dependencies = [("customers", "0018_accounts_are_only_noted")]

    operations = [
        migrations.CreateModel(
            name="BookedOn",
            fields=[
                ("id", bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("arrangements", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                (
                    "file",
                    models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.sourcefile"
                    ),
                ),
            ],
        ),
        # Ids hardly pack, and trying takes as long as gathering them.
        migrations.RunSQL("ALTER TABLE customers_bookedon ALTER arrangements SET STORAGE EXTERNAL", migrations.RunSQL.noop),
        migrations.RunPython(check_currencies, migrations.RunPython.noop),
    ]
