from django.db import migrations

from sentinel.redaction import Erasable


class Migration(migrations.Migration):
    dependencies = [("insights", "0002_append_only"), ("sentinel", "0006_redaction")]

    operations = [Erasable("insights_recommendationanswer", "note")]
