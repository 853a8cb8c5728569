"""Temporary copies go with the process that made them, however it ends."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bankos.platform import scratch

PROCESS = """
import sys, tempfile, time, django
django.setup()
from django.conf import settings
settings.SCRATCH_DIR = sys.argv[1]
from bankos.platform import scratch
file = tempfile.NamedTemporaryFile(dir=scratch.folder(), delete=False)
file.write(b"rows of customers"); file.flush()
print(file.name, flush=True)
time.sleep(60)
"""


@pytest.fixture
def root(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.SCRATCH_DIR = tmp_path / "scratch"
    monkeypatch.setattr(scratch, "_mine", None)
    return tmp_path / "scratch"


def test_copies_of_a_killed_process_are_thrown_away_and_those_of_a_living_one_stay(root: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", PROCESS, str(root)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    copy = Path(process.stdout.readline().strip())
    own = scratch.folder() / "own"
    own.touch()

    assert scratch.sweep() == 0
    assert copy.read_bytes() == b"rows of customers"

    process.kill()
    process.wait()
    process.stdout.close()
    assert scratch.sweep() == 1
    assert not copy.exists()
    assert own.exists()
    assert [one.name for one in root.iterdir()] == [scratch.folder().name]


def test_the_first_copy_of_a_new_process_throws_away_what_others_left(root: Path) -> None:
    left = root / "scratch-left"
    left.mkdir(parents=True)
    (left / ".lock").touch()
    (left / "sent.csv").write_text("rows")

    scratch.folder()

    assert not left.exists()


def test_uploads_lie_in_the_folder_of_their_process(root: Path) -> None:
    handler = scratch.ScratchUploadHandler()
    handler.new_file("file", "sent.csv", "text/csv", 3, None, {})

    assert Path(handler.file.temporary_file_path()).parent == scratch.folder()
    assert scratch.folder().stat().st_mode & 0o077 == 0
    handler.file.close()
