"""Who may see whom: portfolios, protection, reasons given."""

import datetime

import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import bankos.platform.ids
from bankos.platform.immutable import AppendOnly

# The household of an employee who is a customer: who shares an account with them, whom they guard or are guarded by, what they own.
# Derived whole by every change that may concern it: there are few such customers, and each of these is found by an index.
HOUSEHOLDS = """
CREATE FUNCTION customers_protect_households() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO customers_protection (id, party_id, kind, circle_id, employee_id, reason)
    SELECT gen_random_uuid(), near.party_id, 'household', staff.circle_id, staff.employee_id, ''
      FROM customers_protection staff
      JOIN customers_party named ON named.id = staff.party_id
      JOIN customers_party self ON self.golden_id = named.golden_id
      JOIN LATERAL (
            SELECT other_id AS party_id FROM customers_partyrelationship WHERE party_id = self.id
             UNION
            SELECT party_id FROM customers_partyrelationship WHERE other_id = self.id
             UNION
            SELECT theirs.party_id
              FROM customers_arrangementrole own JOIN customers_arrangementrole theirs USING (arrangement_id)
             WHERE own.party_id = self.id
           ) near ON true
      JOIN customers_party other ON other.id = near.party_id AND other.golden_id <> self.golden_id
     WHERE staff.kind = 'staff' AND (staff.until IS NULL OR staff.until > now())
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE TRIGGER protect_households AFTER INSERT OR UPDATE ON customers_protection
    FOR EACH ROW WHEN (NEW.kind = 'staff') EXECUTE FUNCTION customers_protect_households();
CREATE TRIGGER protect_households AFTER INSERT OR UPDATE ON customers_partyrelationship
    FOR EACH STATEMENT EXECUTE FUNCTION customers_protect_households();
CREATE TRIGGER protect_households AFTER INSERT OR UPDATE ON customers_arrangementrole
    FOR EACH STATEMENT EXECUTE FUNCTION customers_protect_households();
CREATE TRIGGER protect_households AFTER UPDATE OF golden_id ON customers_party
    FOR EACH STATEMENT EXECUTE FUNCTION customers_protect_households();
"""
NO_HOUSEHOLDS = """
DROP TRIGGER protect_households ON customers_party;
DROP TRIGGER protect_households ON customers_arrangementrole;
DROP TRIGGER protect_households ON customers_partyrelationship;
DROP TRIGGER protect_households ON customers_protection;
DROP FUNCTION customers_protect_households();
"""


ROLES = ("branch_staff", "contact_centre", "team_lead", "compliance_officer", "administrator")
MASKED = ("phone", "email", "address", "birth_date", "national_id", "account_number")


def mask_everything(apps, schema_editor):
    """A rule for each field and role to begin with, so that an administrator sees all there is to decide."""
    rule = apps.get_model("customers", "MaskingRule")
    rule.objects.bulk_create(rule(field=field, role=role, shown=False) for field in MASKED for role in ROLES)
    apps.get_model("customers", "CareSettings").objects.create(pk=1)


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("customers", "0006_linkage"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Circle",
            fields=[
                (
                    "id",
                    bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("code", models.CharField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=80)),
            ],
            options={
                "permissions": [("view_customers", "Is listed: can see the customers this circle protects")],
            },
        ),
        migrations.CreateModel(
            name="Team",
            fields=[
                (
                    "id",
                    bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("code", models.CharField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=80)),
            ],
            options={
                "permissions": [("view_customers", "Can see the customers of this team's portfolios")],
            },
        ),
        migrations.CreateModel(
            name="HistoricalProtection",
            fields=[
                ("id", bankos.platform.ids.UUIDv7Field(db_index=True, default=bankos.platform.ids.uuid7, editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("vip", "VIP"),
                            ("staff", "works at the bank"),
                            ("household", "household of somebody who works at the bank"),
                        ],
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("since", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ("until", models.DateTimeField(blank=True, help_text="Empty: for good.", null=True)),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                ("history_type", models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1)),
                (
                    "circle",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="customers.circle",
                    ),
                ),
                (
                    "employee",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "party",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="customers.party",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical protection",
                "verbose_name_plural": "historical protections",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Portfolio",
            fields=[
                (
                    "id",
                    bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("code", models.CharField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=80)),
                (
                    "manager",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="portfolios",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="relationship manager",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="portfolios", to="customers.team"
                    ),
                ),
            ],
            options={
                "permissions": [("view_customers", "Can see the customers of this portfolio")],
            },
        ),
        migrations.CreateModel(
            name="PortfolioPlace",
            fields=[
                (
                    "party",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="portfolio_place",
                        serialize=False,
                        to="customers.party",
                    ),
                ),
                (
                    "portfolio",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="places", to="customers.portfolio"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CircleGroupPermission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("content_object", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="customers.circle")),
                ("group", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.group")),
                ("permission", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission")),
            ],
            options={
                "abstract": False,
                "unique_together": {("group", "permission", "content_object")},
            },
        ),
        migrations.CreateModel(
            name="CircleUserPermission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("content_object", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="customers.circle")),
                ("permission", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission")),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "abstract": False,
                "unique_together": {("user", "permission", "content_object")},
            },
        ),
        migrations.CreateModel(
            name="PartyUserPermission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("given_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("until", models.DateTimeField()),
                ("reason", models.CharField(max_length=200)),
                ("content_object", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="customers.party")),
                ("permission", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission")),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until__gt", models.F("given_at")),
                            (
                                "until__lte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("given_at"), "+", models.Value(datetime.timedelta(days=31))
                                ),
                            ),
                        ),
                        name="a_single_leave_is_short",
                    )
                ],
                "unique_together": {("user", "permission", "content_object")},
            },
        ),
        migrations.CreateModel(
            name="PortfolioGroupPermission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("content_object", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="customers.portfolio")),
                ("group", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.group")),
                ("permission", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission")),
            ],
            options={
                "abstract": False,
                "unique_together": {("group", "permission", "content_object")},
            },
        ),
        migrations.CreateModel(
            name="PortfolioUserPermission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("content_object", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="customers.portfolio")),
                ("permission", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission")),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "abstract": False,
                "unique_together": {("user", "permission", "content_object")},
            },
        ),
        migrations.CreateModel(
            name="Protection",
            fields=[
                (
                    "id",
                    bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("vip", "VIP"),
                            ("staff", "works at the bank"),
                            ("household", "household of somebody who works at the bank"),
                        ],
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("since", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ("until", models.DateTimeField(blank=True, help_text="Empty: for good.", null=True)),
                (
                    "circle",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="protections", to="customers.circle"),
                ),
                (
                    "employee",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("party", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="protections", to="customers.party")),
            ],
            options={
                "indexes": [models.Index(condition=models.Q(("kind", "staff")), fields=["employee"], name="protection_of_staff")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("employee__isnull", True), ("kind", "vip")),
                            models.Q(("employee__isnull", False), ("kind__in", ["staff", "household"])),
                            _connector="OR",
                        ),
                        name="an_employee_is_named_where_it_is_about_one",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("until__isnull", True)),
                        fields=("party", "kind", "employee"),
                        name="a_customer_is_protected_once_for_a_reason",
                        nulls_distinct=False,
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TeamGroupPermission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("content_object", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="customers.team")),
                ("group", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.group")),
                ("permission", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission")),
            ],
            options={
                "abstract": False,
                "unique_together": {("group", "permission", "content_object")},
            },
        ),
        migrations.CreateModel(
            name="TeamUserPermission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("content_object", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="customers.team")),
                ("permission", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission")),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "abstract": False,
                "unique_together": {("user", "permission", "content_object")},
            },
        ),
        migrations.RunSQL(HOUSEHOLDS, NO_HOUSEHOLDS),
        migrations.CreateModel(
            name='EmergencyAccess',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.CharField(help_text='As it was typed.', max_length=40)),
                ('resource_id', models.UUIDField()),
                ('reason_code', models.CharField(choices=[('at_the_counter', 'The customer stands before me'), ('on_the_phone', 'The customer is on the phone'), ('danger', 'Somebody may come to harm'), ('fraud', 'Fraud is going on'), ('other', 'Something else')], max_length=20)),
                ('reason', models.CharField(max_length=500)),
                ('asked_at', models.DateTimeField()),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('party', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.party')),
            ],
        ),
        migrations.CreateModel(
            name='CareSettings',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reveal_minutes', models.PositiveSmallIntegerField(default=5, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(60)], verbose_name='minutes a field stays uncovered')),
                ('emergency_minutes', models.PositiveSmallIntegerField(default=30, help_text='The policies allow 30 at most.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(30)], verbose_name='minutes an emergency access lasts')),
            ],
            options={
                'verbose_name_plural': 'care settings',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='care_settings_are_one_row'), models.CheckConstraint(condition=models.Q(('emergency_minutes__range', (1, 30)), ('reveal_minutes__range', (1, 60))), name='looks_are_short')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalCareSettings',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('reveal_minutes', models.PositiveSmallIntegerField(default=5, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(60)], verbose_name='minutes a field stays uncovered')),
                ('emergency_minutes', models.PositiveSmallIntegerField(default=30, help_text='The policies allow 30 at most.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(30)], verbose_name='minutes an emergency access lasts')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical care settings',
                'verbose_name_plural': 'historical care settings',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalMaskingRule',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('field', models.CharField(choices=[('phone', 'phone'), ('email', 'e-mail'), ('address', 'address'), ('birth_date', 'day of birth'), ('national_id', 'national id'), ('account_number', 'account numbers')], max_length=20)),
                ('role', models.CharField(choices=[('branch_staff', 'branch staff'), ('contact_centre', 'contact centre'), ('team_lead', 'team lead'), ('compliance_officer', 'compliance officer'), ('administrator', 'administrator')], max_length=30)),
                ('shown', models.BooleanField(default=False, verbose_name='seen whole')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical masking rule',
                'verbose_name_plural': 'historical masking rules',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='MaskingRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('field', models.CharField(choices=[('phone', 'phone'), ('email', 'e-mail'), ('address', 'address'), ('birth_date', 'day of birth'), ('national_id', 'national id'), ('account_number', 'account numbers')], max_length=20)),
                ('role', models.CharField(choices=[('branch_staff', 'branch staff'), ('contact_centre', 'contact centre'), ('team_lead', 'team lead'), ('compliance_officer', 'compliance officer'), ('administrator', 'administrator')], max_length=30)),
                ('shown', models.BooleanField(default=False, verbose_name='seen whole')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('field', 'role'), name='one_masking_rule_per_field_and_role')],
            },
        ),
        migrations.CreateModel(
            name='Reveal',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('field', models.CharField(choices=[('phone', 'phone'), ('email', 'e-mail'), ('address', 'address'), ('birth_date', 'day of birth'), ('national_id', 'national id'), ('account_number', 'account numbers')], max_length=20)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('decision_id', models.UUIDField(unique=True)),
                ('revealed_at', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('officers_told', models.BooleanField(help_text='Whether the policies asked for compliance to be told.')),
                ('party', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.party')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='EmergencyEnd',
            fields=[
                ('access', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='ended', serialize=False, to='customers.emergencyaccess')),
                ('decision_id', models.UUIDField(unique=True)),
                ('ended_at', models.DateTimeField()),
                ('ended_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='EmergencyGrant',
            fields=[
                ('access', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='granted', serialize=False, to='customers.emergencyaccess')),
                ('decision_id', models.UUIDField(unique=True)),
                ('granted_at', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('party', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.party')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='EmergencyReview',
            fields=[
                ('access', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='review', serialize=False, to='customers.emergencyaccess')),
                ('justified', models.BooleanField()),
                ('note', models.CharField(blank=True, max_length=500)),
                ('decision_id', models.UUIDField(unique=True)),
                ('reviewed_at', models.DateTimeField()),
                ('reviewed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddIndex(
            model_name='emergencyaccess',
            index=models.Index(fields=['asked_by', 'resource_id'], name='emergency_by_asker'),
        ),
        migrations.AddIndex(
            model_name='reveal',
            index=models.Index(fields=['user', 'party', 'until'], name='reveal_in_force'),
        ),
        migrations.AddConstraint(
            model_name='reveal',
            constraint=models.CheckConstraint(condition=models.Q(('until__gt', models.F('revealed_at')), ('until__lte', django.db.models.expressions.CombinedExpression(models.F('revealed_at'), '+', models.Value(datetime.timedelta(seconds=3600))))), name='a_reveal_is_short'),
        ),
        migrations.AddIndex(
            model_name='emergencygrant',
            index=models.Index(fields=['user', 'until'], name='emergency_in_force'),
        ),
        migrations.AddConstraint(
            model_name='emergencygrant',
            constraint=models.CheckConstraint(condition=models.Q(('until__gt', models.F('granted_at')), ('until__lte', django.db.models.expressions.CombinedExpression(models.F('granted_at'), '+', models.Value(datetime.timedelta(seconds=1800))))), name='an_emergency_access_is_short'),
        ),
        migrations.AddConstraint(
            model_name='emergencyreview',
            constraint=models.CheckConstraint(condition=models.Q(('justified', True), models.Q(('note', ''), _negated=True), _connector='OR'), name='what_was_not_justified_is_explained'),
        ),
        migrations.RunPython(mask_everything, migrations.RunPython.noop),
        AppendOnly("customers_reveal"),
        AppendOnly("customers_emergencyaccess"),
        AppendOnly("customers_emergencygrant"),
        AppendOnly("customers_emergencyend"),
        AppendOnly("customers_emergencyreview"),
    ]
