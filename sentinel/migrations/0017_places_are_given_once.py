"""What the database refuses so that no record stops the log: a place that another record has, a moment that is none."""

from django.db import migrations

PLACES = """
CREATE OR REPLACE FUNCTION sentinel_check_places() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added, sentinel_log_place p WHERE leaf_index > p.last_value)
       OR EXISTS (SELECT FROM added JOIN sentinel_logentry e ON e.index = added.leaf_index)
       OR (TG_TABLE_NAME = 'sentinel_decision'
           AND EXISTS (SELECT FROM added JOIN sentinel_consumption c ON c.leaf_index = added.leaf_index))
       OR (TG_TABLE_NAME = 'sentinel_consumption'
           AND EXISTS (SELECT FROM added JOIN sentinel_decision d ON d.leaf_index = added.leaf_index)) THEN
        RAISE EXCEPTION 'this place in the log was not given out' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION sentinel_check_places() SET search_path = %I, pg_temp', current_schema());
END $$;
"""
MOMENTS = """
ALTER TABLE sentinel_decision ADD CONSTRAINT decision_has_real_moments
    CHECK (issued_at BETWEEN '1970-01-02' AND '9000-01-01' AND expires_at BETWEEN '1970-01-02' AND '9000-01-01') NOT VALID;
"""
NO_MOMENTS = "ALTER TABLE sentinel_decision DROP CONSTRAINT decision_has_real_moments"


class Migration(migrations.Migration):
    dependencies = [("sentinel", "0016_powers_rest_on_decisions")]

    operations = [migrations.RunSQL(PLACES, migrations.RunSQL.noop), migrations.RunSQL(MOMENTS, NO_MOMENTS)]
