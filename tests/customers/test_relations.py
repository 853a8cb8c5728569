"""The circle around a customer: as far as the actor may see, so many steps, so many connections, each customer once."""

from uuid import UUID

import pytest

from bankos.platform import clock
from bankos.platform.actors import Actor, Role
from customers import identity, relations
from customers.relations import NotVisible, View
from tests.bank import Bank, Branch, Customer


@pytest.fixture
def galway(bank: Bank) -> Branch:
    return bank.branch("Galway")


@pytest.fixture
def ines(bank: Bank, galway: Branch) -> Customer:
    return bank.customer("Ines Byrne", branch=galway)


def around(customer: Customer, actor: Actor, **asked: object) -> dict[UUID, int]:
    return {one.party_id: one.steps for one in relations.relations_of(customer.id, actor=actor, at=clock.now(), **asked).customers}


def chain(bank: Bank, ines: Customer, length: int) -> list[Customer]:
    """Ines owns a business that owns a business that …"""
    links = [ines]
    for place in range(length):
        links.append(bank.business(f"Holding {place} Ltd", owner=links[-1]))
    return links


def test_the_walk_counts_steps_and_stops_after_so_many(bank: Bank, ines: Customer, contact_centre: Actor) -> None:
    links = chain(bank, ines, 6)
    assert around(ines, contact_centre, depth=2) == {link.id: steps for steps, link in enumerate(links[:3])}
    assert around(ines, contact_centre, depth=99) == {link.id: steps for steps, link in enumerate(links[: relations.DEEPEST + 1])}
    assert around(links[2], contact_centre, depth=1) == {links[2].id: 0, links[1].id: 1, links[3].id: 1}


def test_a_tie_says_how_two_are_connected(bank: Bank, ines: Customer, contact_centre: Actor) -> None:
    cafe = bank.business(owner=ines)
    tom = bank.customer("Tom Okafor")
    account = bank.current_account(ines)
    bank.hold(account, tom)
    found = relations.relations_of(ines.id, actor=contact_centre, at=clock.now())
    says = {(tie.one, tie.other): tie.says for tie in found.ties}
    assert says == {(ines.id, cafe.id): "owner of", (tom.id, ines.id): f"joint holder on Current account •• {account.number[-4:]} of"}


def test_views_follow_what_belongs_to_them(bank: Bank, ines: Customer, contact_centre: Actor) -> None:
    cafe, tom, kid = bank.business(owner=ines), bank.customer("Tom Okafor"), bank.customer("Liam Okafor")
    bank.hold(bank.current_account(ines), tom)
    bank.guardian(ines, of=kid)
    assert set(around(ines, contact_centre, view=View.HOUSEHOLD)) == {ines.id, tom.id, kid.id}
    assert set(around(ines, contact_centre, view=View.BUSINESS)) == {ines.id, cafe.id}
    assert set(around(ines, contact_centre)) == {ines.id, tom.id, kid.id, cafe.id}


def test_nobody_is_reached_through_somebody_who_may_not_be_seen(bank: Bank, galway: Branch, ines: Customer) -> None:
    adviser = bank.staff(Role.BRANCH_STAFF, branch=galway)
    hidden = bank.business("Hidden Ltd", owner=ines, branch=bank.branch("Cork"))
    behind = bank.business("Behind Ltd", owner=hidden, branch=galway)
    assert behind.id
    assert set(around(ines, adviser, depth=4)) == {ines.id}
    with pytest.raises(NotVisible):
        relations.relations_of(hidden.id, actor=adviser, at=clock.now())


def test_a_circle_is_walked_once(bank: Bank, ines: Customer, contact_centre: Actor) -> None:
    tom, kid = bank.customer("Tom Okafor"), bank.customer("Liam Okafor")
    bank.guardian(ines, of=kid)
    bank.guardian(tom, of=kid)
    bank.hold(bank.current_account(ines), tom)
    assert around(ines, contact_centre, depth=4) == {ines.id: 0, tom.id: 1, kid.id: 1}


def test_of_many_connections_some_are_shown_and_it_is_said(
    bank: Bank, ines: Customer, contact_centre: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relations, "WIDEST", 3)
    for place in range(5):
        bank.business(f"Shop {place} Ltd", owner=ines)
    found = relations.relations_of(ines.id, actor=contact_centre, at=clock.now())
    assert len(found.customers) == 1 + 3
    assert (found.cut, found.customers[0].more) == (True, True)


def test_joined_customers_are_one_in_the_circle(bank: Bank, ines: Customer, contact_centre: Actor) -> None:
    cafe, twin = bank.business(owner=ines), bank.customer("Inez Byrne")
    shop = bank.business("Second Shop Ltd", owner=twin)
    identity.join_parties(keep=ines.id, absorb=twin.id, at=clock.now())
    assert set(around(twin, contact_centre)) == {ines.id, cafe.id, shop.id}


def test_the_walk_costs_four_queries(bank: Bank, ines: Customer, contact_centre: Actor, django_assert_num_queries) -> None:
    chain(bank, ines, 4)
    assert ines.id
    with django_assert_num_queries(4):
        relations.relations_of(ines.id, actor=contact_centre, at=clock.now(), depth=4)
