"""Two customers of two branches, let in through ingestion, and the people of the bank who look at them."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from bankos.platform import actors, clock
from bankos.platform.actors import Actor, Role
from bankos.platform.models import User
from customers.ingestion.feeds import meridian
from customers.models import Party
from sentinel import policy
from tests import arranging, people

from .ingestion.extracts import send

CORK_IBAN = "IE64MRDN93115287654321"
Hire = Callable[..., User]


def party_of(number: str) -> UUID:
    return Party.objects.get(number=number).pk


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "extracts"


@pytest.fixture
def ines(db: None, folder: Path) -> UUID:
    """Of Galway, with an account, a rent that leaves it, a loan, a card; she agrees to help from her payments."""
    send(folder, meridian.BRANCHES, {}, {"branch_code": "COR1", "name": "Cork Patrick Street", "town": "Cork"})
    send(folder, meridian.CUSTOMERS, {})
    send(folder, meridian.ACCOUNTS, {})
    send(folder, meridian.ACCOUNT_HOLDERS, {})
    send(folder, meridian.CLIENTS, {})
    send(folder, meridian.CONSENTS, {})
    send(folder, meridian.LOANS, {})
    send(folder, meridian.CARDS, {})
    send(folder, meridian.STANDING_ORDERS, {})
    send(folder, meridian.CONTACTS, {})
    send(folder, meridian.SIGNALS, {})
    days = [f"2026-11-{day:02d}" for day in range(1, 21)]
    send(folder, meridian.TRANSACTIONS, *({"entry_id": str(place), "booked_on": day} for place, day in enumerate(days)))
    return party_of("C-204 881 37")


@pytest.fixture
def sean(ines: UUID, folder: Path) -> UUID:
    """Of Cork."""
    send(
        folder,
        meridian.CUSTOMERS,
        {"customer_no": "30000001", "name": "Ó BRIAIN SEÁN", "national_id": "27182818B", "branch_code": "COR1", "birth_date": "1990-02-28"},
    )
    send(folder, meridian.ACCOUNTS, {"account_no": CORK_IBAN, "branch_code": "COR1"})
    send(folder, meridian.ACCOUNT_HOLDERS, {"account_no": CORK_IBAN, "customer_no": "30000001"})
    client = {
        "client_id": "CL2", "customer_no": "30000001", "first_name": "Seán", "last_name": "Ó Briain", "birth_date": "1990-02-28",
        "phone": "+353 87 765 4321", "email": "sean@posteo.example", "town": "Cork", "branch_code": "COR1",
    }  # fmt: skip
    send(folder, meridian.CLIENTS, client)
    return party_of("C-300 000 01")


@pytest.fixture
def hire(db: None) -> Hire:
    """`hire(Role.BRANCH_STAFF, branch="GAL1")`: a person of the bank who sees that branch's customers."""

    def hired(role: Role, *, branch: str = "") -> User:
        user = User.objects.create(username=f"{role}-{branch}", name="Siobhán Keane", branch_code=branch)
        people.give(user, role)
        if branch:
            arranging.show_branch(branch, to=user)
        return user

    return hired


@pytest.fixture
def in_galway(ines: UUID, hire: Hire) -> Actor:
    return actors.employee(hire(Role.BRANCH_STAFF, branch="GAL1"))


@pytest.fixture
def in_cork(sean: UUID, hire: Hire) -> Actor:
    return actors.employee(hire(Role.BRANCH_STAFF, branch="COR1"))


@pytest.fixture
def contact_centre(hire: Hire) -> Actor:
    return actors.employee(hire(Role.CONTACT_CENTRE))


@pytest.fixture
def policies(db: None) -> None:
    policy.load_starting_set(at=clock.now())
