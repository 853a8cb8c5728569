"""A bank where some customers were opened twice."""

from collections.abc import Callable
from datetime import date

import pytest

from bankos.platform import clock
from bankos.platform.actors import Actor, Role
from customers.linkage import known, live
from customers.linkage.joining import LINKAGE
from customers.models import Party, PartyLink
from sentinel import autonomy, policy
from tests import machines
from tests.bank import Bank, Branch, Customer

BORN = date(1961, 4, 12)


@pytest.fixture
def policies(db: None) -> None:
    policy.load_starting_set(at=clock.now())


@pytest.fixture
def lead(bank: Bank, galway: Branch) -> Actor:
    return bank.staff(Role.TEAM_LEAD, branch=galway, name="Lena Furey")


@pytest.fixture
def mary(bank: Bank, galway: Branch) -> Customer:
    return bank.customer("Mary Considine", born=BORN, branch=galway, street="12 Shop Street", phone="+353 88 900 4417")


@pytest.fixture
def again(bank: Bank, galway: Branch, mary: Customer) -> Customer:
    """Mary, opened again by somebody in a hurry: another number at the bank, the same phone."""
    return bank.customer(
        "Molly Considin", born=BORN, branch=galway, street="12 Shop Street", phone="088 9004417", national_id=mary.national_id
    )


@pytest.fixture
def born_otherwise(bank: Bank, galway: Branch, mary: Customer) -> Customer:
    """Mary in everything but the birth date."""
    return bank.customer(
        mary.name,
        born=date(1974, 9, 30),
        branch=galway,
        street="12 Shop Street",
        phone="+353 88 900 4417",
        email=mary.email,
        national_id=mary.national_id,
    )


@pytest.fixture
def brother(bank: Bank, galway: Branch) -> Customer:
    """Mary's twin."""
    return bank.customer("Hugo Considine", born=BORN, branch=galway, street="12 Shop Street")


@pytest.fixture
def resolved(bank: Bank) -> Callable[..., PartyLink | None]:
    """Let everybody known be resolved; the link between two customers, if there is one."""

    def resolve(one: Customer, other: Customer) -> PartyLink | None:
        pair = sorted((one.id, other.id))
        at = clock.now()
        live.resolve(known.refresh(known.units_of(Party.objects.customers().values_list("pk", flat=True)), at=at), at=at)
        return PartyLink.objects.filter(left=pair[0], right=pair[1]).first()

    return resolve


@pytest.fixture
def act_alone(policies: None) -> None:
    """Linkage may join by itself."""
    machines.let(
        subject=LINKAGE.id,
        action="party.join",
        level=autonomy.Level.ACT_ALONE,
        reason="Half a year without an undone merge",
        at=clock.now(),
    )
