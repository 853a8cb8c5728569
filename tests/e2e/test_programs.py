"""An administrator lets a program in and tells it of changes, in the browser; every page of it without a finding."""

import pytest
from playwright.sync_api import Page, expect

from .axe import findings
from .conftest import ADMINISTRATOR, COMPLIANCE, Bank, Opener, SignIn, Watch

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (640, "dark")])
def test_a_program_is_let_in(open_page: Opener, sign_in: SignIn, watch: Watch, bank: Bank, width: int, theme: str) -> None:
    watch.expect(422)
    page: Page = open_page(width=width, theme=theme)
    name = f"Mobile app {width}"
    sign_in(page, ADMINISTRATOR)
    found = []

    def look() -> None:
        found.extend(findings(page))
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{page.url}: scrolls sideways at {width} px")

    def agreed(reason: str) -> None:
        """A compliance officer reads it and agrees, in a browser of her own."""
        officer: Page = open_page(width=1280, theme="light")
        sign_in(officer, COMPLIANCE)
        newest = "SELECT id FROM sentinel_approvalrequest WHERE note = %s ORDER BY id DESC LIMIT 1"
        officer.goto(f"/approvals/{bank.value(newest, reason)}/")
        officer.get_by_label("Your note").fill("Looked at it.")
        officer.get_by_role("button", name="Approve").click()
        officer.close()

    page.goto("/programs/")
    look()
    page.get_by_role("link", name="Add a program").click()
    look()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Read a customer’s state").check()
    page.get_by_label("Whom it may know of").select_option("everybody")
    page.get_by_label("Why").fill(reason := f"The app of {width}")
    page.get_by_role("button", name="Ask for it to be added").click()
    expect(page.get_by_text("A second person has to agree first")).to_be_visible()
    expect(page.get_by_text(reason).first).to_be_visible()
    look()
    agreed(reason)
    page.goto("/programs/")
    page.get_by_role("link", name=name).click()
    page.get_by_label("Why").fill(reason := f"A key for {width}")
    page.get_by_role("button", name="Ask for a new key").click()
    look()
    agreed(reason)
    page.reload()
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_text("bc_")).to_be_visible()
    look()
    page.get_by_label("Address").fill("https://127.0.0.1/")
    page.get_by_role("button", name="Add a webhook").click()
    expect(page.get_by_text("not sent to addresses inside a network").first).to_be_visible()
    look()
    page.get_by_label("Address").fill("https://receiver.example/hooks")
    page.get_by_role("button", name="Add a webhook").click()
    expect(page.get_by_text("whsec_")).to_be_visible()
    look()
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_text("A test message is on its way.")).to_be_visible()
    look()
    page.goto("/programs/")
    look()

    assert found == []
