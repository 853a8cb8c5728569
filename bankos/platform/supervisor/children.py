"""A process of bankos itself, run beside its servers."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence

from ..embedded.processes import die_with_parent
from .output import Output

# Longer than a request or a batch of events takes; what a worker could not finish is handed out again.
PATIENCE = 15


class Child:
    """`start` may be called again after it died."""

    def __init__(self, name: str, command: Sequence[str], *, output: Output, environment: Mapping[str, str]) -> None:
        self.name = name
        self.command = command
        self.output = output
        self.environment = environment
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = process = subprocess.Popen(
            self.command,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # A group of its own: Ctrl-C in the terminal reaches only the supervisor, which ends its children in order.
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - one prctl call, no lock taken
        )
        assert process.stdout is not None  # noqa: S101 - asked for above
        self.output.follow(self.name, process.stdout)

    def ask_to_end(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def stop(self) -> None:
        """End the process: politely, then with force."""
        if self.process is None:
            return
        self.ask_to_end()
        try:
            self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
