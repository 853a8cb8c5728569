"""What a parser dies of, it dies of in a child: its parent hears so, and has another one at once."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from bankos.platform.apart import Apart, Died, Unavailable

SCRIPT = """
import ctypes, os, time

def answer(request):
    what = request["do"]
    if what == "crash":
        ctypes.string_at(0)
    elif what == "memory":
        return [len([0] * 10**9)]
    elif what == "spin":
        while True:
            pass
    elif what == "sleep":
        time.sleep(60)
    elif what == "raise":
        raise ValueError
    elif what == "environment":
        return sorted(os.environ)
    elif what == "large":
        return "x" * 3_000_000 + request["more"]
    return os.getpid()
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    return path


@pytest.mark.parametrize("what", ["crash", "memory", "spin", "sleep", "raise"])
def test_child_that_dies_takes_nobody_along(script: Path, what: str) -> None:
    reader = Apart(script, memory=100 * 1024**2, seconds=1, patience=6.0)
    first = reader.ask({"do": "say"})

    with pytest.raises(Died):
        reader.ask({"do": what})

    assert reader.ask({"do": "say"}) != first
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)


def test_child_stays_for_the_next_text_and_is_replaced_when_it_is_gone(script: Path) -> None:
    reader = Apart(script, memory=100 * 1024**2, seconds=1, patience=10.0)
    first = reader.ask({"do": "say"})
    assert reader.ask({"do": "say"}) == first

    os.kill(first, signal.SIGKILL)
    time.sleep(0.2)

    assert reader.ask({"do": "say"}) != first


def test_time_is_counted_for_each_text_alone(script: Path) -> None:
    reader = Apart(script, memory=100 * 1024**2, seconds=1, patience=20.0)

    assert len({reader.ask({"do": "large", "more": "y" * 2_000_000})[-1] for _ in range(60)}) == 1


def test_child_knows_no_secret_of_its_parent(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")

    assert Apart(script, memory=100 * 1024**2, seconds=1, patience=10.0).ask({"do": "environment"}) == [
        "ARROW_DEFAULT_MEMORY_POOL",
        "LC_ALL",
    ]


def test_who_waits_too_long_for_a_child_hears_so(script: Path) -> None:
    reader = Apart(script, memory=100 * 1024**2, seconds=30, patience=3.0, at_once=1)

    def wait() -> None:
        with pytest.raises(Died):
            reader.ask({"do": "sleep"})

    busy = threading.Thread(target=wait)
    busy.start()
    time.sleep(0.5)
    reader._patience = 0.5

    with pytest.raises(Unavailable):
        reader.ask({"do": "say"})
    busy.join()


def test_child_ends_when_its_parent_is_killed(script: Path) -> None:
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from pathlib import Path; from bankos.platform.apart import Apart;"
            f"print(Apart(Path({str(script)!r}), memory=10**8, seconds=1, patience=10.0).ask({{'do': 'say'}}), flush=True); time.sleep(60)",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()

    for _ in range(50):
        if not Path(f"/proc/{child}").exists() or "Z" in Path(f"/proc/{child}/stat").read_text().split()[2]:
            return
        time.sleep(0.1)
    pytest.fail("the child outlived its parent")
