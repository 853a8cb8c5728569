"""Customers few may see: VIPs, and those who work at the bank with their households."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction

from bankos.platform import actors, clock
from bankos.platform.actors import Actor, Role
from bankos.platform.models import User
from customers import search
from customers.models import Protection
from tests import arranging, people
from tests.bank import Bank, Branch, Customer

from .conftest import seen, user_of


@pytest.mark.parametrize("role", [Role.CONTACT_CENTRE, Role.COMPLIANCE, Role.ADMINISTRATOR])
def test_a_protected_customer_exists_for_nobody_who_is_not_listed(
    bank: Bank, clerk: Actor, neighbour: Customer, stranger: Customer, circle: str, role: Role
) -> None:
    everywhere = bank.staff(role)
    arranging.protect(neighbour.id, circle=circle)

    assert seen(clerk, neighbour) == []
    assert seen(everywhere, neighbour, stranger) == [stranger]
    assert search.find("McGettigan", actor=everywhere) == []
    desk = bank.desk(everywhere)
    hidden, missing = desk.get(f"/customers/{neighbour.id}/"), desk.get(f"/customers/{uuid4()}/")
    assert (hidden.status_code, missing.status_code) == (404, 404)


def test_who_is_listed_sees_them_within_their_own_reach(
    bank: Bank, clerk: Actor, officer: Actor, neighbour: Customer, stranger: Customer, circle: str
) -> None:
    arranging.protect(neighbour.id, circle=circle)
    arranging.protect(stranger.id, circle=circle)
    arranging.list_in_circle(circle, user_of(clerk))
    group = Group.objects.create(name="private-office")
    user_of(officer).groups.add(group)
    arranging.list_in_circle(circle, group)

    assert seen(clerk, neighbour, stranger) == [neighbour]
    assert seen(officer, neighbour, stranger) == [neighbour, stranger]


def test_listed_in_one_circle_is_not_listed_in_another(officer: Actor, neighbour: Customer, circle: str) -> None:
    arranging.make_circle("staff", name="Staff desk")
    arranging.list_in_circle(circle, user_of(officer))
    arranging.protect(neighbour.id, circle=circle)
    assert seen(officer, neighbour) == [neighbour]

    arranging.protect(neighbour.id, circle="staff", employee=User.objects.create(username="nuala"))
    assert seen(officer, neighbour) == []


def test_protection_ends_with_its_day(clerk: Actor, neighbour: Customer, circle: str) -> None:
    arranging.protect(neighbour.id, circle=circle)
    with arranging.before_everything():
        Protection.objects.update(until=clock.now() - timedelta(seconds=1))

    assert seen(clerk, neighbour) == [neighbour]


class TestStaffWhoAreCustomers:
    @pytest.fixture
    def nuala(self, bank: Bank, galway: Branch) -> Actor:
        return bank.staff(branch=galway, name="Nuala McGettigan")

    @pytest.fixture
    def protected(self, nuala: Actor, neighbour: Customer, circle: str) -> Customer:
        arranging.protect(neighbour.id, circle=circle, employee=user_of(nuala))
        return neighbour

    def test_the_own_record_is_hidden_from_the_person_and_the_team_even_if_they_are_listed(
        self, bank: Bank, nuala: Actor, clerk: Actor, galway: Branch, protected: Customer, circle: str
    ) -> None:
        for person in (nuala, clerk):
            arranging.list_in_circle(circle, user_of(person))

        assert (seen(nuala, protected), seen(clerk, protected)) == ([], [])

    @pytest.mark.parametrize("relation", ["boss", "report", "report of a report", "peer"])
    def test_the_line_above_below_and_beside_is_the_team(
        self, bank: Bank, nuala: Actor, protected: Customer, circle: str, relation: str
    ) -> None:
        other = user_of(bank.staff(Role.CONTACT_CENTRE, name="Aoife Brennan"))
        between, me = user_of(bank.staff(Role.TEAM_LEAD)), user_of(nuala)
        match relation:
            case "boss":
                me.manager = other
            case "report":
                other.manager = me
            case "report of a report":
                other.manager, between.manager = between, me
            case "peer":
                me.manager = other.manager = between
        for person in (between, me, other):
            people.report_to(person.pk, person.manager_id)
        arranging.list_in_circle(circle, other)

        assert seen(actors.employee(other), protected) == []

    def test_who_is_listed_and_of_no_team_of_theirs_sees_them(self, officer: Actor, protected: Customer, circle: str) -> None:
        assert seen(officer, protected) == []
        arranging.list_in_circle(circle, user_of(officer))
        assert seen(officer, protected) == [protected]

    def test_the_household_is_protected_too_whatever_is_known_first(
        self, bank: Bank, clerk: Actor, galway: Branch, nuala: Actor, neighbour: Customer, stranger: Customer, circle: str
    ) -> None:
        spouse, child, friend = (bank.customer(branch=galway) for _ in range(3))
        bank.hold(bank.current_account(neighbour), spouse)
        bank.deliver()
        arranging.protect(neighbour.id, circle=circle, employee=user_of(nuala))
        assert seen(clerk, neighbour, spouse, child, friend) == [child, friend]

        bank.guardian(neighbour, of=child)
        business = bank.business(owner=neighbour)
        bank.deliver()

        assert seen(clerk, neighbour, spouse, child, business, friend) == [friend]
        assert set(Protection.objects.filter(kind="household").values_list("employee", flat=True)) == {user_of(nuala).pk}


def test_a_protection_says_whose_household_it_is_about(neighbour: Customer, circle: str) -> None:
    arranging.protect(neighbour.id, circle=circle)
    with pytest.raises(IntegrityError, match="an_employee_is_named"), transaction.atomic(), arranging.before_everything():
        Protection.objects.update(kind="staff")
