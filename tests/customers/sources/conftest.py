"""The people in charge of sources, and files as the systems send them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from bankos.platform import clock
from bankos.platform.actors import Actor, Role
from sentinel import policy
from tests.bank import Bank


@pytest.fixture
def policies(db: None) -> None:
    policy.load_starting_set(at=clock.now())


@pytest.fixture
def orla(bank: Bank, policies: None) -> Actor:
    """An administrator."""
    return bank.staff(Role.ADMINISTRATOR, name="Orla Tierney")


@pytest.fixture
def maeve(bank: Bank, policies: None) -> Actor:
    """A compliance officer."""
    return bank.staff(Role.COMPLIANCE, name="Maeve Costello")


@pytest.fixture
def desk(bank: Bank, orla: Actor) -> Client:
    """The administrator's browser."""
    return bank.desk(orla)


Write = Callable[[str, str], Path]


@pytest.fixture
def file(tmp_path: Path) -> Write:
    """`file("loans.csv", text)`: a file of that name and content."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / "files" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write
