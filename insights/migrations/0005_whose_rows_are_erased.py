from django.db import migrations

from sentinel.redaction import ErasedWith


class Migration(migrations.Migration):
    dependencies = [("insights", "0004_erasing_suggestions"), ("customers", "0021_whose_rows_are_erased")]

    operations = [
        ErasedWith("insights_recommendation", "r.party_id::text = ANY (members)"),
        ErasedWith(
            "insights_recommendationanswer",
            "EXISTS (SELECT FROM insights_recommendation g WHERE g.id = r.recommendation_id AND g.party_id::text = ANY (members))",
        ),
    ]
