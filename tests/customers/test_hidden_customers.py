"""Who may not see a customer gets what a missing one gets. Beyond `test_visibility`: rights that end, shared accounts, whole answers."""

from collections.abc import Callable
from uuid import UUID

import pytest

from bankos.platform import actors, clock
from bankos.platform.actors import Actor, Role
from bankos.platform.ids import uuid7
from bankos.platform.models import User
from customers import api, search, state, visibility
from customers.models import PartyFact
from tests import arranging
from tests.bank import Bank, Branch, Customer

from .desk import call


@pytest.fixture
def neighbour(bank: Bank, galway: Branch) -> Customer:
    return bank.customer("Nuala McGettigan", branch=galway)


@pytest.fixture
def stranger(bank: Bank, cork: Branch) -> Customer:
    return bank.customer("Oisín Brady", branch=cork, phone="+353 86 111 2233")


def test_working_at_a_branch_is_no_right_to_see_its_customers(bank: Bank, galway: Branch, neighbour: Customer) -> None:
    """The home branch is a fact about a person; who sees whom is granted."""
    user = User.objects.create(username="new", name="New Colleague", branch_code=galway.code)
    assert not visibility.may_see(neighbour.id, actors.employee(user))


def test_a_right_taken_away_is_gone_at_once(bank: Bank, adviser: Actor, galway: Branch, neighbour: Customer) -> None:
    assert visibility.may_see(neighbour.id, adviser)
    arranging.hide_branch(galway.code, from_=User.objects.get(pk=adviser.id))
    assert not visibility.may_see(neighbour.id, adviser)


def test_upper_floors_filter_by_one_subquery(
    adviser: Actor, neighbour: Customer, stranger: Customer, queries_of: Callable[[Callable[[], object]], int]
) -> None:
    """What other floors' tables are filtered by; facts stand for them here."""
    everybody = {neighbour.id, stranger.id}
    found: set[UUID] = set()

    def read() -> None:
        facts = PartyFact.objects.filter(party_id__in=visibility.visible_parties_subquery(adviser))
        found.update(facts.values_list("party_id", flat=True))

    assert (queries_of(read), found & everybody) == (1, {neighbour.id})


def test_no_key_finds_a_hidden_customer(bank: Bank, adviser: Actor, stranger: Customer) -> None:
    account = bank.current_account(stranger)
    bank.card(stranger, "9137")
    number = state.state_of(stranger.id, actor=actors.system("test"), at=clock.now()).number

    for text in ("Oisín Brady", "brady", "braddy", number, stranger.number, "+353 86 111 2233", stranger.email, account.number, "9137"):
        assert search.find(text, actor=adviser) == [], text
        assert search.find(text, actor=actors.system("test")), text


def test_the_answer_for_a_hidden_customer_is_that_for_a_missing_one_to_the_byte(adviser: Actor, stranger: Customer) -> None:
    said = {"purpose": "marketing", "given": True, "channel": "phone"}
    for view, method, data in (
        (api.CustomerDetail, "get", None),
        (api.CustomerTimeline, "get", None),
        (api.CustomerConsents, "post", said),
    ):
        hidden = call(view, adviser, method, data, party_id=stranger.id)
        missing = call(view, adviser, method, data, party_id=uuid7())
        assert (hidden.status_code, hidden.content) == (404, missing.content), view


def test_somebody_invisible_is_not_named_on_a_visible_customers_page(
    bank: Bank, adviser: Actor, neighbour: Customer, stranger: Customer
) -> None:
    """A joint holder of another branch is no less hidden for sharing an account."""
    bank.hold(bank.current_account(neighbour), stranger)
    bank.guardian(stranger, of=neighbour)

    assert state.state_of(neighbour.id, actor=adviser, at=clock.now()).people == ()
    assert "Oisín" in str(state.state_of(neighbour.id, actor=bank.staff(Role.COMPLIANCE), at=clock.now()).people)


def test_the_admin_answers_404_for_a_hidden_customer_and_for_a_missing_one(bank: Bank, neighbour: Customer, stranger: Customer) -> None:
    arranging.make_circle("private", name="Private office")
    arranging.protect(stranger.id, circle="private")
    desk = bank.desk(bank.staff(Role.ADMINISTRATOR))

    assert desk.get(f"/admin/customers/party/{neighbour.id}/change/").status_code == 200
    hidden, missing = (desk.get(f"/admin/customers/party/{party}/change/") for party in (stranger.id, uuid7()))
    assert (hidden.status_code, missing.status_code) == (404, 404)
    for text in ("brady", "C-"):
        listed = desk.get("/admin/customers/party/", {"q": text}).content.decode()
        assert "Oisín" not in listed
    offered = desk.get("/admin/autocomplete/", {"app_label": "customers", "model_name": "partyfact", "field_name": "party", "term": "C-"})
    assert [row["id"] for row in offered.json()["results"]] == [str(neighbour.id)]
