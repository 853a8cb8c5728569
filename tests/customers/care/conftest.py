"""Customers of two branches and people with different reasons to see them."""

import pytest

from bankos.platform.actors import Actor, Role
from bankos.platform.models import User
from customers import visibility
from tests import arranging
from tests.bank import Bank, Branch, Customer


@pytest.fixture
def neighbour(bank: Bank, galway: Branch) -> Customer:
    return bank.customer("Nuala McGettigan", branch=galway)


@pytest.fixture
def stranger(bank: Bank, cork: Branch) -> Customer:
    return bank.customer("Oisín Brady", branch=cork, phone="+353 86 111 2233")


@pytest.fixture
def clerk(bank: Bank, galway: Branch) -> Actor:
    return bank.staff(branch=galway)


@pytest.fixture
def officer(bank: Bank) -> Actor:
    return bank.staff(Role.COMPLIANCE, name="Maeve Costello")


def user_of(actor: Actor) -> User:
    return User.objects.get(pk=actor.id)


def seen(actor: Actor, *customers: Customer) -> list[Customer]:
    """Those of these customers the actor may see."""
    found = visibility.visible_party_ids(actor, [customer.id for customer in customers])
    return [customer for customer in customers if customer.id in found]


@pytest.fixture
def circle(db: None) -> str:
    arranging.make_circle("private", name="Private office")
    return "private"
