from django.db import migrations

from sentinel.redaction import ErasedWith


class Migration(migrations.Migration):
    dependencies = [("journeys", "0004_erasable"), ("customers", "0021_whose_rows_are_erased")]

    operations = [
        ErasedWith("journeys_workitem", "r.party_id::text = ANY (members)"),
        ErasedWith("journeys_awaitedact", "r.party_id::text = ANY (members)"),
    ]
