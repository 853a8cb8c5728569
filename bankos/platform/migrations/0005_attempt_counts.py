from django.db import migrations, models

# Counts of wrong passwords as django-axes kept them: they mean nothing to the counter of our own.
REMOVE_AXES = """
DROP TABLE IF EXISTS axes_accessattemptexpiration, axes_accessattempt, axes_accessfailurelog, axes_accesslog;
DELETE FROM django_migrations WHERE app = 'axes';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("platform", "0004_meters"),
    ]

    operations = [
        migrations.CreateModel(
            name="AttemptCount",
            fields=[
                ("key", models.CharField(max_length=80, primary_key=True, serialize=False)),
                ("account", models.CharField(blank=True, max_length=64)),
                ("failures", models.FloatField()),
                ("counted_at", models.DateTimeField()),
                ("open_at", models.DateTimeField(null=True)),
                ("forgotten_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["forgotten_at"], name="attempts_forgotten"),
                    models.Index(
                        condition=models.Q(("account", ""), _negated=True),
                        fields=["account"],
                        name="attempts_of_account",
                    ),
                ],
            },
        ),
        migrations.RunSQL(REMOVE_AXES, migrations.RunSQL.noop),
    ]
