"""Where the embedded servers keep their files, and the addresses that follow from it."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from .processes import reachable_by, server_account

# A unix socket's path may have 107 bytes; PostgreSQL's socket is called `.s.PGSQL.5432`.
LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432.lock")
ROOT_ONLY_HOME = Path("/var/lib/bankos")
DATABASE_OWNER = "bankos"
APPLICATION_ROLE, LOG_ROLE = "bankos_app", "bankos_log"


@dataclass(frozen=True)
class Layout:
    """`root` is the project's `var/` folder, or a folder of its own below it for a test run."""

    root: Path

    @cached_property
    def short_name(self) -> str:
        """Tells this layout from others of the same machine."""
        return hashlib.sha256(str(self.root).encode()).hexdigest()[:12]

    @cached_property
    def data(self) -> Path:
        """Below `root`, unless root's servers (which run as another account) could not get there, as below a 0700 home."""
        account = server_account()
        if account and not reachable_by(account, self.root):
            return ROOT_ONLY_HOME / self.short_name
        return self.root

    @property
    def postgres(self) -> Path:
        return self.data / "postgres"

    @property
    def valkey(self) -> Path:
        return self.data / "valkey"

    @cached_property
    def sockets(self) -> Path:
        folder = self.data / "run"
        return folder if len(str(folder).encode()) <= LONGEST_SOCKET_FOLDER else Path("/tmp") / f"bankos-{self.short_name}"  # noqa: S108

    @property
    def logs(self) -> Path:
        return self.root / "log"

    @property
    def keys(self) -> Path:
        """Belongs to the account that runs bankos, never to the servers'."""
        return self.root / "keys"

    @property
    def database_url(self) -> str:
        """No password in it: the server knows who is calling from the kernel (peer authentication)."""
        return f"postgres://{DATABASE_OWNER}@{quote(str(self.sockets), safe='')}/bankos"

    @property
    def broker_url(self) -> str:
        return f"redis+socket://{self.sockets / 'valkey.sock'}"
