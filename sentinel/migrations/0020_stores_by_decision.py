"""Who answers for a policy store, and which programs may ask or change it: only by a signed decision for exactly that."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# The newest decision counts: an older one is not played again. The bank's own store stays without an owner.
STORES = """
CREATE FUNCTION sentinel_check_store() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    claims jsonb;
    told jsonb;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a policy store stays: decisions name it' USING ERRCODE = 'insufficient_privilege';
    END IF;
    claims := sentinel_permitted(NEW.decision_id, ARRAY['store.assign'], true);
    told := claims #> '{authorization_details,0}';
    IF told -> 'resource' IS DISTINCT FROM jsonb_build_object('type', 'PolicyStore', 'id', NEW.name)
       OR told #>> '{parameters,owner}' IS DISTINCT FROM coalesce(NEW.owner_id::text, '')
       OR (TG_OP = 'UPDATE' AND ((NEW.id, NEW.name, NEW.created_at) IS DISTINCT FROM (OLD.id, OLD.name, OLD.created_at)
           OR EXISTS (SELECT FROM sentinel_decision d WHERE d.id = OLD.decision_id
                         AND d.leaf_index >= (claims #>> '{log,index}')::bigint))) THEN
        RAISE EXCEPTION 'no decision says who answers for policy store %', NEW.name USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_store_needs_a_decision BEFORE INSERT OR UPDATE OR DELETE ON sentinel_policystore
    FOR EACH ROW EXECUTE FUNCTION sentinel_check_store();
"""
NO_STORES = """
DROP TRIGGER a_store_needs_a_decision ON sentinel_policystore;
DROP FUNCTION sentinel_check_store();
"""

# A client begins without a secret, gets one once and in time, and is revoked once. To revoke takes nothing but the row.
CLIENTS = """
CREATE FUNCTION sentinel_check_store_client() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    later CONSTANT text[] := ARRAY['secret_sha256', 'revoked_at'];
    claims jsonb;
    told jsonb;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF to_jsonb(NEW) - later = to_jsonb(OLD) - later
           AND (NEW.revoked_at IS NOT DISTINCT FROM OLD.revoked_at OR OLD.revoked_at IS NULL)
           AND (NEW.secret_sha256 IS NOT DISTINCT FROM OLD.secret_sha256
                OR (OLD.secret_sha256 IS NULL AND OLD.revoked_at IS NULL AND OLD.secret_until > clock_timestamp())) THEN
            RETURN NEW;
        END IF;
    ELSIF TG_OP = 'INSERT' THEN
        claims := sentinel_permitted(NEW.decision_id, ARRAY['store.client'], true);
        told := claims #> '{authorization_details,0}';
        IF told -> 'resource' = jsonb_build_object('type', 'PolicyStore', 'id', NEW.store)
           AND told #>> '{parameters,client}' = NEW.id::text
           AND told #>> '{parameters,manages}' = (CASE WHEN NEW.may_manage THEN 'yes' ELSE 'no' END)
           AND told #>> '{parameters,per_minute}' = NEW.per_minute::text
           AND claims #>> '{act,sub}' = NEW.asked_by_id::text
           AND NEW.secret_sha256 IS NULL AND NEW.revoked_at IS NULL
           AND NEW.secret_until <= clock_timestamp() + interval '2 days' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'no decision lets this program ask policy store %', coalesce(NEW.store, OLD.store) USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER a_store_client_needs_a_decision BEFORE INSERT OR UPDATE OR DELETE ON sentinel_storeclient
    FOR EACH ROW EXECUTE FUNCTION sentinel_check_store_client();
"""
NO_CLIENTS = """
DROP TRIGGER a_store_client_needs_a_decision ON sentinel_storeclient;
DROP FUNCTION sentinel_check_store_client();
"""
IN_ITS_SCHEMA = """
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION {function} SET search_path = %I, pg_temp', current_schema());
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('sentinel', '0019_replays_are_jobs'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='policystore',
            name='decision_id',
            field=models.UUIDField(editable=False, help_text='Which decision says who answers for it.', null=True, unique=True, verbose_name='decision'),
        ),
        migrations.AddField(
            model_name='storeclient',
            name='asked_by',
            field=models.ForeignKey(editable=False, help_text='Who makes the secret.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='storeclient',
            name='decision_id',
            field=models.UUIDField(editable=False, help_text='Which decision lets it ask.', null=True, unique=True, verbose_name='decision'),
        ),
        migrations.AddField(
            model_name='storeclient',
            name='secret_until',
            field=models.DateTimeField(editable=False, help_text='Until when the secret may be made.', null=True),
        ),
        migrations.AlterField(
            model_name='storeclient',
            name='secret_sha256',
            field=models.CharField(editable=False, help_text='Empty until the secret is made.', max_length=64, null=True, unique=True),
        ),
        migrations.RunSQL(STORES, NO_STORES),
        migrations.RunSQL(CLIENTS, NO_CLIENTS),
        *(
            migrations.RunSQL(IN_ITS_SCHEMA.format(function=guard), migrations.RunSQL.noop)
            for guard in ("sentinel_check_store()", "sentinel_check_store_client()")
        ),
    ]
