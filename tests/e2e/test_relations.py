"""Who is connected to whom: the table first, the picture when it is asked for."""

import pytest
from playwright.sync_api import Page, expect

from .conftest import CONTACT_CENTRE, INES, Bank, SignIn

pytestmark = pytest.mark.browser


def test_the_circle_is_a_table_and_on_request_a_picture(page: Page, bank: Bank, sign_in: SignIn) -> None:
    ines = bank.value("SELECT id FROM customers_party WHERE name = %s AND golden_id = id", INES)
    sign_in(page, CONTACT_CENTRE)
    page.goto(f"/customers/{ines}/")
    page.get_by_role("link", name="Who is connected to whom").click()

    row = page.get_by_role("row").filter(has_text="Tom Okafor")
    expect(row).to_contain_text("oint holder on Joint current account")
    page.get_by_role("link", name="Business").click()
    expect(page.get_by_text("Nobody is connected in this way")).to_be_visible()
    page.get_by_role("link", name="Household").click()
    page.get_by_role("button", name="Draw it").click()
    expect(page.locator("#picture canvas").first).to_be_visible()
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", name="Tom Okafor", level=1)).to_be_visible()
