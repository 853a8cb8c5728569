"""Transactions by month, and the entries of the ledgers they are.

The table of 0001 becomes a partitioned one, with its rows. Months are opened by a function of the owner: the application, which calls
it, can make no tables. They lie in a schema of their own, which the application has no rights in: rows go in by the partitioned table.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from bankos.platform.immutable import REFUSING_FUNCTION, AppendOnly

_BECOME_PARTITIONED = """
ALTER TABLE customers_transaction RENAME TO customers_transaction_before;
CREATE TABLE customers_transaction (
    LIKE customers_transaction_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
    version integer NOT NULL,
    reverses uuid
) PARTITION BY RANGE (booking_date);
ALTER TABLE customers_transaction ADD PRIMARY KEY (id, booking_date),
    ADD CONSTRAINT an_entry_has_each_version_once UNIQUE (system_id, source_key, booking_date, version);
CREATE INDEX transaction_by_entry ON customers_transaction (arrangement_id, booking_date, sequence);
CREATE INDEX transaction_reversed ON customers_transaction (reverses) WHERE reverses IS NOT NULL;
CREATE SCHEMA customers_months;

-- Room on each page for the next version of its rows: balances and versions change all the time, and no index need learn of it.
ALTER TABLE customers_arrangement SET (fillfactor = 50);
ALTER TABLE customers_party SET (fillfactor = 60);
"""

# A table of its own that is attached, because creating it as a partition would make everybody who reads transactions wait.
# Triggers for rows are copied from the partitioned table, those for statements are not.
_OPEN_MONTHS = """
CREATE FUNCTION customers_open_months(days date[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
DECLARE
    month date;
    name text;
BEGIN
    FOR month IN SELECT DISTINCT date_trunc('month', day::timestamp)::date FROM unnest(days) day ORDER BY 1 LOOP
        name := to_char(month, '"transaction_"YYYY"_"MM');
        CONTINUE WHEN to_regclass('customers_months.' || name) IS NOT NULL;
        IF month < '1900-01-01' OR month >= '2200-01-01' THEN
            RAISE EXCEPTION 'no transactions are booked in %', to_char(month, 'YYYY-MM') USING ERRCODE = 'datetime_field_overflow';
        END IF;
        LOCK TABLE customers_transaction IN SHARE UPDATE EXCLUSIVE MODE;
        CONTINUE WHEN to_regclass('customers_months.' || name) IS NOT NULL;  -- somebody else has just opened it
        EXECUTE format('CREATE TABLE customers_months.%I (LIKE customers_transaction INCLUDING ALL)', name);
        EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON customers_months.%I'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION {refuse}()', name);
        EXECUTE format('ALTER TABLE customers_transaction ATTACH PARTITION customers_months.%I FOR VALUES FROM (%L) TO (%L)',
                       name, month, month + interval '1 month');
    END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION customers_open_months FROM PUBLIC;
GRANT EXECUTE ON FUNCTION customers_open_months TO {role};
"""

# What foreign keys would promise, asked once a statement: asked once a row they cost more than the row with all its indexes.
# A file stays because its chunks refer to it. An account goes only if it has no transactions, and none that is just being booked.
_REFERENCES = """
CREATE FUNCTION customers_check_transactions() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM (SELECT DISTINCT arrangement_id FROM added) used
                WHERE NOT EXISTS (SELECT FROM customers_arrangement known WHERE known.id = used.arrangement_id)) THEN
        RAISE EXCEPTION 'a transaction is on an arrangement that does not exist' USING ERRCODE = 'foreign_key_violation';
    END IF;
    IF EXISTS (SELECT FROM (SELECT DISTINCT source_file_id FROM added) used
                WHERE NOT EXISTS (SELECT FROM customers_sourcefile known WHERE known.id = used.source_file_id)) THEN
        RAISE EXCEPTION 'a transaction is of a file that does not exist' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER refers_to_what_exists AFTER INSERT ON customers_transaction
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION customers_check_transactions();

CREATE FUNCTION customers_keep_booked_arrangements() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
BEGIN
    LOCK TABLE customers_transaction IN SHARE MODE;
    IF EXISTS (SELECT FROM removed JOIN customers_transaction booked ON booked.arrangement_id = removed.id) THEN
        RAISE EXCEPTION 'transactions are booked on this arrangement' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER keep_what_is_booked_on AFTER DELETE ON customers_arrangement
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION customers_keep_booked_arrangements();
"""

_MOVE_ROWS = """
SELECT customers_open_months(array_agg(DISTINCT booking_date)) FROM customers_transaction_before;
INSERT INTO customers_transaction SELECT *, 0, NULL FROM customers_transaction_before;
INSERT INTO customers_bookedentry (system_id, source_key, position, transaction_id, booking_date, version)
SELECT system_id, source_key, 0, id, booking_date, 0 FROM customers_transaction_before;
DROP TABLE customers_transaction_before;
"""


def make_partitioned(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        names = {"schema": cursor.fetchone()[0], "role": schema_editor.quote_name(settings.APPLICATION_ROLE), "refuse": REFUSING_FUNCTION}
        cursor.execute(_BECOME_PARTITIONED)
        for statements in (_OPEN_MONTHS, _REFERENCES):
            cursor.execute(statements.format(**names))


def move_rows(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(_MOVE_ROWS)


class Migration(migrations.Migration):
    dependencies = [("customers", "0004_graph")]

    operations = [
        *(
            migrations.AlterField(model, "source_key", models.CharField(db_collation="C", max_length=60))
            for model in ("arrangement", "transaction")
        ),
        migrations.CreateModel(
            name="BookedEntry",
            fields=[
                ("pk", models.CompositePrimaryKey("system", "source_key", blank=True, editable=False, primary_key=True, serialize=False)),
                ("system", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.sourcesystem")),
                ("source_key", models.CharField(db_collation="C", max_length=60)),
                ("position", models.BigIntegerField(help_text="Where in the source's log of changes its newest word on it stands; 0 for an extract.")),
                ("transaction_id", models.UUIDField(help_text="The row that stands; null if the source has the entry no more.", null=True)),
                ("booking_date", models.DateField(help_text="The day of that row.", null=True)),
                ("version", models.IntegerField(help_text="Of its newest row, which may be a reversal; -1 if it has none.")),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(make_partitioned)],
            state_operations=[
                migrations.RemoveConstraint(model_name="transaction", name="a_transaction_lands_once"),
                migrations.RemoveIndex(model_name="transaction", name="transaction_by_day"),
                migrations.AddField(
                    model_name="transaction",
                    name="reverses",
                    field=models.UUIDField(help_text="The transaction of the same day that this one takes back.", null=True),
                ),
                migrations.AddField(
                    model_name="transaction",
                    name="version",
                    field=models.IntegerField(default=0, help_text="Which row of its entry this is: 0 for the first."),
                ),
                migrations.AlterField(
                    model_name="transaction",
                    name="arrangement",
                    field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="transactions", to="customers.arrangement"),
                ),
                migrations.AlterField(
                    model_name="transaction",
                    name="source_file",
                    field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.sourcefile"),
                ),
                migrations.AddIndex(
                    model_name="transaction",
                    index=models.Index(fields=["arrangement", "booking_date", "sequence"], name="transaction_by_entry"),
                ),
                migrations.AddIndex(
                    model_name="transaction",
                    index=models.Index(condition=models.Q(("reverses__isnull", False)), fields=["reverses"], name="transaction_reversed"),
                ),
                migrations.AddConstraint(
                    model_name="transaction",
                    constraint=models.UniqueConstraint(fields=("system", "source_key", "booking_date", "version"), name="an_entry_has_each_version_once"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TouchedArrangement",
            fields=[
                ("pk", models.CompositePrimaryKey("file", "arrangement", blank=True, editable=False, primary_key=True, serialize=False)),
                (
                    "file",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.sourcefile",
                    ),
                ),
                (
                    "arrangement",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.arrangement",
                    ),
                ),
                (
                    "balance_after",
                    models.DecimalField(
                        decimal_places=2, help_text="Null: it tells none, or none that counts.", max_digits=18, null=True
                    ),
                ),
                ("booking_date", models.DateField()),
                ("sequence", models.BigIntegerField()),
            ],
        ),
        migrations.RunSQL("ALTER TABLE customers_touchedarrangement SET (fillfactor = 50)", migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="touchedparty",
            name="file",
            field=models.ForeignKey(
                db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.sourcefile"
            ),
        ),
        migrations.AlterField(
            model_name="touchedparty",
            name="party",
            field=models.ForeignKey(
                db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.party"
            ),
        ),
        migrations.AlterField(
            model_name="partyfact",
            name="system",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.sourcesystem"
            ),
        ),
        AppendOnly("customers_transaction"),
        migrations.RunPython(move_rows),
    ]
