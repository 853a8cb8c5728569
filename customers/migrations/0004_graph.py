"""Members and golden parties, what was known when, survivorship rules."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import simple_history.models
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import bankos.platform.ids
from bankos.platform.history import KeepHistory
from bankos.platform.immutable import AppendOnly

# What was one party becomes a customer of one member.
EACH_BY_ITSELF = """
UPDATE customers_party SET golden_id = id, opened_as_id = id;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED
"""
# Looked at when the transaction ends: a merge moves many members, and only then all of them have arrived.
GOLDEN_STANDS_FOR_ITSELF = """
CREATE FUNCTION customers_check_golden() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM customers_party member JOIN customers_party golden ON golden.id = member.golden_id
                WHERE (member.id = NEW.id OR member.golden_id = NEW.id) AND golden.golden_id <> golden.id) THEN
        RAISE EXCEPTION 'the golden party of % is not golden itself', NEW.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION customers_check_golden() SET search_path = %I, pg_temp', current_schema());
END $$;
CREATE CONSTRAINT TRIGGER a_new_member_has_a_golden_party AFTER INSERT ON customers_party
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.golden_id <> NEW.id) EXECUTE FUNCTION customers_check_golden();
CREATE CONSTRAINT TRIGGER a_moved_member_has_a_golden_party AFTER UPDATE OF golden_id ON customers_party
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION customers_check_golden();
"""
NO_CHECK = """
DROP TRIGGER a_new_member_has_a_golden_party ON customers_party;
DROP TRIGGER a_moved_member_has_a_golden_party ON customers_party;
DROP FUNCTION customers_check_golden()
"""
CHANGING = (
    "arrangement",
    "arrangementrole",
    "branch",
    "partyidentifier",
    "partyrelationship",
    "paymentschedule",
    "product",
    "sourcefile",
    "sourcesystem",
)
ATTRIBUTES = [
    ("name", "name"),
    ("birth_date", "date of birth"),
    ("phone", "phone"),
    ("email", "e-mail"),
    ("address", "address"),
    ("town", "town"),
    ("language", "language"),
    ("kind", "person or organisation"),
    ("home_branch", "home branch"),
    ("customer_since", "customer since"),
    ("company_number", "company number"),
]
ATTRIBUTE = "One of the attributes of a party."
RULE = [
    (
        "order",
        models.CharField(
            choices=[("systems", "the systems named, then the others by their rank"), ("newest", "whoever spoke last")],
            default="systems",
            max_length=10,
        ),
    ),
    (
        "systems",
        django.contrib.postgres.fields.ArrayField(
            base_field=models.CharField(max_length=20),
            blank=True,
            default=list,
            help_text="Their codes, the first one's word first.",
            size=None,
        ),
    ),
]
OPENED_AS = "The customer it was opened as part of. Merging never changes it: it tells whose word is whose."


def first_rules(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Names and birth dates by the rank of the sources; core banking decides what a customer is and where they are at home."""
    rules = apps.get_model("customers", "SurvivorshipRule").objects
    for attribute in ("name", "birth_date"):
        rules.create(attribute=attribute)
    for attribute in ("kind", "home_branch", "customer_since"):
        rules.create(attribute=attribute, systems=["core", "crm"])


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0003_consent_recorder_and_search"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="party",
            name="golden",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="members", to="customers.party"
            ),
        ),
        migrations.AddField(
            model_name="party",
            name="opened_as",
            field=models.ForeignKey(
                db_index=False,
                help_text=OPENED_AS,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="customers.party",
            ),
        ),
        migrations.AddField(
            model_name="party",
            name="joined_at",
            field=models.DateTimeField(
                help_text="When it came to its golden party by a merge; null if it was never moved.", null=True
            ),
        ),
        migrations.RunSQL(EACH_BY_ITSELF, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="party",
            name="golden",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="members", to="customers.party"),
        ),
        migrations.AlterField(
            model_name="party",
            name="opened_as",
            field=models.ForeignKey(
                db_index=False, help_text=OPENED_AS, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.party"
            ),
        ),
        migrations.RunSQL(GOLDEN_STANDS_FOR_ITSELF, NO_CHECK),
        migrations.AlterField(
            model_name="partyfact",
            name="attribute",
            field=models.CharField(
                choices=ATTRIBUTES,
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="PartyMove",
            fields=[
                (
                    "id",
                    bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("act", models.UUIDField(db_index=True)),
                ("joined_before", models.DateTimeField(help_text="The member's `joined_at` before it moved.", null=True)),
                ("recorded_at", models.DateTimeField()),
                (
                    "after",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.party"
                    ),
                ),
                (
                    "before",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.party"
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="moves", to="customers.party"),
                ),
            ],
        ),
        AppendOnly("customers_partymove"),
        *(
            migrations.AddField(
                model_name=model,
                name="changed_at",
                field=models.DateTimeField(
                    db_default=django.db.models.functions.datetime.Now(), editable=False, help_text="Since when bankos knows the row as it is."
                ),
            )
            for model in CHANGING
        ),
        KeepHistory("customers_party", indexes=["golden_id"]),
        KeepHistory("customers_partyidentifier", indexes=["party_id"]),
        KeepHistory("customers_partyrelationship", indexes=["party_id", "other_id"]),
        KeepHistory("customers_arrangement"),
        KeepHistory("customers_arrangementrole", indexes=["party_id", "arrangement_id"]),
        KeepHistory("customers_paymentschedule", indexes=["arrangement_id", "account_id"]),
        KeepHistory("customers_branch"),
        KeepHistory("customers_product", key="code"),
        KeepHistory("customers_sourcesystem", key="code"),
        KeepHistory("customers_sourcefile", indexes=["system_id"]),
        migrations.CreateModel(
            name="SurvivorshipRule",
            fields=[
                (
                    "changed_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        help_text="Since when bankos knows the row as it is.",
                    ),
                ),
                ("attribute", models.CharField(help_text=ATTRIBUTE, max_length=20, primary_key=True, serialize=False)),
                *RULE,
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="HistoricalSurvivorshipRule",
            fields=[
                ("attribute", models.CharField(db_index=True, help_text=ATTRIBUTE, max_length=20)),
                *RULE,
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                ("history_type", models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1)),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "historical survivorship rule",
                "verbose_name_plural": "historical survivorship rules",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        KeepHistory("customers_survivorshiprule", key="attribute"),
        migrations.RunPython(first_rules, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="arrangementrole",
            name="role",
            field=models.CharField(
                choices=[
                    ("owner", "owner"),
                    ("joint", "joint holder"),
                    ("authorised", "authorised user"),
                    ("guardian", "guardian"),
                    ("guarantor", "guarantor"),
                    ("beneficiary", "beneficiary"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="partyrelationship",
            name="kind",
            field=models.CharField(
                choices=[
                    ("guardian", "guardian of"),
                    ("owner", "owner of"),
                    ("director", "director of"),
                    ("employer", "employer of"),
                    ("guarantor", "guarantor of"),
                    ("household", "of one household with"),
                    ("joint_holder", "joint holder with"),
                ],
                max_length=12,
            ),
        ),
    ]
