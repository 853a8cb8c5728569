from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from journeys import file_drop


def test_a_file_is_put_once_and_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "core" / "1.json"
    assert file_drop.put(file, b"first") is True
    assert file_drop.put(file, b"second") is False
    assert file.read_bytes() == b"first"
    assert list(tmp_path.rglob("*.*")) == [file]


def test_of_many_who_put_one_file_at_once_one_does(tmp_path: Path) -> None:
    file = tmp_path / "core" / "1.json"
    with ThreadPoolExecutor(8) as pool:
        put = list(pool.map(lambda number: file_drop.put(file, f"{number}".encode() * 1000), range(64)))
    assert put.count(True) == 1
    assert file.read_bytes() == f"{put.index(True)}".encode() * 1000, "that of the one who was told so, and whole"
    assert [found.name for found in file.parent.iterdir()] == ["1.json"]


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(file_drop.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        file_drop.put(tmp_path / "1.json", b"content")
    assert list(tmp_path.iterdir()) == []
