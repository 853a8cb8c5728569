"""Whoever writes SQL as the application may make temporary things and change the session's settings: none passes for the real one."""

import json
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db import DatabaseError, connection

from bankos.platform import clock
from bankos.platform.actors import Role
from bankos.platform.ids import uuid7
from sentinel import models, tokens
from tests import machines
from tests.people import colleague

from .bundles import Signer
from .desk import TRANSFER, ask
from .test_guards import next_place, refused, run, used, waiting_for, written_as

pytestmark = pytest.mark.usefixtures("authority")
OWN = Signer("the attacker's key")
REFUSALS = ("not signed by the bank", "no decision", "permission denied", "must be owner", "is append-only", "written by the database")

YES = "CREATE FUNCTION pg_temp.{0} RETURNS {1} LANGUAGE sql AS $$ SELECT {2} $$"
FIRST = "SET LOCAL search_path = pg_temp, public"
# Each is made in the session before a row is forged.
DISGUISES: dict[str, list[str]] = {
    "a table of decisions": ["CREATE TEMP TABLE sentinel_decision AS SELECT * FROM sentinel_decision", FIRST],
    "a view of uses": [
        "CREATE TEMP VIEW sentinel_consumption AS SELECT id AS decision_id, 1::bigint AS leaf_index FROM sentinel_decision",
        FIRST,
    ],
    "a table of keys": [
        "CREATE TEMP TABLE platform_publishedkey AS SELECT * FROM platform_publishedkey",
        "INSERT INTO pg_temp.platform_publishedkey VALUES ('{kid}', '\\x{public}', now())",
        FIRST,
    ],
    "functions that say yes": [
        YES.format("platform_signed(text, text)", "jsonb", "convert_from(decode('e30=', 'base64'), 'UTF8')::jsonb"),
        YES.format("platform_ed25519_verify(bytea, bytea, bytea)", "boolean", "true"),
        YES.format("sentinel_claims(uuid)", "jsonb", "'{{}}'::jsonb"),
        YES.format("sentinel_permitted(uuid, text[], boolean)", "jsonb", "'{{}}'::jsonb"),
        YES.format("sentinel_permits_for_person(uuid, uuid, text[], text)", "boolean", "true"),
        YES.format("sentinel_members(text)", "text[]", "ARRAY['party-1']"),
        YES.format("clock_timestamp()", "timestamptz", "'-infinity'::timestamptz"),
        YES.format("to_jsonb(anyelement)", "jsonb", "'{{}}'::jsonb"),
        "SET LOCAL search_path = pg_temp, public, pg_catalog",
    ],
    "operators that say yes": [
        YES.format("always(text, text)", "boolean", "true"),
        YES.format("always(jsonb, jsonb)", "boolean", "true"),
        YES.format("never(text, text)", "boolean", "false"),
        "CREATE OPERATOR pg_temp.= (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_temp.always)",
        "CREATE OPERATOR pg_temp.= (LEFTARG = jsonb, RIGHTARG = jsonb, FUNCTION = pg_temp.always)",
        "CREATE OPERATOR pg_temp.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_temp.never)",
        "SET LOCAL search_path = pg_temp, public, pg_catalog",
    ],
    "types and casts": [
        "CREATE TYPE pg_temp.jsonb AS (sub text)",
        "CREATE DOMAIN pg_temp.uuid AS text",
        YES.format("cast_it(text)", "pg_temp.jsonb", "ROW($1)::pg_temp.jsonb"),
        "CREATE CAST (text AS pg_temp.jsonb) WITH FUNCTION pg_temp.cast_it(text) AS IMPLICIT",
        "SET LOCAL search_path = pg_temp, public, pg_catalog",
    ],
    "how values are written": [
        "SET LOCAL standard_conforming_strings = off",
        "SET LOCAL DateStyle = 'German, DMY'",
        "SET LOCAL IntervalStyle = sql_standard",
        "SET LOCAL bytea_output = escape",
        "SET LOCAL array_nulls = off",
        "SET LOCAL transform_null_equals = on",
        "SET LOCAL quote_all_identifiers = on",
    ],
    "another time": ["SET LOCAL TimeZone = '-14'", "SET LOCAL bankos.known_at = '-infinity'", "SET LOCAL bankos.stamp = '-infinity'"],
    "plans kept from before": [
        "PREPARE mine AS SELECT sentinel_permits_for_person(NULL, NULL, ARRAY['role.grant'], NULL)",
        "EXECUTE mine",
        "SET LOCAL plan_cache_mode = force_generic_plan",
        "CREATE TEMP TABLE sentinel_decision AS SELECT * FROM sentinel_decision",
        FIRST,
    ],
    "views of the past": ["SET LOCAL search_path = known, pg_temp, public"],
    "locks and notes": ["SELECT pg_advisory_lock(1)", "LISTEN anything", "NOTIFY anything, 'bankos'", "SELECT lo_create(0)"],
}


def forged(action: str, resource: dict[str, str], parameters: dict[str, Any], *, by: str) -> UUID:
    """A used permit that only the attacker's own key signed, and whose row says what its token says."""
    like = ask()
    id, place = uuid7(), next_place()
    claims = tokens.read(like.token)
    claims |= {"jti": str(id), "log": {"index": place}, "act": {**claims["act"], "sub": by}}
    claims["authorization_details"][0] |= {"type": action, "resource": resource, "parameters": parameters}
    written_as(like, id, place, OWN.token(claims))
    return used(id)


@pytest.mark.parametrize("disguise", DISGUISES)
def test_nothing_temporary_passes_for_the_real_one(disguise: str) -> None:
    mallory = colleague("mallory")
    machines.let(subject="insights.cashflow", action=TRANSFER, level="suggest", reason="New", at=clock.now())
    request = waiting_for("party-1")
    role = forged("role.grant", {"type": "Staff", "id": mallory.id}, {"role": "administrator"}, by=mallory.id)
    erase = forged("customer.erase", {"type": "Party", "id": "party-1"}, {}, by=mallory.id)
    level = forged(
        "autonomy.raise",
        {"type": "Automation", "id": f"insights.cashflow/{TRANSFER}/"},
        {"level": "act_alone", "limits": ""},
        by=mallory.id,
    )
    with connection.cursor() as cursor:
        for statement in DISGUISES[disguise]:
            cursor.execute(statement.replace("{{}}", "{}").replace("{kid}", OWN.kid).replace("{public}", OWN.public.hex()))

    said = [
        refused(
            "INSERT INTO public.platform_rolemembership (id, user_id, role, granted_at, granted_by)"
            " VALUES (gen_random_uuid(), %s::pg_catalog.uuid, 'administrator', now(), %s::pg_catalog.uuid)",
            mallory.id,
            role,
        ),
        refused(
            "UPDATE public.sentinel_autonomysetting"
            " SET level = 'act_alone', changed_by = %s, changed_at = now(), decision_id = %s::pg_catalog.uuid",
            mallory.id,
            level,
        ),
        refused("SELECT public.sentinel_erase_keys(%s::pg_catalog.uuid, ARRAY['party-1'])", erase),
        refused(
            "SELECT public.sentinel_redact(%s::pg_catalog.uuid, 'sentinel_approvalrequest', 'note', %s, NULL)", erase, [str(request.pk)]
        ),
        refused("UPDATE public.sentinel_decision SET outcome = 'permit'"),
        refused("DELETE FROM public.sentinel_consumption"),
        refused("INSERT INTO public.platform_publishedkey VALUES (%s, %s, now())", OWN.kid, OWN.public),
    ]

    assert all(any(words in one for words in REFUSALS) for one in said), said
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL search_path = pg_catalog, public, pg_temp; SET LOCAL DateStyle = ISO")
    assert not run("SELECT FROM platform_rolemembership WHERE user_id = %s", mallory.id)
    assert models.ApprovalRequest.objects.get(pk=request.pk).note


def test_a_genuine_permit_counts_in_a_disguised_session_for_what_it_says_and_no_more() -> None:
    """What the guards read is the real thing, in both directions."""
    mallory = colleague("mallory")
    like = ask()
    id, place = uuid7(), next_place()
    claims = {**tokens.read(like.token), "jti": str(id), "log": {"index": place}}
    claims["authorization_details"][0] |= {
        "type": "role.grant",
        "resource": {"type": "Staff", "id": mallory.id},
        "parameters": {"role": "team_lead"},
    }
    genuine = used(written_as(like, id, place, tokens.sign(claims)))
    run("CREATE TEMP TABLE sentinel_decision AS SELECT * FROM sentinel_decision LIMIT 0")
    run("SET LOCAL search_path = pg_temp, public")
    give = (
        "INSERT INTO public.platform_rolemembership (id, user_id, role, granted_at, granted_by)"
        " VALUES (gen_random_uuid(), %s, %s, now(), %s)"
    )

    assert "no decision gives" in refused(give, mallory.id, Role.ADMINISTRATOR, genuine)
    run(give, mallory.id, Role.TEAM_LEAD, genuine)


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("customers_visibilitychange", {"what": "customers_branchuserpermission", "row": "1", "about": "1", "after": {}}),
        ("sentinel_historicalautonomysetting", None),
    ],
)
def test_a_trigger_of_ones_own_writes_with_ones_own_rights(table: str, row: dict[str, Any] | None) -> None:
    """A temporary table may have any trigger: what it writes comes from within a trigger, and from nobody else for that."""
    insert = "DELETE FROM public.sentinel_historicalautonomysetting"
    if row is not None:
        told = json.dumps({"id": str(uuid7()), "at": clock.now().isoformat(), **row})
        insert = f"INSERT INTO public.{table} SELECT (jsonb_populate_record(NULL::public.{table}, '{told}')).*"
    run("CREATE TEMP TABLE own (id int)")
    run(f"CREATE FUNCTION pg_temp.own() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN {insert}; RETURN NEW; END $f$".replace("%", "%%"))
    run("CREATE TRIGGER own BEFORE INSERT ON pg_temp.own FOR EACH ROW EXECUTE FUNCTION pg_temp.own()")

    assert any(words in refused("INSERT INTO pg_temp.own VALUES (1)") for words in REFUSALS)


def test_every_function_of_the_schema_looks_there_first_and_into_temporary_things_last() -> None:
    """But for one that reads no table, and is inlined into searches."""
    found = run(
        "SELECT p.proname FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace"
        " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')"
        " AND NOT coalesce(p.proconfig, '{}') && ARRAY['search_path=' || current_schema() || ', pg_temp']"
        " AND p.proname NOT LIKE 'tests\\_%%'"
    )
    assert {name for (name,) in found} == {"customers_name_lexemes"}


def test_only_the_application_makes_temporary_things_and_nobody_schemas() -> None:
    rights = run(
        "SELECT rolname, has_database_privilege(rolname, current_database(), 'TEMPORARY'),"
        " has_database_privilege(rolname, current_database(), 'CREATE') FROM pg_roles WHERE rolname = ANY (%s)",
        [settings.APPLICATION_ROLE, settings.LOG_ROLE, settings.ERASER_ROLE],
    )
    assert {name: (temporary, create) for name, temporary, create in rights} == {
        settings.APPLICATION_ROLE: (True, False),
        settings.LOG_ROLE: (False, False),
        settings.ERASER_ROLE: (False, False),
    }


def test_what_refuses_says_so_to_whoever_asks_as_the_application() -> None:
    with pytest.raises(DatabaseError):
        run("ALTER TABLE sentinel_decision DISABLE TRIGGER USER")
