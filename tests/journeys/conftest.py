from pathlib import Path
from typing import Any

import pytest

from bankos.platform import clock
from sentinel import policy


@pytest.fixture(autouse=True)
def policies_in_force(db: None) -> None:
    """Nothing is decided without policies."""
    policy.load_starting_set(at=clock.now())


@pytest.fixture(autouse=True)
def drop(settings: Any, tmp_path: Path) -> Path:
    """Where instructions for the systems of record arrive in this test."""
    settings.EFFECTS_DIR = tmp_path / "effects"
    return settings.EFFECTS_DIR
