"""Links between records that may be the same person."""

import bankos.platform.ids
import customers.models.linkage
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

from bankos.platform.immutable import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0005_transactions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LinkageModel",
            fields=[
                (
                    "id",
                    bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("version", models.PositiveIntegerField(unique=True)),
                ("weights", models.JSONField()),
                ("learned_from", models.PositiveIntegerField()),
                ("learned_at", models.DateTimeField()),
            ],
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
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="HistoricalLinkageSettings",
            fields=[
                ("id", models.PositiveSmallIntegerField(db_index=True, default=1, editable=False)),
                (
                    "same_from",
                    models.FloatField(
                        default=0.95,
                        help_text="From this likelihood on two records are one person's, as far as a machine may say so.",
                        validators=[django.core.validators.MinValueValidator(0.5), django.core.validators.MaxValueValidator(1)],
                        verbose_name="joined from",
                    ),
                ),
                (
                    "ask_from",
                    models.FloatField(
                        default=0.2,
                        help_text="From this likelihood on a person is asked; below it they are different people.",
                        validators=[django.core.validators.MinValueValidator(0.001), django.core.validators.MaxValueValidator(1)],
                        verbose_name="asked from",
                    ),
                ),
                (
                    "surname_first",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20),
                        blank=True,
                        default=customers.models.linkage._core_banking,
                        help_text="Codes of the systems that write the surname before the given name.",
                        size=None,
                    ),
                ),
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
                "verbose_name": "historical linkage settings",
                "verbose_name_plural": "historical linkage settings",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="LinkageSettings",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                (
                    "same_from",
                    models.FloatField(
                        default=0.95,
                        help_text="From this likelihood on two records are one person's, as far as a machine may say so.",
                        validators=[django.core.validators.MinValueValidator(0.5), django.core.validators.MaxValueValidator(1)],
                        verbose_name="joined from",
                    ),
                ),
                (
                    "ask_from",
                    models.FloatField(
                        default=0.2,
                        help_text="From this likelihood on a person is asked; below it they are different people.",
                        validators=[django.core.validators.MinValueValidator(0.001), django.core.validators.MaxValueValidator(1)],
                        verbose_name="asked from",
                    ),
                ),
                (
                    "surname_first",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20),
                        blank=True,
                        default=customers.models.linkage._core_banking,
                        help_text="Codes of the systems that write the surname before the given name.",
                        size=None,
                    ),
                ),
            ],
            options={
                "verbose_name": "linkage settings",
                "verbose_name_plural": "linkage settings",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="linkage_settings_are_one_row"),
                    models.CheckConstraint(
                        condition=models.Q(("ask_from__lte", models.F("same_from"))), name="asking_comes_before_joining"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MemberDescription",
            fields=[
                (
                    "member",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="description",
                        serialize=False,
                        to="customers.party",
                    ),
                ),
                ("given_name", models.TextField()),
                ("surname", models.TextField()),
                ("name_key", models.TextField(db_index=True)),
                ("given_root", models.TextField()),
                ("birth_date", models.TextField()),
                ("national_id", models.TextField()),
                ("house_number", models.TextField()),
                ("line_1", models.TextField()),
                ("line_2", models.TextField()),
                ("town", models.TextField()),
                ("postcode", models.TextField()),
                ("phones", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("emails", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("keys", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("fingerprint", models.CharField(help_text="Of everything said: a verdict holds as long as it stays.", max_length=32)),
                ("described_at", models.DateTimeField()),
            ],
            options={
                "indexes": [django.contrib.postgres.indexes.GinIndex(fastupdate=False, fields=["keys"], name="description_by_key")],
            },
        ),
        migrations.CreateModel(
            name="PartyLink",
            fields=[
                (
                    "id",
                    bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("probability", models.FloatField()),
                ("bits", models.FloatField()),
                ("levels", models.JSONField(help_text="How well each thing compared agrees: comparison → level.")),
                ("fingerprint", models.CharField(help_text="Of both descriptions it was judged by.", max_length=65)),
                ("scored_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "waits for a person"),
                            ("joined", "same person"),
                            ("apart", "different people"),
                            ("unlikely", "no longer likely"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("put_off_until", models.DateTimeField(help_text="After “not sure”: asked again from then on.", null=True)),
                (
                    "left",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.party"),
                ),
                (
                    "model",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.linkagemodel",
                    ),
                ),
                ("right", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.party")),
            ],
        ),
        migrations.CreateModel(
            name="PartyAct",
            fields=[
                ("id", models.UUIDField(help_text="The act of the moves it made.", primary_key=True, serialize=False)),
                ("kind", models.CharField(choices=[("join", "joined"), ("part", "split off"), ("undo", "undone")], max_length=6)),
                ("reason", models.CharField(max_length=300)),
                ("done_by", models.CharField(help_text="An actor's id.", max_length=120)),
                ("done_by_name", models.CharField(max_length=120)),
                ("decision_id", models.UUIDField()),
                ("recorded_at", models.DateTimeField()),
                ("kept", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.party")),
                ("moved", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.party")),
                (
                    "undoes",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="undone_by", to="customers.partyact"
                    ),
                ),
                (
                    "link",
                    models.ForeignKey(
                        db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.partylink"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LinkVerdict",
            fields=[
                (
                    "id",
                    bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "verdict",
                    models.CharField(
                        choices=[("same", "Same person"), ("different", "Different people"), ("not_sure", "Not sure")], max_length=10
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("fingerprint", models.CharField(max_length=65)),
                ("probability", models.FloatField()),
                ("decided_by", models.CharField(help_text="An actor's id.", max_length=120)),
                ("decided_by_name", models.CharField(max_length=120)),
                ("decision_id", models.UUIDField(null=True)),
                ("recorded_at", models.DateTimeField()),
                (
                    "model",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.linkagemodel",
                    ),
                ),
                ("link", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="verdicts", to="customers.partylink")),
            ],
        ),
        migrations.CreateModel(
            name="LinkageRun",
            fields=[
                (
                    "id",
                    bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("learning", "learning what agreement is worth"),
                            ("comparing", "comparing records"),
                            ("joining", "joining records"),
                            ("done", "done"),
                            ("failed", "failed"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("records", models.PositiveIntegerField(default=0)),
                ("parts", models.PositiveSmallIntegerField(default=0)),
                ("parts_done", models.PositiveSmallIntegerField(default=0)),
                ("pairs", models.PositiveBigIntegerField(default=0)),
                ("linked", models.PositiveIntegerField(default=0)),
                ("joined", models.PositiveIntegerField(default=0)),
                ("asked", models.PositiveIntegerField(default=0)),
                ("place_bits", models.FloatField(help_text="The last link that was looked at for joining, by weight and id.", null=True)),
                ("place_link", models.UUIDField(null=True)),
                ("asked_by_name", models.CharField(max_length=120)),
                ("problem", models.CharField(blank=True, max_length=300)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("started_at", models.DateTimeField()),
                ("alive_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "model",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.linkagemodel",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.Value(1),
                        condition=models.Q(("state__in", ["waiting", "learning", "comparing", "joining"])),
                        name="one_linkage_run_at_a_time",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="partylink",
            index=models.Index(condition=models.Q(("state", "open")), fields=["-probability", "id"], name="open_links_in_order"),
        ),
        migrations.AddConstraint(
            model_name="partylink",
            constraint=models.UniqueConstraint(fields=("left", "right"), name="a_pair_is_linked_once"),
        ),
        migrations.AddConstraint(
            model_name="partylink",
            constraint=models.CheckConstraint(condition=models.Q(("left__lt", models.F("right"))), name="a_link_has_its_smaller_id_left"),
        ),
        AppendOnly("customers_linkagemodel"),
        AppendOnly("customers_linkverdict"),
        AppendOnly("customers_partyact"),
    ]
