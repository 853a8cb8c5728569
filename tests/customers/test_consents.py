"""What a customer says counts from the moment it is recorded, and how it came to be recorded is kept."""

from datetime import timedelta

import pytest
from django.db import connection

from bankos.platform import clock
from bankos.platform.actors import Actor, Role
from bankos.platform.models import DomainEvent
from customers import consents, state, timeline
from customers.consents import UnknownPurpose
from customers.identity import members_of
from customers.models import Consent
from sentinel.authority import NotPermitted
from tests.bank import Bank, Customer

pytestmark = pytest.mark.usefixtures("policies")


@pytest.fixture
def ines(bank: Bank) -> Customer:
    return bank.customer("Ines Byrne", consents=["payment_insight"])


def say(customer: Customer, given: bool, actor: Actor, *, purpose: str = "payment_insight") -> None:
    consents.change_consent(customer.id, purpose=purpose, given=given, channel="phone", actor=actor, at=clock.now())


def agreed(customer: Customer) -> list[str]:
    return state.facts_for_decision(customer.id, at=clock.now()).attributes["consents"]


def decided(customer: Customer) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT action, outcome FROM sentinel_decision WHERE resource_id = %s ORDER BY id", [str(customer.id)])
        return cursor.fetchall()


def test_a_withdrawn_consent_is_gone_at_once(ines: Customer, adviser: Actor) -> None:
    assert agreed(ines) == ["payment_insight"]
    say(ines, False, adviser)
    assert agreed(ines) == []
    [said] = [one for one in state.state_of(ines.id, actor=adviser, at=clock.now()).consents if one.purpose == "payment_insight"]
    assert (said.given, said.channel) == (False, "phone")


def test_a_consent_given_counts_at_once(ines: Customer, adviser: Actor) -> None:
    say(ines, True, adviser, purpose="marketing")
    assert agreed(ines) == ["marketing", "payment_insight"]


def test_the_earlier_word_is_kept(ines: Customer, adviser: Actor) -> None:
    say(ines, False, adviser)
    say(ines, True, adviser)
    assert list(Consent.objects.filter(party__in=members_of(ines.id)).order_by("occurred_at").values_list("given", flat=True)) == [
        True,
        False,
        True,
    ]


def test_each_change_rests_on_a_decision_that_was_used(ines: Customer, adviser: Actor) -> None:
    say(ines, False, adviser)
    kept = Consent.objects.get(party_id=ines.id, given=False)
    with connection.cursor() as cursor:
        of_customers = "SELECT id FROM sentinel_decision WHERE resource_type = 'Party'"
        cursor.execute(f"SELECT decision_id FROM sentinel_consumption WHERE decision_id IN ({of_customers})")
        assert cursor.fetchall() == [(kept.decision_id,)]
    assert decided(ines) == [("consent.change", "permit")]


def test_other_floors_hear_of_it(ines: Customer, adviser: Actor) -> None:
    version = state.state_of(ines.id, actor=adviser, at=clock.now()).version
    say(ines, False, adviser)
    event = DomainEvent.objects.filter(type="customers.state.changed", subject=str(ines.id)).latest("id")
    assert event.data["changed"] == ["consents"]
    assert event.data["bucket"] == ines.id.int % 256
    assert state.state_of(ines.id, actor=adviser, at=clock.now()).version == version + 1


def test_it_stands_in_the_timeline_with_who_recorded_it(ines: Customer, adviser: Actor) -> None:
    say(ines, False, adviser)
    entry = timeline.entries_of(ines.id, actor=adviser, kinds=["consent"]).entries[0]
    assert entry.decision_id == Consent.objects.get(party_id=ines.id, given=False).decision_id
    assert (entry.source, entry.actor_name) == ("bankos", adviser.name)


def test_who_only_administers_may_not_record_it_and_the_refusal_is_kept(bank: Bank, ines: Customer) -> None:
    with pytest.raises(NotPermitted):
        say(ines, False, bank.staff(Role.ADMINISTRATOR))
    assert agreed(ines) == ["payment_insight"]
    assert decided(ines) == [("consent.change", "deny")]


def test_the_bank_asks_for_no_purpose_it_does_not_have(ines: Customer, adviser: Actor) -> None:
    with pytest.raises(UnknownPurpose):
        say(ines, True, adviser, purpose="astrology")
    assert decided(ines) == []


def test_an_older_word_that_arrives_late_does_not_undo_a_newer_one(bank: Bank, ines: Customer, adviser: Actor) -> None:
    """The CRM's extract of tonight still holds what the customer said last month."""
    say(ines, False, adviser)
    bank.says(ines, "payment_insight", True, at=clock.now() - timedelta(days=30))
    assert agreed(ines) == []
