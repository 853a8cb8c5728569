"""A mandate counts in its currency; how things stand is looked up without a place in the log, too, for what is only tried."""

from django.conf import settings
from django.db import migrations

from bankos.platform.roles import CalledBy

# The one rule of which mandates a person holds: the largest of each action and currency.
MANDATES = """
CREATE FUNCTION sentinel_mandates(person text, asked_at timestamptz) RETURNS TABLE (action varchar, currency varchar, amount numeric)
    LANGUAGE sql STABLE AS $$
    SELECT DISTINCT ON (m.action, m.currency) m.action, m.currency, m.amount FROM sentinel_personalmandate m
     WHERE m.person_id::text = person AND m.revoked_at IS NULL AND m.starts_at <= asked_at AND asked_at < m.ends_at
     ORDER BY m.action, m.currency, m.amount DESC, m.id
$$;
"""
NO_MANDATES = "DROP FUNCTION sentinel_mandates(text, timestamptz)"

STANDING = """
CREATE OR REPLACE FUNCTION sentinel_standing(store_asked text, asked_at timestamptz, looks jsonb) RETURNS TABLE (
    place bigint, version uuid, number integer, sha256 text, settings json, stop text, mandate json, key uuid, wrapped bytea
) LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT CASE WHEN q.recorded THEN sentinel_next_leaf() ELSE -1 END, v.id, v.number, v.sha256::text,
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
               SELECT json_build_array(m.amount::text, m.currency) FROM sentinel_mandates(q.actor, asked_at) m
                WHERE m.action = q.action AND m.currency = q.currency)
           END,
           k.id, k.wrapped
      FROM ROWS FROM (jsonb_to_recordset(looks) AS (
               actor text, machine boolean, action text, segment text, branch text, model text, subject_type text, subject_id text,
               currency text, recorded boolean
           )) WITH ORDINALITY AS q (actor, machine, action, segment, branch, model, subject_type, subject_id, currency,
                                      recorded, n)
      LEFT JOIN sentinel_policyversion v ON v.store = store_asked AND v.state = 'active'
      LEFT JOIN sentinel_contextkey k
             ON k.subject_type = q.subject_type AND k.subject_id = q.subject_id AND k.erased_at IS NULL
     ORDER BY q.n;
END $$;
"""
BEFORE = """
CREATE OR REPLACE FUNCTION sentinel_standing(store_asked text, asked_at timestamptz, looks jsonb) RETURNS TABLE (
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
IN_ITS_SCHEMA = """
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION {function} SET search_path = %I, pg_temp', current_schema());
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("sentinel", "0020_stores_by_decision")]

    operations = [
        migrations.RunSQL(MANDATES, NO_MANDATES),
        migrations.RunSQL(STANDING, BEFORE),
        *(
            migrations.RunSQL(IN_ITS_SCHEMA.format(function=function), migrations.RunSQL.noop)
            for function in ("sentinel_mandates(text, timestamptz)", "sentinel_standing(text, timestamptz, jsonb)")
        ),
        CalledBy("sentinel_mandates(text, timestamp with time zone)", settings.APPLICATION_ROLE),
    ]
