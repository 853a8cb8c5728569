"""The main road: sign in, find a customer, see why, accept, see it happen; then compliance finds the token and proves it."""

import re

import pytest
from playwright.sync_api import Page, expect

from .conftest import BEATRIZ, BRANCH_STAFF, COMPLIANCE, CONTACT_CENTRE, INES, Bank, Opener, SignIn, Watch

pytestmark = pytest.mark.browser


def find(page: Page, text: str, name: str) -> None:
    """From any page: "/", part of what the customer said, Enter on the highlighted result."""
    page.keyboard.press("/")
    page.keyboard.type(text, delay=15)
    expect(page.get_by_role("option").filter(has_text=name).first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def test_the_main_road_by_keyboard(page: Page, open_page: Opener, sign_in: SignIn) -> None:
    sign_in(page, BRANCH_STAFF)
    expect(page.get_by_role("heading", level=1, name="Work")).to_be_visible()

    find(page, "marchetti okafor", INES)
    expect(page.locator("#contact").get_by_text("CRM · ")).not_to_have_count(0)
    for system in ("Core banking", "CRM", "Lending", "Cards", "Payments"):
        expect(page.locator("#freshness").get_by_text(system, exact=True)).to_be_visible()
    expect(page.locator("#names li")).not_to_have_count(0)

    card = page.locator("#suggestion")
    expect(card.get_by_role("img", name="Balance day by day")).to_be_visible()
    title = card.get_by_role("heading", level=3).inner_text()
    link = card.get_by_role("link", name="What to say, full reasons")
    link.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
    expect(page.get_by_role("heading", name="Why am I seeing this?")).to_be_visible()

    page.keyboard.press("a")
    expect(page.locator("#suggestion").get_by_text("Done", exact=True)).to_be_visible()
    expect(page.locator("#suggestion").get_by_role("heading", level=3)).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="Done")).to_be_attached()

    find(page, "marchetti okafor", INES)
    entry = page.locator("#timeline li").filter(has_text=title).first
    expect(entry).to_be_visible()
    entry.get_by_role("link", name="decision").focus()
    page.keyboard.press("Enter")
    token_id = page.locator(".crumbs .mono").inner_text()

    compliance = open_page()
    sign_in(compliance, COMPLIANCE)
    expect(compliance.get_by_role("heading", level=1, name="Decisions")).to_be_visible()
    compliance.keyboard.press("/")
    compliance.keyboard.type(token_id, delay=15)
    expect(compliance.get_by_role("option").filter(has_text=token_id)).to_have_attribute("aria-selected", "true")
    compliance.keyboard.press("Enter")
    expect(compliance.locator(".crumbs .mono")).to_have_text(token_id)
    compliance.keyboard.press("v")
    expect(compliance.get_by_role("heading", name="Proof")).to_be_focused()
    expect(compliance.locator("#proof").get_by_text("All good")).to_be_visible()
    token = compliance.locator("#token").inner_text()

    compliance.get_by_role("link", name="Check a pasted token").click()
    paste = compliance.get_by_label("Token", exact=False)
    paste.fill(token)
    compliance.get_by_role("button", name="Check", exact=True).click()
    expect(compliance.locator("#verdict").get_by_text("Holds", exact=True)).to_be_visible()

    place = len(token) // 2
    paste.fill(token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :])
    compliance.get_by_role("button", name="Check", exact=True).click()
    expect(compliance.locator("#verdict").get_by_text("Does not hold", exact=True)).to_be_visible()


def test_a_double_click_on_accept_acts_once(page: Page, bank: Bank, sign_in: SignIn) -> None:
    sign_in(page, BRANCH_STAFF)
    find(page, "beatriz carvalho", BEATRIZ)
    party = re.search(r"/customers/([0-9a-f-]+)/", page.url)
    assert party
    before = bank.value("SELECT count(*) FROM journeys_effect WHERE resource_id = %s", party[1])

    page.locator("#suggestion").get_by_role("button", name="Accept").dblclick()

    expect(page.locator("#suggestion").get_by_text("Done", exact=True)).to_be_visible()
    after = bank.value("SELECT count(*) FROM journeys_effect WHERE resource_id = %s", party[1])
    answers = bank.value(
        "SELECT count(*) FROM insights_recommendationanswer a JOIN insights_recommendation r ON r.id = a.recommendation_id"
        " WHERE r.party_id = %s",
        party[1],
    )
    assert (after - before, answers) == (1, 1)


def test_a_suggestion_is_declined_with_two_keys(page: Page, bank: Bank, sign_in: SignIn) -> None:
    sign_in(page, CONTACT_CENTRE)
    page.goto(f"/suggestions/{bank.open_suggestion()}/")

    page.keyboard.press("1")

    expect(page.locator("#suggestion").get_by_text("Declined", exact=True)).to_be_visible()


def test_could_harm_needs_a_note_and_keeps_what_was_typed(page: Page, bank: Bank, sign_in: SignIn, watch: Watch) -> None:
    watch.expect(422)
    sign_in(page, CONTACT_CENTRE)
    page.goto(f"/suggestions/{bank.open_suggestion()}/")

    page.keyboard.press("5")
    dialog = page.get_by_role("dialog", name="Decline this suggestion")
    expect(dialog.get_by_role("radio", name="Could harm")).to_be_checked()
    dialog.get_by_role("button", name="Decline").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    expect(dialog.get_by_role("radio", name="Could harm")).to_be_checked()
    dialog.get_by_label("Note").fill("The account belongs to an estate.")
    dialog.get_by_role("button", name="Decline").click()

    expect(page.locator("#suggestion").get_by_text("Declined", exact=True)).to_be_visible()


def test_later_puts_a_suggestion_off(page: Page, bank: Bank, sign_in: SignIn) -> None:
    sign_in(page, CONTACT_CENTRE)
    page.goto(f"/suggestions/{bank.open_suggestion()}/")

    page.keyboard.press("l")
    page.get_by_role("dialog", name="Show it again later").get_by_role("button", name="Later").click()

    expect(page.locator("#suggestion").get_by_text("Later", exact=True)).to_be_visible()


def test_escape_closes_a_dialog_and_gives_the_focus_back(page: Page, bank: Bank, sign_in: SignIn) -> None:
    sign_in(page, CONTACT_CENTRE)
    page.goto(f"/suggestions/{bank.open_suggestion()}/")

    page.keyboard.press("d")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("link", name="Decline")).to_be_focused()
