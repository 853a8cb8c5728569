"""People and policies that the rights of customers are tried with."""

import pytest

from bankos.platform import clock
from bankos.platform.actors import Actor, Role
from sentinel import policy
from tests.bank import Bank, Customer


@pytest.fixture(autouse=True)
def policies(db: None) -> None:
    policy.load_starting_set(at=clock.now())


@pytest.fixture
def ines(bank: Bank) -> Customer:
    return bank.customer("Ines Byrne", consents=["payment_insight"])


@pytest.fixture
def officer(bank: Bank) -> Actor:
    return bank.staff(Role.COMPLIANCE, name="Maeve Costello")


@pytest.fixture
def second(bank: Bank) -> Actor:
    return bank.staff(Role.COMPLIANCE, name="Niamh Doyle")
