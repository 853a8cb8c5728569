"""Policies in force, mandates and stand-ins: each row names the signed decision that permits just this, or the database refuses it."""

from django.conf import settings
from django.db import migrations

from bankos.platform.roles import CalledBy

# What a used permit of the bank permits, as it was signed; NULL where there is none. `fresh`: only while it lives.
PERMITTED = """
CREATE FUNCTION sentinel_permitted(decision uuid, actions text[], fresh boolean) RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
DECLARE
    claims CONSTANT jsonb := CASE WHEN decision IS NOT NULL THEN sentinel_claims(decision) END;
BEGIN
    IF claims ->> 'outcome' = 'permit' AND claims #>> '{authorization_details,0,type}' = ANY (actions)
       AND (NOT fresh OR to_timestamp((claims ->> 'exp')::bigint) > clock_timestamp())
       AND EXISTS (SELECT FROM sentinel_consumption c WHERE c.decision_id = decision AND c.leaf_index >= 0) THEN
        RETURN claims;
    END IF;
    RETURN NULL;
END $$;
"""
NO_PERMITTED = "DROP FUNCTION sentinel_permitted(uuid, text[], boolean)"

POLICIES = """
CREATE FUNCTION sentinel_check_activation() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    told jsonb;
    begins text;
BEGIN
    IF TG_OP = 'INSERT' AND NEW.state = 'draft' AND NEW.activation_decision_id IS NULL THEN RETURN NEW; END IF;
    IF TG_OP = 'UPDATE' AND (NEW.state = OLD.state OR NEW.state NOT IN ('active', 'scheduled'))
       AND NEW.activation_decision_id IS NOT DISTINCT FROM OLD.activation_decision_id THEN
        RETURN NEW;
    END IF;
    told := sentinel_permitted(NEW.activation_decision_id, ARRAY['policy.activate'], false) #> '{authorization_details,0}';
    begins := told #>> '{parameters,from}';
    IF TG_OP <> 'UPDATE'
       OR told -> 'resource' IS DISTINCT FROM jsonb_build_object('type', 'PolicyVersion', 'id', NEW.id)
       OR told #>> '{parameters,version}' IS DISTINCT FROM NEW.id::text
       OR told #>> '{parameters,sha256}' IS DISTINCT FROM NEW.sha256
       OR (NEW.state = 'active' AND begins <> '' AND begins::timestamptz > NEW.activated_at)
       OR (NEW.state = 'scheduled' AND begins::timestamptz IS DISTINCT FROM NEW.active_from) THEN
        RAISE EXCEPTION 'no decision puts policy version % in force', NEW.number USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_version_in_force_was_decided BEFORE INSERT OR UPDATE ON sentinel_policyversion
    FOR EACH ROW EXECUTE FUNCTION sentinel_check_activation();
"""
NO_POLICIES = """
DROP TRIGGER a_version_in_force_was_decided ON sentinel_policyversion;
DROP FUNCTION sentinel_check_activation();
"""

# What was lent or given may only end, or end earlier.
MANDATES = """
CREATE FUNCTION sentinel_check_lending() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    after CONSTANT jsonb := to_jsonb(NEW);
    claims jsonb;
    told jsonb;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF after - 'revoked_at' = to_jsonb(OLD) - 'revoked_at' AND (OLD.revoked_at IS NULL OR NEW.revoked_at = OLD.revoked_at) THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'what was given can only be taken back' USING ERRCODE = 'insufficient_privilege';
    END IF;
    claims := sentinel_permitted(NEW.decision_id, ARRAY['mandate.grant', 'approval.delegate'], true);
    told := claims #> '{authorization_details,0}';
    IF told -> 'resource' IS DISTINCT FROM jsonb_build_object('type', 'Staff', 'id', coalesce(after ->> 'person_id', after ->> 'receiver_id'))
       OR (TG_TABLE_NAME = 'sentinel_personalmandate' AND (
            told ->> 'type' <> 'mandate.grant'
            OR (told #>> '{parameters,action}', (told #>> '{parameters,amount}')::numeric, told #>> '{parameters,currency}')
               IS DISTINCT FROM (after ->> 'action', (after ->> 'amount')::numeric, after ->> 'currency')))
       OR (TG_TABLE_NAME = 'sentinel_delegation' AND (
            told ->> 'type' <> 'approval.delegate'
            OR (claims #>> '{act,sub}', told #>> '{parameters,role}') IS DISTINCT FROM (after ->> 'giver_id', after ->> 'role')))
       OR NEW.ends_at >= (told #>> '{parameters,until}')::date + interval '2 days' THEN
        RAISE EXCEPTION 'no decision gives this' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_mandate_was_decided BEFORE INSERT OR UPDATE ON sentinel_personalmandate
    FOR EACH ROW EXECUTE FUNCTION sentinel_check_lending();
CREATE TRIGGER a_delegation_was_decided BEFORE INSERT OR UPDATE ON sentinel_delegation
    FOR EACH ROW EXECUTE FUNCTION sentinel_check_lending();
"""
NO_MANDATES = """
DROP TRIGGER a_delegation_was_decided ON sentinel_delegation;
DROP TRIGGER a_mandate_was_decided ON sentinel_personalmandate;
DROP FUNCTION sentinel_check_lending();
"""
IN_ITS_SCHEMA = """
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION {function} SET search_path = %I, pg_temp', current_schema());
END $$;
"""
GUARDS = ("sentinel_permitted(uuid, text[], boolean)", "sentinel_check_activation()", "sentinel_check_lending()")


class Migration(migrations.Migration):
    dependencies = [("sentinel", "0015_versions_name_their_decision")]

    operations = [
        migrations.RunSQL(PERMITTED, NO_PERMITTED),
        migrations.RunSQL(POLICIES, NO_POLICIES),
        migrations.RunSQL(MANDATES, NO_MANDATES),
        *(migrations.RunSQL(IN_ITS_SCHEMA.format(function=guard), migrations.RunSQL.noop) for guard in GUARDS),
        CalledBy("sentinel_permitted(uuid, text[], boolean)", settings.APPLICATION_ROLE),
    ]
