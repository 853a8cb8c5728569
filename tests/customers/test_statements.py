"""What customers state in front of staff: a fact of a source of its own, first by rule, never over what a source says."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from bankos.platform import actors, clock
from bankos.platform.actors import Actor, Role
from bankos.platform.models import DomainEvent
from customers import identity, state, survivorship_rules, timeline
from customers.models import Party, PartyFact, SourceChunk, SourceSystem, Statement, SurvivorshipRule
from customers.rights import correcting
from customers.state import CustomerState
from customers.statements.stating import NotStatable, NotVisible, Stated, ask_sources, state_fact
from sentinel import decisions, policy
from sentinel.authority import NotPermitted
from tests.bank import Bank, Branch, Customer

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def policies(db: None) -> None:
    policy.load_starting_set(at=clock.now())


@pytest.fixture
def ines(bank: Bank, galway: Branch) -> Customer:
    return bank.customer("Ines Byrne", branch=galway)


def said(attribute: str, value: str, *, evidence: str = "identity_document", valid_from: date | None = None) -> Stated:
    return Stated(attribute, value, evidence, checked="document", heard_on="branch", valid_from=valid_from)


def states(customer: Customer, actor: Actor, attribute: str, value: str, **more: object) -> None:
    party = customer.id
    state_fact(party, said=said(attribute, value, **more), actor=actor, at=clock.now())  # type: ignore[arg-type]


def seen(customer: Customer, actor: Actor) -> CustomerState:
    party = customer.id
    return state.state_of(party, actor=actor, at=clock.now())


def test_what_the_customer_states_is_shown_first_and_the_sources_word_beside(bank: Bank, ines: Customer, adviser: Actor) -> None:
    bank.detail(ines, "town", "Galway")
    states(ines, adviser, "town", "Sligo", evidence="proof_of_address")
    found = seen(ines, adviser)
    assert found.town is not None
    assert (found.town.value, found.town.provenance.system_name) == ("Sligo", "Stated by the customer")
    [conflict] = found.conflicts
    assert [(word.provenance.system, word.value) for word in conflict.said] == [("customer", "Sligo"), ("crm", "Galway")]
    assert PartyFact.objects.filter(party__golden=ines.id, attribute="town", system="crm", value="Galway").exists()


def test_a_confirmed_birth_date_settles_whose_is_shown_and_both_stay_in_sight(bank: Bank, ines: Customer, adviser: Actor) -> None:
    bank.restate(ines, "crm", birth_date="1986-06-14")
    assert "birth_date" in seen(ines, adviser).to_confirm
    states(ines, adviser, "birth_date", "1986-06-13")
    found = seen(ines, adviser)
    assert Party.objects.get(pk=ines.id).birth_date == date(1986, 6, 13)
    assert [word.provenance.system for word in found.conflicts[0].said] == ["customer", "crm", "core"]
    assert "birth_date" not in found.to_confirm


def test_lists_show_a_stated_name_too_and_it_is_announced(ines: Customer, adviser: Actor) -> None:
    assert ines.id
    last = DomainEvent.objects.latest("id").pk
    states(ines, adviser, "name", "Ines Quill", evidence="civil_record")
    assert Party.objects.get(pk=ines.id).name == seen(ines, adviser).name == "Ines Quill"
    told = DomainEvent.objects.filter(type="customers.state.changed", pk__gt=last)
    assert [(event.subject, event.data["changed"]) for event in told] == [(str(ines.id), ["party"])]


def test_an_administrator_may_put_the_systems_first(ines: Customer, adviser: Actor) -> None:
    states(ines, adviser, "name", "Ines Quill", evidence="civil_record")
    survivorship_rules.change_rule(SurvivorshipRule(attribute="name", confirmed_first=False), at=clock.now())
    for bucket in Party.objects.values_list("bucket", flat=True).distinct():
        survivorship_rules.resurface_bucket(bucket, at=clock.now())
    assert seen(ines, adviser).name == "Ines Byrne"
    survivorship_rules.change_rule(SurvivorshipRule(attribute="name", confirmed_first=False, systems=["customer"]), at=clock.now())
    assert seen(ines, adviser).names[0].provenance.system == "customer"


def test_an_address_stated_for_a_later_day_waits_for_it(ines: Customer, adviser: Actor) -> None:
    states(ines, adviser, "town", "Sligo", evidence="word", valid_from=clock.today() + 9 * DAY)
    found = seen(ines, adviser)
    assert found.town is not None
    assert (found.town.value, [one.field.value for one in found.to_come]) == ("Galway", ["Sligo"])


def test_a_statement_keeps_its_decision_its_evidence_and_its_record(ines: Customer, adviser: Actor) -> None:
    states(ines, adviser, "occupation", "nurse", evidence="word")
    kept = Statement.objects.select_related("fact__source_file").get()
    assert (kept.evidence, kept.identity_check, kept.channel, kept.actor_name) == ("word", "document", "branch", adviser.name)
    about = decisions.about("Party", [str(ines.id)], actor=actors.system("tests"), limit=9)
    [decision] = [one for one in about if one.id == kept.decision_id]
    assert decision.consumed_at is not None
    assert "nurse" not in str(decision.parameters)
    assert SourceChunk.objects.filter(file=kept.fact.source_file).count() == 1
    assert kept.fact.source_file.system_id == SourceSystem.CUSTOMERS_WORD


@pytest.mark.parametrize(
    ("attribute", "value", "evidence"), [("birth_date", "1986-06-13", "word"), ("name", "Ines Quill", "proof_of_address")]
)
def test_who_somebody_is_takes_a_document(ines: Customer, adviser: Actor, attribute: str, value: str, evidence: str) -> None:
    with pytest.raises(NotPermitted, match="document"):
        states(ines, adviser, attribute, value, evidence=evidence)
    assert not Statement.objects.exists()


def test_who_may_not_see_the_customer_states_nothing_of_them(bank: Bank, ines: Customer, cork: Branch) -> None:
    with pytest.raises(NotVisible):
        states(ines, bank.staff(branch=cork), "town", "Cork")


@pytest.mark.parametrize(
    ("attribute", "value"), [("birth_date", "13 June"), ("birth_date", "2999-01-01"), ("email", "ines"), ("kind", "person"), ("town", "")]
)
def test_what_makes_no_sense_is_told_so(ines: Customer, adviser: Actor, attribute: str, value: str) -> None:
    with pytest.raises(NotStatable):
        states(ines, adviser, attribute, value)


def test_sources_that_say_otherwise_are_asked_once_and_the_answer_ends_it(bank: Bank, ines: Customer, adviser: Actor) -> None:
    party, word = ines.id, said("birth_date", "1986-06-14")
    state_fact(party, said=word, actor=adviser, at=clock.now())
    asked = [ask_sources(party, said=word, actor=adviser, at=clock.now()) for _ in range(2)]
    assert asked == [2, 0]
    assert {one.system for one in correcting.being_corrected(party, actor=adviser)} == {"core", "crm"}
    bank.restate(ines, "core", birth_date="1986-06-14")
    bank.deliver()
    correcting.notice([party], at=clock.now())
    assert {one.system for one in correcting.being_corrected(party, actor=adviser)} == {"crm"}


def test_undoing_a_merge_leaves_the_word_with_whom_it_was_said_to(bank: Bank, ines: Customer, galway: Branch, adviser: Actor) -> None:
    other = bank.customer("Ines Quill", branch=galway)
    states(other, adviser, "town", "Sligo", evidence="word")
    act = identity.join_parties(keep=ines.id, absorb=other.id, at=clock.now())
    merged = seen(ines, adviser).town
    assert merged is not None
    assert merged.value == "Sligo"
    identity.undo_move(act, at=clock.now())
    apart = seen(ines, adviser).town
    assert apart is not None
    assert apart.value == "Galway"


def test_the_page_offers_to_confirm_records_it_and_asks_the_sources(bank: Bank, ines: Customer, adviser: Actor) -> None:
    bank.restate(ines, "crm", birth_date="1986-06-14")
    desk, address = bank.desk(adviser), f"/customers/{ines.id}/statements/add/birth_date/"
    assert address in desk.get(f"/customers/{ines.id}/").content.decode()
    assert "13" not in desk.get(address).content.decode().split("What is stated now")[1].split("</section>")[0]  # masked as everywhere
    filled = {"value": "1986-06-14", "evidence": "word", "checked": "document", "heard_on": "branch", "ask_sources": "on"}
    refused = desk.post(address, filled)
    assert (refused.status_code, "official register" in refused.content.decode()) == (422, True)
    done = desk.post(address, filled | {"evidence": "identity_document"}, follow=True).content.decode()
    assert "One source is asked to put it right" in done
    assert "Stated by the customer" in done


def test_old_facts_are_asked_about_again(bank: Bank, ines: Customer, adviser: Actor) -> None:
    party = ines.id
    assert not seen(ines, adviser).to_confirm
    later = state.state_of(party, actor=adviser, at=clock.now() + timedelta(days=731))
    assert {"phone", "email", "address"} <= later.to_confirm


def test_the_customers_word_is_no_source_that_sends(bank: Bank, ines: Customer, adviser: Actor) -> None:
    states(ines, adviser, "occupation", "nurse", evidence="word")
    assert SourceSystem.CUSTOMERS_WORD not in {source.system for source in seen(ines, adviser).freshness}
    assert bank.desk(bank.staff(Role.ADMINISTRATOR)).get("/sources/customer/").status_code == 404


def test_statements_cost_no_query_more(ines: Customer, adviser: Actor, queries_of: Callable[[Callable[[], object]], int]) -> None:
    for value in ("nurse", "midwife"):
        states(ines, adviser, "occupation", value, evidence="word")
    assert queries_of(lambda: seen(ines, adviser)) <= 10


def test_a_person_states_by_the_interface_too(bank: Bank, ines: Customer, adviser: Actor) -> None:
    desk, address = bank.desk(adviser), f"/api/v1/customers/{ines.id}/statements/"
    sent = {"attribute": "town", "value": "Sligo", "evidence": "word", "checked": "document", "heard_on": "branch", "ask_sources": True}
    answer = desk.post(address, sent, content_type="application/json")
    assert (answer.status_code, answer.json()["sources_asked"]) == (201, 1)
    refused = desk.post(address, sent | {"attribute": "name"}, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "refused")
    senseless = desk.post(address, sent | {"attribute": "email", "value": "ines"}, content_type="application/json")
    assert senseless.status_code == 400
    elsewhere = bank.desk(bank.staff(branch=bank.branch("Cork"))).post(address, sent, content_type="application/json")
    assert elsewhere.status_code == 404


def test_the_timeline_tells_that_something_was_stated_and_not_what(ines: Customer, adviser: Actor) -> None:
    states(ines, adviser, "phone", "+353 88 700 4800", evidence="word")
    entries = timeline.entries_of(ines.id, actor=adviser).entries
    [entry] = [one for one in entries if "stated by the customer" in f"{one.title} {one.detail}"]
    assert "700" not in f"{entry.title} {entry.detail}"
    assert entry.decision_id == Statement.objects.get().decision_id
