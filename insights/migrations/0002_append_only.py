from django.db import migrations

from bankos.platform.immutable import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("insights", "0001_initial"), ("platform", "0001_initial")]

    operations = [
        AppendOnly("insights_modelversion"),
        AppendOnly("insights_modelalias"),
        AppendOnly("insights_recommendationanswer"),
    ]
