"""Who was in a group named like a role holds that role. The groups stay for what else they open; no role is read from them any more."""

from django.db import migrations

CARRY_OVER = """
INSERT INTO platform_rolemembership (id, user_id, role, granted_at)
SELECT gen_random_uuid(), own.user_id, held.name, now()
  FROM platform_user_groups own JOIN auth_group held ON held.id = own.group_id
 WHERE held.name IN ('branch_staff', 'contact_centre', 'team_lead', 'compliance_officer', 'administrator');
UPDATE platform_user SET activated_at = date_joined WHERE password <> '' AND password NOT LIKE '!%';
"""


class Migration(migrations.Migration):
    dependencies = [("platform", "0006_people_and_sessions"), ("auth", "0012_alter_user_first_name_max_length")]

    operations = [migrations.RunSQL(CARRY_OVER, migrations.RunSQL.noop)]
