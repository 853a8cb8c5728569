"""Versions that are in force or wait for their moment name the decision that let them: their steps do already."""

from django.db import migrations

# A version that came with bankos was decided by nobody: it stays without.
NAMED = """
UPDATE sentinel_policyversion v SET activation_decision_id = (
    SELECT s.decision_id FROM sentinel_policystep s
     WHERE s.version_id = v.id AND s.kind IN ('approved', 'activated') AND s.decision_id IS NOT NULL
     ORDER BY s.id DESC LIMIT 1)
 WHERE v.activation_decision_id IS NULL AND v.state IN ('scheduled', 'active')
"""


class Migration(migrations.Migration):
    dependencies = [("sentinel", "0014_checkpoint_witnesses")]

    operations = [migrations.RunSQL(NAMED, migrations.RunSQL.noop)]
