import socket
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.request import urlopen

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from bankos.platform import bell, embedded, roles
from bankos.platform.supervisor import Child, Output, Stop, Supervisor, stop_on_signals
from bankos.settings.broker import HEART

# What a start that follows a killed one waits for the last one's processes to go.
PORT_PATIENCE = 5
# Seconds after which somebody who waits wants to know why.
LATE = 60
# A web process that says nothing for so many seconds is killed, and another one started.
HANGS_AFTER = 10
LOCAL = {"127.0.0.1", "0.0.0.0", "::1"}  # noqa: S104 - compared, not bound


class Command(BaseCommand):
    help = "Start the whole bank on this machine: database, broker, web, worker and scheduler. Ctrl-C stops everything."
    requires_system_checks = []  # they ask the database, which is not there yet

    def handle(self, *args: Any, **options: Any) -> None:
        self.output = Output()
        self.host, self.port = settings.WEB_HOST, settings.WEB_PORT
        stop_on_signals()
        try:
            self._wait_for_free_port()
            with embedded.running(settings.EMBEDDED_LAYOUT, settings.EMBEDDED_WANTED) as servers:
                for server in servers:
                    self.output.line("bankos", f"{server.name} runs (log: {server.log})")
                self._say_whose_settings()
                self._prepare()
                bell.wake_worker()
                Supervisor(servers, self._children(), output=self.output).run(meanwhile=self._welcome())
        except (embedded.InUse, embedded.EmbeddedUnavailable) as reason:
            raise CommandError(str(reason)) from None
        except Stop:
            self.output.line("bankos", "stopped; bin/start goes on from here")

    def _wait_for_free_port(self) -> None:
        deadline = time.monotonic() + PORT_PATIENCE
        while True:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((self.host, self.port))
                except OSError:
                    if time.monotonic() < deadline:
                        time.sleep(0.2)
                        continue
                    raise CommandError(
                        f"Port {self.port} is taken by another program. Choose another one: BANKOS_PORT={self.port + 1} bin/start"
                    ) from None
                return

    def _say_whose_settings(self) -> None:
        """Nobody is to believe that naming a database of one's own makes a bank of it."""
        if settings.DEMO_LOGINS and not settings.EMBEDDED_WANTED.database:
            self.output.line("bankos", "DATABASE_URL names a database of your own, but these are the settings of the demo bank:")
            self.output.line("bankos", "documented passwords, no TLS, keys made up here. Do not put real customers into it.")
            self.output.line("bankos", "A bank starts with DJANGO_SETTINGS_MODULE=bankos.settings.production; docs/operations.md says how.")

    def _prepare(self) -> None:
        for command, *arguments in settings.START_COMMANDS:
            call_command(command, *arguments)
        roles.close_connection()  # neither it nor its pool's threads stay behind in the supervisor

    def _children(self) -> list[Child]:
        beat_folder = settings.VAR_DIR / "beat"
        beat_folder.mkdir(parents=True, exist_ok=True)
        celery = [sys.executable, "-m", "celery", "--quiet", "-A", "bankos"]
        web = [sys.executable, "-m", "uvicorn", "bankos.asgi:application", "--host", self.host, "--port", str(self.port)]
        quiet = ["--no-access-log", "--no-server-header"]
        if settings.WEB_PROCESSES > 1:
            web += ["--workers", str(settings.WEB_PROCESSES), "--timeout-worker-healthcheck", str(HANGS_AFTER)]
        alone = ["--without-gossip", "--without-mingle"]
        commands = {
            "web": [*web, *quiet, "--lifespan", "off", "--no-proxy-headers", "--timeout-graceful-shutdown", "5"],
            "worker": [*celery, "worker", "--exclude-queues", HEART, "--concurrency", "2", *alone],
            "heart": [*celery, "worker", "--queues", HEART, "--pool", "solo", "--hostname", "heart@%h", *alone],
            "beat": [*celery, "beat", "--schedule", str(beat_folder / "schedule"), "--pidfile", ""],
        }
        # Celery warns of root in ten lines; that bankos runs as root here was a person's choice.
        environment = {
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore:You're running the worker",
            "BANKOS_LOG_PRETTY": str(self.output.coloured),
        }
        return [Child(name, command, output=self.output, environment=environment) for name, command in commands.items()]

    def _welcome(self) -> Callable[[], bool]:
        """What the supervisor calls until it returns True: says where to go as soon as every part is ready."""
        address = f"http://{'localhost' if self.host in LOCAL else self.host}:{self.port}"
        started = last_look = time.monotonic()
        patient = True

        def look() -> bool:
            nonlocal last_look, patient
            if time.monotonic() - last_look < 0.5:
                return False
            last_look = time.monotonic()
            if self._is_ready():
                for line in (f"ready: {address}", *(import_string(settings.START_NOTES)() if settings.START_NOTES else ())):
                    self.output.line("bankos", line)
                return True
            if patient and time.monotonic() - started > LATE:
                patient = False
                self.output.line("bankos", f"not ready yet; {address}/readyz says why")
            return False

        return look

    def _is_ready(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
