from django.db import migrations

from sentinel.redaction import Erasable


class Migration(migrations.Migration):
    dependencies = [("journeys", "0003_work_by_branch"), ("sentinel", "0008_erasing_the_past")]

    operations = [
        Erasable("journeys_workitem", "title", "'Erased'"),
        Erasable("journeys_workitem", "why"),
        Erasable("journeys_awaitedact", "summary", "'Erased'"),
    ]
