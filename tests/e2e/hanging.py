"""A browser that hangs is ended, and the test done once more: of Playwright's calls, some wait without an end."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol
from playwright.sync_api import Browser, Error, Playwright

SECONDS = 180
"""The longest of these tests takes 80 s."""


class Browsers:
    """The browser of a package's tests, started anew where it was ended."""

    def __init__(self, playwright: Playwright, path: str, arguments: list[str]) -> None:
        self._start = lambda: playwright.chromium.launch(executable_path=path, args=arguments)
        self._browser = self._start()

    def one(self) -> Browser:
        if not self._browser.is_connected():
            self._browser = self._start()
        return self._browser

    def close(self) -> None:
        with suppress(Error):
            self._browser.close()


_hung: set[str] = set()


@contextmanager
def ended_if_it_hangs(test: str) -> Iterator[None]:
    """End the browsers below this process if the test takes too long; what waits for them fails."""

    def end() -> None:
        _hung.add(test)
        for process in _browsers():
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    timer = threading.Timer(SECONDS, end)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def run(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """The test; a second time where the browser hung."""
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    if item.nodeid in _hung:
        item._initrequest()  # type: ignore[attr-defined] # fixtures of its own again
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)


def _browsers() -> list[int]:
    """The Chromium processes below this one."""
    above = {int(folder.name): _parent(folder) for folder in Path("/proc").glob("[0-9]*")}
    return [process for process in above if _is_below(process, above) and _is_chromium(process)]


def _parent(folder: Path) -> int:
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _is_below(process: int, above: dict[int, int]) -> bool:
    while process := above.get(process, 0):
        if process == os.getpid():
            return True
    return False


def _is_chromium(process: int) -> bool:
    try:
        return b"chrom" in Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")[0]
    except OSError:
        return False
