from django.db import migrations

from sentinel.redaction import Erasable

LISTS = ("reasons", "options", "limits", "incomes", "policy_checks")


class Migration(migrations.Migration):
    dependencies = [("insights", "0003_erasable"), ("sentinel", "0008_erasing_the_past")]

    operations = [
        Erasable("insights_recommendation", "title", "'Erased'"),
        Erasable("insights_recommendation", "say"),
        Erasable("insights_recommendation", "would_not_be_suggested_if"),
        *(Erasable("insights_recommendation", column, "'[]'") for column in LISTS),
        # Possible harm is described (a constraint).
        Erasable("insights_recommendationanswer", "note", "'Erased'"),
    ]
