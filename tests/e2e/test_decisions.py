"""Decisions in the browser: found by more than a token, explained, told to the customer, taken along."""

import re

import pytest
from playwright.sync_api import expect

from .axe import findings
from .conftest import COMPLIANCE, Bank, Opener, SignIn

pytestmark = pytest.mark.browser


def test_a_decision_is_found_explained_and_told(open_page: Opener, bank: Bank, sign_in: SignIn) -> None:
    page = open_page()
    sign_in(page, COMPLIANCE)
    page.goto("/decisions/")
    page.get_by_text("More filters").click()
    page.get_by_label("Asked by", exact=True).select_option(label="Machines")
    page.get_by_label("Rule", exact=True).fill("system-suggests")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page).to_have_url(re.compile("rule=system-suggests"))
    page.get_by_role("table").get_by_role("link").first.click()

    expect(page.get_by_role("heading", name="What would have changed the answer")).to_be_visible()
    page.get_by_text("All rules that could have applied").click()
    expect(page.get_by_text("Not concerned").first).to_be_visible()
    expect(page.get_by_text("With the rules in force today: the same.")).to_be_visible()
    assert findings(page) == []

    page.get_by_role("link", name="To tell the customer").click()
    expect(page.get_by_text(re.compile("^Dear "))).to_be_visible()
    assert findings(page) == []


def test_what_was_found_is_taken_along(open_page: Opener, bank: Bank, sign_in: SignIn) -> None:
    page = open_page()
    sign_in(page, COMPLIANCE)
    page.goto("/decisions/?outcome=needs_approval")

    with page.expect_download() as table:
        page.get_by_role("link", name="Export as table").click()
    lines = table.value.path().read_text().splitlines()

    assert lines[0].startswith("id,made at,answer")
    assert len(lines) > 1
    assert all(",needs_approval," in line for line in lines[1:])


def test_a_customers_decisions_can_be_asked_to_be_forgotten(open_page: Opener, bank: Bank, sign_in: SignIn, watch) -> None:
    watch.expect(422)
    party = bank.value("SELECT party_id FROM insights_recommendation ORDER BY id DESC LIMIT 1")
    page = open_page()
    sign_in(page, COMPLIANCE)
    page.goto(f"/decisions/?customer={party}")
    page.get_by_role("link", name=re.compile("Erase what they rested on")).click()
    assert findings(page) == []
    page.get_by_label("Reason required").fill("Asked for in writing")
    page.get_by_role("button", name="Ask to erase").click()

    expect(page.get_by_role("heading", name="Erase what decisions about a customer rested on")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_attribute("aria-disabled", "true")
    assert findings(page) == []
