import os
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

# A migration that is missing is found by a test, which has a database to look at.
CHECKS = {
    "lint": ["ruff", "check", "--no-cache", "."],
    "format": ["ruff", "format", "--check", "--quiet", "--no-cache", "."],
    # From nothing each time: the plugin does not notice that a setting or a module came into being.
    "types": ["mypy", "--no-incremental", "."],
    "floors": ["lint-imports", "--no-cache"],
    # Its formatter is not asked: it adds white space that shows between inline elements.
    "templates": ["djlint", "templates", "--lint", "--quiet"],
}

# Everything takes two processes; what is asked for by name runs in one, where a debugger reaches it.
EVERYTHING = ["--numprocesses", "2", "--max-worker-restart", "0", "--dist", "loadscope", "--no-loadscope-reorder", "--durations", "20"]


class Command(BaseCommand):
    help = "Run every check, then every test. What follows is handed to pytest."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("pytest", nargs="*", help="arguments for pytest")

    def run_from_argv(self, argv: list[str]) -> None:
        """Everything after `checks` belongs to pytest, its options too."""
        self.execute(pytest=argv[2:], no_color=False, force_color=False, skip_checks=True)

    def handle(self, *args: Any, **options: Any) -> None:
        os.chdir(settings.BASE_DIR)
        failed = [name for name, command in CHECKS.items() if not self._passes(name, command)]
        if failed:
            sys.exit(f"Failed: {', '.join(failed)}. The tests were not run.")
        # Replaces this process, so that pytest's closing line is the last and its exit code ours.
        os.environ["DJANGO_SETTINGS_MODULE"] = "bankos.settings.test"
        os.execv(sys.executable, [sys.executable, "-m", "pytest", *(options["pytest"] or EVERYTHING)])  # noqa: S606 - our own arguments

    def _passes(self, name: str, command: list[str]) -> bool:
        started = time.perf_counter()
        program = Path(sysconfig.get_path("scripts")) / command[0]
        done = subprocess.run([program, *command[1:]], capture_output=True, text=True, check=False)
        verdict = "ok" if done.returncode == 0 else "FAILED"
        self.stdout.write(f"{name:<10} {verdict:<7} {time.perf_counter() - started:5.1f} s")
        if done.returncode:
            self.stdout.write(done.stdout + done.stderr)
        return done.returncode == 0
