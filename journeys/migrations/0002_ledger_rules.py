"""What the database itself refuses about effects, whoever asks."""

from django.db import migrations

from bankos.platform.immutable import AppendOnly

# The function names its schema, so that a temporary table of the same name cannot stand in for the authority's evidence.
EFFECT_RESTS_ON_A_PERMIT = """
CREATE FUNCTION journeys_check_effect() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    permit sentinel_decision%ROWTYPE;
    used_at timestamptz;
BEGIN
    SELECT consumed_at INTO used_at FROM sentinel_consumption WHERE id = NEW.consumption_id AND decision_id = NEW.decision_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'effect % rests on no consumed decision', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'effect_of_a_consumption';
    END IF;
    SELECT * INTO permit FROM sentinel_decision WHERE id = NEW.decision_id;
    IF permit.outcome <> 'permit' THEN
        RAISE EXCEPTION 'decision % is not a permit', NEW.decision_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'effect_of_a_permit';
    END IF;
    IF (permit.action, permit.resource_type, permit.resource_id) IS DISTINCT FROM (NEW.action, NEW.resource_type, NEW.resource_id) THEN
        RAISE EXCEPTION 'decision % permits another action or resource', NEW.decision_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'effect_as_permitted';
    END IF;
    IF permit.parameters_hash IS DISTINCT FROM encode(sha256(convert_to(NEW.parameters, 'UTF8')), 'hex') THEN
        RAISE EXCEPTION 'decision % permits other parameters', NEW.decision_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'effect_with_permitted_parameters';
    END IF;
    IF permit.token IS DISTINCT FROM NEW.token THEN
        RAISE EXCEPTION 'decision % bears another token', NEW.decision_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'effect_with_its_token';
    END IF;
    IF used_at IS DISTINCT FROM NEW.executed_at THEN
        RAISE EXCEPTION 'effect % bears another moment than the use of its permit', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'effect_at_its_moment';
    END IF;
    RETURN NEW;
END $$;
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION journeys_check_effect() SET search_path = %I, pg_temp', current_schema());
END $$;
CREATE TRIGGER effect_rests_on_a_permit BEFORE INSERT ON journeys_effect
    FOR EACH ROW EXECUTE FUNCTION journeys_check_effect();
"""
NO_EFFECT_CHECK = """
DROP TRIGGER effect_rests_on_a_permit ON journeys_effect;
DROP FUNCTION journeys_check_effect();
"""


class Migration(migrations.Migration):
    dependencies = [("journeys", "0001_initial"), ("sentinel", "0002_evidence")]

    operations = [
        AppendOnly("journeys_effect"),
        AppendOnly("journeys_effectdelivery"),
        AppendOnly("journeys_awaitedact"),
        migrations.RunSQL(EFFECT_RESTS_ON_A_PERMIT, NO_EFFECT_CHECK),
    ]
