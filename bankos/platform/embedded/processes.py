"""Starting server processes safely: as an account that is not root, and never outliving the process that started them."""

import ctypes
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
SPACE_TO_START = 32 * 1024**2  # bytes; PostgreSQL writes a segment of its log as it starts


class EmbeddedUnavailable(Exception):
    """The embedded servers cannot run here; the message says why and what to do instead."""


@cache
def server_account() -> pwd.struct_passwd | None:
    """The account the servers run as when bankos runs as root (PostgreSQL refuses root); None means: the same as bankos.

    Raises:
        EmbeddedUnavailable: this user has no name, or root has no `nobody` to hand over to.
    """
    if os.getuid() != 0:
        try:
            pwd.getpwuid(os.getuid())
        except KeyError:
            raise EmbeddedUnavailable(
                f"User id {os.getuid()} has no entry in /etc/passwd, which PostgreSQL needs. Add one, or set DATABASE_URL."
            ) from None
        return None
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedUnavailable("PostgreSQL does not run as root and there is no account 'nobody'. Set DATABASE_URL.") from None


def reachable_by(account: pwd.struct_passwd, path: Path) -> bool:
    """Whether every existing folder on the way to `path` lets this account pass."""
    for folder in (path, *path.parents):
        if not folder.exists():
            continue
        status = folder.stat()
        passes = stat.S_IXUSR if status.st_uid == account.pw_uid else stat.S_IXGRP if status.st_gid == account.pw_gid else stat.S_IXOTH
        if folder.is_dir() and not status.st_mode & passes:
            return False
    return True


def open_folder(folder: Path) -> Path:
    """Make `folder` so that the servers' account may pass through it, also where new folders are closed by default."""
    for part in (*reversed(folder.parents), folder):
        if not part.exists():
            part.mkdir(mode=0o755)
            part.chmod(0o755)
    return folder


def own_folder(folder: Path) -> Path:
    """Make `folder` (and its parents) and give it to the servers' account, closed to others."""
    folder.mkdir(parents=True, exist_ok=True)
    status = folder.lstat()
    account = server_account()
    uid, gid = (account.pw_uid, account.pw_gid) if account else (os.getuid(), os.getgid())
    if stat.S_ISLNK(status.st_mode) or status.st_uid not in {0, uid, os.getuid()}:
        raise EmbeddedUnavailable(f"{folder} belongs to someone else. Remove it, or run as the account that made it.")
    if status.st_uid != uid:
        os.chown(folder, uid, gid)
    folder.chmod(0o700)
    return folder


def works_in(pid: int, folder: Path) -> bool:
    """Whether process `pid` lives and works in `folder`; both servers change into their data folder as they start.

    A process id alone proves nothing: after a kill it may belong to any other program.
    """
    if Path("/proc/self").exists():
        try:
            return os.readlink(f"/proc/{pid}/cwd") == str(folder.resolve())
        except OSError:
            return False
    command = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return str(folder) in command


def processes_in(folder: Path) -> list[int]:
    """Every process that works in `folder`: a killed server's children included."""
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if works_in(int(entry.name), folder)]


def die_with_parent(with_signal: signal.Signals, *, parent: int | None = None) -> Callable[[], None] | None:
    """What a child runs before its program, so that the kernel sends it `with_signal` when its parent is gone (Linux).

    Args:
        parent: who the parent is, by default the caller of this function (which is made before the child is).
    """
    if not sys.platform.startswith("linux"):
        return None
    libc, parent = ctypes.CDLL(None), parent or os.getpid()

    def ask_the_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, with_signal)
        if os.getppid() != parent:  # it died before we could ask
            os._exit(1)

    return ask_the_kernel


def run_unprivileged(arguments: Sequence[str | Path]) -> None:
    """Run a command of the servers' to its end.

    Raises:
        EmbeddedUnavailable: it failed; the message ends with what it said.
    """
    command = [str(argument) for argument in arguments]
    done = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **_identity())
    if done.returncode:
        raise EmbeddedUnavailable(f"{Path(arguments[0]).name} failed: {done.stderr.strip() or done.stdout.strip()}")


def _identity() -> dict[str, Any]:
    account = server_account()
    environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
    if not account:
        return {"env": environment}
    return {"env": environment, "user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def wait_until(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Whether `condition` came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


class Server(ABC):
    """One embedded server: `start` may be called again after it died."""

    name: str
    folder: Path
    log: Path
    polite: signal.Signals
    urgent: signal.Signals

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def prepare(self) -> None:
        """Make the data folder fit to start on, whatever the last run left there."""

    @abstractmethod
    def command(self) -> list[str]:
        """The program and its arguments."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether the server takes a client's request."""

    @abstractmethod
    def recorded_pid(self) -> int | None:
        """The process id the last run wrote down."""

    def start(self, *, seconds: float = 60) -> None:
        """Start the server and wait until it answers.

        Raises:
            EmbeddedUnavailable: it ended, or did not answer within `seconds`; the message ends with its log's last lines.
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._stop_orphan()
        self.prepare()
        before = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = process = subprocess.Popen(
                self.command(),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A group of its own: Ctrl-C in the terminal reaches the supervisor, which stops its servers last.
                start_new_session=True,
                preexec_fn=die_with_parent(self.polite),  # noqa: PLW1509 - one prctl call, no lock taken
                **_identity(),
            )
        if not wait_until(lambda: process.poll() is not None or self.answers(), seconds=seconds) or process.poll() is not None:
            self.stop()
            if shutil.disk_usage(self.folder).free < SPACE_TO_START:
                raise EmbeddedUnavailable(f"{self.name} did not start: the disk of {self.folder} is full. Free some space and start again.")
            with self.log.open("rb") as said:
                said.seek(before)  # what this run said, not the last one
                last_lines = said.read().decode(errors="replace").splitlines()[-5:]
            raise EmbeddedUnavailable(f"{self.name} did not start:\n" + "\n".join(last_lines))

    def stop(self) -> None:
        """Stop the server cleanly, then with force; nothing happens if it does not run."""
        if self.process is None:
            return
        for ending in (self.polite, self.urgent, signal.SIGKILL):
            if self.process.poll() is None:
                self.process.send_signal(ending)
                try:
                    self.process.wait(timeout=30)
                except subprocess.TimeoutExpired:
                    continue
        self.process = None

    def _stop_orphan(self) -> None:
        """End what a killed supervisor left: the caller holds the lock, so nobody else uses these files."""
        pid = self.recorded_pid()
        for ending in (self.polite, self.urgent, signal.SIGKILL):
            if pid is None or not works_in(pid, self.folder):
                break
            try:
                os.kill(pid, ending)
            except ProcessLookupError:
                break
            wait_until(lambda: not works_in(pid, self.folder), seconds=10)
        # A killed server's children go by themselves as they notice; new ones must not meet them in the same files.
        wait_until(lambda: not processes_in(self.folder), seconds=10)
