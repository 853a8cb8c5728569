"""One progress bar over work of several stages: redrawn on a terminal, a line now and then anywhere else."""

import time
from collections.abc import Sequence
from typing import Protocol

_WIDTH = 28
_REDRAW_SECONDS = 0.1
_LINE_PERCENT = 10


class Output(Protocol):
    """What is asked of a stream: Django's command output and any text stream have it."""

    def write(self, text: str, /) -> object: ...
    def flush(self) -> object: ...
    def isatty(self) -> bool: ...


class ProgressBar:
    """`stages` are (name, weight): how much of the whole each stage is believed to take."""

    def __init__(self, stages: Sequence[tuple[str, float]], *, stream: Output) -> None:
        self._stream = stream
        self._drawn = self._stream.isatty()
        self._weights = dict(stages)
        self._total = sum(self._weights.values())
        self._before = 0.0
        self._stage = ""
        self._last_drawn = 0.0
        self._last_line = -1

    def begin(self, stage: str) -> None:
        """The stages before are done."""
        names = list(self._weights)
        self._before = sum(self._weights[name] for name in names[: names.index(stage)])
        self._stage = stage
        self.at(0.0, force=True)

    def at(self, fraction: float, note: str = "", *, force: bool = False) -> None:
        """`fraction` (0 to 1) of the stage is done; `note` says with what."""
        done = (self._before + self._weights[self._stage] * min(max(fraction, 0.0), 1.0)) / self._total
        percent = int(done * 100)
        if self._drawn:
            now = time.monotonic()
            if force or now - self._last_drawn >= _REDRAW_SECONDS:
                self._last_drawn = now
                filled = int(done * _WIDTH)
                text = f"{'█' * filled}{'░' * (_WIDTH - filled)} {percent:3d} %  {self._stage}  {note}"
                self._stream.write(f"\r\x1b[2K{text[:110]}")
                self._stream.flush()
        elif force or percent // _LINE_PERCENT > self._last_line // _LINE_PERCENT:
            self._last_line = percent
            self._stream.write(f"{percent:3d} %  {self._stage}  {note}".rstrip() + "\n")
            self._stream.flush()

    def end(self, sentence: str) -> None:
        self._stream.write(f"\r\x1b[2K{sentence}\n" if self._drawn else f"{sentence}\n")
        self._stream.flush()
