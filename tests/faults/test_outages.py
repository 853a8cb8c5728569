"""One started bank, whose servers and processes are stopped and killed: who asks is answered, quickly and truly, and all comes back.

How long each took is printed at the end of the run. Where each outage is tried, here or elsewhere:

| outage | test |
|---|---|
| broker killed | test_what_is_killed_comes_back; work: test_events, test_a_killed_broker_costs_time_and_no_work |
| broker hangs (SIGSTOP) | test_readiness_answers_within_seconds…; a page that rings: test_events and tests/platform/test_queues |
| broker emptied (FLUSHALL) | test_a_broker_that_was_emptied_is_no_outage |
| PostgreSQL killed | test_a_database_that_was_killed_is_503… |
| PostgreSQL hangs (SIGSTOP) | test_readiness_answers_within_seconds… |
| one backend killed, all connections cut, also idle ones | tests/platform/test_database |
| web killed | test_what_is_killed_comes_back (all of it); test_one_web_process_that_is_killed… |
| web hangs (SIGSTOP) | test_one_web_process_that_hangs… |
| more requests than can be worked on | tests/platform/test_admission |
| worker, its child, heart or beat killed | test_what_is_killed_comes_back; work: test_events, test_nightly, test_poison, test_impact |
| worker hangs (SIGSTOP), backlog | test_a_bank_whose_work_stands_still… |
| a nightly file is read | test_nightly_file |
| ingest killed | test_ingest |
| supervisor killed, all killed, started again | tests/platform/test_start; test_a_bank_killed_as_a_whole… |
| disk of the bank full | test_a_full_disk… |
| effects folder full, read-only, no folder | tests/journeys/test_delivery |
| answer lost after the commit | tests/console/test_outcome |
| keys lost | tests/sentinel (check_keys) |
| database of a newer release | tests/platform/test_health |
| settings, ports, versions, disks that are not as they must be at the start | tests/platform/test_faults, test_start |
| all of it at random, with load | tests/benchmarks/outages.py |
"""

import json
import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

import pytest
import redis

from bankos.platform.embedded import Layout
from tests.faults import small_disk
from tests.platform.test_start import Terminal, _alive, _command, _parent
from tests.processes import Recoveries

pytestmark = pytest.mark.faults

PROGRAMS = {
    "postgres": "bin/postgres",
    "valkey": "valkey-server",
    "worker": "--exclude-queues",
    "heart": "--queues",
    "beat": " beat ",
    "web": "uvicorn",
}
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
    var.mkdir(mode=0o755)
    small = None if small_disk.why_not() else partial(small_disk.mount, var, megabytes=900)
    terminal = Terminal(var, port, settings_module="tests.faults.outage_settings", before=small)
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


@pytest.mark.parametrize("name", ["valkey", "heart", "worker", "beat", "web", "postgres"])
def test_what_is_killed_comes_back(bank: Bank, name: str, recoveries: Recoveries) -> None:
    bank.wait_until_ready()
    before = bank.terminal.text.count(f"{name} ended (exit code -9)")
    began = time.monotonic()
    os.kill(bank.pid(name), signal.SIGKILL)
    while bank.terminal.text.count(f"{name} ended (exit code -9)") == before:
        assert time.monotonic() - began < 30
        time.sleep(0.05)
    bank.wait_until_ready()
    recoveries(f"{name} kill -9, ready again", time.monotonic() - began)


def _web_processes(bank: Bank) -> list[int]:
    """Those that answer, below the one that looks after them."""
    children = [pid for pid in bank.terminal.descendants() if _parent(Path(f"/proc/{pid}")) == bank.pid("web")]
    return [pid for pid in children if "spawn_main" in _command(pid)]


def _page(bank: Bank) -> int:
    """The status of the page people sign in on; 0 for no answer."""
    connection = HTTPConnection("127.0.0.1", bank.terminal.port, timeout=3)
    try:
        connection.request("GET", "/accounts/login/")
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def _answered(bank: Bank) -> bool:
    """A request whose connection the stopped process has accepted is not answered; the next one is another's."""
    return _page(bank) == 200


def test_one_web_process_that_is_killed_is_noticed_by_nobody(bank: Bank, recoveries: Recoveries) -> None:
    bank.wait_until_ready()
    first = _web_processes(bank)
    assert len(first) == 2
    os.kill(first[0], signal.SIGKILL)
    began = time.monotonic()
    lost = sum(not _answered(bank) for _ in range(20))
    assert lost <= 1, "one that it was working on, at most"
    while len(_web_processes(bank)) < 2 or first[0] in _web_processes(bank):
        assert time.monotonic() - began < PATIENCE
        time.sleep(0.1)
    recoveries(f"a web process kill -9: {lost} of 20 requests lost, replaced", time.monotonic() - began)
    bank.wait_until_ready()


def test_one_web_process_that_hangs_keeps_few_waiting_and_is_replaced(bank: Bank, recoveries: Recoveries) -> None:
    bank.wait_until_ready()
    first = _web_processes(bank)
    os.kill(first[0], signal.SIGSTOP)
    began, lost = time.monotonic(), 0
    try:
        while first[0] in _web_processes(bank):
            lost += not _answered(bank)
            assert time.monotonic() - began < PATIENCE
        assert lost <= 5, "what the stopped process accepted; the other one answered all else"
        recoveries(f"a web process SIGSTOP: {lost} requests not answered, replaced", time.monotonic() - began)
    finally:
        with suppress(ProcessLookupError):
            os.kill(first[0], signal.SIGCONT)
    bank.wait_until_ready()
    assert _answered(bank)


def test_all_web_processes_that_hang_go_on_where_they_were(bank: Bank, recoveries: Recoveries) -> None:
    bank.wait_until_ready()
    everything = [bank.pid("web"), *_web_processes(bank)]
    for pid in everything:
        os.kill(pid, signal.SIGSTOP)
    assert not _answered(bank)
    began = time.monotonic()
    for pid in everything:
        os.kill(pid, signal.SIGCONT)
    while not _answered(bank):
        assert time.monotonic() - began < PATIENCE
    recoveries("all web processes SIGSTOP, answered again", time.monotonic() - began)
    bank.wait_until_ready()


def test_a_broker_that_was_emptied_is_no_outage(bank: Bank, recoveries: Recoveries) -> None:
    bank.wait_until_ready()
    # Nobody but its own processes reaches the broker's socket, which lies on the bank's own disk.
    inside = Path(f"/proc/{bank.pid('valkey')}/root")
    with redis.Redis(unix_socket_path=str(inside / str(Layout(bank.terminal.layout.root).sockets / "valkey.sock").lstrip("/"))) as client:
        client.flushall()
    time.sleep(2 * 10)  # beats of each heart
    assert bank.unready() == {}
    assert bank.program()[0] == 401


def test_a_full_disk_is_named_and_everything_goes_on_when_it_has_space_again(bank: Bank, recoveries: Recoveries) -> None:
    if reason := small_disk.why_not():
        pytest.skip(reason)
    bank.wait_until_ready()
    var = Path(f"/proc/{bank.terminal.process.pid}/root") / str(bank.terminal.layout.root).lstrip("/")
    filler = small_disk.fill(var)
    try:
        seen, began = set(), time.monotonic()
        while time.monotonic() - began < 25:
            seen |= {_page(bank), bank.program()[0]}
            time.sleep(2)
        assert seen <= {200, 401, 429, 503}, "never a fault of the program, and never no answer"
        notes = bank.ask("/readyz")[2]["notes"]
        assert "is full" in notes["folders"], "why, for whoever looks"  # type: ignore[index]
    finally:
        filler.unlink()
    recoveries("disk full, ready again after space was freed", bank.wait_until_ready())
    assert _page(bank) == 200
    assert bank.ask("/readyz")[2].get("notes", {}).get("folders") is None  # type: ignore[attr-defined]


def test_a_bank_killed_as_a_whole_starts_again(tmp_path: Path, recoveries: Recoveries) -> None:
    var = tmp_path / "var"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    first = Terminal(var, port, settings_module="tests.faults.outage_settings")
    second = None
    try:
        first.wait_for("sign in as test", seconds=240)
        everything = first.descendants()
        for pid in (first.process.pid, *everything):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        first.process.wait()
        began = time.monotonic()
        second = Terminal(var, port, settings_module="tests.faults.outage_settings")
        second.wait_for("sign in as test", seconds=240)
        recoveries("all kill -9, and started again", time.monotonic() - began)
        assert not _alive(everything)
        Bank(second).wait_until_ready()
    finally:
        if second is not None:
            second.press_ctrl_c()
        for made in {Layout(var).data, Layout(var).sockets}:
            shutil.rmtree(made, ignore_errors=True)
