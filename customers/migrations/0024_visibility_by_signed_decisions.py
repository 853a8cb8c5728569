"""The guard of who sees whom believes what the bank signed, and no row for what it says of itself."""

from django.db import migrations

FUNCTIONS = """
CREATE OR REPLACE FUNCTION customers_permitted(decision uuid, act text, about text, named jsonb, moved text) RETURNS boolean
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    told CONSTANT jsonb := sentinel_permitted(decision, ARRAY[act], true) #> '{authorization_details,0}';
BEGIN
    RETURN told IS NOT NULL AND told #>> '{resource,id}' = about AND told -> 'parameters' @> named
       AND NOT EXISTS (SELECT FROM customers_visibilitychange known WHERE known.decision_id = decision AND known.what = moved);
END $$;

CREATE OR REPLACE FUNCTION customers_proposed(decision uuid) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    told CONSTANT jsonb := sentinel_permitted(decision, ARRAY['client.change'], false) #> '{authorization_details,0}';
BEGIN
    RETURN (SELECT proposal.described FROM customers_clientproposal proposal
             WHERE proposal.id::text = told #>> '{parameters,proposal}' AND proposal.client_id::text = told #>> '{resource,id}');
END $$;

DO $$ DECLARE name text; BEGIN
    FOREACH name IN ARRAY ARRAY['customers_permitted(uuid, text, text, jsonb, text)', 'customers_proposed(uuid)'] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', name, current_schema());
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0023_visibility_guard"), ("sentinel", "0016_powers_rest_on_decisions")]

    operations = [migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop)]
