"""What happened is kept: the database refuses to change it, whoever asks."""

from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction

from bankos.platform import clock
from bankos.platform.actors import Actor
from customers import search
from tests.bank import Bank

EVIDENCE = ("sourcechunk", "partyfact", "transaction", "consent", "interaction", "signal", "searchlog", "consentnotice")
PARTITIONS = {"transaction": "transaction_"}  # a partition speaks for the whole


@pytest.fixture
def full(bank: Bank, adviser: Actor) -> None:
    """A bank with a row in every table of evidence."""
    ines = bank.customer("Ines Byrne", consents=["marketing"])
    bank.current_account(ines)
    bank.contact(ines, "Called about a card", at=clock.now())
    bank.signal(ines, at=clock.now())
    bank.deliver()
    search.find("ines", actor=adviser)


def refused(statement: str) -> Any:
    with pytest.raises(ProgrammingError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    return str(error.value)


@pytest.mark.parametrize("table", EVIDENCE)
def test_evidence_is_neither_changed_nor_removed(full: None, table: str) -> None:
    name = f"customers_{table}"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {name}")
        assert cursor.fetchone()[0] > 0
    assert "denied" in refused(f"UPDATE {name} SET id = id")
    assert "denied" in refused(f"DELETE FROM {name}")
    assert "denied" in refused(f"TRUNCATE {name} CASCADE")


@pytest.mark.parametrize("table", EVIDENCE)
def test_not_even_the_owner_changes_evidence(full: None, table: str) -> None:
    """The privileges stop the application, the triggers everybody else."""
    name = f"customers_{table}"
    for statement in (f"UPDATE {name} SET id = id", f"DELETE FROM {name}"):
        assert f"{PARTITIONS.get(table, name)}" in (said := refused(f"SET LOCAL ROLE NONE; {statement}"))
        assert "is append-only" in said
