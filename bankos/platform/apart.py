"""Parsers that may die on what they read, run where their death kills nobody: in a child process with little memory and little time.

A parser written in another language ends its process when it runs out of stack or memory, and with it everybody's session. So a text
nobody has read before is read by a child first. What the child outlived, within the bounds checked before, this process may read too.

A child stays warm for the next text. It gets no environment, so no secrets; it ends with its parent, or after a while without work.
"""

import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog

log = structlog.get_logger(__name__)

_CHILD = Path(__file__).with_name("apart_child.py")
_TEXTS_A_CHILD = 50  # before another one takes its place, with its memory empty
_LARGEST_ANSWER = 64 * 1024**2


class Died(RuntimeError):
    """The child ended, or was ended, before it had an answer: the text costs more than it was given."""


class Unavailable(RuntimeError):
    """No child could be started, or all of them are busy for too long; says nothing of the text."""


class Apart:
    """Runs `answer(request)` of one script, which imports nothing of ours, in children.

    Args:
        memory: bytes a child may take beyond what it has after its imports.
        seconds: of computing time for one request.
        patience: seconds by the clock for one request, the wait for a free child included.
        at_once: children at the same time.
    """

    def __init__(self, script: Path, *, memory: int, seconds: int, patience: float, at_once: int = 2) -> None:
        self._script, self._memory, self._seconds, self._patience = script, memory, seconds, patience
        self._free: list[_Child] = []
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(at_once)
        self._owner = os.getpid()

    def ask(self, request: Mapping[str, Any]) -> Any:
        """What the script answers.

        Raises:
            Died, Unavailable
        """
        until = time.monotonic() + self._patience
        if not self._places.acquire(timeout=self._patience):
            raise Unavailable("every reader is busy")
        try:
            child = self._take()
            if child.asked:
                try:
                    return self._answered(child, request, until)
                except Died:
                    # What it read before may have left it short of memory: that is not this text's fault.
                    child = self._new()
            try:
                return self._answered(child, request, until)
            except Died:
                log.warning("a reader died of a text")
                raise
        finally:
            self._places.release()

    def _answered(self, child: "_Child", request: Mapping[str, Any], until: float) -> Any:
        try:
            answer = child.ask(request, until=until)
        except Died:
            child.end()
            raise
        if child.asked < _TEXTS_A_CHILD:
            with self._lock:
                self._free.append(child)
        else:
            child.end()
        return answer

    def _take(self) -> "_Child":
        with self._lock:
            if self._owner != os.getpid():  # of a process this one was forked from
                self._free, self._owner = [], os.getpid()
            while self._free:
                child = self._free.pop()
                if child.alive:
                    return child
                child.end()
        return self._new()

    def _new(self) -> "_Child":
        return _Child(self._script, self._memory, self._seconds)


class _Child:
    def __init__(self, script: Path, memory: int, seconds: int) -> None:
        self.asked = 0
        command = [sys.executable, "-I", str(_CHILD), str(script), str(memory), str(seconds)]
        environment = {"LC_ALL": "C.UTF-8", "ARROW_DEFAULT_MEMORY_POOL": "system"}
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                cwd="/",
                start_new_session=True,
                bufsize=0,
            )
        except OSError as error:
            raise Unavailable(f"no reader could be started: {error.strerror}") from error
        self._pipes = tuple(pipe for pipe in (self._process.stdin, self._process.stdout) if pipe is not None)
        self._in, self._out = (pipe.fileno() for pipe in self._pipes)
        os.set_blocking(self._in, False)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, request: Mapping[str, Any], *, until: float) -> Any:
        self.asked += 1
        content = json.dumps(request).encode()
        self._write(len(content).to_bytes(8, "big") + content, until)
        size = int.from_bytes(self._read(8, until), "big")
        if size > _LARGEST_ANSWER:
            raise Died
        return json.loads(self._read(size, until))

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in self._pipes:
            pipe.close()

    def _write(self, content: bytes, until: float) -> None:
        rest = memoryview(content)
        while rest:
            _, ready, _ = select.select([], [self._in], [], max(0.0, until - time.monotonic()))
            if not ready:
                raise Died
            try:
                rest = rest[os.write(self._in, rest) :]
            except OSError as error:
                raise Died from error

    def _read(self, size: int, until: float) -> bytes:
        content = bytearray()
        while len(content) < size:
            ready, _, _ = select.select([self._out], [], [], max(0.0, until - time.monotonic()))
            piece = os.read(self._out, min(size - len(content), 1024 * 1024)) if ready else b""
            if not piece:
                raise Died
            content += piece
        return bytes(content)
