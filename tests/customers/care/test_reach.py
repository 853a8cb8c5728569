"""By what a customer comes within reach: branch, portfolio, team, a leave of one's own."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction

from bankos.platform import actors, clock
from bankos.platform.actors import Actor, Role
from customers import visibility
from customers.models import Party, PartyUserPermission
from tests import arranging
from tests.bank import Bank, Branch, Customer

from .conftest import seen, user_of


@pytest.fixture
def adviser(bank: Bank) -> Actor:
    """Of no branch: sees nobody, unless something says so."""
    return bank.staff(name="Fiadh Nolan")


def test_nobody_is_within_reach_of_who_was_given_nothing(adviser: Actor, neighbour: Customer, stranger: Customer) -> None:
    assert seen(adviser, neighbour, stranger) == []


def test_a_relationship_manager_sees_the_customers_of_the_portfolio_of_any_branch(
    adviser: Actor, neighbour: Customer, stranger: Customer
) -> None:
    arranging.make_portfolio("owners", name="Business owners", manager=user_of(adviser))
    arranging.look_after(stranger.id, portfolio="owners")

    assert seen(adviser, neighbour, stranger) == [stranger]


def test_a_customer_moved_to_another_portfolio_is_seen_by_its_manager_alone(bank: Bank, adviser: Actor, stranger: Customer) -> None:
    other = bank.staff(name="Eoin Walsh")
    arranging.make_portfolio("owners", name="Business owners", manager=user_of(adviser))
    arranging.make_portfolio("farms", name="Farms", manager=user_of(other))
    arranging.look_after(stranger.id, portfolio="owners")
    arranging.look_after(stranger.id, portfolio="farms")

    assert (seen(adviser, stranger), seen(other, stranger)) == ([], [stranger])


@pytest.mark.parametrize("through_group", [False, True])
def test_a_team_sees_the_customers_of_all_its_portfolios(
    adviser: Actor, neighbour: Customer, stranger: Customer, through_group: bool
) -> None:
    arranging.make_team("west", name="West")
    arranging.make_portfolio("owners", name="Business owners", team="west")
    arranging.look_after(stranger.id, portfolio="owners")
    user = user_of(adviser)
    group = Group.objects.create(name="west-desk")
    user.groups.add(group)
    assert seen(adviser, stranger) == []

    arranging.show_team("west", to=group if through_group else user)

    assert seen(adviser, neighbour, stranger) == [stranger]


def test_a_portfolio_may_be_shown_to_a_person_besides_its_manager(adviser: Actor, stranger: Customer) -> None:
    arranging.make_portfolio("owners", name="Business owners")
    arranging.look_after(stranger.id, portfolio="owners")
    arranging.show_portfolio("owners", to=user_of(adviser))

    assert seen(adviser, stranger) == [stranger]


def test_a_leave_for_one_customer_ends_by_itself(adviser: Actor, neighbour: Customer, stranger: Customer) -> None:
    at = clock.now()
    arranging.show_customer(stranger.id, to=user_of(adviser), until=at + timedelta(hours=1), reason="Stands in", at=at)
    assert seen(adviser, neighbour, stranger) == [stranger]

    arranging.show_customer(
        stranger.id, to=user_of(adviser), until=at - timedelta(minutes=1), reason="Stands in", at=at - timedelta(hours=1)
    )
    assert seen(adviser, stranger) == []


def test_no_leave_for_one_customer_is_long(adviser: Actor, stranger: Customer) -> None:
    at = clock.now()
    arranging.show_customer(stranger.id, to=user_of(adviser), until=at + timedelta(days=31), reason="Stands in", at=at)
    with pytest.raises(IntegrityError, match="a_single_leave_is_short"), transaction.atomic(), arranging.before_everything():
        PartyUserPermission.objects.update(until=at + timedelta(days=32))


def test_every_way_together_finds_a_customer_once(adviser: Actor, clerk: Actor, neighbour: Customer, stranger: Customer) -> None:
    at, user = clock.now(), user_of(clerk)
    arranging.make_team("west", name="West")
    arranging.make_portfolio("owners", name="Business owners", manager=user, team="west")
    arranging.look_after(neighbour.id, portfolio="owners")
    arranging.show_team("west", to=user)
    arranging.show_customer(neighbour.id, to=user, until=at + timedelta(hours=1), reason="Stands in", at=at)

    assert list(Party.objects.customers().visible_to(actors.employee(user)).values_list("pk", flat=True)) == [neighbour.id]


def test_asking_for_the_visible_is_one_query(
    clerk: Actor, neighbour: Customer, stranger: Customer, queries_of: Callable[[Callable[[], object]], int]
) -> None:
    known = [neighbour.id, stranger.id]
    assert queries_of(lambda: visibility.visible_party_ids(clerk, known)) == 1


def test_a_lead_of_the_branch_sees_it_as_before(bank: Bank, galway: Branch, neighbour: Customer, stranger: Customer) -> None:
    assert seen(bank.staff(Role.TEAM_LEAD, branch=galway), neighbour, stranger) == [neighbour]
