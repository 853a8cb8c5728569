from pathlib import Path
from typing import Any

import pytest

from bankos.platform import clock
from bankos.platform.actors import Actor, Role
from sentinel import policy
from tests.bank import Bank, Branch

from .household import Household, household


@pytest.fixture(autouse=True)
def policies_in_force(db: None) -> None:
    """Nothing is decided without policies."""
    policy.load_starting_set(at=clock.now())


@pytest.fixture(autouse=True)
def drop(settings: Any, tmp_path: Path) -> Path:
    """Where instructions for the systems of record arrive in this test."""
    settings.EFFECTS_DIR = tmp_path / "effects"
    return settings.EFFECTS_DIR


@pytest.fixture
def home(bank: Bank, galway: Branch) -> Household:
    """EUR 500.00 in savings."""
    return household(bank, "Ines Marchetti", galway, savings="500.00")


@pytest.fixture
def rich(bank: Bank, galway: Branch) -> Household:
    """EUR 2,000.00 in savings: more than staff may move alone."""
    return household(bank, "Rita Guldmann", galway, savings="2000.00")


@pytest.fixture
def neighbours(bank: Bank, cork: Branch) -> Household:
    """Customers of another branch."""
    return household(bank, "Nora Fitzgerald", cork, savings="500.00")


@pytest.fixture
def staff(bank: Bank, galway: Branch) -> Actor:
    return bank.staff(Role.BRANCH_STAFF, branch=galway, name="Siobhán Keane")


@pytest.fixture
def colleague(bank: Bank, galway: Branch) -> Actor:
    return bank.staff(Role.BRANCH_STAFF, branch=galway, name="Cormac Daly")


@pytest.fixture
def lead(bank: Bank, galway: Branch) -> Actor:
    return bank.staff(Role.TEAM_LEAD, branch=galway, name="Lena Ahrens")


@pytest.fixture
def staff_elsewhere(bank: Bank, cork: Branch) -> Actor:
    return bank.staff(Role.BRANCH_STAFF, branch=cork, name="Eoin Walsh")


@pytest.fixture
def lead_elsewhere(bank: Bank, cork: Branch) -> Actor:
    return bank.staff(Role.TEAM_LEAD, branch=cork, name="Aoife Byrne")


@pytest.fixture
def contact_centre(bank: Bank) -> Actor:
    return bank.staff(Role.CONTACT_CENTRE, name="Omar Reid")


@pytest.fixture
def compliance(bank: Bank) -> Actor:
    return bank.staff(Role.COMPLIANCE, name="Clara Voss")


@pytest.fixture
def administrator(bank: Bank) -> Actor:
    return bank.staff(Role.ADMINISTRATOR, name="Ada Quinn")
