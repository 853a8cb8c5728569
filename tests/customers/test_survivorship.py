"""Whose word staff see first: by rules an administrator sees and changes; what sources disagree on is shown."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bankos.platform import clock
from bankos.platform.actors import Actor, Role
from bankos.platform.models import DomainEvent
from customers import identity, state, survivorship_rules
from customers.models import Party, SurvivorshipRule
from customers.state import CustomerState
from tests.bank import Bank, Branch, Customer

Order = SurvivorshipRule.Order


@pytest.fixture
def ines(bank: Bank, galway: Branch) -> Customer:
    """ "Ines Byrne" for the CRM, "BYRNE INES" for core banking, "I BYRNE" on her card."""
    customer = bank.customer("Ines Byrne", branch=galway)
    bank.card(customer, embossed="I BYRNE")
    return customer


def seen(customer: Customer, actor: Actor) -> CustomerState:
    party = customer.id
    return state.state_of(party, actor=actor, at=clock.now())


def rule(attribute: str, *systems: str, order: str = Order.SYSTEMS) -> None:
    changed = SurvivorshipRule.objects.filter(attribute=attribute).first() or SurvivorshipRule(attribute=attribute)
    changed.order, changed.systems = order, list(systems)
    survivorship_rules.change_rule(changed, at=clock.now())
    for bucket in Party.objects.values_list("bucket", flat=True).distinct():
        survivorship_rules.resurface_bucket(bucket, at=clock.now())


def test_an_administrator_decides_whose_word_is_first(ines: Customer, adviser: Actor) -> None:
    assert seen(ines, adviser).name == "Ines Byrne"
    rule("name", "core")
    assert seen(ines, adviser).name == "BYRNE INES"
    rule("name", "cards", "core")
    found = seen(ines, adviser)
    assert (found.name, [field.value for field in found.names]) == ("I BYRNE", ["I BYRNE", "BYRNE INES", "Ines Byrne"])


def test_or_that_whoever_spoke_last_is_first(bank: Bank, ines: Customer, adviser: Actor) -> None:
    rule("name", order=Order.NEWEST)
    bank.restate(ines, "core", name="QUILL INES")
    bank.deliver()
    assert seen(ines, adviser).name == "QUILL INES"
    bank.restate(ines, "crm", last_name="Quill-Byrne")
    bank.deliver()
    assert seen(ines, adviser).name == "Ines Quill-Byrne"


def test_who_is_shown_otherwise_is_told_of_once(bank: Bank, ines: Customer) -> None:
    nameless = bank.customer("Tom Okafor")
    bank.restate(nameless, "core", name="Tom Okafor")
    assert ines.id != nameless.id
    before = DomainEvent.objects.latest("id").pk
    rule("name", "core")
    rule("name", "core")
    told = DomainEvent.objects.filter(type="customers.state.changed", pk__gt=before)
    assert [(event.subject, event.data["changed"]) for event in told] == [(str(ines.id), ["survivorship"])]


def test_the_earlier_rule_is_known_of_the_past(ines: Customer, adviser: Actor) -> None:
    then, moment = seen(ines, adviser), clock.now()
    rule("name", "core")
    assert state.state_of(ines.id, actor=adviser, at=clock.now() + timedelta(seconds=1), known_at=moment).names == then.names


def test_two_birth_dates_are_shown_with_both_sources(bank: Bank, ines: Customer, adviser: Actor) -> None:
    assert seen(ines, adviser).conflicts == ()
    bank.restate(ines, "crm", birth_date="1986-06-14")
    bank.deliver()

    [conflict] = seen(ines, adviser).conflicts
    assert conflict.attribute == "birth_date"
    assert [(field.provenance.system, field.value) for field in conflict.said] == [("crm", "1986-06-14"), ("core", "1986-06-13")]
    page = bank.desk(adviser).get(f"/customers/{ines.id}/").content.decode()
    assert "Sources disagree" in page
    assert bank.desk(adviser).get(f"/api/v1/customers/{ines.id}/").json()["conflicts"][0]["label"] == "date of birth"


def test_a_merge_of_people_born_on_two_days_shows_both(bank: Bank, ines: Customer, adviser: Actor) -> None:
    other = bank.customer("Ines Quill", branch=ines.branch, born=clock.today() - timedelta(days=9_000))
    identity.join_parties(keep=ines.id, absorb=other.id, at=clock.now())
    [conflict] = seen(ines, adviser).conflicts
    assert len(conflict.said) == 4


SYSTEMS = st.lists(st.sampled_from(["core", "crm", "cards"]), unique=True)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(systems=SYSTEMS, order=st.sampled_from(Order))
def test_lists_and_the_page_agree_on_whose_word_is_first(
    bank: Bank, ines: Customer, adviser: Actor, systems: list[str], order: str
) -> None:
    assert ines.id
    rule("name", *systems, order=order)
    found = seen(ines, adviser)
    assert found.name == found.names[0].value == Party.objects.get(pk=ines.id).name


def test_an_administrator_changes_a_rule_and_the_change_is_kept(
    bank: Bank, ines: Customer, adviser: Actor, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    administrator = bank.staff(Role.ADMINISTRATOR)
    desk = bank.desk(administrator)
    assert ines.id
    address = "/admin/customers/survivorshiprule/name/change/"
    refused = desk.post(address, {"order": "systems", "systems": "nobody"})
    assert "bankos reads no system called nobody" in refused.content.decode()

    with django_capture_on_commit_callbacks(execute=False) as waiting:  # type: ignore[attr-defined]
        assert desk.post(address, {"order": "systems", "systems": "core"}).status_code == 302
    assert len(waiting) == survivorship_rules.BUCKETS
    kept = SurvivorshipRule.history.filter(attribute="name").latest()
    assert (kept.systems, kept.history_user.name) == (["core"], "Siobhán Keane")
