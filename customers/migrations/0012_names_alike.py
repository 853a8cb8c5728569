"""Names are found by their words and by their words without a letter (customers.alike)."""

import django.contrib.postgres.indexes
from django.db import migrations, models

import customers.alike

_LEXEMES = """
CREATE FUNCTION customers_name_lexemes(names text) RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
SELECT array_to_tsvector(coalesce(array_agg(DISTINCT lexeme), '{}'))
  FROM unnest(string_to_array(names, ' ')) AS word
 CROSS JOIN LATERAL (
       SELECT word UNION ALL
       SELECT '~' || left(word, place - 1) || substr(word, place + 1) FROM generate_series(1, length(word)) AS place
        WHERE length(word) BETWEEN 4 AND 30) AS spelt (lexeme)
 WHERE word <> ''
$$
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0011_life")]

    operations = [
        migrations.RunSQL(_LEXEMES, "DROP FUNCTION customers_name_lexemes(text)"),
        migrations.RemoveIndex(model_name="party", name="party_by_name"),
        migrations.AddIndex(
            model_name="party",
            index=django.contrib.postgres.indexes.GinIndex(
                customers.alike.NameLexemes("search_name"),
                condition=models.Q(("golden", models.F("pk"))),
                fastupdate=False,
                name="party_by_name",
            ),
        ),
        migrations.AddIndex(
            model_name="partyidentifier",
            index=models.Index(fields=["value"], condition=models.Q(("kind", "national_id")), name="national_id_by_value"),
        ),
    ]
