"""Which rows of evidence are a customer's, for the eraser, who believes nobody else (see sentinel.redaction)."""

from django.conf import settings
from django.db import migrations

from bankos.platform.roles import CalledBy
from sentinel.redaction import ErasedWith

APPLICATION, ERASER = settings.APPLICATION_ROLE, settings.ERASER_ROLE

# A customer is the golden party and all its members.
MEMBERS = """
CREATE OR REPLACE FUNCTION sentinel_members(subject text) RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT array_agg(id) FROM (
        SELECT subject AS id
        UNION
        SELECT member.id::text FROM customers_party one JOIN customers_party member ON member.golden_id = one.golden_id
         WHERE one.id = CASE WHEN subject ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN subject::uuid END
    ) AS everybody
$$;
"""
ONE = """
CREATE OR REPLACE FUNCTION sentinel_members(subject text) RETURNS text[] LANGUAGE sql STABLE AS $$ SELECT ARRAY[subject] $$;
"""
# Arrangements nobody else holds, and what hangs on them and names nobody (customers.rights.naming.held_alone).
HELD_ALONE = """
CREATE FUNCTION customers_held_alone(asked uuid, members text[]) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT count(*) FILTER (WHERE role.party_id::text = ANY (members)) > 0 AND count(*) FILTER (WHERE role.party_id::text <> ALL (members)) = 0
      FROM customers_arrangement a
      JOIN customers_arrangementrole role
        ON role.role IN ('owner', 'joint')
       AND role.arrangement_id = CASE WHEN EXISTS (SELECT FROM customers_arrangementrole own WHERE own.arrangement_id = a.id) THEN a.id
                                      ELSE a.parent_id END
     WHERE a.id = asked
$$;
"""
NO_HELD_ALONE = "DROP FUNCTION customers_held_alone(uuid, text[])"

OWN = "r.{}::text = ANY (members)"
BY_PARTY = OWN.format("party_id")
LINKED = "({left}::text = ANY (members) OR {right}::text = ANY (members))"
WHOSE = {
    "party": OWN.format("id"),
    "partylink": LINKED.format(left="r.left_id", right="r.right_id"),
    "linkverdict": f"EXISTS (SELECT FROM customers_partylink l WHERE l.id = r.link_id AND {LINKED.format(left='l.left_id', right='l.right_id')})",
    "partyact": LINKED.format(left="r.kept_id", right="r.moved_id"),
    "correction": "EXISTS (SELECT FROM customers_rightsrequest q WHERE q.id = r.request_id AND q.party_id::text = ANY (members))",
    "arrangement": "customers_held_alone(r.id, members)",
    "paymentschedule": "customers_held_alone(r.arrangement_id, members)",
    "transaction": "customers_held_alone(r.arrangement_id, members)",
    "webhookattempt": "EXISTS (SELECT FROM customers_webhookdelivery d WHERE d.id = r.delivery_id AND d.party_id::text = ANY (members))",
    "emergencyreview": "EXISTS (SELECT FROM customers_emergencyaccess a WHERE a.id = r.access_id AND a.party_id::text = ANY (members))",
    "partyuserpermission": OWN.format("content_object_id"),
    **{
        table: BY_PARTY
        for table in (
            "arrangementrole",
            "consent",
            "emergencyaccess",
            "goal",
            "historicalprotection",
            "interaction",
            "legalhold",
            "need",
            "partyfact",
            "partyidentifier",
            "preference",
            "protection",
            "reveal",
            "rightsrequest",
            "signal",
        )
    },
}


class Migration(migrations.Migration):
    dependencies = [("customers", "0020_meters_are_the_platforms"), ("sentinel", "0013_guards")]

    operations = [
        migrations.RunSQL(MEMBERS, ONE),
        migrations.RunSQL(HELD_ALONE, NO_HELD_ALONE),
        migrations.RunSQL(
            """
            DO $$ BEGIN
                EXECUTE format('ALTER FUNCTION sentinel_members(text) SET search_path = %I, pg_temp', current_schema());
                -- Whoever changes a role or a relationship, the eraser too: who belongs to the household is looked at by the owner.
                EXECUTE format('ALTER FUNCTION customers_protect_households() SECURITY DEFINER SET search_path = %I, pg_temp', current_schema());
                EXECUTE format('ALTER FUNCTION customers_held_alone(uuid, text[]) SET search_path = %I, pg_temp', current_schema());
            END $$;
            """,
            migrations.RunSQL.noop,
        ),
        CalledBy("customers_held_alone(uuid, text[])", ERASER),
        CalledBy("customers_name_lexemes(text)", APPLICATION, ERASER),
        CalledBy("customers_open_months(date[])", APPLICATION),
        *(ErasedWith(f"customers_{table}", condition) for table, condition in WHOSE.items()),
    ]
