from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from django.db import connection, transaction

from bankos.platform import clock
from bankos.platform.actors import Actor
from sentinel import catalogue, policy

from . import desk, policy_life


@pytest.fixture
def bank_actions(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bank's action types, whatever the floors above have registered."""
    monkeypatch.setattr(catalogue, "_registered", {**catalogue._registered, **desk.ACTION_TYPES})


@pytest.fixture
def authority(db: None, bank_actions: None) -> None:
    """Policies in force and actions to ask for."""
    policy.load_starting_set(at=clock.now())


@pytest.fixture
def author(db: None) -> Actor:
    """Who writes a policy version."""
    return policy_life.officer("paula")


@pytest.fixture
def second(db: None) -> Actor:
    """Who agrees to it."""
    return policy_life.officer("niamh")


@pytest.fixture
def past_the_guards() -> Callable[[], AbstractContextManager[None]]:
    """What only the server's superuser can do: change evidence. Shows that verification would notice."""

    @contextmanager
    def opened() -> Iterator[None]:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE NONE")
            cursor.execute("SET LOCAL session_replication_role = replica")
            yield
            cursor.execute("SET LOCAL session_replication_role = origin")
            cursor.execute("SET LOCAL ROLE bankos_app")

    return opened
