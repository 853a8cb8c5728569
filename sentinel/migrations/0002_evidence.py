"""What the database itself refuses about decisions, whoever asks."""

from django.db import migrations

from bankos.platform.immutable import AppendOnly

# Only a permit is used, only while it lives, and only now: all by the database's own clock.
CONSUMPTION_IS_OF_A_LIVING_PERMIT = """
CREATE FUNCTION sentinel_check_consumption() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    used sentinel_decision%ROWTYPE;
BEGIN
    SELECT * INTO used FROM sentinel_decision WHERE id = NEW.decision_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no decision %', NEW.decision_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'consumption_of_a_decision';
    END IF;
    IF used.outcome <> 'permit' THEN
        RAISE EXCEPTION 'decision % is not a permit', NEW.decision_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'consumption_of_a_permit';
    END IF;
    IF clock_timestamp() > used.expires_at THEN
        RAISE EXCEPTION 'decision % has expired', NEW.decision_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'consumption_in_time';
    END IF;
    IF NEW.consumed_at NOT BETWEEN clock_timestamp() - interval '5 minutes' AND clock_timestamp() + interval '5 minutes' THEN
        RAISE EXCEPTION 'decision % cannot be used at another moment than now', NEW.decision_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'consumption_now';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER consumption_is_of_a_living_permit BEFORE INSERT ON sentinel_consumption
    FOR EACH ROW EXECUTE FUNCTION sentinel_check_consumption();
"""
NO_CONSUMPTION_CHECK = """
DROP TRIGGER consumption_is_of_a_living_permit ON sentinel_consumption;
DROP FUNCTION sentinel_check_consumption();
"""

# A version's text is what its tokens name by hash; only its state moves on, and a draft never becomes active twice.
POLICY_TEXT_IS_FIXED = """
CREATE FUNCTION sentinel_keep_policy_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR
       (OLD.id, OLD.store, OLD.number, OLD.policies, OLD.schema, OLD.sha256, OLD.created_at)
       IS DISTINCT FROM (NEW.id, NEW.store, NEW.number, NEW.policies, NEW.schema, NEW.sha256, NEW.created_at) THEN
        RAISE EXCEPTION 'the text of policy version % is fixed', OLD.number USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF (OLD.state, NEW.state) NOT IN
       (('draft', 'draft'), ('draft', 'active'), ('active', 'active'), ('active', 'retired'), ('retired', 'retired')) THEN
        RAISE EXCEPTION 'policy version % cannot go from % to %', OLD.number, OLD.state, NEW.state
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER policy_text_is_fixed BEFORE UPDATE OR DELETE ON sentinel_policyversion
    FOR EACH ROW EXECUTE FUNCTION sentinel_keep_policy_text();
"""
NO_POLICY_CHECK = """
DROP TRIGGER policy_text_is_fixed ON sentinel_policyversion;
DROP FUNCTION sentinel_keep_policy_text();
"""


class Migration(migrations.Migration):
    dependencies = [("sentinel", "0001_initial")]

    operations = [
        AppendOnly("sentinel_decision"),
        AppendOnly("sentinel_consumption"),
        AppendOnly("sentinel_approvalrequest"),
        AppendOnly("sentinel_approvalanswer"),
        AppendOnly("sentinel_approvaluse"),
        migrations.RunSQL(CONSUMPTION_IS_OF_A_LIVING_PERMIT, NO_CONSUMPTION_CHECK),
        migrations.RunSQL(POLICY_TEXT_IS_FIXED, NO_POLICY_CHECK),
    ]
