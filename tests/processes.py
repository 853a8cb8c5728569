"""Pytest plugin: real background processes on the test database, to be killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection

from bankos.platform.embedded import Server
from bankos.platform.embedded.processes import die_with_parent

WaitUntil = Callable[..., None]
Recoveries = Callable[[str, float], None]
StartProcess = Callable[..., "Background"]

PATIENCE = 150.0
"""Seconds a test waits for what takes two on a quiet machine; where less was promised, it says so."""


class Background:
    """A process started by a test. Its output goes to a file, shown when it did not do what was waited for."""

    def __init__(self, command: list[str], output: Path) -> None:
        self.output = output
        with output.open("ab") as target:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "celery", "--quiet", "-A", "bankos", *command],
                env={**os.environ, **environment()},
                stdin=subprocess.DEVNULL,
                stdout=target,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - one prctl call, no lock taken
            )

    def kill(self) -> None:
        """As the kernel does when memory runs out: without a word."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.kill()


def environment() -> dict[str, str]:
    database = connection.settings_dict
    host = quote(database["HOST"], safe="") + (f":{database['PORT']}" if database["PORT"] else "")
    password = f":{quote(database['PASSWORD'], safe='')}" if database["PASSWORD"] else ""
    return {
        "DJANGO_SETTINGS_MODULE": "bankos.settings.test",
        "DATABASE_URL": f"postgres://{database['USER']}{password}@{host}/{database['NAME']}",
        "CELERY_BROKER_URL": settings.CELERY_BROKER_URL,
        "SIGNING_KEYS_DIR": str(settings.SIGNING_KEYS_DIR),
        "MASTER_KEYS_DIR": str(settings.MASTER_KEYS_DIR),
        "BANKOS_LOG_LEVEL": "INFO",
    }


@pytest.fixture
def broker(embedded_servers: dict[str, Server]) -> Iterator[Server]:
    """The embedded broker, which a test may kill; it runs again afterwards."""
    server = embedded_servers.get("valkey")
    if server is None:
        pytest.skip("CELERY_BROKER_URL names a broker that is not ours to kill")
    yield server
    if server.process is None or server.process.poll() is not None:
        server.start()


@pytest.fixture
def start_worker(transactional_db: None, tmp_path: Path) -> Iterator[Callable[..., Background]]:
    """Starts Celery workers: `start_worker(include="a.module", concurrency=2)`."""
    started: list[Background] = []

    def start(*, include: str | None = None, concurrency: int = 2) -> Background:
        options = ["--concurrency", str(concurrency), "--without-gossip", "--without-mingle", *(["--include", include] if include else [])]
        started.append(Background(["worker", *options], tmp_path / "worker.log"))
        return started[-1]

    yield start
    for worker in started:
        worker.stop()


@pytest.fixture
def start_beat(transactional_db: None, tmp_path: Path) -> Iterator[Callable[[], Background]]:
    """Starts Celery's scheduler."""
    started: list[Background] = []

    def start() -> Background:
        started.append(Background(["beat", "--schedule", str(tmp_path / "schedule"), "--pidfile", ""], tmp_path / "beat.log"))
        return started[-1]

    yield start
    for beat in started:
        beat.stop()


@pytest.fixture
def wait_until(tmp_path: Path) -> WaitUntil:
    """`wait_until(condition)`: fails with the processes' output when it takes too long."""

    def wait(condition: Callable[[], bool], *, seconds: float = PATIENCE) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                logs = "\n".join(f"--- {log.name}\n{log.read_text()[-3000:]}" for log in tmp_path.glob("*.log"))
                pytest.fail(f"not within {seconds} s\n{logs}")
            time.sleep(0.05)

    return wait


_recoveries: list[str] = []


@pytest.fixture
def recoveries() -> Recoveries:
    """`recoveries("web kill -9", 2.1)`: what is told of at the end of the run, also of a run that succeeds."""
    return lambda outage, seconds: _recoveries.append(f"{outage}: {seconds:.1f} s")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _recoveries:
        terminalreporter.section("recovered after")
        for line in _recoveries:
            terminalreporter.line(line)
