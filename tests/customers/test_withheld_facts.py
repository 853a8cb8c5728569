"""What a decision rested on is shown to who may see its customer; the decision and its proof to all who may see it."""

import json
from typing import Any

import pytest

from bankos.platform import clock
from bankos.platform.actors import Role
from customers.attributes import Attribute, objection_to_word
from customers.state import facts_for_decision
from sentinel import authority, decision_story, decisions
from tests import arranging
from tests.bank import Bank


@pytest.mark.parametrize("protected", [True, False])
def test_facts_about_a_protected_customer_are_withheld_everywhere(bank: Bank, policies: None, protected: bool) -> None:
    customer = bank.customer("Violet Prominent", branch=bank.branch("Galway"), days_past_due=47)
    teller, at = bank.staff(branch=customer.branch), clock.now()
    resource = authority.Resource("Party", str(customer.id), facts_for_decision(customer.id, at=at).attributes)
    decided = authority.authorize(
        actor=teller, action="customer.unmask", resource=resource, parameters={"field": "phone", "reason": "x"}, at=at
    )
    if protected:
        arranging.make_circle("private", name="Private office")
        arranging.protect(customer.id, circle="private")

    for who in (bank.staff(Role.ADMINISTRATOR), bank.staff(Role.COMPLIANCE), teller):
        desk = bank.desk(who)
        page = desk.get(f"/decisions/{decided.id}/")
        if who is teller and page.status_code == 404:
            continue  # whose own decision it was: they see it, or as nobody
        told = {
            "page": page.content.decode(),
            "api": desk.get(f"/api/v1/decisions/{decided.id}/").content.decode(),
            "explanation": desk.get(f"/api/v1/decisions/{decided.id}/explanation/").content.decode(),
            "list": desk.get("/api/v1/decisions/").content.decode(),
        }
        shown = {name for name, text in told.items() if "days_past_due" in text or "Days past due" in text}
        assert bool(shown) is not protected, (who.name, shown)
        assert json.loads(told["api"])["withheld"] is protected
        assert ("are not shown" in told["page"]) is protected
        assert decisions.verify(decided.id, actor=who).ok
    overseer = bank.staff(Role.ADMINISTRATOR, name="Orla")
    assert decisions.decision_of(decided.id, actor=overseer).withheld is protected
    assert decision_story.story_of(decided.id, actor=overseer).withheld is protected


BAD: list[tuple[Any, str]] = [
    (Attribute.PHONE, '"><script>alert(1)</script>'),
    (Attribute.PHONE_MOBILE, "+353 86 \u202e44 22"),
    (Attribute.PHONE, "1" * 40),
    (Attribute.PHONE_WORK, "call me: 12345"),
    (Attribute.EMAIL, '"><img src=x>@mail.example'),
    (Attribute.EMAIL_HOME, "ines@example"),
    (Attribute.EMAIL, "ines byrne@mail.example"),
    (Attribute.ADDRESS, "1 Quay Street<script>"),
    (Attribute.ADDRESS, "1 Quay Street\nGalway"),
    (Attribute.ADDRESS, "x" * 201),
    (Attribute.OCCUPATION, "{{7*7}}"),
]
GOOD: list[tuple[Any, str]] = [
    (Attribute.PHONE, "+353 (0)86 111-2233"),
    (Attribute.PHONE, "091/123.456"),
    (Attribute.EMAIL, "o'brien".replace("'", "") + "+bank@mail.example"),
    (Attribute.ADDRESS, "Apt. 3/B, Céide na Trá №7, D'Arcy's Quay (rear) & Sons, Žižkov"),
    (Attribute.OCCUPATION, "baker at Quill & Kettle"),
]


@pytest.mark.parametrize(("attribute", "value"), BAD)
def test_what_is_no_value_of_its_kind_is_no_word_of_a_customer(attribute: str, value: str) -> None:
    assert objection_to_word(attribute, value)


@pytest.mark.parametrize(("attribute", "value"), GOOD)
def test_what_people_really_write_is_taken(attribute: str, value: str) -> None:
    assert objection_to_word(attribute, value) == ""


@pytest.mark.parametrize("path", ["/api/v1/customers/none/", "/api/v1/decisions/17/", "/api/v1/nowhere/", "/api/v2/"])
def test_an_address_of_nothing_is_answered_to_programs_in_their_form(bank: Bank, path: str) -> None:
    for method in ("get", "post"):
        answer = getattr(bank.desk(bank.staff()), method)(path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json"), path
        assert answer.json()["status"] == 404
