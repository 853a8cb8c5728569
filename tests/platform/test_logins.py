"""Whoever takes over the application's login cannot become anybody else. Connects as the product does, past the tests' own way."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection

pytestmark = pytest.mark.django_db


def login(role: str) -> psycopg.Connection[Any]:
    database = connection.settings_dict
    port = {"port": database["PORT"]} if database["PORT"] else {}
    return psycopg.connect(host=database["HOST"], user=role, dbname=database["NAME"], autocommit=True, **port)


@pytest.fixture(params=[settings.APPLICATION_ROLE, settings.LOG_ROLE])
def logged_in(request: pytest.FixtureRequest) -> Iterator[psycopg.Connection[Any]]:
    with login(request.param) as opened:
        yield opened


@pytest.mark.parametrize("step", ["SET ROLE NONE", "RESET ROLE", "RESET ALL", "RESET SESSION AUTHORIZATION", "DISCARD ALL"])
def test_stepping_back_leads_nowhere(logged_in: psycopg.Connection[Any], step: str) -> None:
    before = logged_in.execute("SELECT session_user").fetchone()
    logged_in.execute(step)
    assert logged_in.execute("SELECT current_user").fetchone() == before
    found = logged_in.execute("SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls FROM pg_roles WHERE rolname = current_user")
    assert found.fetchone() == (False, False, False, False)


REFUSALS = r"permission denied|must be|only role|not permitted|must have|no security label providers|is not allowed"


@pytest.mark.parametrize(
    "step",
    [
        "SET ROLE {owner}",
        "SET ROLE bankos_eraser",
        "SELECT set_config('role', 'bankos_eraser', false)",
        "SET SESSION AUTHORIZATION {owner}",
        "SET session_replication_role = replica",
        "ALTER ROLE bankos_app SUPERUSER",
        "CREATE ROLE another SUPERUSER",
        "GRANT bankos_eraser TO bankos_app",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT pg_read_file('/etc/passwd')",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TABLE mine (id int)",
        "CREATE OR REPLACE FUNCTION sentinel_members(subject text) RETURNS text[] LANGUAGE sql AS 'SELECT ARRAY[subject]'",
        "ALTER FUNCTION platform_signed(text, text) OWNER TO CURRENT_USER",
        "COMMENT ON COLUMN sentinel_decision.token IS 'erasable:'''''",
        "COMMENT ON TABLE sentinel_logentry IS 'written by: INSERT by bankos_app'",
        "DROP TRIGGER a_place_was_given_out ON sentinel_decision",
        "ALTER TABLE sentinel_decision DISABLE TRIGGER ALL",
        "ALTER SEQUENCE sentinel_log_place RESTART",
        "SELECT setval('sentinel_log_place', 1)",
        "CREATE SCHEMA mine",
        "CREATE EXTENSION dblink",
        "CREATE CAST (text AS jsonb) WITH INOUT AS IMPLICIT",
        "CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = jsonb, FUNCTION = jsonb_eq)",
        "ALTER DATABASE {database} SET search_path = pg_temp",
        "ALTER ROLE bankos_eraser SET search_path = pg_temp",
        "ALTER FUNCTION sentinel_claims(uuid) RESET ALL",
        "CREATE RULE mine AS ON INSERT TO sentinel_decision DO INSTEAD NOTHING",
        "CREATE TRIGGER mine BEFORE INSERT ON sentinel_decision FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "COPY (SELECT 1) TO '/tmp/mine'",
        "COPY platform_publishedkey FROM STDIN",
        "SELECT lo_import('/etc/passwd')",
        "SET lo_compat_privileges = on",
        "SET log_statement = 'none'",
        "LOAD 'auto_explain'",
        "SECURITY LABEL ON TABLE sentinel_decision IS 'mine'",
    ],
)
def test_no_step_leads_to_more(logged_in: psycopg.Connection[Any], step: str) -> None:
    owner = '"' + settings.DATABASE_LOGINS["owner"]["USER"] + '"'
    with pytest.raises(psycopg.Error, match=REFUSALS):
        logged_in.execute(step.format(owner=owner, database='"' + connection.settings_dict["NAME"] + '"'))


def test_the_application_does_not_become_the_integrator_nor_the_other_way_round() -> None:
    for own, other in ((settings.APPLICATION_ROLE, settings.LOG_ROLE), (settings.LOG_ROLE, settings.APPLICATION_ROLE)):
        with login(own) as opened, pytest.raises(psycopg.errors.InsufficientPrivilege):
            opened.execute(f"SET ROLE {other}")


def test_nobody_ends_the_session_of_another_role() -> None:
    with login(settings.LOG_ROLE) as integrator, login(settings.APPLICATION_ROLE) as application:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute("SELECT pg_terminate_backend(%s)", [integrator.info.backend_pid])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            integrator.execute("SELECT pg_cancel_backend(%s)", [application.info.backend_pid])
        assert integrator.execute("SELECT 1").fetchone() == (1,)


def test_the_integrator_writes_the_log_and_nothing_else() -> None:
    with login(settings.LOG_ROLE) as opened:
        rights = opened.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')"
            " AND (has_table_privilege(oid, 'INSERT') OR has_any_column_privilege(oid, 'UPDATE') OR has_table_privilege(oid, 'DELETE'))"
        ).fetchall()
    assert {name for (name,) in rights} == {"sentinel_logentry", "sentinel_lognode", "sentinel_checkpoint", "sentinel_loghorizon"}
