"""What machines may do by themselves: more only by a signed decision for exactly that, less and stopping at any time."""

from django.db import migrations

from bankos.platform.immutable import AppendOnly

# A raise is of this automation, to this level, within these limits, and newer than the last change: an older one is not played again.
# To lower takes a decision, too, and never leaves more than there was. No row goes away: without one a machine may suggest.
LEVELS = """
CREATE FUNCTION sentinel_check_level() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    levels CONSTANT text[] := ARRAY['off', 'watch', 'suggest', 'act_with_approval', 'act_alone'];
    claims jsonb;
    told jsonb;
    before text;
    limits text;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'the level of an automation is changed, not deleted' USING ERRCODE = 'insufficient_privilege';
    END IF;
    claims := sentinel_permitted(NEW.decision_id, ARRAY['autonomy.raise', 'autonomy.lower'], true);
    told := claims #> '{authorization_details,0}';
    IF told -> 'resource' IS DISTINCT FROM
            jsonb_build_object('type', 'Automation', 'id', NEW.subject || '/' || NEW.action || '/' || NEW.segment)
       OR told #>> '{parameters,level}' IS DISTINCT FROM NEW.level
       OR claims #>> '{act,sub}' IS DISTINCT FROM NEW.changed_by
       OR NEW.changed_at < to_timestamp((claims ->> 'iat')::bigint) THEN
        RAISE EXCEPTION 'no decision sets this level' USING ERRCODE = 'insufficient_privilege';
    END IF;
    limits := concat_ws(':', coalesce(NEW.limit_amount::text, ''), NEW.limit_currency, coalesce(NEW.limit_per_day::text, ''),
                        coalesce(NEW.from_hour || '-' || NEW.to_hour, ''));
    IF TG_OP = 'UPDATE' AND (NEW.id, NEW.subject, NEW.action, NEW.segment) IS DISTINCT FROM (OLD.id, OLD.subject, OLD.action, OLD.segment) THEN
        RAISE EXCEPTION 'no decision sets this level' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF told ->> 'type' = 'autonomy.raise' THEN
        IF limits IS DISTINCT FROM coalesce(nullif(told #>> '{parameters,limits}', ''), ':::')
           OR (TG_OP = 'UPDATE' AND EXISTS (SELECT FROM sentinel_decision d WHERE d.id = OLD.decision_id
                                               AND d.leaf_index >= (claims #>> '{log,index}')::bigint)) THEN
            RAISE EXCEPTION 'no decision sets this level' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END IF;
    SELECT s.level INTO before FROM sentinel_autonomysetting s
     WHERE s.subject IN (NEW.subject, '') AND s.action IN (NEW.action, '') AND s.segment IN (NEW.segment, '')
     ORDER BY s.subject <> '' DESC, s.action <> '' DESC, s.segment <> '' DESC LIMIT 1;
    IF array_position(levels, NEW.level::text) >= array_position(levels, coalesce(before, 'suggest'))
       OR (TG_OP = 'INSERT' AND limits <> ':::')
       OR (TG_OP = 'UPDATE' AND (NEW.limit_amount, NEW.limit_currency, NEW.limit_per_day, NEW.from_hour, NEW.to_hour)
           IS DISTINCT FROM (OLD.limit_amount, OLD.limit_currency, OLD.limit_per_day, OLD.from_hour, OLD.to_hour)) THEN
        RAISE EXCEPTION 'this decision takes freedom away, it gives none' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_level_was_decided BEFORE INSERT OR UPDATE OR DELETE ON sentinel_autonomysetting
    FOR EACH ROW EXECUTE FUNCTION sentinel_check_level();
"""
NO_LEVELS = """
DROP TRIGGER a_level_was_decided ON sentinel_autonomysetting;
DROP FUNCTION sentinel_check_level();
"""

# To stop takes nothing but the row, so that nothing can be in its way. A drill stops drills only: drills lift their stops by themselves.
STOPS = """
CREATE FUNCTION sentinel_check_stop() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    lifting CONSTANT text[] := ARRAY['lifted_by', 'lifted_by_name', 'lifted_at', 'lift_decision_id'];
    claims jsonb;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.lifted_at IS NULL AND NEW.lift_decision_id IS NULL
           AND (NOT NEW.drill OR (NEW.scope = 'action' AND NEW.value = 'automation.drill')) THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'a stop begins in force' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.lifted_at IS NULL AND NEW.lifted_at IS NOT NULL AND to_jsonb(NEW) - lifting = to_jsonb(OLD) - lifting THEN
        claims := sentinel_permitted(NEW.lift_decision_id, ARRAY['automation.start'], true);
        IF claims #> '{authorization_details,0,resource}' = jsonb_build_object('type', 'Automation', 'id', NEW.id)
           AND claims #>> '{act,sub}' = NEW.lifted_by THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'no decision lifts this stop' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER a_stop_is_lifted_by_decision BEFORE INSERT OR UPDATE OR DELETE ON sentinel_automationstop
    FOR EACH ROW EXECUTE FUNCTION sentinel_check_stop();
"""
NO_STOPS = """
DROP TRIGGER a_stop_is_lifted_by_decision ON sentinel_automationstop;
DROP FUNCTION sentinel_check_stop();
"""
IN_ITS_SCHEMA = """
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION {function} SET search_path = %I, pg_temp', current_schema());
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("sentinel", "0017_places_are_given_once")]

    operations = [
        migrations.RunSQL(LEVELS, NO_LEVELS),
        migrations.RunSQL(STOPS, NO_STOPS),
        *(
            migrations.RunSQL(IN_ITS_SCHEMA.format(function=guard), migrations.RunSQL.noop)
            for guard in ("sentinel_check_level()", "sentinel_check_stop()")
        ),
        AppendOnly("sentinel_historicalautonomysetting"),
    ]
