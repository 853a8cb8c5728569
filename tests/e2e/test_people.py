"""A colleague comes, gets a role, moves and goes, and a program's key is changed, without a mouse; the ring is seen at every stop."""

import re

import pytest
from playwright.sync_api import Page, expect

from .axe import findings
from .conftest import ADMINISTRATOR, COMPLIANCE, Bank, Opener, SignIn, Watch

pytestmark = pytest.mark.browser

PASSWORD = "the heron waits at low tide"
FARTHEST = 150
# What has the focus: its name as people hear it, whether it can be seen, and whether a ring is drawn around it.
FOCUS = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const label = e.closest('label') || (e.id && document.querySelector(`label[for="${CSS.escape(e.id)}"]`));
  const name = (e.getAttribute('aria-label') || (label && label.innerText) || e.textContent || '').replace(/\\s+/g, ' ').trim();
  const rings = [e, ...(label ? [label, ...label.children] : []), ...(e.closest('label') ? [e.closest('label')] : [])];
  const drawn = (one) => getComputedStyle(one).outlineStyle !== 'none' && parseFloat(getComputedStyle(one).outlineWidth) >= 2;
  return {name, tag: e.tagName, ring: rings.some(drawn)};
}"""


class Keyboard:
    """Somebody at a page who has a keyboard and nothing else."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def to(self, name: str, tag: str = "") -> None:
        """Tab to what has this name."""
        passed = []
        for _ in range(FARTHEST):
            self.page.keyboard.press("Tab")
            at = self.page.evaluate(FOCUS)
            if at is None:
                continue
            assert at["ring"], f"no ring at {at}"
            if at["name"].startswith(name) and (not tag or at["tag"] == tag):
                return
            passed.append(at["name"][:30])
        raise AssertionError(f"no {name} on {self.page.url}: {passed}")

    def press(self, name: str, tag: str = "") -> None:
        """Tab there, press Enter, and wait for the page that answers."""
        self.to(name, tag)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def fill(self, **fields: str) -> None:
        """Type, or choose in a list by its first letters, field after field in their order."""
        for label, text in fields.items():
            self.to(label.replace("_", " "))
            self.page.keyboard.type(text)


def agree(officer: Page, bank: Bank, reason: str) -> None:
    """A compliance officer opens the request and agrees, by its keys."""
    newest = "SELECT id FROM sentinel_approvalrequest WHERE note = %s ORDER BY id DESC LIMIT 1"
    officer.goto(f"/approvals/{bank.value(newest, reason)}/")
    Keyboard(officer).fill(Your_note="Seen it.")
    officer.keyboard.press("Tab")
    with officer.expect_navigation():
        officer.keyboard.press("a")
    expect(officer.get_by_text("Approved and done.").first).to_be_visible()


def test_a_colleague_comes_leads_moves_and_goes_by_keyboard(bank: Bank, open_page: Opener, sign_in: SignIn) -> None:
    page, officer, theirs = open_page(), open_page(), open_page()
    sign_in(page, ADMINISTRATOR)
    sign_in(officer, COMPLIANCE)
    desk = Keyboard(page)
    found: list[str] = []

    page.goto("/people/")
    desk.press("Let a colleague in", "A")
    desk.fill(Full_name="Nuala Fahy", User_name="nuala", Job_title="Adviser", Role="Branch", Branch="Galway Eyre", Reason="Starts Monday")
    desk.press("Ask for it")
    expect(page.get_by_role("status").filter(has_text="Then Nuala Fahy stands below")).to_be_visible()
    expect(page.get_by_role("link", name="Let a new colleague in: nuala")).to_be_visible()
    agree(officer, bank, "Starts Monday")
    # Who agreed is led to the page on which the code is made.
    Keyboard(officer).press("To Nuala Fahy")
    Keyboard(officer).press("Make the code")
    assert officer.evaluate("document.activeElement.getAttribute('aria-label')") == "Code"
    code = officer.locator("section[aria-label=Code] .mono").inner_text()

    page.goto("/people/?q=nuala")
    desk.press("Nuala Fahy")
    person = page.url
    desk.press("Make the link")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "The link to hand over"
    found += findings(page)
    theirs.goto(page.locator("#the-link").inner_text())
    found += findings(theirs)
    Keyboard(theirs).fill(Code=code, New_password=PASSWORD)
    Keyboard(theirs).to("New password again")
    theirs.keyboard.type(PASSWORD)
    Keyboard(theirs).press("Set password")
    expect(theirs.get_by_text("Your password is set")).to_be_visible()
    found += findings(theirs)
    theirs.keyboard.type("nuala")
    theirs.keyboard.press("Tab")
    theirs.keyboard.type(PASSWORD)
    theirs.keyboard.press("Enter")
    theirs.wait_for_url(lambda url: "/accounts/" not in url)

    page.goto(person)
    desk.fill(Role="Team", Reason="Leads them now")
    desk.press("Give the role")
    agree(officer, bank, "Leads them now")
    page.goto(person)
    expect(page.locator("#powers")).to_contain_text("Maeve Costello")

    desk.press("Move", "A")
    found += findings(page)
    desk.fill(Branch="Galway Salt", Reason="Needed there")
    desk.press("Ask for it")
    officer.goto("/approvals/")
    expect(officer.get_by_text("Nuala Fahy: Needed there")).to_be_visible()
    agree(officer, bank, "Needed there")
    page.goto(person)
    expect(page.locator("#facts")).to_contain_text("Galway Salthill")

    desk.press("Take away: Team lead", "A")
    found += findings(page)
    desk.fill(Reason="Leads no more")
    desk.press("Take the role away")
    expect(page.locator("#former")).to_contain_text("Team lead")
    found += findings(page)

    desk.press("New way in", "A")
    found += findings(page)
    desk.press("Cancel", "A")
    desk.press("Let go", "A")
    expect(page.get_by_role("main")).to_contain_text("Branch staff")
    found += findings(page)
    desk.fill(Reason="Goes")
    desk.press("Let Nuala Fahy go")
    expect(page.get_by_text("Has left")).to_be_visible()
    found += findings(page)
    theirs.goto("/work/")
    expect(theirs.get_by_role("heading", name="Sign in")).to_be_visible()

    page.goto("/people/powers/?q=nuala&ended=yes")
    expect(page.get_by_role("region", name=re.compile("Who holds"))).to_contain_text("Branch staff")
    found += findings(page)
    assert found == []


def test_a_key_is_changed_for_another_by_keyboard(bank: Bank, open_page: Opener, sign_in: SignIn) -> None:
    page, officer = open_page(), open_page()
    sign_in(page, ADMINISTRATOR)
    sign_in(officer, COMPLIANCE)
    desk = Keyboard(page)
    found: list[str] = []

    page.goto("/programs/")
    desk.press("Add a program")
    desk.fill(Name="Statement printer")
    desk.to("Read a customer’s state")
    page.keyboard.press("Space")
    desk.fill(Whom_it_may_know_of="every", Why="Prints statements")
    desk.press("Ask for it to be added")
    expect(page.get_by_role("status").filter(has_text="Then Statement printer stands below")).to_be_visible()
    desk.press("See it", "A")
    expect(page.get_by_role("heading", level=1)).to_have_text("Let in the program Statement printer")
    agree(officer, bank, "Prints statements")
    page.goto("/programs/")
    desk.press("Statement printer", "A")
    program = page.url

    for reason in ("The first key", "A key every year"):
        page.goto(program)
        desk.fill(Why=reason)
        desk.press("Ask for a new key")
        agree(officer, bank, reason)
        page.goto(program)
        desk.press("Make the key")
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "New key"
        found += findings(page)
    page.goto(program)
    expect(page.locator("#keys tbody tr")).to_have_count(2)
    desk.press("Revoke the key that ends in", "A")
    expect(page.get_by_text("What uses another key goes on.")).to_be_visible()
    found += findings(page)
    desk.press("Cancel", "A")
    desk.press("Revoke the key that ends in", "A")
    desk.press("Revoke the key", "BUTTON")
    expect(page.locator("#keys tbody tr")).to_have_count(1)
    desk.press("Revoke Statement printer")
    found += findings(page)
    desk.press("Revoke Statement printer", "BUTTON")
    expect(page.get_by_text("Revoked").first).to_be_visible()
    assert found == []


def test_a_fault_in_one_form_keeps_what_was_typed_and_leads_to_its_field(bank: Bank, page: Page, sign_in: SignIn, watch: Watch) -> None:
    watch.expect(422)
    branch = bank.value("SELECT id FROM customers_branch ORDER BY name LIMIT 1")
    circle = bank.value("SELECT id FROM customers_circle ORDER BY name LIMIT 1")
    sign_in(page, ADMINISTRATOR)
    page.goto(f"/access/circle/{circle}/")
    page.get_by_label("Customer number").fill("no such number")
    page.locator("#put_reason").fill("Well known")
    page.get_by_role("button", name="Protect").click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("There is no customer with this number.")
    expect(page.locator("#put_reason")).to_have_value("Well known")
    expect(page.locator("#see_reason")).to_have_value("")

    page.goto(f"/access/branch/{branch}/")
    page.get_by_label("Colleague").select_option(label="Cian Lally, Adviser, Dublin Camden Street")
    page.get_by_label("Until").fill("2020-01-01")
    page.locator("#see_reason").fill("Helps out")
    page.get_by_role("button", name="Let them see").click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.locator("#see_reason")).to_have_value("Helps out")
