"""What an operator got wrong is one sentence that says what to do, without a trace and without a password."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError

from bankos.platform.embedded import EmbeddedUnavailable, Layout
from bankos.platform.embedded.postgres import Postgres
from bankos.platform.faults import sentence

PASSWORD = "s3cret-word"


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("DATABASE_URL", "hello", "DATABASE_URL has to be postgres://"),
        ("DATABASE_URL", f"mysql://u:{PASSWORD}@h/x", "mysql:// is another kind of database"),
        ("DATABASE_URL", f"postgres://u:{PASSWORD}@h:abc/x", "DATABASE_URL has to be postgres://"),
        ("DATABASE_URL", f"postgres://u:{PASSWORD}@h", "the name of the database is missing"),
        ("DATABASE_URL", f"postgres://u:{PASSWORD}@127.0.0.1:1/x", "Connection refused"),
        ("CELERY_BROKER_URL", f"u:{PASSWORD}@h", "CELERY_BROKER_URL has to be amqp://"),
        ("BANKOS_PORT", "abc", "BANKOS_PORT has to be a whole number"),
        ("BANKOS_PORT", "70000", "BANKOS_PORT has to be a port"),
        ("BANKOS_WEB_AT_WORK", "many", "BANKOS_WEB_AT_WORK has to be a whole number"),
    ],
)
def test_a_setting_that_cannot_be_used_is_said_in_one_sentence(tmp_path: Path, variable: str, value: str, said: str) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "bankos.settings.embedded", "BANKOS_VAR": str(tmp_path / "var")}
    environment |= {"DATABASE_URL": "postgres://u@127.0.0.1:1/x", "CELERY_BROKER_URL": "memory://", variable: value}
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert PASSWORD not in done.stderr + done.stdout


CELERY = ["-m", "celery", "--quiet", "-A", "bankos"]
DIRECTLY = {
    "worker": [*CELERY, "worker", "--concurrency", "1"],
    "heart": [*CELERY, "worker", "--queues", "heart", "--pool", "solo"],
    "beat": [*CELERY, "beat", "--pidfile", ""],
    "start": ["manage.py", "start"],
    "web": ["-m", "uvicorn", "bankos.asgi:application", "--port", "0"],
    "several web processes": ["-m", "uvicorn", "bankos.asgi:application", "--port", "0", "--workers", "2"],
}


@pytest.mark.parametrize("variable", ["DATABASE_URL", "CELERY_BROKER_URL"])
@pytest.mark.parametrize("name", DIRECTLY)
def test_a_process_started_directly_with_an_address_that_is_none_ends_with_one_sentence(tmp_path: Path, name: str, variable: str) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "bankos.settings.embedded", "BANKOS_VAR": str(tmp_path / "var")}
    environment |= {"DATABASE_URL": "postgres://u@127.0.0.1:1/x", "CELERY_BROKER_URL": "memory://", variable: f"u:{PASSWORD}@h"}
    done = subprocess.run(
        [sys.executable, *DIRECTLY[name]],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    printed = done.stderr + done.stdout
    own = [line for line in printed.splitlines() if not line.startswith("INFO:") and "failed to start" not in line]  # uvicorn's
    if name == "several web processes":
        assert set(own) == {own[0]}, "each of them says it once, and none is started again"
    else:
        assert len(own) == 1, printed
        assert done.returncode != 0
    assert f"{variable} has to be" in own[0]
    assert "Traceback" not in printed
    assert PASSWORD not in printed


def caused(error: Exception, by: BaseException) -> Exception:
    error.__cause__ = by
    return error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "full"),
        (caused(OperationalError("x"), psycopg.errors.DiskFull("could not extend file")), "full"),
        (OSError(errno.EROFS, "Read-only file system", "/srv/var/keys"), "/srv/var/keys is read-only"),
        (PermissionError(errno.EACCES, "Permission denied", "/srv/var"), "/srv/var may not be used by this user"),
        (caused(OperationalError("x"), psycopg.errors.CannotConnectNow("the database system is starting up")), "starting up"),
    ],
    ids=repr,
)
def test_a_disk_or_a_server_that_is_not_as_it_must_be_is_said(error: Exception, said: str) -> None:
    told = sentence(error, var=Path("/srv/var"))
    assert told is not None
    assert said in told
    assert "\n" not in told


@pytest.mark.parametrize(
    "error", [ValueError("x"), KeyError("x"), OSError(errno.EBADF, "x"), caused(ValueError("x"), OSError(errno.ENOSPC, "x"))], ids=repr
)
def test_a_fault_of_the_program_keeps_its_trace(error: Exception) -> None:
    assert sentence(error) is None


def test_data_of_another_server_version_is_named_with_both_versions(tmp_path: Path) -> None:
    server = Postgres(Layout(tmp_path))
    server.folder.mkdir(parents=True)
    (server.folder / "PG_VERSION").write_text("14\n")
    with pytest.raises(EmbeddedUnavailable, match=r"made by PostgreSQL 14, and this is PostgreSQL \d+"):
        server._check_version()
