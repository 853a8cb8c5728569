"""Everything that matters works in a browser that runs no script at all."""

import pytest
from playwright.sync_api import expect

from .conftest import COMPLIANCE, CONTACT_CENTRE, Bank, Opener, SignIn

pytestmark = pytest.mark.browser


def test_search_and_accept_work_without_script(open_page: Opener, bank: Bank, sign_in: SignIn) -> None:
    page = open_page(script=False)
    sign_in(page, CONTACT_CENTRE)
    suggestion = bank.open_suggestion()
    name = bank.value(
        "SELECT p.name FROM customers_party p JOIN insights_recommendation r ON r.party_id = p.id WHERE r.id = %s", suggestion
    )

    page.get_by_role("combobox").fill(str(name))
    page.get_by_role("combobox").press("Enter")
    page.get_by_role("link", name=str(name), exact=True).first.click()
    page.get_by_role("button", name="Accept").click()

    expect(page.locator("#suggestion").get_by_text("Done", exact=True)).to_be_visible()


def test_decline_works_without_script(open_page: Opener, bank: Bank, sign_in: SignIn) -> None:
    page = open_page(script=False)
    sign_in(page, CONTACT_CENTRE)
    page.goto(f"/suggestions/{bank.open_suggestion()}/")

    page.get_by_role("link", name="Decline").click()
    page.get_by_role("radio", name="Wrong moment").check(force=True)
    page.get_by_role("button", name="Decline").click()

    expect(page.locator("#suggestion").get_by_text("Declined", exact=True)).to_be_visible()


def test_a_token_is_checked_without_script(open_page: Opener, bank: Bank, sign_in: SignIn) -> None:
    page = open_page(script=False)
    sign_in(page, COMPLIANCE)
    token = bank.value("SELECT token FROM sentinel_decision ORDER BY id LIMIT 1")

    page.goto("/decisions/check/")
    page.get_by_label("Token", exact=False).fill(str(token))
    page.get_by_role("button", name="Check", exact=True).click()

    expect(page.locator("#verdict").get_by_text("Holds", exact=True)).to_be_visible()


def test_work_is_taken_without_script(open_page: Opener, sign_in: SignIn) -> None:
    page = open_page(script=False)
    sign_in(page, CONTACT_CENTRE)

    page.get_by_role("button", name="Take next").click()

    expect(page.get_by_role("heading", level=1)).not_to_have_text("Work")
    page.goto("/work/?view=mine")
    expect(page.get_by_role("cell", name="You", exact=True).first).to_be_visible()
