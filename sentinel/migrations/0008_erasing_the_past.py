from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sentinel", "0006_redaction")]

    operations = [
        migrations.AlterField(
            model_name="redaction",
            name="row_id",
            field=models.CharField(help_text="Its primary key, as text.", max_length=40),
        ),
        migrations.AlterField(
            model_name="redaction",
            name="table_name",
            field=models.CharField(help_text="With its schema, where that is not the application's own.", max_length=80),
        ),
    ]
