import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import kombu.exceptions
import psycopg
import pytest
import redis
import structlog
from celery.app.trace import LOG_FAILURE
from django.db import DataError, IntegrityError
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from hypothesis import given
from hypothesis import strategies as st

from bankos import urls as all_urls
from bankos.platform import (
    logs,
    tasks,  # noqa: F401 - Celery knows its tasks by name
)

TOKEN = "eyJhbGciOiJFZDI1NTE5Iiwia2lkIjoiYSJ9.eyJzdWIiOiIxMjMifQ.c2lnbmF0dXJl-_x"
PRIVATE = ["Marchetti", "IE29AIBK93115212345678", "IE29 AIBK 9311 5212 3456 78", "086 123 4567", "0861234567", "ines@example.ie", TOKEN]

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What the formatter makes of everything logged during the test."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.SafeFormatter(pretty=False))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(level)


def test_only_fields_of_the_allow_list_are_kept_and_dropped_names_are_told(lines: Lines) -> None:
    structlog.get_logger("bankos").info("ingested", system="crm", rows=2000, name="Ines Marchetti", phone="0861234567")
    [line] = lines()
    assert (line["event"], line["system"], line["rows"]) == ("ingested", "crm", 2000)
    assert line["dropped"] == ["name", "phone"]
    assert "Marchetti" not in str(line)
    assert "0861234567" not in str(line)


@pytest.mark.parametrize("private", PRIVATE[1:])
def test_what_looks_private_is_taken_out_of_allowed_fields_and_sentences(lines: Lines, private: str) -> None:
    structlog.get_logger("bankos").warning(f"refused {private}", reason=f"because of {private} today")
    [line] = lines()
    assert private not in str(line)
    assert line["reason"] == "because of ‹…› today"


@pytest.mark.parametrize("private", PRIVATE)
def test_text_arguments_of_other_libraries_are_left_out(lines: Lines, private: str) -> None:
    logging.getLogger("elsewhere").warning("No answer for %s after %d tries (%s)", private, 3, f"id of {private}")
    [line] = lines()
    assert line["event"] == "No answer for ‹…› after 3 tries (‹…›)"


@pytest.mark.parametrize("private", PRIVATE)
def test_text_other_libraries_put_together_is_redacted(lines: Lines, private: str) -> None:
    logging.getLogger("elsewhere").warning(f"Key (name)=('{private}') exists, \"{private}\"")
    [line] = lines()
    assert private not in str(line)


@pytest.mark.parametrize("private", PRIVATE)
def test_of_an_exception_only_class_and_places_are_kept(lines: Lines, private: str) -> None:
    try:
        raise ValueError(private) from KeyError(private)
    except ValueError:
        logging.getLogger("elsewhere").exception("It failed")
        structlog.get_logger("bankos").exception("it failed")
    for line in lines():
        assert line["error"] == "ValueError from KeyError"
        assert line["trace"][0].startswith("platform/test_logs.py:")
        assert private not in str(line)


def test_an_error_of_the_code_itself_keeps_its_message(lines: Lines) -> None:
    try:
        import no_such_module  # type: ignore[import-not-found] # noqa: F401
    except ImportError:
        logging.getLogger("elsewhere").exception("It failed")
    assert lines()[0]["error"].startswith("ModuleNotFoundError: No module named")


def test_ids_are_kept_whole() -> None:
    text = "party 01a20acd-38b0-7f99-a096-123456789012 of 12 rows"
    assert logs.redact(text) == text


@given(st.from_regex(r"[0-9]([ -]?[0-9]){5,30}", fullmatch=True))
def test_no_run_of_six_digits_ever_passes(number: str) -> None:
    assert logs.redact(f"account {number} end") == "account ‹…› end"


@given(st.text(), st.sampled_from(PRIVATE[1:]))
def test_redaction_is_thorough_wherever_it_stands(around: str, private: str) -> None:
    assert private not in logs.redact(f"{around} {private} {around}")


def test_a_template_whose_number_is_hidden_is_still_logged() -> None:
    record = logging.LogRecord("elsewhere", logging.WARNING, "", 1, "took %.2f s", ("Ines",), None)
    assert json.loads(logs.SafeFormatter(pretty=False).format(record))["event"] == "took %.2f s"


def test_lines_for_people_hold_no_more_than_json() -> None:
    formatter = logs.SafeFormatter(pretty=True)
    record = logging.LogRecord("elsewhere", logging.WARNING, "", 1, "No answer for %s", ("Ines Marchetti",), None)
    assert "Marchetti" not in formatter.format(record)


@pytest.mark.django_db
def test_a_request_is_logged_by_its_pattern_and_never_by_its_address(lines: Lines, client: Client) -> None:
    answer = client.get("/customers/search?q=Marchetti")
    [line] = [line for line in lines() if line["logger"] == "bankos.web"]
    assert (line["method"], line["status"], line["route"]) == ("GET", 404, "-")
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert isinstance(line["duration_ms"], int)
    assert "Marchetti" not in str(lines())


ADDRESS = "amqp://bankos:‹…›@rabbit.bank.example:5672//"


@pytest.mark.parametrize(
    ("logger", "template", "arguments", "kept"),
    [
        (
            "celery.worker.consumer.consumer",
            "consumer: Cannot connect to %s: %s.\n%s\n",
            ("redis://10.0.0.7:6379/0", "refused", ""),
            "10.0.0.7:6379",
        ),
        ("celery.beat", "beat: Connection error: %s. Trying again in %s seconds...", ("[Errno 111] Connection refused", 2), "refused"),
        ("celery.worker.consumer.connection", "Connected to %s", ("amqp://bankos:pass@word@rabbit.bank.example:5672//",), ADDRESS),
        ("uvicorn.error", "Uvicorn running on %s://%s:%d (Press CTRL+C to quit)", ("http", "127.0.0.1", 8400), "http://127.0.0.1:8400"),
    ],
)
def test_addresses_and_reasons_of_our_own_services_stay_readable(
    lines: Lines, logger: str, template: str, arguments: tuple[Any, ...], kept: str
) -> None:
    logging.getLogger(logger).error(template, *arguments)
    assert kept in lines()[0]["event"]
    assert "word@" not in str(lines())


@pytest.mark.parametrize(
    "error",
    [
        psycopg.OperationalError('connection to server at "10.0.0.5", port 5432 failed: Connection refused'),
        psycopg.errors.AdminShutdown("terminating connection due to administrator command"),
        ConnectionRefusedError(111, "Connection refused"),
        redis.ConnectionError("Error 2 connecting to unix socket: /run/valkey.sock. No such file"),
        kombu.exceptions.OperationalError("[Errno 111] Connection refused"),
    ],
    ids=repr,
)
def test_why_a_service_is_not_reached_is_told_with_its_error(lines: Lines, error: Exception) -> None:
    try:
        raise error
    except Exception:
        logging.getLogger("elsewhere").exception("It failed")
    assert str(error) in lines()[0]["error"]


def boom(request: HttpRequest, name: str) -> HttpResponse:
    raise ValueError(f"no such name: {name}")


urlpatterns = [path("boom/<str:name>/", boom), *all_urls.urlpatterns]
handler500 = all_urls.handler500


@pytest.mark.django_db
@pytest.mark.urls("tests.platform.test_logs")
def test_a_request_that_failed_is_told_with_its_status_and_route(lines: Lines) -> None:
    assert Client(raise_request_exception=False).get("/boom/Marchetti/").status_code == 500
    [line] = [line for line in lines() if line["logger"] == "django.request"]
    assert line["event"] == "Internal Server Error: boom/<str:name>/"
    assert line["error"] == "ValueError"
    assert "Marchetti" not in str(lines())


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("Marchetti"), "ValueError"),
        (
            psycopg.OperationalError('connection to server at "10.0.0.5", port 5432 failed: Connection refused'),
            'OperationalError: connection to server at "10.0.0.5", port 5432 failed: Connection refused',
        ),
    ],
    ids=repr,
)
def test_what_celery_says_of_a_task_that_failed_is_told_without_what_it_quotes(lines: Lines, error: Exception, said: str) -> None:
    name, id = "bankos.platform.tasks.sweep_events", "01a20acd-38b0-7f99-a096-123456789012"
    told = {"name": name, "id": id, "description": "raised unexpected", "exc": repr(error), "args": "('Marchetti',)", "hostname": "h"}
    logging.getLogger("celery.app.trace").error(LOG_FAILURE, told, exc_info=error)
    logging.getLogger("celery.worker.request").error("Task handler raised error: %r", error, exc_info=error)
    first, second = lines()
    assert first["event"].strip() == f"Task {name}[{id}] raised unexpected: {said}"
    assert second["event"] == f"Task handler raised error: {said}"
    assert "Marchetti" not in str(lines())


@given(st.sampled_from(PRIVATE), st.text(alphabet="\ue000\ue0010123456789 '", max_size=12))
def test_no_argument_can_pass_for_another(private: str, tricks: str) -> None:
    record = logging.LogRecord("elsewhere", logging.ERROR, "", 1, f"{tricks} '%s' %s {tricks}", (private, f"{tricks}{private}"), None)
    assert private not in logs.SafeFormatter(pretty=False).format(record)


@given(
    st.sampled_from([*PRIVATE, "Ines Marchetti-Byrne", "Quay Street 1"]),
    st.sampled_from(
        [
            psycopg.errors.UniqueViolation,
            psycopg.errors.StringDataRightTruncation,
            psycopg.errors.InvalidTextRepresentation,
            psycopg.errors.QueryCanceled,
            psycopg.errors.DeadlockDetected,
            psycopg.DataError,
            IntegrityError,
            DataError,
            ValueError,
            KeyError,
            FileNotFoundError,
        ]
    ),
    st.sampled_from(["celery.worker.request", "celery.app.trace", "celery.worker.consumer.consumer", "django.request", "kombu.message"]),
)
def test_no_customers_value_passes_in_an_error_or_as_an_argument(private: str, kind: type[Exception], logger: str) -> None:
    error = kind(f"Key (name)=({private}) is not there\nDETAIL: {private}")
    formatter = logs.SafeFormatter(pretty=False)
    for template, arguments in (
        ("Task %s raised: %r", ("x", error)),
        ("unknown message %s with %r", (private, {"name": private})),
        ("It failed", ()),
    ):
        record = logging.LogRecord(logger, logging.ERROR, "", 1, template, arguments, (kind, error, None))
        assert private not in formatter.format(record)


@given(st.text(st.characters(categories=["L", "N"], include_characters="-_.!~"), min_size=8))
def test_no_password_passes_in_an_address(password: str) -> None:
    for text in (
        f"Cannot connect to redis://:{password}@h:6379/0",
        f"Cannot connect to amqp://user:{password}@h//",
        f"error: token={password}",
    ):
        error = kombu.exceptions.OperationalError(text)
        assert password not in logs.reason(error)
