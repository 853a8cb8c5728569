# ruff: noqa: S608 - put together from our own names
"""Who sees whom changes by decisions of the authority only: the database refuses the rest, and keeps what was before."""

from django.conf import settings
from django.db import migrations

from bankos.platform.immutable import AppendOnly
from bankos.platform.roles import CalledBy

# Of each table: what it is about as the guard and the history know it, and the column that says about which.
PERSONS = {f"customers_{kind}userpermission": kind for kind in ("branch", "team", "portfolio", "circle")}
GROUPS = {f"customers_{kind}grouppermission": kind for kind in ("branch", "team", "portfolio", "circle")}
GUARDED = {
    **{table: ("person", kind, "content_object_id") for table, kind in PERSONS.items()},
    **{table: ("group", kind, "content_object_id") for table, kind in GROUPS.items()},
    "customers_partyuserpermission": ("leave", "customer", "content_object_id"),
    "customers_portfolio": ("arranged", "portfolio", "id"),
    "customers_portfolioplace": ("place", "customer", "party_id"),
    "customers_protection": ("protection", "customer", "party_id"),
    "customers_maskingrule": ("masking", "masking", "field"),
    "customers_apiclient": ("client", "program", "id"),
    "customers_apiclient_branches": ("listed_branch", "program", "apiclient_id"),
    "customers_apiclient_portfolios": ("listed_portfolio", "program", "apiclient_id"),
    "customers_keyleave": ("key_leave", "program", "client_id"),
    "customers_clientkey": ("key", "program", "client_id"),
}

FUNCTIONS = """
-- Whether a decision permits just this, was used, and moved nothing here before.
CREATE FUNCTION customers_permitted(decision uuid, act text, about text, named jsonb, moved text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM sentinel_decision d JOIN sentinel_consumption used ON used.decision_id = d.id
         WHERE d.id = decision AND d.outcome = 'permit' AND d.action = act AND d.resource_id = about AND d.parameters @> named
           AND d.leaf_index >= 0)
       AND NOT EXISTS (SELECT FROM customers_visibilitychange known WHERE known.decision_id = decision AND known.what = moved)
$$;

-- What a program is to be, by the proposal a decision permitted.
CREATE FUNCTION customers_proposed(decision uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT proposal.described FROM sentinel_decision d JOIN customers_clientproposal proposal ON proposal.id::text = d.parameters ->> 'proposal'
     WHERE d.id = decision AND d.outcome = 'permit' AND d.action = 'client.change' AND proposal.client_id::text = d.resource_id
$$;

CREATE FUNCTION customers_guard_visibility() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kind CONSTANT text := TG_ARGV[1];
    after CONSTANT jsonb := CASE WHEN TG_OP = 'DELETE' THEN NULL ELSE to_jsonb(NEW) END;
    before CONSTANT jsonb := CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE to_jsonb(OLD) END;
    decision CONSTANT uuid := (after ->> 'decision_id')::uuid;
    about CONSTANT text := after ->> TG_ARGV[2];
    ends CONSTANT timestamptz := (after ->> 'until')::timestamptz;
    ended CONSTANT timestamptz := (before ->> 'until')::timestamptz;
    shrinks boolean;
    fine boolean := false;
    proposed jsonb;
BEGIN
    -- Migrations, and what erases words, act with the rights of who owns the table.
    IF pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND after - '{reason,name,code}'::text[] = before - '{reason,name,code}'::text[] AND TG_ARGV[0] <> 'client' THEN
        RETURN NEW;
    END IF;
    shrinks := TG_OP = 'UPDATE' AND after - '{until,reason,decision_id}'::text[] = before - '{until,reason,decision_id}'::text[]
               AND ends IS NOT NULL AND (ended IS NULL OR ends <= ended);
    CASE TG_ARGV[0]
    WHEN 'person' THEN
        fine := TG_OP <> 'DELETE' AND (
            (shrinks AND customers_permitted(decision, 'visibility.withdraw', about,
                jsonb_build_object('kind', kind, 'holder', after ->> 'user_id'), TG_TABLE_NAME))
         OR EXISTS (
                SELECT FROM sentinel_decision d WHERE d.id = decision
                   AND ((d.parameters ->> 'until' = '') = (ends IS NULL))
                   AND (ends IS NULL OR ends < (d.parameters ->> 'until')::date + interval '2 days')
            ) AND customers_permitted(decision, 'visibility.grant', about,
                jsonb_build_object('kind', kind, 'person', after ->> 'user_id'), TG_TABLE_NAME));
    WHEN 'group' THEN
        fine := shrinks AND customers_permitted(decision, 'visibility.withdraw', about,
            jsonb_build_object('kind', kind, 'holder', 'group-' || (after ->> 'group_id')), TG_TABLE_NAME);
    WHEN 'leave' THEN
        fine := TG_OP <> 'DELETE' AND (
            (shrinks AND customers_permitted(decision, 'customer.hide', about,
                jsonb_build_object('person', after ->> 'user_id'), TG_TABLE_NAME))
         OR EXISTS (SELECT FROM sentinel_decision d WHERE d.id = decision AND ends < (d.parameters ->> 'until')::date + interval '2 days')
            AND customers_permitted(decision, 'customer.show', about,
                jsonb_build_object('person', after ->> 'user_id'), TG_TABLE_NAME));
    WHEN 'arranged' THEN
        fine := TG_OP <> 'DELETE' AND (
            (TG_OP = 'INSERT' AND after ->> 'manager_id' IS NULL AND after ->> 'team_id' IS NULL AND decision IS NULL)
         OR customers_permitted(decision, 'portfolio.arrange', about, jsonb_build_object(
                'person', coalesce(after ->> 'manager_id', ''), 'team', coalesce(after ->> 'team_id', '')), TG_TABLE_NAME));
    WHEN 'place' THEN
        fine := TG_OP <> 'DELETE' AND customers_permitted(decision, 'customer.place', about,
            jsonb_build_object('portfolio', after ->> 'portfolio_id'), TG_TABLE_NAME);
    WHEN 'protection' THEN
        fine := CASE TG_OP
            -- Of households the database itself adds them.
            WHEN 'INSERT' THEN (after ->> 'kind' = 'household' AND pg_trigger_depth() > 1) OR customers_permitted(
                decision, 'customer.protect', about, jsonb_build_object(
                    'circle', after ->> 'circle_id', 'employee', coalesce(after ->> 'employee_id', '')), TG_TABLE_NAME)
            WHEN 'UPDATE' THEN shrinks AND customers_permitted(
                decision, 'customer.unprotect', about, jsonb_build_object('protection', after ->> 'id'), TG_TABLE_NAME)
            ELSE false END;
    WHEN 'masking' THEN
        fine := TG_OP <> 'DELETE' AND customers_permitted(decision, 'masking.change', about, jsonb_build_object(
            'role', after ->> 'role', 'shown', CASE WHEN (after ->> 'shown')::boolean THEN 'yes' ELSE 'no' END), TG_TABLE_NAME);
    WHEN 'client' THEN
        IF TG_OP = 'UPDATE' AND after - 'decision_id' = before - 'decision_id' AND decision = (before ->> 'decision_id')::uuid THEN
            RETURN NEW;
        END IF;
        proposed := customers_proposed(decision);
        fine := TG_OP <> 'DELETE' AND customers_permitted(decision, 'client.change', about, '{}', TG_TABLE_NAME) AND (
            -- Taken away: nothing else is changed.
            (TG_OP = 'UPDATE' AND after ->> 'revoked_at' IS NOT NULL AND before ->> 'revoked_at' IS NULL
             AND after - '{revoked_at,decision_id}'::text[] = before - '{revoked_at,decision_id}'::text[])
         OR (after ->> 'revoked_at' IS NULL
             AND (proposed ->> 'kind', proposed ->> 'reach', proposed -> 'scopes')
                 IS NOT DISTINCT FROM (after ->> 'kind', after ->> 'reach', after -> 'scopes')
             AND (proposed ->> 'protected')::boolean IS NOT DISTINCT FROM (after ->> 'sees_protected')::boolean
             AND coalesce(proposed ->> 'owner', '') = coalesce(after ->> 'owner_id', '')
             AND coalesce(proposed ->> 'system', '') = coalesce(after ->> 'system_id', '')));
    WHEN 'listed_branch' THEN
        fine := TG_OP = 'DELETE' OR EXISTS (
            SELECT FROM customers_apiclient c JOIN customers_branch b ON b.id = (after ->> 'branch_id')::uuid
             WHERE c.id::text = about AND customers_proposed(c.decision_id) -> 'branches' ? b.code);
    WHEN 'listed_portfolio' THEN
        fine := TG_OP = 'DELETE' OR EXISTS (
            SELECT FROM customers_apiclient c JOIN customers_portfolio p ON p.id = (after ->> 'portfolio_id')::uuid
             WHERE c.id::text = about AND customers_proposed(c.decision_id) -> 'portfolios' ? p.code);
    WHEN 'key_leave' THEN
        fine := CASE TG_OP
            WHEN 'INSERT' THEN after ->> 'key_id' IS NULL
                AND customers_permitted(decision, 'client.change', about, '{"change": "issue_key"}', TG_TABLE_NAME)
                AND EXISTS (SELECT FROM sentinel_decision d WHERE d.id = decision AND d.actor_id = after ->> 'user_id')
            WHEN 'UPDATE' THEN before ->> 'key_id' IS NULL AND after - 'key_id' = before - 'key_id'
            ELSE false END;
    WHEN 'key' THEN
        fine := CASE TG_OP
            WHEN 'INSERT' THEN EXISTS (
                SELECT FROM customers_keyleave given WHERE given.decision_id = decision AND given.client_id::text = about
                   AND given.key_id IS NULL AND (after ->> 'created_at')::timestamptz < given.until
                   AND (after ->> 'expires_at')::timestamptz <= (after ->> 'created_at')::timestamptz + make_interval(days => given.days))
            -- It may end earlier, never later.
            WHEN 'UPDATE' THEN after - '{expires_at,revoked_at,last_used_at}'::text[] = before - '{expires_at,revoked_at,last_used_at}'::text[]
                AND (after ->> 'expires_at')::timestamptz <= (before ->> 'expires_at')::timestamptz
                AND (before ->> 'revoked_at' IS NULL OR after ->> 'revoked_at' = before ->> 'revoked_at')
            ELSE false END;
    END CASE;
    IF NOT coalesce(fine, false) THEN
        RAISE EXCEPTION '%: nothing changes without a decision that permits just this', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION customers_keep_visibility() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    unsaid CONSTANT text[] := '{reason,sha256,last_used_at}';  -- words go where a customer is erased, and a key is nobody's business
    after CONSTANT jsonb := CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) || '{"gone": true}' ELSE to_jsonb(NEW) END - unsaid;
    before CONSTANT jsonb := CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE to_jsonb(OLD) - unsaid END;
BEGIN
    IF before IS DISTINCT FROM after THEN
        INSERT INTO customers_visibilitychange (id, what, "row", about, before, after, decision_id)
        VALUES (gen_random_uuid(), TG_TABLE_NAME, coalesce(after ->> 'id', after ->> 'party_id'), after ->> TG_ARGV[2], before, after,
                (after ->> 'decision_id')::uuid);
    END IF;
    RETURN NULL;
END $$;

-- A temporary table of the same name is not what they mean.
DO $$ DECLARE name text; BEGIN
    FOREACH name IN ARRAY ARRAY[
        'customers_permitted(uuid, text, text, jsonb, text)', 'customers_proposed(uuid)', 'customers_guard_visibility()',
        'customers_keep_visibility()'] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', name, current_schema());
    END LOOP;
END $$;

-- History is written by the tables it is about.
CREATE FUNCTION customers_only_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2
       AND NOT pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
        RAISE EXCEPTION '% is written by the database', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER only_kept BEFORE INSERT ON customers_visibilitychange FOR EACH ROW EXECUTE FUNCTION customers_only_kept();
CREATE INDEX visibility_change_decision ON customers_visibilitychange (decision_id, what);
"""
NO_FUNCTIONS = """
DROP INDEX visibility_change_decision;
DROP TRIGGER only_kept ON customers_visibilitychange;
DROP FUNCTION customers_only_kept();
DROP FUNCTION customers_keep_visibility();
DROP FUNCTION customers_guard_visibility();
DROP FUNCTION customers_proposed(uuid);
DROP FUNCTION customers_permitted(uuid, text, text, jsonb, text);
"""


def guard(table: str) -> migrations.RunSQL:
    """What there is is kept as what was there to begin with; from here on the guard stands before every change."""
    arguments = ", ".join(f"'{argument}'" for argument in GUARDED[table])
    column = GUARDED[table][2]
    return migrations.RunSQL(
        f"""
        INSERT INTO customers_visibilitychange (id, what, "row", about, before, after)
        SELECT gen_random_uuid(), '{table}', coalesce(to_jsonb(t) ->> 'id', to_jsonb(t) ->> 'party_id'), t.{column}::text, NULL,
               to_jsonb(t) - '{{reason,sha256,last_used_at}}'::text[] FROM {table} t;
        CREATE TRIGGER visibility_by_decision BEFORE INSERT OR UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION customers_guard_visibility({arguments});
        CREATE TRIGGER visibility_is_kept AFTER INSERT OR UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION customers_keep_visibility({arguments});
        """,
        f"DROP TRIGGER visibility_by_decision ON {table}; DROP TRIGGER visibility_is_kept ON {table};",
    )


class Migration(migrations.Migration):
    dependencies = [("customers", "0022_visibility_by_decision"), ("sentinel", "0008_erasing_the_past")]

    operations = [
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
        CalledBy("customers_permitted(uuid, text, text, jsonb, text)", settings.APPLICATION_ROLE),
        CalledBy("customers_proposed(uuid)", settings.APPLICATION_ROLE),
        *(guard(table) for table in GUARDED),
        AppendOnly("customers_visibilitychange"),
        AppendOnly("customers_clientproposal"),
    ]
