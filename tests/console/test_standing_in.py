"""Lending a role and giving a mandate, as people do it on the page."""

from datetime import timedelta
from typing import Any

import pytest

from bankos.platform import clock
from bankos.platform.actors import Actor, Role
from sentinel import mandates, policy
from tests.bank import Bank, Branch

pytestmark = pytest.mark.django_db
PAGE = "/approvals/standing-in/"


@pytest.fixture(autouse=True)
def rules(db: None) -> None:
    policy.load_starting_set(at=clock.now())


@pytest.fixture
def lead(bank: Bank, galway: Branch) -> Actor:
    return bank.staff(Role.TEAM_LEAD, branch=galway, name="Lena Ahrens")


def lend(to: Actor, **changed: Any) -> dict[str, Any]:
    until = (clock.today() + timedelta(days=5)).isoformat()
    return {"give": "delegation", "delegation-receiver": to.id, "delegation-role": "team_lead", "delegation-until": until} | {
        "delegation-reason": "On leave"
    } | changed  # fmt: skip


def test_a_lead_lends_the_role_and_takes_it_back(bank: Bank, lead: Actor, adviser: Actor) -> None:
    desk = bank.desk(lead)
    assert desk.post(PAGE, lend(adviser)).status_code == 302
    [lent] = mandates.delegations(at=clock.now())
    assert (lent.giver, lent.receiver, lent.role) == (lead.name, adviser.name, "team_lead")
    assert adviser.name in desk.get(PAGE).text

    desk.post(f"{PAGE}end/", {"id": str(lent.id)})
    assert mandates.delegations(at=clock.now()) == []


def test_what_was_typed_stays_with_the_reason_it_is_refused_for(bank: Bank, lead: Actor, adviser: Actor) -> None:
    late = (clock.today() + timedelta(days=99)).isoformat()

    answer = bank.desk(lead).post(PAGE, lend(adviser, **{"delegation-until": late}))

    assert answer.status_code == 422
    assert "at most 30 days" in answer.text
    assert "On leave" in answer.text


def test_nobody_else_ends_it(bank: Bank, galway: Branch, lead: Actor, adviser: Actor) -> None:
    bank.desk(lead).post(PAGE, lend(adviser))
    [lent] = mandates.delegations(at=clock.now())

    bank.desk(bank.staff(Role.BRANCH_STAFF, branch=galway)).post(f"{PAGE}end/", {"id": str(lent.id)})
    bank.desk(lead).post(f"{PAGE}end/", {"id": "nonsense"})

    assert len(mandates.delegations(at=clock.now())) == 1


def test_a_mandate_waits_for_a_second_person(bank: Bank, lead: Actor) -> None:
    officer = bank.staff(Role.COMPLIANCE, name="Clara Voss")
    other = bank.staff(Role.COMPLIANCE, name="Niamh Doyle")
    until = (clock.today() + timedelta(days=50)).isoformat()
    given = {"person": lead.id, "action": "fee.waive", "amount": "800.00", "currency": "EUR", "until": until, "reason": "Complaints"}

    answer = bank.desk(officer).post(PAGE, {"give": "mandate", **{f"mandate-{name}": value for name, value in given.items()}})
    assert answer.status_code == 302
    assert mandates.mandates(at=clock.now()) == []
    page = bank.desk(other).get(answer["Location"])
    assert "Give Lena Ahrens a mandate" in page.text
    assert bank.desk(other).post(answer["Location"], {"answer": "approve", "note": "Fine"}).status_code == 302

    [held] = mandates.mandates(at=clock.now())
    assert (held.person, str(held.amount.amount)) == ("Lena Ahrens", "800.00")
    bank.desk(officer).post(f"{PAGE}end/", {"kind": "mandate", "id": str(held.id)})
    assert mandates.mandates(at=clock.now()) == []
