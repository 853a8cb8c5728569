from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("platform", "0003_lighter_deliveries")]

    operations = [
        migrations.CreateModel(
            name="Meter",
            fields=[
                ("key", models.CharField(max_length=80, primary_key=True, serialize=False)),
                ("idle_at", models.DateTimeField()),
            ],
        ),
        # Written with every request of a program, and worth nothing after a crash.
        migrations.RunSQL("ALTER TABLE platform_meter SET UNLOGGED", migrations.RunSQL.noop),
    ]
