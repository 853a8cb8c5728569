"""One log for several processes: each line says whose it is."""

import sys
import threading
from typing import IO, TextIO

WIDTH = 8
COLOURS = {"web": "36", "worker": "35", "heart": "34", "beat": "34", "postgres": "33", "valkey": "33"}


class Output:
    """Writes whole lines of many threads to one stream, in colour when it is a terminal."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._lock = threading.Lock()
        self.coloured = self._stream.isatty()

    def line(self, who: str, text: str) -> None:
        prefix = f"{who:<{WIDTH}} | "
        if self.coloured:
            prefix = f"\x1b[{COLOURS.get(who, '1')}m{prefix}\x1b[0m"
        with self._lock:
            self._stream.write(f"{prefix}{text}\n")
            self._stream.flush()

    def follow(self, who: str, source: IO[bytes]) -> None:
        """Pass on every line of a process's output until it ends, without keeping the caller."""
        threading.Thread(target=self._pass_on, args=(who, source), daemon=True).start()

    def _pass_on(self, who: str, source: IO[bytes]) -> None:
        with source:
            for line in source:
                self.line(who, line.decode(errors="replace").rstrip())
