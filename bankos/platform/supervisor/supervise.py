"""Keeps processes running until it is told to stop."""

import signal
import time
from collections.abc import Callable, Sequence
from types import FrameType

from ..embedded import EmbeddedUnavailable, Server
from .children import Child
from .output import Output

LOOK_EVERY = 0.2
FIRST_WAIT = 0.5
LONGEST_WAIT = 30.0
# A process that ran this long was sound: its next death is taken for a new trouble.
SOUND_AFTER = 60.0


class Stop(BaseException):
    """Ctrl-C, SIGTERM or SIGHUP: end everything in order."""


class Supervisor:
    """Starts the children, starts again what dies (servers and children), ends the children in the end.

    The servers are started and stopped by whoever owns them (`embedded.running`).
    """

    def __init__(self, servers: Sequence[Server], children: Sequence[Child], *, output: Output) -> None:
        self._children = children
        self._watched: list[_Watched] = [*map(_Watched, servers), *map(_Watched, children)]
        self._output = output

    def run(self, *, meanwhile: Callable[[], bool]) -> None:
        """Run until `Stop` is raised.

        Args:
            meanwhile: called on every look until it returns True.
        """
        done = False
        try:
            for child in self._children:
                child.start()
            while True:
                for watched in self._watched:
                    self._look_after(watched)
                done = done or meanwhile()
                time.sleep(LOOK_EVERY)
        finally:
            self._end()

    def _look_after(self, watched: "_Watched") -> None:
        one, now = watched.one, time.monotonic()
        if one.process is not None and one.process.poll() is None:
            return
        if watched.start_at is None:
            code = one.process.returncode if one.process else "unknown"
            wait = watched.wait_before_next_start(now)
            watched.start_at = now + wait
            self._output.line("bankos", f"{one.name} ended (exit code {code}); starting it again in {wait:g} s")
        if now >= watched.start_at:
            watched.start_at, watched.started_at = None, now
            try:
                one.start()
            except EmbeddedUnavailable as reason:
                self._output.line("bankos", str(reason))

    def _end(self) -> None:
        for child in self._children:
            child.ask_to_end()
        for child in self._children:
            child.stop()


class _Watched:
    def __init__(self, one: Server | Child) -> None:
        self.one = one
        self.started_at = time.monotonic()
        self.start_at: float | None = None
        self._next_wait = FIRST_WAIT

    def wait_before_next_start(self, now: float) -> float:
        wait = FIRST_WAIT if now - self.started_at > SOUND_AFTER else self._next_wait
        self._next_wait = min(wait * 2, LONGEST_WAIT)
        return wait


def stop_on_signals() -> None:
    """Let Ctrl-C, SIGTERM and a closed terminal raise `Stop` in the main thread: once, the way down is not interrupted."""
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        if not stopping:
            stopping = True
            raise Stop(signal.Signals(number).name)

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, stop)
