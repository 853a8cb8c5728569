"""`manage.py start` as people run it: one terminal, one Ctrl-C."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from django.conf import settings

from bankos.platform.embedded import Layout
from bankos.platform.embedded.processes import processes_in

pytestmark = pytest.mark.faults


class Terminal:
    """A running `manage.py start` and what it prints."""

    def __init__(
        self, var: Path, port: int, *, settings_module: str = "tests.platform.start_settings", before: Callable[[], None] | None = None
    ) -> None:
        self.layout = Layout(var)
        self.port = port
        self.printed = var.parent / f"printed-{time.monotonic_ns()}"
        environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "CELERY_BROKER_URL")}
        with self.printed.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "start"],
                cwd=settings.BASE_DIR,
                env={
                    **environment,
                    "DJANGO_SETTINGS_MODULE": settings_module,
                    "BANKOS_VAR": str(var),
                    "BANKOS_PORT": str(port),
                },
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=before,  # noqa: PLW1509 - system calls only
            )

    @property
    def text(self) -> str:
        return self.printed.read_text()

    def wait_for(self, text: str, *, seconds: float = 180) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.text:
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{text!r} was not printed within {seconds} s:\n{self.text[-4000:]}")
            time.sleep(0.1)

    def press_ctrl_c(self) -> int:
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(timeout=60)

    def descendants(self) -> set[int]:
        """Everything that runs because of this start: its children and theirs."""
        found = {self.process.pid}
        while True:
            parents = {int(entry.name): _parent(entry) for entry in Path("/proc").glob("[0-9]*")}
            more = {pid for pid, parent in parents.items() if parent in found} - found
            if not more:
                return found - {self.process.pid}
            found |= more

    def answers(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False


def _parent(entry: Path) -> int:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if Path(f"/proc/{pid}").exists() and Path(f"/proc/{pid}/cmdline").read_bytes()}


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the bank of these tests lives: made by the first of them, and found by every start after it."""
    folder = tmp_path_factory.mktemp("start") / "var"
    yield folder
    layout = Layout(folder)
    for made in {layout.data, layout.sockets}:
        subprocess.run(["rm", "-rf", made], check=True)


@pytest.fixture
def start(var: Path) -> Iterator[Callable[[], Terminal]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    terminals: list[Terminal] = []

    def open_terminal() -> Terminal:
        terminals.append(Terminal(var, port))
        return terminals[-1]

    yield open_terminal
    for terminal in terminals:
        if terminal.process.poll() is None:
            terminal.process.kill()
            terminal.process.wait()
    layout = Layout(var)
    deadline = time.monotonic() + 10
    while (processes_in(layout.postgres) or processes_in(layout.valkey)) and time.monotonic() < deadline:
        time.sleep(0.1)


def test_one_command_starts_the_bank_and_ctrl_c_stops_all_of_it(start: Callable[[], Terminal]) -> None:
    terminal = start()
    terminal.wait_for("sign in as test")
    assert f"ready: http://localhost:{terminal.port}" in terminal.text
    assert terminal.answers()
    everything = terminal.descendants()
    assert len(everything) > 6, "two servers, web, worker with its pool, scheduler"

    assert terminal.press_ctrl_c() == 0
    assert not _alive(everything)
    assert "Traceback" not in terminal.text


def test_a_killed_start_leaves_nothing_behind_and_the_next_one_goes_on(start: Callable[[], Terminal]) -> None:
    first = start()
    first.wait_for("sign in as test")
    everything = first.descendants()
    first.process.kill()
    first.process.wait()

    second = start()  # at once
    second.wait_for("sign in as test")
    assert not _alive(everything)
    second.process.terminate()
    assert second.process.wait(timeout=60) == 0


def test_whatever_dies_is_started_again(start: Callable[[], Terminal]) -> None:
    terminal = start()
    terminal.wait_for("sign in as test")
    programs = {
        "web": "uvicorn",
        "worker": "--exclude-queues",
        "heart": "--queues",
        "beat": " beat ",
        "postgres": "bin/postgres",
        "valkey": "valkey-server",
    }
    children = {pid: _command(pid) for pid in terminal.descendants() if _parent(Path(f"/proc/{pid}")) == terminal.process.pid}
    for name, program in programs.items():
        [victim] = [pid for pid, command in children.items() if program in command]
        os.kill(victim, signal.SIGKILL)
        terminal.wait_for(f"{name} ended (exit code -9); starting it again")

    deadline = time.monotonic() + 60
    while not _ready(terminal.port):
        assert time.monotonic() < deadline, terminal.text[-4000:]
        time.sleep(0.2)
    assert terminal.press_ctrl_c() == 0


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


def _ready(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def test_a_port_that_is_taken_is_said_in_one_sentence(start: Callable[[], Terminal], var: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        terminal = Terminal(var, other.getsockname()[1])
        assert terminal.process.wait(timeout=60) == 1
    port = terminal.port
    assert terminal.text.strip() == (
        f"CommandError: Port {port} is taken by another program. Choose another one: BANKOS_PORT={port + 1} bin/start"
    )


def test_a_second_start_beside_a_running_one_says_who_runs(start: Callable[[], Terminal], var: Path) -> None:
    first = start()
    first.wait_for("valkey runs")
    second = Terminal(var, first.port + 1)
    assert second.process.wait(timeout=60) == 1
    assert f"already runs on {var} (process {first.process.pid})" in second.text
