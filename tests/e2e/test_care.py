"""Masked fields and emergency access in a browser; what branches do, without script."""

import re

import pytest
from playwright.sync_api import Page, expect

from .axe import findings
from .conftest import BRANCH_STAFF, COMPLIANCE, INES, Bank, Opener, SignIn, Watch

pytestmark = pytest.mark.browser

ELSEWHERE, NOBODYS = "Liam McGrath", "C-777 777 77"


def party_of(bank: Bank, name: str) -> tuple[str, str]:
    """Id and number of a customer."""
    party, number = bank.rows("SELECT id, number FROM customers_party WHERE name = %s AND golden_id = id", name)[0]
    return str(party), str(number)


def ask(page: Page, number: str) -> None:
    page.goto("/customers/?q=nobody-of-this-name")
    page.get_by_role("link", name="Ask for an emergency access").click()
    page.get_by_role("radio", name="The customer stands before me").check(force=True)
    page.get_by_label("In your words").fill("Lost his cards, stands at my counter")
    page.get_by_label("Customer number").fill(number)
    page.get_by_role("button", name="Ask for 30 minutes").click()
    expect(page.get_by_role("heading", level=1, name="Emergency access")).to_be_visible()


def test_a_masked_field_is_shown_for_a_while_and_one_at_a_time(open_page: Opener, bank: Bank, sign_in: SignIn) -> None:
    page = open_page(script=False)
    sign_in(page, BRANCH_STAFF)
    page.goto(f"/customers/{party_of(bank, INES)[0]}/")
    contact = page.locator("#contact")
    expect(contact.get_by_text("Shown to you until")).to_have_count(0)
    expect(contact.get_by_text("+353")).to_have_count(0)

    contact.get_by_role("button", name=re.compile(r"Show\s*: Phone")).click()

    expect(contact.get_by_text("Shown to you until")).to_have_count(1)
    expect(contact.get_by_text("+353")).to_have_count(1)


def test_where_a_reason_is_wanted_it_is_asked_for(open_page: Opener, bank: Bank, sign_in: SignIn, watch: Watch) -> None:
    watch.expect(422)
    page = open_page(script=False)
    sign_in(page, BRANCH_STAFF)
    page.goto(f"/customers/{party_of(bank, INES)[0]}/")

    page.locator("#contact").get_by_role("button", name=re.compile(r"Show\s*: Born")).click()
    expect(page.get_by_role("alert")).to_contain_text("says why")
    page.get_by_label("Why do you need it?").fill("She proves who she is")
    page.get_by_role("button", name="Show it for 5 minutes").click()

    expect(page.locator("#contact").get_by_text("Shown to you until")).not_to_have_count(0)


def test_in_an_emergency_a_customer_opens_and_is_closed_again(open_page: Opener, bank: Bank, sign_in: SignIn, watch: Watch) -> None:
    watch.expect(404)
    page = open_page(script=False)
    sign_in(page, BRANCH_STAFF)
    party, number = party_of(bank, ELSEWHERE)
    page.goto(f"/customers/{party}/")
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()

    ask(page, number)
    page.get_by_role("link", name="Open the customer").click()
    expect(page.get_by_role("heading", level=1, name=ELSEWHERE)).to_be_visible()
    expect(page.get_by_text("You see this customer by an emergency access until")).to_be_visible()

    page.get_by_role("button", name="End it now").click()
    page.goto(f"/customers/{party}/")
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()

    officer = open_page()
    sign_in(officer, COMPLIANCE)
    officer.goto("/emergencies/")
    assert findings(officer) == []
    one = officer.get_by_role("region").filter(has_text="Lost his cards").first
    one.get_by_label("What you found").fill("The branch confirms it")
    one.get_by_role("button", name=re.compile(r"^Justified")).first.click()
    expect(officer.get_by_role("region").filter(has_text="The branch confirms it")).to_have_count(1)


def test_a_number_nobody_has_looks_like_any_other(open_page: Opener, bank: Bank, sign_in: SignIn) -> None:
    page = open_page(script=False)
    sign_in(page, BRANCH_STAFF)
    ask(page, NOBODYS)
    page.get_by_role("link", name="Open the customer").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing is open under this request")
