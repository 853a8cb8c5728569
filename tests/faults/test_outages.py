"""One started bank, whose servers and processes are stopped and killed: who asks is answered, quickly and truly, and all comes back."""

import json
import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from bankos.platform.embedded import Layout
from tests.platform.test_start import Terminal, _command, _parent

pytestmark = pytest.mark.faults

PROGRAMS = {"postgres": "bin/postgres", "valkey": "valkey-server", "worker": "--exclude-queues", "heart": "--queues", "web": "uvicorn"}
PATIENCE = 90.0
"""Seconds for what takes two on a quiet machine."""


class Bank:
    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal

    def pid(self, name: str) -> int:
        children = [pid for pid in self.terminal.descendants() if _parent(Path(f"/proc/{pid}")) == self.terminal.process.pid]
        [found] = [pid for pid in children if PROGRAMS[name] in _command(pid)]
        return found

    def ask(self, path: str, *, method: str = "GET", secret: str = "") -> tuple[int, dict[str, str], dict[str, object], float]:
        """Status, headers, JSON and seconds."""
        began = time.monotonic()
        connection = HTTPConnection("127.0.0.1", self.terminal.port, timeout=30)
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        told = json.loads(answer.read())
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, told, time.monotonic() - began

    def program(self) -> tuple[int, dict[str, str], dict[str, object], float]:
        """A program whose secret nobody knows: 401 by the database's word, if it answers."""
        return self.ask("/api/v1/customers/", secret="bk_nobody")

    def unready(self) -> dict[str, str]:
        checks = self.ask("/readyz")[2]["checks"]
        assert isinstance(checks, dict)
        return {name: reason for name, reason in checks.items() if reason != "ok"}

    def wait_until_ready(self, *, seconds: float = PATIENCE) -> float:
        began = time.monotonic()
        while True:
            try:
                if not self.unready():
                    return time.monotonic() - began
            except OSError:
                pass
            assert time.monotonic() - began < seconds, self.terminal.text[-3000:]
            time.sleep(0.1)

    @contextmanager
    def stopped(self, name: str) -> Iterator[None]:
        pid = self.pid(name)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    var = tmp_path_factory.mktemp("outages") / "var"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    terminal = Terminal(var, port, settings_module="tests.faults.outage_settings")
    try:
        terminal.wait_for("sign in as test", seconds=240)
        yield Bank(terminal)
    finally:
        terminal.press_ctrl_c()
        for made in {Layout(var).data, Layout(var).sockets}:
            shutil.rmtree(made, ignore_errors=True)


def test_readiness_answers_within_seconds_and_names_the_server_that_hangs(bank: Bank) -> None:
    with bank.stopped("valkey"):
        status, _, told, took = bank.ask("/readyz")
        assert status == 503
        assert {name for name, said in told["checks"].items() if said != "ok"} == {"broker"}  # type: ignore[attr-defined]
        assert took < 6
        assert bank.program()[0] == 401, "and nobody else waits for the broker"
    bank.wait_until_ready()
    with bank.stopped("postgres"):
        status, _, told, took = bank.ask("/readyz")
        assert status == 503
        assert "database" in bank.unready()
        assert told["checks"]["broker"] == "ok"  # type: ignore[index]
        assert took < 8
    bank.wait_until_ready()


def test_a_database_that_was_killed_is_503_for_programs_and_back_at_once(bank: Bank) -> None:
    bank.wait_until_ready()
    assert bank.program()[0] == 401
    os.kill(bank.pid("postgres"), signal.SIGKILL)
    seen, began = set(), time.monotonic()
    while True:
        status, headers, told, took = bank.program()
        seen.add(status)
        assert took < 6
        if status == 401:
            break
        assert (status, headers["content-type"], told["code"]) == (503, "application/problem+json", "unavailable")
        assert int(headers["retry-after"]) > 0
        assert time.monotonic() - began < PATIENCE
        time.sleep(0.05)
    assert seen <= {401, 503}, "never a fault of the program"
    bank.wait_until_ready()


def test_a_bank_whose_work_stands_still_is_not_dead_and_the_heart_does_not_wait_for_it(bank: Bank) -> None:
    bank.wait_until_ready()
    children = [pid for pid in bank.terminal.descendants() if _parent(Path(f"/proc/{pid}")) == bank.pid("worker")]
    assert children, "the processes that work"
    for pid in children:
        os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(12)  # more than a beat of each heart
        assert bank.unready() == {}
    finally:
        for pid in children:
            os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("name", ["valkey", "heart", "worker", "web"])
def test_what_is_killed_comes_back(bank: Bank, name: str) -> None:
    bank.wait_until_ready()
    os.kill(bank.pid(name), signal.SIGKILL)
    bank.terminal.wait_for(f"{name} ended (exit code -9)", seconds=30)
    bank.wait_until_ready()
