"""The queue of pairs, the page that asks, the records of a customer: what they show, to whom, and what they do."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client

from bankos.platform import clock
from bankos.platform.actors import Actor, Role
from bankos.platform.models import Job
from customers import identity
from customers.linkage import merging, review
from customers.models import LinkVerdict, PartyAct, PartyLink
from sentinel import actions
from sentinel.models import Decision
from tests.bank import Bank, Branch, Customer

from .test_resolving import one_customer

Resolve = Callable[..., PartyLink | None]


@pytest.fixture
def link(mary: Customer, again: Customer, resolved: Resolve, policies: None) -> PartyLink:
    found = resolved(mary, again)
    assert found is not None
    return found


@pytest.fixture
def desk(bank: Bank, adviser: Actor) -> Client:
    return bank.desk(adviser)


def test_the_evidence_stands_side_by_side_with_its_sources(link: PartyLink, adviser: Actor) -> None:
    pair = review.pair(link.pk, adviser)

    evidence = {one.title: one for one in pair.evidence}
    assert {value.text for side in (evidence["Name"].left, evidence["Name"].right) for value in side} >= {
        "Mary Considine",
        "Molly Considin",
    }
    assert evidence["Date of birth"].agreement == "The same day"
    assert evidence["Phone"].speaks_for
    assert {value.source for one in pair.evidence for value in (*one.left, *one.right)} == {
        "Core banking",
        "CRM",
    }


def test_values_are_masked_as_on_the_customers_page(bank: Bank, link: PartyLink, adviser: Actor) -> None:
    shown = {one.title: {value.text for value in one.left} for one in review.pair(link.pk, adviser).evidence}

    assert shown["National number"] != set()
    assert all("•" in text for text in shown["National number"])
    assert "3000001T" not in bank.desk(adviser).get(f"/duplicates/{link.pk}/").content.decode()


def test_same_person_makes_them_one_and_goes_on_to_the_next(link: PartyLink, desk: Client, mary: Customer, again: Customer) -> None:
    said = desk.post(f"/duplicates/{link.pk}/", {"verdict": "same", "reason": "Same passport"})

    assert said.status_code == 302
    assert one_customer(mary, again)
    verdict = LinkVerdict.objects.get()
    assert (verdict.verdict, verdict.reason, verdict.decision_id) == ("same", "Same passport", PartyAct.objects.get().decision_id)


@pytest.mark.parametrize("verdict", ["same", "different"])
def test_an_answer_that_changes_something_needs_a_reason(link: PartyLink, desk: Client, verdict: str) -> None:
    said = desk.post(f"/duplicates/{link.pk}/", {"verdict": verdict, "reason": " "})

    assert said.status_code == 422
    assert "Say why" in said.content.decode()
    assert not LinkVerdict.objects.exists()


def test_not_sure_puts_it_off(link: PartyLink, desk: Client, adviser: Actor) -> None:
    desk.post(f"/duplicates/{link.pk}/", {"verdict": "not_sure", "reason": ""})

    now = clock.now()
    assert review.waiting(adviser, at=now) == []
    assert [pair.id for pair in review.waiting(adviser, at=now + review.ASKED_AGAIN_AFTER)] == [link.pk]


def test_what_somebody_decided_is_not_decided_again(link: PartyLink, desk: Client) -> None:
    desk.post(f"/duplicates/{link.pk}/", {"verdict": "different", "reason": "Both were here"})
    again = desk.post(f"/duplicates/{link.pk}/", {"verdict": "same", "reason": "The same"})

    assert again.status_code == 422
    assert LinkVerdict.objects.count() == 1


def test_a_pair_with_a_customer_of_elsewhere_does_not_exist(bank: Bank, link: PartyLink) -> None:
    stranger = bank.staff(Role.BRANCH_STAFF, branch=bank.branch("Cork"), name="Erik")
    browser = bank.desk(stranger)

    assert review.waiting(stranger, at=clock.now()) == []
    assert browser.get(f"/duplicates/{link.pk}/").status_code == 404
    assert browser.post(f"/duplicates/{link.pk}/", {"verdict": "same", "reason": "The same"}).status_code == 404
    assert browser.get(f"/customers/{link.left_id}/records/").status_code == 404


def test_half_a_pair_is_not_enough(bank: Bank, galway: Branch, mary: Customer, resolved: Resolve, policies: None, adviser: Actor) -> None:
    cork = bank.branch("Cork")
    other = bank.customer(
        "Mary Considine",
        born=date(1961, 4, 12),
        branch=cork,
        street="12 Shop Street",
        phone="+353 88 900 4417",
        national_id=mary.national_id,
    )
    link = resolved(mary, other)
    assert link is not None

    assert review.waiting(adviser, at=clock.now()) == []
    assert [pair.id for pair in review.waiting(bank.staff(Role.CONTACT_CENTRE), at=clock.now())] == [link.pk]


def test_contradicting_facts_take_a_second_person(
    bank: Bank, mary: Customer, born_otherwise: Customer, resolved: Resolve, policies: None, lead: Actor, desk: Client
) -> None:
    link = resolved(mary, born_otherwise)
    assert link is not None

    said = desk.post(f"/duplicates/{link.pk}/", {"verdict": "same", "reason": "Typed the wrong year"}, follow=True)

    assert "A second person has to agree" in said.content.decode()
    assert not one_customer(mary, born_otherwise)
    browser = bank.desk(lead)
    listed = browser.get("/approvals/").content.decode()
    assert "Make two customers one" in listed
    (request_id,) = {url.split("/")[2] for url in _links(listed) if url.startswith("/approvals/") and len(url.split("/")[2]) == 36}
    assert "birth dates" in browser.get(f"/approvals/{request_id}/").content.decode()
    actions.approve(request_id, actor=lead, at=clock.now())
    assert one_customer(mary, born_otherwise)


def _links(html: str) -> list[str]:
    return [piece.split('"')[0] for piece in html.split('href="')[1:]]


def test_a_merge_is_undone_from_the_records_page(link: PartyLink, desk: Client, mary: Customer, again: Customer) -> None:
    desk.post(f"/duplicates/{link.pk}/", {"verdict": "same", "reason": "Same passport"})
    page = desk.get(f"/customers/{again.id}/records/").content.decode()
    assert "Judged to be the same person" in page
    act = PartyAct.objects.get()

    desk.post(f"/customers/{mary.id}/records/undo/{act.pk}/", {"reason": "Two passports after all"})

    assert not one_customer(mary, again)
    assert PartyLink.objects.get().state == PartyLink.State.APART
    assert "became part of" in desk.get(f"/customers/{again.id}/records/").content.decode()


def test_a_record_is_split_off_and_brought_back(mary: Customer, desk: Client, policies: None) -> None:
    (crm,) = set(identity.members_of(mary.id)) - {mary.id}

    desk.post(f"/customers/{mary.id}/records/{crm}/split/", {"reason": "The CRM mixed her up"})
    assert identity.golden_of([crm]) == {crm: crm}

    act = PartyAct.objects.get(kind="part")
    desk.post(f"/customers/{mary.id}/records/undo/{act.pk}/", {"reason": "It was her"})
    assert identity.golden_of([crm]) == {crm: mary.id}


def test_the_record_that_carries_the_number_stays(mary: Customer, adviser: Actor, policies: None) -> None:
    with pytest.raises(actions.NotPossible, match="carries the customer"):
        merging.ask_to_part(mary.id, actor=adviser, reason="Away with it", at=clock.now())


def test_an_administrator_decides_nothing_here(bank: Bank, link: PartyLink) -> None:
    browser = bank.desk(bank.staff(Role.ADMINISTRATOR))

    assert browser.get("/duplicates/").status_code == 403
    assert browser.get(f"/duplicates/{link.pk}/").status_code == 403


def test_compliance_has_everybody_compared_and_sees_how_far_it_is(bank: Bank, link: PartyLink) -> None:
    officer = bank.desk(bank.staff(Role.COMPLIANCE))
    assert "Compare everybody now" in officer.get("/duplicates/").content.decode()

    officer.post("/duplicates/run/")
    officer.post("/duplicates/run/")

    assert Job.objects.get().state == "waiting"
    assert "waits for a worker, 0 %" in officer.get("/duplicates/run/").content.decode()
    assert Decision.objects.filter(action="linkage.run", outcome="permit").count() == 2


def test_nobody_else_does(link: PartyLink, desk: Client) -> None:
    assert "Compare everybody now" not in desk.get("/duplicates/").content.decode()

    desk.post("/duplicates/run/")

    assert not Job.objects.exists()
    assert Decision.objects.get(action="linkage.run").outcome == "deny"
