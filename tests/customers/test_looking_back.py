"""A past day on the customer page and over the API: what was known at its end, and nothing to do."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client

from bankos.platform import clock
from bankos.platform.actors import Actor
from customers import identity
from tests.bank import Bank, Branch, Customer


@pytest.fixture
def ines(bank: Bank, galway: Branch) -> Customer:
    """Known since three days ago; since yesterday by another name."""
    customer = bank.customer("Ines Byrne", branch=galway, consents=["marketing"])
    bank.current_account(customer)
    bank.deliver(at=clock.now() - timedelta(days=3))
    bank.restate(customer, "crm", last_name="Quill")
    bank.deliver(at=clock.now() - timedelta(days=1))
    return customer


def page(desk: Client, party: UUID, known_at: str) -> tuple[int, str]:
    answer = desk.get(f"/customers/{party}/", {"known_at": known_at})
    return answer.status_code, answer.content.decode()


def day(ago: int) -> str:
    return (clock.today() - timedelta(days=ago)).isoformat()


def test_the_page_shows_what_was_known_at_the_end_of_a_day(bank: Bank, ines: Customer, adviser: Actor) -> None:
    status, then = page(bank.desk(adviser), ines.id, day(2))
    assert status == 200
    assert "<h1>Ines Byrne</h1>" in then
    assert "Nothing can be done here" in then
    assert "Back to today" in then


def test_nothing_can_be_done_in_the_past(bank: Bank, ines: Customer, adviser: Actor) -> None:
    """Not even a masked field is revealed."""
    _, then = page(bank.desk(adviser), ines.id, day(2))
    assert 'method="post"' not in then.split("<main", 1)[1]
    assert "/permissions/" not in then
    assert "/permissions/" in bank.desk(adviser).get(f"/customers/{ines.id}/").content.decode()


def test_a_day_before_the_customer_was_known_says_so(bank: Bank, ines: Customer, adviser: Actor) -> None:
    status, then = page(bank.desk(adviser), ines.id, day(30))
    assert status == 200
    assert "did not know this customer yet" in then
    assert "Ines" not in then


@pytest.mark.parametrize(("asked", "sentence"), [("", "Choose a day."), ("soon", "Write the day"), (day(0), "Choose a day before today")])
def test_what_is_no_past_day_is_refused_on_todays_page(bank: Bank, ines: Customer, adviser: Actor, asked: str, sentence: str) -> None:
    status, today = page(bank.desk(adviser), ines.id, asked)
    assert status == 422
    assert sentence in today
    assert "<h1>Ines Quill</h1>" in today


def test_a_hidden_customer_has_no_past(bank: Bank, ines: Customer, cork: Branch) -> None:
    stranger = bank.desk(bank.staff(branch=cork))
    assert page(stranger, ines.id, day(2))[0] == page(stranger, UUID(int=7), day(2))[0] == 404


def test_an_address_from_before_a_merge_leads_to_the_customer(bank: Bank, ines: Customer, adviser: Actor) -> None:
    other = bank.customer(branch=ines.branch)
    identity.join_parties(keep=ines.id, absorb=other.id, at=clock.now())
    answer = bank.desk(adviser).get(f"/customers/{other.id}/")
    assert (answer.status_code, answer["Location"]) == (302, f"/customers/{ines.id}/")
    assert bank.desk(adviser).get(f"/api/v1/customers/{other.id}/").json()["party_id"] == str(ines.id)


def test_the_api_answers_as_known_at_a_moment(bank: Bank, ines: Customer, adviser: Actor) -> None:
    desk, address = bank.desk(adviser), f"/api/v1/customers/{ines.id}/"
    then = desk.get(address, {"known_at": (clock.now() - timedelta(days=2)).isoformat()})
    assert (then.status_code, then.json()["name"]) == (200, "Ines Byrne")
    assert desk.get(address).json()["name"] == "Ines Quill"
    before = desk.get(address, {"known_at": (clock.now() - timedelta(days=30)).isoformat()})
    assert (before.status_code, before.json()["code"]) == (404, "not_known_then")
    assert desk.get(address, {"known_at": "soon"}).status_code == 400
