"""Facts with the days they hold for, and what customers state themselves."""

from datetime import timedelta

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import bankos.platform.ids
from bankos.platform.immutable import AppendOnly


def register_the_customers_word(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """A source like any other, so that whose word comes first is a matter of rules."""
    apps.get_model("customers", "SourceSystem").objects.get_or_create(
        code="customer",
        defaults={"name": "Stated by the customer", "freshness_promise": timedelta(days=36_500), "rank": 7, "time_shift_days": 0},
    )


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0012_names_alike"),
    ]

    operations = [
        migrations.CreateModel(
            name="Statement",
            fields=[
                (
                    "id",
                    bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("app", "app"),
                            ("web", "web"),
                            ("phone", "phone"),
                            ("branch", "branch"),
                            ("email", "e-mail"),
                            ("letter", "letter"),
                            ("console", "staff console"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "actor_kind",
                    models.CharField(
                        choices=[("customer", "customer"), ("employee", "employee"), ("agent", "agent"), ("system", "system")],
                        max_length=12,
                    ),
                ),
                ("actor_name", models.CharField(help_text="Who wrote it down.", max_length=120)),
                ("occurred_at", models.DateTimeField(help_text="When it was said.")),
                ("recorded_at", models.DateTimeField()),
                ("decision_id", models.UUIDField(help_text="The decision that allowed it.")),
                (
                    "evidence",
                    models.CharField(
                        choices=[
                            ("word", "their word"),
                            ("identity_document", "identity document"),
                            ("proof_of_address", "proof of address"),
                            ("civil_record", "civil status record"),
                            ("register", "extract of a register"),
                            ("other_document", "another document"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "identity_check",
                    models.CharField(
                        choices=[
                            ("document", "Saw an identity document"),
                            ("signed_in", "Signed in to the app"),
                            ("call_back", "Called back on a known number"),
                            ("letter", "Signed letter, signature compared"),
                        ],
                        max_length=20,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddField(
            model_name="historicalsurvivorshiprule",
            name="confirmed_first",
            field=models.BooleanField(
                default=True,
                help_text="What the customer stated or confirmed comes before what any system says.",
                verbose_name="the customer's word first",
            ),
        ),
        migrations.AddField(
            model_name="partyfact",
            name="valid_from",
            field=models.DateField(help_text="The first day it is true on; null: not stated.", null=True),
        ),
        migrations.AddField(
            model_name="partyfact",
            name="valid_to",
            field=models.DateField(help_text="The last day it is true on; null: not stated, or not ended.", null=True),
        ),
        migrations.AddField(
            model_name="survivorshiprule",
            name="confirmed_first",
            field=models.BooleanField(
                default=True,
                help_text="What the customer stated or confirmed comes before what any system says.",
                verbose_name="the customer's word first",
            ),
        ),
        migrations.AlterField(
            model_name="partyfact",
            name="attribute",
            field=models.CharField(
                choices=[
                    ("name", "name"),
                    ("birth_date", "date of birth"),
                    ("national_id", "national number"),
                    ("phone", "phone"),
                    ("email", "e-mail"),
                    ("address", "address"),
                    ("town", "town"),
                    ("language", "language"),
                    ("kind", "person or organisation"),
                    ("home_branch", "home branch"),
                    ("customer_since", "customer since"),
                    ("company_number", "company number"),
                    ("former_name", "former name"),
                    ("nationality", "nationality"),
                    ("tax_residence", "tax residence"),
                    ("occupation", "occupation"),
                    ("employer", "employer"),
                    ("legal_form", "legal form"),
                    ("phone_mobile", "mobile phone"),
                    ("phone_home", "phone at home"),
                    ("phone_work", "phone at work"),
                    ("email_home", "private e-mail"),
                    ("email_work", "e-mail at work"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddIndex(
            model_name="partyfact",
            index=models.Index(condition=models.Q(("valid_from__isnull", False)), fields=["valid_from"], name="fact_by_beginning"),
        ),
        migrations.AddIndex(
            model_name="partyfact",
            index=models.Index(condition=models.Q(("valid_to__isnull", False)), fields=["valid_to"], name="fact_by_end"),
        ),
        migrations.AddConstraint(
            model_name="partyfact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_from__isnull", True), ("valid_to__isnull", True), ("valid_from__lte", models.F("valid_to")), _connector="OR"
                ),
                name="partyfact_begins_before_it_ends",
            ),
        ),
        migrations.AddField(
            model_name="statement",
            name="fact",
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="statement", to="customers.partyfact"),
        ),
        migrations.AddField(
            model_name="statement",
            name="party",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.party"),
        ),
        migrations.AddIndex(
            model_name="statement",
            index=models.Index(fields=["party", "-occurred_at"], name="statement_by_party"),
        ),
        AppendOnly("customers_statement"),
        migrations.RunPython(register_the_customers_word, migrations.RunPython.noop),
    ]
