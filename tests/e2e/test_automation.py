"""How far machines may go, in the browser: moved down by one, stopped by one, started again by two."""

import re

import pytest
from playwright.sync_api import expect

from .axe import findings
from .conftest import BRANCH_STAFF, COMPLIANCE, TEAM_LEAD, Bank, Opener, SignIn

pytestmark = pytest.mark.browser
OTHER_OFFICER = "niamh"

# What a system may still ask for, as the bank would ask at night.
ASK = """
from bankos.platform import actors, clock
from sentinel.authority import Resource, authorize
answer = authorize(actor=actors.system("insights.cashflow"), action="product.offer", resource=Resource("Party", "somebody", {}),
                   parameters={"product": "savings"}, at=clock.now())
print(answer.outcome, [rule.id for rule in answer.rules])
"""


def test_the_page_shows_level_and_evidence_and_moves_down(open_page: Opener, sign_in: SignIn) -> None:
    page = open_page()
    sign_in(page, TEAM_LEAD)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Automation").click()
    panel = page.get_by_role("region", name=re.compile("Move a payment to another day")).first
    expect(panel.get_by_text("Suggest", exact=True)).to_have_attribute("aria-current", "step")
    expect(panel.get_by_role("button", name="Propose moving up")).to_have_attribute("aria-disabled", "true")
    expect(panel.get_by_text("of 200 reviews")).to_be_visible()
    assert findings(page) == []

    panel.get_by_text("Move down…").click()
    panel.get_by_label("To", exact=True).select_option(label="Watch")
    panel.get_by_label("Reason").fill("Odd days were suggested")
    panel.get_by_role("button", name="Move down now").click()

    expect(page.get_by_text("Moved down.")).to_be_visible()
    panel = page.get_by_role("region", name=re.compile("Move a payment to another day")).first
    expect(panel.get_by_text("Watch", exact=True)).to_have_attribute("aria-current", "step")
    panel.get_by_role("link", name=re.compile("History")).click()
    expect(page.get_by_role("cell", name="Odd days were suggested")).to_be_visible()
    assert findings(page) == []


def test_one_stops_and_two_start_again(open_page: Opener, bank: Bank, sign_in: SignIn, watch) -> None:
    watch.expect(422)
    lead, officer, other = open_page(), open_page(), open_page()
    sign_in(lead, TEAM_LEAD)
    lead.goto("/automation/")
    expect(lead.get_by_text("If you stop this now")).to_be_visible()
    lead.get_by_label("One kind of act").check()
    expect(lead.get_by_text("Say what to stop, then this says what that touches.")).to_be_visible()
    lead.get_by_label("Which kind of act").select_option(label="Offer a product")
    lead.get_by_role("button", name="What would it stop?").click()
    expect(lead.get_by_text("If you stop this now")).to_be_visible()
    lead.get_by_label("Reason required").fill("Wrong rates in the price list")
    lead.get_by_role("button", name="Stop now").click()

    expect(lead.get_by_text("Stopped. It holds from the next decision on.")).to_be_visible()
    expect(lead.get_by_text("Automation stopped")).to_be_visible()
    assert findings(lead) == []
    assert bank.run(ASK).splitlines()[-1] == "deny ['automation-stopped']"

    sign_in(officer, COMPLIANCE)
    officer.goto("/automation/")
    officer.get_by_label("Why Offer a product may start again").fill("The price list is right again")
    officer.get_by_role("button", name="Ask to start again").click()
    expect(officer.get_by_role("button", name="Approve")).to_have_attribute("aria-disabled", "true")
    assert "automation-stopped" in bank.run(ASK)

    sign_in(other, OTHER_OFFICER)
    other.goto(officer.url)
    expect(other.get_by_role("heading", name="Start automation again")).to_be_visible()
    assert findings(other) == []
    other.get_by_label("Your note").fill("Looked at the list.")
    other.get_by_role("button", name="Approve and do it").click()
    expect(other.get_by_text("Approved and done.").first).to_be_visible()
    assert "automation-stopped" not in bank.run(ASK)


def test_others_do_not_find_it(open_page: Opener, sign_in: SignIn, watch) -> None:
    watch.expect(404)
    page = open_page()
    sign_in(page, BRANCH_STAFF)

    assert page.goto("/automation/").status == 404
    expect(page.get_by_role("link", name="Automation")).to_have_count(0)


def test_without_script_the_stop_says_what_it_would_touch(open_page: Opener, sign_in: SignIn) -> None:
    page = open_page(script=False)
    sign_in(page, COMPLIANCE)
    page.goto("/automation/")

    page.get_by_label("One branch").check()
    page.get_by_label("Name of the system, or code of the branch").fill("GAL1")
    page.get_by_role("button", name="What would it stop?").click()

    expect(page.get_by_text("If you stop this now")).to_be_visible()
    expect(page.get_by_label("One branch")).to_be_checked()
