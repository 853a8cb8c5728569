"""More than name and address: what is known of a customer, masked like its kind; mortgages, powers of attorney, deaths."""

from datetime import date, timedelta

import pytest

from bankos.platform import actors, clock
from bankos.platform.actors import Actor
from customers import identity, relations, search, state, turning
from customers.care import revealing
from customers.models import Party
from customers.rights import correcting
from customers.state import CustomerState
from sentinel import policy
from sentinel.authority import Outcome, Resource, authorize
from tests.bank import Bank, Branch, Customer

DAY = timedelta(days=1)
SYSTEM = actors.system("tests")


@pytest.fixture
def ines(bank: Bank, galway: Branch) -> Customer:
    return bank.customer("Ines Byrne", branch=galway)


@pytest.fixture
def tom(bank: Bank, galway: Branch) -> Customer:
    return bank.customer("Tom Okafor", branch=galway)


@pytest.fixture
def today() -> date:
    return clock.today()


def seen(customer: Customer, actor: Actor, *, on: date | None = None) -> CustomerState:
    party = customer.id
    return state.state_of(party, actor=actor, at=clock.now(), valid_on=on)


def details_of(customer: Customer, actor: Actor) -> dict[str, str]:
    return {one.attribute: one.field.value for one in seen(customer, actor).details}


# ---- more attributes ----


def test_details_are_told_in_one_order_and_what_is_sensitive_is_masked(bank: Bank, ines: Customer, adviser: Actor) -> None:
    told = {"employer": "Corrib Instruments", "nationality": "IE", "phone_work": "+353 91 700 480", "email_home": "ines@post.example"}
    for attribute, value in told.items():
        bank.detail(ines, attribute, value)
    assert list(details_of(ines, SYSTEM)) == ["phone_work", "email_home", "employer", "nationality"]
    assert details_of(ines, SYSTEM) == told
    policy.load_starting_set(at=clock.now())
    masked = details_of(ines, adviser)
    assert masked["employer"] == "Corrib Instruments"
    assert all(value not in str(masked) for value in ("91 700", "'IE'", "ines@"))
    stated = {one.attribute: one.value for one in correcting.stated_of(ines.id, actor=adviser, at=clock.now())}
    assert "91 700" not in stated["phone_work"]


def test_uncovering_the_phone_uncovers_every_phone(bank: Bank, ines: Customer, adviser: Actor) -> None:
    bank.detail(ines, "phone_work", "+353 91 700 480")
    party = ines.id
    policy.load_starting_set(at=clock.now())
    revealing.reveal(party, field="phone", reason="", actor=adviser, at=clock.now())
    values = revealing.values_of(party, "phone", actor=adviser, at=clock.now())
    assert "+353 91 700 480" in values
    assert len(values) == 2


def test_a_customer_is_found_by_any_phone_address_or_former_name(bank: Bank, ines: Customer, adviser: Actor) -> None:
    bank.detail(ines, "phone_work", "+353 91 700 480")
    bank.detail(ines, "email_work", "Byrne@corrib.example")
    bank.detail(ines, "former_name", "Ines Marchetti", until=clock.today())
    party = ines.id
    for typed in ("091 700 480", "byrne@corrib.example", "Marchetti"):
        assert [one.party_id for one in search.find(typed, actor=adviser)] == [party], typed


def test_a_mortgage_is_owed_like_a_loan(bank: Bank, ines: Customer) -> None:
    bank.loan(ines, "200000.00", mortgage=True)
    bank.loan(ines, "8000.00")
    found = seen(ines, SYSTEM)
    assert [account.kind for account in found.accounts] == ["current", "loan", "mortgage"]
    assert found.owed.amount == 208_000
    assert state.facts_for_decision(ines.id, at=clock.now()).attributes["products"] == ["current", "loan", "mortgage"]


# ---- relationships for a time ----


def test_only_relationships_of_the_day_are_shown_and_walked(bank: Bank, ines: Customer, tom: Customer, adviser: Actor, today: date) -> None:
    bank.related(ines, "household_with", tom, since=today - 900 * DAY, until=today - DAY)
    party = ines.id
    assert seen(ines, adviser).people == ()
    assert [person.name for person in seen(ines, adviser, on=today - DAY).people] == ["Tom Okafor"]
    assert len(relations.relations_of(party, actor=adviser, at=clock.now()).customers) == 1
    found = relations.relations_of(party, actor=adviser, at=clock.now(), with_ended=True)
    assert [(tie.valid_from, tie.valid_to) for tie in found.ties] == [(today - 900 * DAY, today - DAY)]
    desk = bank.desk(adviser)
    assert "Tom Okafor" not in desk.get(f"/customers/{party}/relations/").content.decode()
    assert "Tom Okafor" in desk.get(f"/customers/{party}/relations/?ended=1").content.decode()


def test_an_ended_relationship_leads_no_further(bank: Bank, ines: Customer, tom: Customer, adviser: Actor, today: date) -> None:
    other = bank.customer("Una Walsh", branch=ines.branch)
    bank.related(ines, "household_with", tom, until=today - DAY)
    bank.related(tom, "household_with", other)
    assert len(relations.relations_of(ines.id, actor=adviser, at=clock.now()).customers) == 1
    assert len(relations.relations_of(ines.id, actor=adviser, at=clock.now(), with_ended=True).customers) == 3


def test_the_newest_word_on_a_relationship_counts_and_what_was_known_stays(
    bank: Bank, ines: Customer, tom: Customer, adviser: Actor, today: date
) -> None:
    bank.related(ines, "household_with", tom)
    assert [person.name for person in seen(ines, adviser).people] == ["Tom Okafor"]
    moment = clock.now()
    bank.related(ines, "household_with", tom, until=today - DAY)
    party = ines.id
    assert seen(ines, adviser).people == ()
    then = state.state_of(party, actor=adviser, at=clock.now() + DAY, known_at=moment)
    assert [person.name for person in then.people] == ["Tom Okafor"]


def test_a_guardian_of_the_past_is_none_for_the_policies(bank: Bank, ines: Customer, tom: Customer, today: date) -> None:
    kid = bank.customer("Liam Okafor", born=date(2015, 1, 1), branch=ines.branch)
    bank.related(ines, "guardian_of", kid, until=today - DAY)
    bank.related(tom, "guardian_of", kid, since=today)
    guardians = state.facts_for_decision(kid.id, at=clock.now()).attributes["guardians"]
    assert guardians == [{"__entity": {"type": "Party", "id": str(tom.id)}}]


def test_a_relationship_that_begins_is_told_of_on_its_day(bank: Bank, ines: Customer, tom: Customer, today: date) -> None:
    bank.related(ines, "attorney_of", tom, since=today + DAY)
    assert ines.id
    assert turning.turn_day(at=clock.start_of_day(today + DAY)) == 2
    assert turning.turn_day(at=clock.start_of_day(today + DAY) + timedelta(hours=1)) == 0


# ---- powers of attorney and deaths ----


def test_a_power_of_attorney_stands_at_the_head_of_the_page_while_it_holds(
    bank: Bank, ines: Customer, tom: Customer, adviser: Actor, today: date
) -> None:
    bank.related(ines, "attorney_of", tom, since=today - DAY)
    assert [person.name for person in seen(tom, adviser).attorneys] == ["Ines Byrne"]
    assert seen(ines, adviser).attorneys == ()
    assert "Power of attorney: Ines Byrne" in bank.desk(adviser).get(f"/customers/{tom.id}/").content.decode()
    bank.related(ines, "attorney_of", tom, since=today - DAY, until=today - DAY)
    assert seen(tom, adviser).attorneys == ()


def test_nothing_is_sold_to_a_customer_who_died(bank: Bank, ines: Customer, adviser: Actor) -> None:
    policy.load_starting_set(at=clock.now())
    party = ines.id
    assert "deceased" not in state.facts_for_decision(party, at=clock.now()).attributes
    bank.detail(ines, "deceased", "2026-03-03")
    assert ines.id
    assert Party.objects.get(pk=party).deceased_date == date(2026, 3, 3)
    assert "Died on 3 March 2026" in bank.desk(adviser).get(f"/customers/{party}/").content.decode()
    facts = state.facts_for_decision(party, at=clock.now()).attributes
    resource = Resource("Party", str(party), facts)
    decision = authorize(actor=adviser, action="product.offer", resource=resource, parameters={"product": "savings"}, at=clock.now())
    assert decision.outcome is Outcome.DENY
    assert [rule.id for rule in decision.rules] == ["nothing-is-sold-to-the-deceased"]


def test_two_days_of_death_are_both_shown(bank: Bank, ines: Customer, tom: Customer, adviser: Actor) -> None:
    bank.detail(ines, "deceased", "2026-03-03")
    bank.detail(tom, "deceased", "2026-03-04")
    identity.join_parties(keep=ines.id, absorb=tom.id, at=clock.now())
    assert "deceased" in {conflict.attribute for conflict in seen(ines, adviser).conflicts}
