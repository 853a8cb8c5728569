"""Decisions outlive the key that signed them. The bank has decided nothing before: where it has, no key is made up."""

from pathlib import Path
from typing import Any

import pytest

from bankos.platform import clock, keys
from sentinel import policy
from sentinel.decisions import verify
from tests.published import publish_keys

from .desk import ask, compliance


@pytest.fixture
def own_keys(db: None, bank_actions: None, settings: Any, tmp_path: Path) -> None:
    """A bank that begins with a folder of its own for keys."""
    settings.SIGNING_KEYS, settings.SIGNING_KEYS_DIR = "", tmp_path / "keys"
    publish_keys()
    policy.load_starting_set(at=clock.now())


@pytest.mark.usefixtures("own_keys")
def test_a_decision_signed_before_a_rotation_of_the_keys_still_verifies() -> None:
    decision = ask()
    keys.rotate()

    assert verify(decision.id, actor=compliance()).ok
    assert ask().token.split(".")[0] != decision.token.split(".")[0]
