"""What a person saw ends with a move or a leave, by that decision. And whether the database itself writes is told by whose rights it writes
with: depth of triggers tells nothing, since anybody may make a temporary table with a trigger of their own."""

from django.db import migrations, models

from bankos.platform.roles import WrittenBy

GUARD = r"""
DO $$
DECLARE
    guard text := pg_get_functiondef('customers_guard_visibility()'::regprocedure);
    owns CONSTANT text := 'pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), ''USAGE'')';
    shrinking text;
BEGIN
    FOREACH shrinking IN ARRAY ARRAY['(shrinks AND customers_permitted(decision, ''visibility.withdraw'', ',
                                     '(shrinks AND customers_permitted(decision, ''customer.hide'', '] LOOP
        IF strpos(guard, shrinking) = 0 OR strpos(guard, 'pg_trigger_depth() > 1') = 0 THEN
            RAISE EXCEPTION 'customers_guard_visibility is not the one this changes';
        END IF;
        -- Once for people; groups neither move nor leave.
        guard := overlay(guard PLACING
            '(shrinks AND sentinel_permits_for_person(decision, (after ->> ''user_id'')::uuid, ''{person.move,person.leave}'', NULL)) OR '
            || shrinking FROM strpos(guard, shrinking) FOR length(shrinking));
    END LOOP;
    EXECUTE replace(guard, 'pg_trigger_depth() > 1', owns);
    EXECUTE regexp_replace(pg_get_functiondef('customers_only_kept()'::regprocedure), 'pg_trigger_depth\(\) < 2\s+AND ', '');
    ALTER FUNCTION customers_keep_visibility() SECURITY DEFINER;
    EXECUTE format('ALTER FUNCTION customers_only_kept() SET search_path = %I, pg_temp', current_schema());
    EXECUTE format('ALTER FUNCTION platform_refuse_change() SET search_path = %I, pg_temp', current_schema());
    EXECUTE format('ALTER FUNCTION platform_stamp_change() SET search_path = %I, pg_temp', current_schema());
END $$;
"""


GRANTS = [f"{kind}{holder}permission" for kind in ("branch", "team", "portfolio", "circle") for holder in ("user", "group")]


class Migration(migrations.Migration):
    dependencies = [("customers", "0026_copies_are_made_by_jobs"), ("platform", "0010_jobs"), ("sentinel", "0018_machines_need_decisions")]

    operations = [
        # One decision ends several rows; that it gives one row only is what the guard looks at.
        *(migrations.AlterField(grant, "decision_id", models.UUIDField(null=True)) for grant in (*GRANTS, "partyuserpermission")),
        migrations.RunSQL(GUARD, migrations.RunSQL.noop),
        WrittenBy("customers_visibilitychange", {}),
    ]
