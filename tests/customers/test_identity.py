"""One customer of several records: reading any of them reads all, merging and parting move nothing but who belongs to whom."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction

from bankos.platform import clock
from bankos.platform.actors import Actor
from bankos.platform.models import DomainEvent
from customers import identity, payments, search, state, timeline, visibility
from customers.models import Party
from customers.state import CustomerState
from tests.bank import Bank, Branch, Customer

NOW = clock.now


@pytest.fixture
def ines(bank: Bank, galway: Branch) -> Customer:
    customer = bank.customer("Ines Byrne", branch=galway, phone="+353 88 900 4417", consents={"payment_insight": True})
    bank.current_account(customer, "100.00")
    bank.standing_order(customer)
    return customer


@pytest.fixture
def again(bank: Bank, galway: Branch) -> Customer:
    """The same person, whom core banking opened a second time under her married name."""
    customer = bank.customer("Ines Quill", branch=galway, phone="+353 88 900 4418", consents={"payment_insight": True, "marketing": True})
    bank.savings(customer, "40.00")
    bank.contact(customer, "Asked about a card", at=NOW())
    return customer


def seen(party: UUID, actor: Actor) -> CustomerState:
    return state.state_of(party, actor=actor, at=NOW())


def join(keep: Customer, absorb: Customer) -> UUID:
    with transaction.atomic():
        return identity.join_parties(keep=keep.id, absorb=absorb.id, at=NOW())


def without_version(found: CustomerState) -> dict[str, object]:
    return {name: getattr(found, name) for name in CustomerState.__slots__ if name not in ("version", "freshness", "alerts")}


def test_each_systems_record_is_a_member_of_one_customer(ines: Customer) -> None:
    members = Party.objects.filter(pk__in=identity.members_of(ines.id)).order_by("number")
    assert [member.number for member in members] == [f"C-{number(ines)}", f"R-{client(ines)}"]
    assert set(identity.golden_of([member.pk for member in members]).values()) == {ines.id}
    assert [party.pk for party in Party.objects.customers()] == [ines.id]


def number(customer: Customer) -> str:
    return f"{customer.number[:3]} {customer.number[3:6]} {customer.number[6:]}"


def client(customer: Customer) -> str:
    digits = customer.client.removeprefix("CL").zfill(8)
    return f"{digits[:3]} {digits[3:6]} {digits[6:]}"


def test_any_record_of_a_customer_names_the_customer(ines: Customer, adviser: Actor) -> None:
    for member in identity.members_of(ines.id):
        assert seen(member, adviser) == seen(ines.id, adviser)
        assert state.names_of([member], actor=adviser) == {member: "Ines Byrne"}
        assert visibility.may_see(member, adviser)


def test_two_customers_made_one_show_everything_of_both(ines: Customer, again: Customer, adviser: Actor) -> None:
    before = len(timeline.entries_of(ines.id, actor=adviser).entries) + len(timeline.entries_of(again.id, actor=adviser).entries)
    join(ines, again)

    for asked in (ines.id, again.id):
        found = seen(asked, adviser)
        assert found.party_id == ines.id
        assert {account.kind for account in found.accounts} == {"current", "savings"}
        assert {field.value for field in found.names} >= {"Ines Byrne", "Ines Quill"}
        assert len(timeline.entries_of(asked, actor=adviser).entries) == before
        assert len(payments.payments_of(asked)) == 1
        assert set(state.facts_for_decision(asked, at=NOW()).attributes["products"]) == {"current", "savings"}  # type: ignore[call-overload]


def test_a_merged_customer_is_found_once_by_what_either_was_known_by(ines: Customer, again: Customer, adviser: Actor) -> None:
    join(ines, again)
    for typed in ("Quill", "Byrne", "+353 88 900 4418", "+353 88 900 4417", again.number, again.accounts[0].number, again.email):
        assert [match.party_id for match in search.find(typed, actor=adviser)] == [ines.id], typed


def test_other_floors_hear_of_the_customer_that_is_left(ines: Customer, again: Customer) -> None:
    assert ines.id != again.id
    before = DomainEvent.objects.latest("id").pk
    join(ines, again)
    told = DomainEvent.objects.filter(type="customers.state.changed", pk__gt=before)
    assert [(event.subject, event.data["changed"]) for event in told] == [(str(ines.id), ["identity"])]


def test_what_is_loaded_of_an_absorbed_record_is_told_of_the_customer(bank: Bank, ines: Customer, again: Customer, adviser: Actor) -> None:
    join(ines, again)
    before = DomainEvent.objects.latest("id").pk
    bank.says(again, "marketing", False, at=NOW())
    bank.deliver()
    told = DomainEvent.objects.filter(type="customers.state.changed", pk__gt=before)
    assert {event.subject for event in told} == {str(ines.id)}


def test_a_merge_undone_leaves_both_as_they_were(ines: Customer, again: Customer, adviser: Actor) -> None:
    before = [without_version(seen(customer.id, adviser)) for customer in (ines, again)]
    act = join(ines, again)
    identity.undo_move(act, at=NOW())
    assert [without_version(seen(customer.id, adviser)) for customer in (ines, again)] == before
    with pytest.raises(identity.NotJoined):
        identity.undo_move(act, at=NOW())


def test_a_merge_is_undone_though_the_merged_customer_was_merged_again(bank: Bank, ines: Customer, again: Customer, adviser: Actor) -> None:
    third = bank.customer("I. Byrne")
    before = [without_version(seen(customer.id, adviser)) for customer in (again, third)]
    first = join(ines, again)
    second = join(third, ines)
    assert seen(again.id, adviser).party_id == third.id

    identity.undo_move(first, at=NOW())
    identity.undo_move(second, at=NOW())

    assert [without_version(seen(customer.id, adviser)) for customer in (again, third)] == before
    assert seen(ines.id, adviser).party_id == ines.id


def test_some_records_may_leave_a_customer(ines: Customer, adviser: Actor) -> None:
    (crm,) = set(identity.members_of(ines.id)) - {ines.id}
    act = identity.part_parties([crm], at=NOW())
    assert seen(crm, adviser).party_id == crm
    assert seen(ines.id, adviser).phone is None
    identity.undo_move(act, at=NOW())
    assert seen(crm, adviser).party_id == ines.id


def test_only_customers_are_joined(ines: Customer, again: Customer) -> None:
    (crm,) = set(identity.members_of(ines.id)) - {ines.id}
    for keep, absorb in ((ines.id, ines.id), (ines.id, crm), (crm, again.id)):
        with pytest.raises(identity.NotTwoCustomers):
            identity.join_parties(keep=keep, absorb=absorb, at=NOW())
    for leaving in ([ines.id], [], [crm, again.id]):
        with pytest.raises(identity.NotTwoCustomers):
            identity.part_parties(leaving, at=NOW())


def test_the_database_refuses_a_golden_party_that_is_none(ines: Customer, again: Customer) -> None:
    (crm,) = set(identity.members_of(ines.id)) - {ines.id}
    Party.objects.filter(pk=again.id).update(golden_id=crm)
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="is not golden itself"):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_merged_customer_takes_as_many_queries(
    ines: Customer, again: Customer, adviser: Actor, queries_of: Callable[[Callable[[], object]], int]
) -> None:
    assert ines.id
    before = queries_of(lambda: seen(ines.id, adviser))
    join(ines, again)
    assert queries_of(lambda: seen(ines.id, adviser)) == before <= 10
