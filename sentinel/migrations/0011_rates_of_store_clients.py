from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sentinel", "0010_answers_are_decisions")]

    operations = [
        migrations.AddField(
            model_name="storeclient",
            name="per_minute",
            field=models.PositiveIntegerField(
                db_default=6000,
                default=6000,
                help_text="A search counts as ten, each item of a batch as one.",
                verbose_name="evaluations a minute",
            ),
        ),
        migrations.AddConstraint(
            model_name="storeclient",
            constraint=models.CheckConstraint(condition=models.Q(("per_minute__gte", 1)), name="a_store_client_may_ask_at_all"),
        ),
    ]
