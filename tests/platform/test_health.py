from datetime import timedelta

import pytest
from celery import current_app
from django.core.management import call_command
from django.db import connection
from django.test import Client

from bankos.platform import clock, health, tasks

pytestmark = [pytest.mark.django_db, pytest.mark.urls("bankos.platform.urls")]


def reasons(client: Client) -> dict[str, str]:
    """The parts that are not ready, by name; the status must agree."""
    answer = client.get("/readyz")
    assert answer.headers["Content-Type"] == "application/json"
    assert "no-store" in answer.headers["Cache-Control"]
    failing = {name: reason for name, reason in answer.json()["checks"].items() if reason != "ok"}
    assert (answer.status_code, answer.json()["status"]) == ((503, "not ready") if failing else (200, "ready"))
    return failing


def test_a_living_process_says_so_without_looking_at_anything_else(client: Client, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_num_queries(0):
        assert client.get("/healthz").status_code == 200


def test_ready_when_a_worker_was_seen_lately(client: Client) -> None:
    assert reasons(client) == {"worker": "no worker has been seen yet"}
    tasks.beat_heart()
    assert reasons(client) == {}


def test_not_ready_when_the_workers_fell_silent(client: Client) -> None:
    tasks.beat_heart()
    with clock.stopped_at(clock.now() + health.HEARTBEAT_LIMIT + timedelta(seconds=10)):
        assert reasons(client) == {"worker": "no worker has been seen for 100 s"}


def test_not_ready_when_a_migration_is_missing(client: Client) -> None:
    tasks.beat_heart()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute("SELECT max(id) FROM django_migrations WHERE app = 'platform'")
        cursor.execute("DELETE FROM django_migrations WHERE id = %s", cursor.fetchone())
        cursor.execute("SET LOCAL ROLE bankos_app")
    assert reasons(client).keys() == {"migrations"}


def test_not_ready_when_the_broker_does_not_answer(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks.beat_heart()
    monkeypatch.setattr(current_app.conf, "broker_write_url", "redis+socket:///nowhere/valkey.sock")
    assert reasons(client).keys() == {"broker"}


def test_not_ready_without_a_key_to_sign_with(client: Client, settings, tmp_path) -> None:  # type: ignore[no-untyped-def]
    tasks.beat_heart()
    settings.SIGNING_KEYS_DIR, settings.GENERATE_SIGNING_KEY = tmp_path, False
    assert reasons(client).keys() == {"signing key"}


def test_every_change_of_a_model_has_its_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=1)
