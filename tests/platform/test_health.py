import asyncio
import importlib
import re
import sys
from datetime import timedelta

import pytest
from celery import current_app, signals
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from bankos.platform import clock, health, heart, release, roles, tasks

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


def all_hearts_beat() -> None:
    tasks.beat_heart()
    heart.beat()


def test_ready_when_a_worker_and_the_scheduler_were_seen_lately(client: Client) -> None:
    assert reasons(client).keys() == {"worker", "scheduler"}
    tasks.beat_heart()
    assert reasons(client) == {"worker": "no worker has been seen yet"}
    heart.beat()
    assert reasons(client) == {}


def test_not_ready_when_the_workers_fell_silent(client: Client) -> None:
    all_hearts_beat()
    with clock.stopped_at(clock.now() + health.HEARTBEAT_LIMIT + timedelta(seconds=10)):
        tasks.beat_heart()
        assert reasons(client) == {"worker": "no worker has been seen for 100 s"}


def test_not_ready_when_a_migration_is_missing(client: Client) -> None:
    all_hearts_beat()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute("SELECT max(id) FROM django_migrations WHERE app = 'platform'")
        cursor.execute("DELETE FROM django_migrations WHERE id = %s", cursor.fetchone())
        cursor.execute("SET LOCAL ROLE bankos_app")
    assert reasons(client).keys() == {"migrations"}


def applied(app: str, name: str) -> None:
    """As if another program had run this migration here."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, now())", [app, name])
        cursor.execute("SET LOCAL ROLE bankos_app")


@pytest.mark.parametrize(("app", "name"), [("customers", "0999_from_the_future"), ("loans", "0001_initial"), ("auth", "0099_later")])
def test_a_database_a_newer_release_has_migrated_is_refused_everywhere(client: Client, app: str, name: str) -> None:
    tasks.beat_heart()
    applied(app, name)
    sentence = f"This database was migrated by a newer release ({app}.{name} is not known here)"

    assert reasons(client)["migrations"].startswith(sentence)
    with pytest.raises(release.DatabaseIsNewer, match=re.escape(sentence)):
        release.check_database()


@pytest.mark.filterwarnings("ignore::celery.fixups.django.FixupWarning")  # it asks for a whole worker
@pytest.mark.django_db(transaction=True)
def test_no_process_starts_on_a_database_newer_than_itself(capsys: pytest.CaptureFixture[str]) -> None:
    row = ("customers", "0999_from_the_future")
    with roles.as_owner():
        MigrationRecorder(connection).record_applied(*row)
    try:
        with pytest.raises(SystemExit, match="newer release"):
            signals.worker_init.send(sender=None)
        with pytest.raises(SystemExit) as ending:
            asyncio.run(web_process())
        assert ending.value.code == 3, "uvicorn's word for a process that must not be started again"
        assert "newer release" in capsys.readouterr().err
        with pytest.raises(CommandError, match="newer release"):
            call_command("migrate", verbosity=0)
    finally:
        with roles.as_owner():
            MigrationRecorder(connection).record_unapplied(*row)

    signals.worker_init.send(sender=None)
    asyncio.run(web_process())


async def web_process() -> None:
    """What a server does with the application: it imports it inside its event loop."""
    sys.modules.pop("bankos.asgi", None)
    importlib.import_module("bankos.asgi")


def test_a_database_that_does_not_answer_stops_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    release.refuse_newer_database()


def test_not_ready_when_the_broker_does_not_answer(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    all_hearts_beat()
    monkeypatch.setattr(current_app.conf, "broker_write_url", "redis+socket:///nowhere/valkey.sock")
    assert reasons(client).keys() == {"broker"}


def test_not_ready_without_a_key_to_sign_with(client: Client, settings, tmp_path) -> None:  # type: ignore[no-untyped-def]
    all_hearts_beat()
    settings.SIGNING_KEYS_DIR, settings.GENERATE_SIGNING_KEY = tmp_path, False
    assert reasons(client).keys() == {"signing key"}


def test_every_change_of_a_model_has_its_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=1)
