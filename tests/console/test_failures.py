"""What is answered when the database is lost, or the program fails: to people a page, to programs problem details."""

import psycopg
import pytest
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.test import Client
from django.urls import path
from psycopg_pool import PoolTimeout

from bankos import urls as all_urls
from bankos.platform.outages import is_outage


def caused(error: Exception, by: BaseException | None) -> Exception:
    error.__cause__ = by
    return error


AWAY = [
    caused(OperationalError("gone"), psycopg.OperationalError("connection refused")),
    caused(OperationalError("gone"), psycopg.errors.AdminShutdown("terminating connection")),
    caused(OperationalError("gone"), psycopg.errors.CannotConnectNow("starting up")),
    caused(OperationalError("full"), PoolTimeout("no connection")),
    caused(OperationalError("full"), psycopg.errors.TooManyConnections("sorry")),
    caused(OperationalError("disk"), psycopg.errors.DiskFull("No space left on device")),
    caused(OperationalError("standby"), psycopg.errors.ReadOnlySqlTransaction("read-only")),
    InterfaceError("connection already closed"),
    caused(ValueError("made of it"), psycopg.errors.ConnectionFailure("lost")),
]
OURS = [
    ValueError("a fault"),
    caused(IntegrityError("twice"), psycopg.errors.UniqueViolation("twice")),
    caused(DataError("long"), psycopg.errors.StringDataRightTruncation("long")),
    caused(OperationalError("locks"), psycopg.errors.DeadlockDetected("deadlock")),
    caused(OperationalError("slow"), psycopg.errors.QueryCanceled("statement timeout")),
]

error: Exception = ValueError()


def fail(request) -> None:  # type: ignore[no-untyped-def]
    raise error


urlpatterns = [path("fails/", fail), path("api/v1/fails/", fail), path("authzen/fails/", fail)]
handler500 = all_urls.handler500


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("one", AWAY, ids=repr)
def test_the_loss_of_the_database_is_told_from_our_own_faults(one: Exception) -> None:
    assert is_outage(one)


@pytest.mark.parametrize("one", OURS, ids=repr)
def test_a_fault_of_the_program_is_no_outage(one: Exception) -> None:
    assert not is_outage(one)


@pytest.mark.urls("tests.console.test_failures")
@pytest.mark.parametrize("address", ["/fails/", "/api/v1/fails/", "/authzen/fails/"])
def test_a_lost_database_is_503_with_the_time_to_come_back_and_claims_nothing(client: Client, address: str) -> None:
    global error
    for one in AWAY:
        error = one
        answer = client.post(address)
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        text = answer.content.decode()
        assert "may" in text
        assert "othing was" not in text


@pytest.mark.urls("tests.console.test_failures")
@pytest.mark.parametrize(("address", "kind"), [("/fails/", "text/html"), ("/api/v1/fails/", "application/problem+json")])
def test_a_fault_is_500_in_the_form_of_who_asked(client: Client, address: str, kind: str) -> None:
    global error
    for one in OURS:
        error = one
        answer = client.post(address)
        assert answer.status_code == 500
        assert answer.headers["Content-Type"].startswith(kind)
        assert "Traceback" not in answer.content.decode()
        assert "othing was" not in answer.content.decode()
        if kind.endswith("json"):
            assert (answer.json()["status"], answer.json()["code"]) == (500, "fault")
