"""What the database itself refuses about the log, keys, stops and policies, whoever asks."""

from django.db import migrations

from bankos.platform.immutable import AppendOnly

IN_ITS_SCHEMA = """
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION {function} SET search_path = %I, pg_temp', current_schema());
END $$;
"""

# Only a permit is used, only while it lives, only now, and not by a machine that was stopped meanwhile. One that never lived was advice
# to another system (see sentinel.authzen.recording), whatever anybody's clock says. A stop does not hold back what takes freedom from
# machines.
CONSUMPTION_IS_OF_A_LIVING_PERMIT = """
CREATE OR REPLACE FUNCTION sentinel_check_consumption() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    used sentinel_decision%ROWTYPE;
BEGIN
    SELECT * INTO used FROM sentinel_decision WHERE id = NEW.decision_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no decision %', NEW.decision_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'consumption_of_a_decision';
    END IF;
    IF used.outcome <> 'permit' OR used.expires_at <= used.issued_at THEN
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
    IF used.actor_kind IN ('system', 'agent') AND used.action <> 'autonomy.lower' AND EXISTS (
        SELECT FROM sentinel_automationstop
         WHERE lifted_at IS NULL
           AND (scope = 'everything'
                OR (scope = 'action' AND value = used.action)
                OR (scope = 'branch' AND value = used.branch)
                OR (scope = 'model' AND value IN (used.actor_id, used.model ->> 'name')))
    ) THEN
        RAISE EXCEPTION 'decision % was stopped', NEW.decision_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'consumption_not_stopped';
    END IF;
    RETURN NEW;
END $$;
"""

# A version's text is what its tokens name by hash; only its state moves on, and nothing becomes active twice.
POLICY_TEXT_IS_FIXED = """
CREATE OR REPLACE FUNCTION sentinel_keep_policy_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR
       (OLD.id, OLD.store, OLD.number, OLD.policies, OLD.schema, OLD.examples, OLD.sha256, OLD.drafted_by, OLD.created_at)
       IS DISTINCT FROM
       (NEW.id, NEW.store, NEW.number, NEW.policies, NEW.schema, NEW.examples, NEW.sha256, NEW.drafted_by, NEW.created_at) THEN
        RAISE EXCEPTION 'the text of policy version % is fixed', OLD.number USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN
       (('draft', 'active'), ('draft', 'scheduled'), ('draft', 'refused'), ('scheduled', 'active'), ('scheduled', 'refused'),
        ('active', 'retired')) THEN
        RAISE EXCEPTION 'policy version % cannot go from % to %', OLD.number, OLD.state, NEW.state
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
"""

A_STOP_IS_ONLY_LIFTED = """
CREATE FUNCTION sentinel_keep_stop() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.lifted_at IS NOT NULL OR NEW.lifted_at IS NULL OR
       (OLD.id, OLD.scope, OLD.value, OLD.reason, OLD.drill, OLD.stopped_by, OLD.stopped_by_name, OLD.stopped_at, OLD.stop_decision_id)
       IS DISTINCT FROM
       (NEW.id, NEW.scope, NEW.value, NEW.reason, NEW.drill, NEW.stopped_by, NEW.stopped_by_name, NEW.stopped_at, NEW.stop_decision_id)
    THEN
        RAISE EXCEPTION 'a stop can only be lifted, once' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stop_is_only_lifted BEFORE UPDATE OR DELETE ON sentinel_automationstop
    FOR EACH ROW EXECUTE FUNCTION sentinel_keep_stop();
"""
NO_STOP_CHECK = "DROP TRIGGER stop_is_only_lifted ON sentinel_automationstop; DROP FUNCTION sentinel_keep_stop();"

A_CONTEXT_KEY_IS_ONLY_ERASED = """
CREATE FUNCTION sentinel_keep_context_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.wrapped IS NULL OR
       (OLD.id, OLD.subject_type, OLD.subject_id, OLD.made_at) IS DISTINCT FROM (NEW.id, NEW.subject_type, NEW.subject_id, NEW.made_at) THEN
        RAISE EXCEPTION 'a context key can only be wrapped anew or erased' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER context_key_is_only_erased BEFORE UPDATE OR DELETE ON sentinel_contextkey
    FOR EACH ROW EXECUTE FUNCTION sentinel_keep_context_key();
"""
NO_KEY_CHECK = "DROP TRIGGER context_key_is_only_erased ON sentinel_contextkey; DROP FUNCTION sentinel_keep_context_key();"

# How things stand at the moment of a question (see sentinel.standing): a function, so that its plan is made once a connection and not
# at every decision.
STANDING = """
CREATE FUNCTION sentinel_standing(store_asked text, asked_at timestamptz, looks jsonb) RETURNS TABLE (
    place bigint, version uuid, number integer, sha256 text, settings json, stop text, mandate json, key uuid, wrapped bytea
) LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT sentinel_next_leaf(), v.id, v.number, v.sha256::text,
           CASE WHEN q.machine THEN (
               SELECT json_agg(json_build_array(s.subject, s.action, s.segment, s.level, s.limit_amount::text, s.limit_currency,
                                                s.limit_per_day, s.from_hour, s.to_hour))
                 FROM sentinel_autonomysetting s
                WHERE s.subject IN (q.actor, q.model, '') AND s.action IN (q.action, '') AND s.segment IN (q.segment, ''))
           END,
           CASE WHEN q.machine AND q.action <> 'autonomy.lower' THEN (
               SELECT t.id::text FROM sentinel_automationstop t
                WHERE t.lifted_at IS NULL
                  AND (t.scope = 'everything'
                       OR (t.scope = 'action' AND t.value = q.action)
                       OR (t.scope = 'branch' AND t.value = q.branch)
                       OR (t.scope = 'model' AND t.value IN (q.actor, q.model)))
                ORDER BY t.stopped_at, t.id LIMIT 1)
           END,
           CASE WHEN NOT q.machine THEN (
               SELECT json_build_array(m.amount::text, m.currency) FROM sentinel_personalmandate m
                WHERE m.person_id::text = q.actor AND m.action = q.action AND m.revoked_at IS NULL
                  AND m.starts_at <= asked_at AND asked_at < m.ends_at
                ORDER BY m.amount DESC, m.id LIMIT 1)
           END,
           k.id, k.wrapped
      FROM ROWS FROM (jsonb_to_recordset(looks) AS (
               actor text, machine boolean, action text, segment text, branch text, model text, subject_type text, subject_id text
           )) WITH ORDINALITY AS q (actor, machine, action, segment, branch, model, subject_type, subject_id, n)
      LEFT JOIN sentinel_policyversion v ON v.store = store_asked AND v.state = 'active'
      LEFT JOIN sentinel_contextkey k
             ON k.subject_type = q.subject_type AND k.subject_id = q.subject_id AND k.erased_at IS NULL
     ORDER BY q.n;
END $$;
"""
NO_STANDING = "DROP FUNCTION sentinel_standing(text, timestamptz, jsonb)"

# Decisions as they are written (see sentinel.recording), a function for the same reason.
RECORD = """
CREATE FUNCTION sentinel_record(decisions jsonb) RETURNS void LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    INSERT INTO sentinel_decision SELECT * FROM jsonb_populate_recordset(NULL::sentinel_decision, decisions);
END $$;
"""
NO_RECORD = "DROP FUNCTION sentinel_record(jsonb)"

EVIDENCE = (
    "approvalmessage",
    "checkpoint",
    "drillsighting",
    "evidenceview",
    "logentry",
    "lognode",
    "policystep",
    "replaycheck",
    "review",
)
GUARDS = ("sentinel_check_consumption", "sentinel_next_leaf", "sentinel_keep_stop", "sentinel_keep_policy_text", "sentinel_keep_context_key", "sentinel_standing",
          "sentinel_record")


class Migration(migrations.Migration):
    dependencies = [("sentinel", "0004_authority")]

    operations = [
        *(AppendOnly(f"sentinel_{table}") for table in EVIDENCE),
        migrations.RunSQL(CONSUMPTION_IS_OF_A_LIVING_PERMIT, migrations.RunSQL.noop),
        migrations.RunSQL(POLICY_TEXT_IS_FIXED, migrations.RunSQL.noop),
        migrations.RunSQL(A_STOP_IS_ONLY_LIFTED, NO_STOP_CHECK),
        migrations.RunSQL(A_CONTEXT_KEY_IS_ONLY_ERASED, NO_KEY_CHECK),
        migrations.RunSQL(STANDING, NO_STANDING),
        migrations.RunSQL(RECORD, NO_RECORD),
        # A temporary table, sequence or function could otherwise stand in for the real one.
        *(migrations.RunSQL(IN_ITS_SCHEMA.format(function=guard), migrations.RunSQL.noop) for guard in GUARDS),
    ]
