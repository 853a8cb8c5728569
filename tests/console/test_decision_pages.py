"""What a compliance officer does with decisions: find, understand, tell, export, forget."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from bankos.platform import clock
from bankos.platform.actors import Actor, Role
from bankos.platform.models import DomainEvent
from customers.state import facts_for_decision
from journeys import actions
from sentinel import policy
from sentinel.authority import Resource, authorize
from tests.bank import Bank, Branch, Customer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rules(db: None) -> None:
    policy.load_starting_set(at=clock.now())


@pytest.fixture
def ines(bank: Bank, galway: Branch) -> Customer:
    return bank.customer("Ines Marchetti", branch=galway, days_past_due=4)


@pytest.fixture
def officer(bank: Bank) -> Client:
    return bank.desk(bank.staff(Role.COMPLIANCE, name="Clara Voss"))


def refusal(customer: Customer, actor: Actor, product: str = "personal_loan") -> Any:
    """Credit for somebody in arrears."""
    parameters = {"product": product, "amount": "500.00", "currency": "EUR"}
    resource = Resource("Party", str(customer.id), facts_for_decision(customer.id, at=clock.now()).attributes)
    return authorize(actor=actor, action="credit.offer", resource=resource, parameters=parameters, at=clock.now())


def test_a_decision_says_what_would_have_changed_it_and_which_rules_were_checked(ines: Customer, adviser: Actor, officer: Client) -> None:
    page = officer.get(f"/decisions/{refusal(ines, adviser).id}/").text

    assert "What would have changed the answer" in page
    assert "overdue" in page
    assert "All rules that could have applied" in page
    assert "With the rules in force today: the same." in page
    assert "Data and consent used" in page


def test_the_letter_gives_the_reason_and_the_rights(ines: Customer, adviser: Actor, officer: Client) -> None:
    page = officer.get(f"/decisions/{refusal(ines, adviser).id}/letter/").text

    assert "Dear Ines Marchetti" in page
    assert "A payment of yours is overdue." in page
    assert "Data Protection Commission" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("who=Marchetti", 2),
        ("who=Nobody", 0),
        ("rule=no-credit-in-arrears", 2),
        ("rule=unknown", 0),
        ("outcome=deny", 2),
        ("by=people", 2),
        ("by=machines", 0),
        ("used=yes", 0),
        ("version=1", 2),
        ("version=9", 0),
        ("since={today}&until={today}", 2),
        ("until={yesterday}", 0),
        ("text=Siobh", 2),
        ("action=credit.offer&who=Marchetti", 2),
    ],
)
def test_each_filter_finds_what_it_says(ines: Customer, adviser: Actor, officer: Client, query: str, found: int) -> None:
    for product in ("personal_loan", "overdraft"):
        refusal(ines, adviser, product)
    days = {"today": clock.today().isoformat(), "yesterday": (clock.today() - timedelta(days=1)).isoformat()}

    page = officer.get(f"/decisions/?{query.format(**days)}").text

    assert page.count('class="t2 mono">dt_') == found


def test_days_the_wrong_way_round_are_told_and_kept(officer: Client) -> None:
    answer = officer.get("/decisions/?since=2026-11-20&until=2026-11-10&text=dt_")

    assert answer.status_code == 422
    assert "lies before the first" in answer.text
    assert "2026-11-20" in answer.text


def test_the_table_holds_what_was_found_and_no_formula(ines: Customer, adviser: Actor, officer: Client) -> None:
    refusal(ines, adviser)
    connection.cursor().execute("UPDATE platform_user SET name = '=HYPERLINK(1)' WHERE id = %s", [adviser.id])

    answer = officer.get("/decisions/export/csv/?outcome=deny")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))  # type: ignore[attr-defined]

    assert [(row["action"], row["rules"]) for row in rows] == [("credit.offer", "no-credit-in-arrears")]
    assert rows[0]["asked by"] == "'=HYPERLINK(1)"
    assert DomainEvent.objects.get(type="sentinel.decisions.exported").data["decisions"] == 1


def test_only_those_who_oversee_export(bank: Bank, ines: Customer, adviser: Actor) -> None:
    made = refusal(ines, adviser)
    desk = bank.desk(adviser)

    assert desk.get("/decisions/export/csv/").status_code == 404
    assert desk.get(f"/decisions/{made.id}/bundle/").status_code == 404
    assert desk.get(f"/decisions/{made.id}/").status_code == 200


def test_forgetting_a_customer_takes_two_and_leaves_the_proof(bank: Bank, ines: Customer, adviser: Actor, officer: Client) -> None:
    made = refusal(ines, adviser)
    page = f"/customers/{ines.id}/erase/"
    assert bank.desk(adviser).get(page).status_code == 404
    assert officer.post(page, {"reason": ""}).status_code == 422

    waits = officer.post(page, {"reason": "Asked for by the customer"})
    assert waits.status_code == 302
    assert "Facts the rules read" in officer.get(f"/decisions/{made.id}/").text
    other = bank.desk(bank.staff(Role.COMPLIANCE, name="Niamh Doyle"))
    assert other.post(waits["Location"], {"answer": "approve", "note": "Checked"}).status_code == 302

    told = officer.get(f"/decisions/{made.id}/").text
    assert "were erased with the customer’s key" in told
    assert "All good" in told
    assert "Nothing can be told any more" in officer.get(f"/decisions/{made.id}/letter/").text


def test_the_page_asks_the_database_little(ines: Customer, adviser: Actor, officer: Client, queries_of: Callable[..., int]) -> None:
    made = refusal(ines, adviser)
    officer.get(f"/decisions/{made.id}/")

    assert queries_of(lambda: officer.get(f"/decisions/{made.id}/")) <= 36


def test_an_act_is_told_with_its_accounts(bank: Bank, ines: Customer, adviser: Actor, officer: Client) -> None:
    source, target = bank.savings(ines, "900.00"), bank.current_account(ines)
    parameters = {"from_arrangement": str(source.id), "to_arrangement": str(target.id), "amount": "20.00", "currency": "EUR"}
    done = actions.perform(
        actor=adviser, action="transfer.between_own_accounts", party_id=ines.id, parameters=parameters, at=clock.now(), summary="Move €20"
    )

    page = officer.get(f"/decisions/{done.decision.id}/").text

    assert "€20.00" in page
    assert "It was done." in page


def test_what_is_no_customer_of_ours_breaks_no_page(adviser: Actor, officer: Client) -> None:
    """A refused request, or another store, may call anything a party."""
    made = authorize(
        actor=adviser, action="product.offer", resource=Resource("Party", "somebody", {}), parameters={"product": "savings"}, at=clock.now()
    )

    assert officer.get("/decisions/").status_code == 200
    assert officer.get(f"/decisions/{made.id}/").status_code == 200
    assert officer.get(f"/decisions/{made.id}/letter/").status_code == 200
