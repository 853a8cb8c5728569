"""A colleague's life at the bank, by keyboard alone: let in with a second person, given a role, moved, let go."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from .axe import findings
from .conftest import ADMINISTRATOR, COMPLIANCE, Bank, Opener, SignIn

pytestmark = pytest.mark.browser
NAME = "Nora Quinn"


def press(page: Page, target: Locator, key: str = "Enter") -> None:
    """Reach it with Tab, as somebody without a mouse does, and press the key."""
    for _ in range(120):
        if target.evaluate("element => element === document.activeElement"):
            page.keyboard.press(key)
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{target} is not reached with Tab")


def write(page: Page, label: str, text: str) -> None:
    field = page.get_by_label(label, exact=True)
    press(page, field, key="End")
    page.keyboard.type(text)


def choose(page: Page, label: str, option: str) -> None:
    field = page.get_by_label(label, exact=True)
    press(page, field, key="Home")
    page.keyboard.type(option)
    expect(field.locator("option:checked")).to_have_text(option)


def agreed_to(page: Page, title: str) -> None:
    page.goto("/approvals/")
    press(page, page.get_by_role("link", name=title).first)
    expect(page.get_by_role("heading", name=NAME)).to_be_visible()
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Approve and do it")).to_have_count(0)


def test_somebody_joins_gets_a_role_moves_and_leaves(open_page: Opener, bank: Bank, sign_in: SignIn) -> None:
    page, second = open_page(), open_page()
    sign_in(page, ADMINISTRATOR)
    sign_in(second, COMPLIANCE)

    page.goto("/people/")
    press(page, page.get_by_role("link", name="Let a colleague in"))
    expect(page.get_by_role("heading", name="Let a colleague in")).to_be_visible()
    write(page, "Full name", NAME)
    write(page, "User name", "nora.quinn")
    write(page, "Job title", "Adviser")
    choose(page, "Branch", "Galway Eyre Square")
    write(page, "Reason", "Starts on Monday")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Waits for a second person.")).to_be_visible()
    assert findings(page) == []

    agreed_to(second, "Let a new colleague in")
    page.goto("/people/")
    press(page, page.get_by_role("link", name=NAME))
    expect(page.get_by_role("heading", name=NAME)).to_be_visible()
    expect(page.get_by_text("Galway Eyre Square")).to_be_visible()
    person = page.url
    press(page, page.get_by_role("button", name="Make the link"))
    expect(page.get_by_text("The one-time link, shown this once.")).to_be_visible()
    assert findings(page) == []

    page.goto(person)
    press(page, page.locator("#grant_role"), key="Home")
    page.keyboard.type("Contact centre")
    press(page, page.locator("#grant_reason"), key="End")
    page.keyboard.type("Answers the phone, too")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Waits for a second person.", exact=False).first).to_be_visible()
    agreed_to(second, "Give a colleague a role")
    page.goto(person)
    expect(page.get_by_role("cell", name="Contact centre", exact=True)).to_be_visible()

    press(page, page.get_by_role("link", name=re.compile("^Move")))
    choose(page, "Branch", "Cork Lavitt's Quay")
    write(page, "Reason", "Nearer to home")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Waits for a second person.").first).to_be_visible()
    agreed_to(second, "Move a colleague")
    page.goto(person)
    expect(page.get_by_text("Cork Lavitt")).to_be_visible()

    press(page, page.get_by_label("Reason to let them go"), key="End")
    page.keyboard.type("Went to another bank")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Has left")).to_be_visible()
    assert findings(page) == []
    page.goto("/people/")
    expect(page.get_by_role("link", name=NAME)).to_have_count(0)
