"""A customer says a source is wrong: its owner is asked, and bankos changes nothing itself."""

from uuid import UUID

import pytest
from django.urls import reverse

from bankos.platform import clock, events
from bankos.platform.actors import Actor, Role
from customers import state
from customers.models import Correction, PartyFact
from customers.rights import asking, correcting
from customers.visibility import NotVisible
from sentinel.authority import NotPermitted
from tests.bank import Bank, Branch, Customer


def asked(customer: Customer, actor: Actor, said: str = "Inés Byrne-Marchetti") -> UUID:
    [wrong] = [
        one for one in correcting.stated_of(customer.id, actor=actor, at=clock.now()) if (one.label, one.system_name) == ("Name", "CRM")
    ]
    return correcting.ask(
        customer.id, wrong.fact_id, said=said, evidence="Passport", checked="document", heard_on="branch", actor=actor, at=clock.now()
    )


def rename(bank: Bank, customer: Customer, first: str, last: str) -> None:
    """The CRM states another name."""
    bank._row(
        "crm/clients.csv", client_id=customer.client, customer_no=customer.number, first_name=first, last_name=last,
        birth_date="1986-06-13",
        phone="", email=customer.email, street="1 Quay Street", town=customer.branch.town, postcode="H91 B00Z", language="en",
        branch_code=customer.branch.code, created_at="2014-11-26T10:00:00+00:00",
    )  # fmt: skip
    bank.deliver()
    events.drain("customers.corrections")


def test_it_becomes_a_task_with_what_was_said_and_what_shows_it(ines: Customer, adviser: Actor) -> None:
    facts = PartyFact.objects.count()
    found = correcting.correction_of(asked(ines, adviser), actor=adviser)
    assert (found.system_name, found.stated, found.said, found.evidence) == ("CRM", "Ines Byrne", "Inés Byrne-Marchetti", "Passport")
    assert found.state == "open"
    assert PartyFact.objects.count() == facts, "bankos states nothing itself"
    assert state.state_of(ines.id, actor=adviser, at=clock.now()).name == "Ines Byrne"


def test_meanwhile_the_field_says_so(bank: Bank, ines: Customer, adviser: Actor) -> None:
    asked(ines, adviser)
    marked = {(one.label, one.system_name) for one in correcting.stated_of(ines.id, actor=adviser, at=clock.now()) if one.being_corrected}
    assert marked == {("Name", "CRM")}
    shown = correcting.being_corrected(ines.id, actor=adviser)
    assert [(one.label, one.system_name, one.stated) for one in shown] == [("Name", "CRM", "Ines Byrne")]
    assert "being corrected" in bank.desk(adviser).get(reverse("customer", args=[ines.id])).content.decode()


def test_what_is_masked_elsewhere_is_masked_here(bank: Bank, ines: Customer, adviser: Actor) -> None:
    person = state.state_of(ines.id, actor=adviser, at=clock.now())
    assert person.email is not None
    stated = {one.value for one in correcting.stated_of(ines.id, actor=adviser, at=clock.now()) if one.attribute == "email"}
    assert stated == {person.email.value}
    assert ines.email not in stated


def test_it_ends_by_itself_when_the_source_states_it(bank: Bank, ines: Customer, adviser: Actor) -> None:
    request_id = asked(ines, adviser)
    rename(bank, ines, "Someone", "Else")
    assert correcting.correction_of(request_id, actor=adviser).state == "open"

    rename(bank, ines, "Inés", "Byrne-Marchetti")

    found = correcting.correction_of(request_id, actor=adviser)
    assert (found.state, found.answer) == ("done", "CRM now states what you said.")
    corrected_by = Correction.objects.get(pk=request_id).corrected_by
    assert corrected_by is not None
    assert corrected_by.value == "Inés Byrne-Marchetti"


def test_the_owner_may_say_that_the_source_is_right(bank: Bank, ines: Customer, adviser: Actor) -> None:
    lead = bank.staff(Role.TEAM_LEAD, branch=ines.branch)
    request_id = asked(ines, adviser)
    with pytest.raises(NotPermitted):
        correcting.answer(request_id, corrected=False, answer="As in the register", actor=adviser, at=clock.now())
    correcting.answer(request_id, corrected=False, answer="As in the register", actor=lead, at=clock.now())
    found = correcting.correction_of(request_id, actor=adviser)
    assert (found.state, found.answer) == ("refused", "As in the register")
    with pytest.raises(correcting.Answered):
        correcting.answer(request_id, corrected=True, answer="No, it was wrong", actor=lead, at=clock.now())


def test_of_a_hidden_customer_nothing_is_corrected(bank: Bank, cork: Branch, ines: Customer, adviser: Actor) -> None:
    elsewhere = bank.staff(Role.BRANCH_STAFF, branch=cork)
    request_id = asked(ines, adviser)
    with pytest.raises(NotVisible):
        correcting.correction_of(request_id, actor=elsewhere)
    desk = bank.desk(elsewhere)
    for name, args in (("correction", [request_id]), ("correction-choose", [ines.id]), ("rights", [ines.id])):
        assert desk.get(reverse(name, args=args)).status_code == 404


def test_another_customers_fact_cannot_be_named(bank: Bank, ines: Customer, adviser: Actor) -> None:
    other = bank.customer("Tom Okafor")
    fact = correcting.stated_of(other.id, actor=adviser, at=clock.now())[0].fact_id
    with pytest.raises(correcting.NothingStated):
        correcting.ask(ines.id, fact, said="x", evidence="y", checked="document", heard_on="branch", actor=adviser, at=clock.now())
    assert asking.requests_of(ines.id, actor=adviser) == ()
