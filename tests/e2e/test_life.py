"""What a customer says of their life is written down in a minute, by keyboard or mouse, and nothing typed is lost."""

import pytest
from playwright.sync_api import Page, expect

from .conftest import CONTACT_CENTRE, Bank, SignIn, Watch

pytestmark = pytest.mark.browser


@pytest.fixture
def customer(bank: Bank) -> str:
    return str(bank.value("SELECT id FROM customers_party WHERE kind = 'person' ORDER BY number DESC LIMIT 1"))


def test_a_need_is_written_down_and_seen_on_the_customer_page(page: Page, sign_in: SignIn, customer: str, watch: Watch) -> None:
    watch.expect(422)
    sign_in(page, CONTACT_CENTRE)
    page.goto(f"/customers/{customer}/")
    page.locator("#life").get_by_role("link").click()
    page.get_by_role("link", name="Add something to take care of").click()
    page.get_by_label("What is it about?").select_option(label="Hard of hearing")
    page.get_by_label("What helps?").fill("Offer text. Face the customer.")
    page.get_by_role("radio", name="Branch").check(force=True)
    page.get_by_role("button", name="Write this down").click()
    # Not agreed: the rule says so, and what was typed is still there.
    expect(page.get_by_role("alert")).to_contain_text("only if the customer agrees")
    expect(page.get_by_label("What helps?")).to_have_value("Offer text. Face the customer.")
    page.get_by_label("The customer agrees that we write this down").check()
    page.get_by_role("button", name="Write this down").click()
    expect(page.locator("#needs")).to_contain_text("Hard of hearing: Offer text. Face the customer.")
    page.goto(f"/customers/{customer}/")
    expect(page.locator("#life")).to_contain_text("Hard of hearing")
    expect(page.locator("#timeline")).to_contain_text("To take care of: hard of hearing")


def test_a_life_event_that_did_not_happen_is_gone_but_not_forgotten(page: Page, sign_in: SignIn, customer: str) -> None:
    sign_in(page, CONTACT_CENTRE)
    page.goto(f"/customers/{customer}/life/add/event/")
    page.get_by_label("What happened?").select_option(label="Moving home")
    page.get_by_label("When?").fill("2026-11-02")
    page.get_by_role("radio", name="Phone").check(force=True)
    page.get_by_role("button", name="Write this down").click()
    page.locator("#events").get_by_role("link", name="Change").click()
    page.get_by_role("radio", name="No, it did not happen").check(force=True)
    page.get_by_role("radio", name="Phone").check(force=True)
    page.get_by_role("button", name="Write this down").click()
    expect(page.locator("#events")).to_contain_text("Nothing is known.")
    page.goto(f"/customers/{customer}/?kind=life")
    expect(page.locator("#timeline")).to_contain_text("Moving home (did not happen)")
    expect(page.locator("#timeline")).to_contain_text("Moving home (confirmed)")


def test_a_goal_without_an_amount_is_asked_for_it(page: Page, sign_in: SignIn, customer: str, watch: Watch) -> None:
    watch.expect(422)
    sign_in(page, CONTACT_CENTRE)
    page.goto(f"/customers/{customer}/life/add/goal/")
    page.get_by_label("What for?").fill("A boat")
    page.get_by_label("How much?").fill("-5")
    page.get_by_role("radio", name="Phone").check(force=True)
    page.locator("main form").evaluate("form => form.noValidate = true")
    page.get_by_role("button", name="Write this down").click()
    expect(page.get_by_role("alert")).to_contain_text("A goal is more than nothing.")
    page.get_by_label("How much?").fill("3000")
    page.get_by_role("button", name="Write this down").click()
    expect(page.locator("#goals")).to_contain_text("A boat: €3,000.00")
