"""What each screen promises beyond the main road."""

import re

import pytest
from playwright.sync_api import Page, expect

from .conftest import COMPLIANCE, CONTACT_CENTRE, INES, Bank, Opener, SignIn, Watch

pytestmark = pytest.mark.browser


@pytest.fixture
def ines(bank: Bank) -> str:
    return str(bank.value("SELECT id FROM customers_party WHERE golden_id = id AND name = %s", INES))


PHONE = (
    "SELECT f.value FROM customers_partyfact f JOIN customers_party p ON p.id = f.party_id"
    " WHERE f.attribute = 'phone' AND p.golden_id = %s ORDER BY f.id LIMIT 1"
)


def test_a_phone_number_in_any_spelling_finds_and_says_why(page: Page, bank: Bank, ines: str, sign_in: SignIn) -> None:
    phone = str(bank.value(PHONE, ines))
    spelling = re.sub(r"\D", "", phone).replace("353", "0", 1)
    sign_in(page, CONTACT_CENTRE)

    page.keyboard.press("Control+k")
    page.keyboard.type(spelling, delay=15)

    option = page.get_by_role("option").first
    expect(option).to_contain_text(INES)
    expect(option).to_contain_text("Phone match")


def test_arrows_move_through_the_results_and_escape_closes_them(page: Page, sign_in: SignIn) -> None:
    sign_in(page, CONTACT_CENTRE)
    page.keyboard.press("/")
    page.keyboard.type("okafor", delay=15)
    field = page.get_by_role("combobox")
    expect(page.get_by_role("option").nth(1)).to_be_visible()

    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option").nth(1)).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", "found-2")
    expect(field).to_be_focused()
    page.keyboard.press("Escape")

    expect(field).to_have_attribute("aria-expanded", "false")


def test_every_field_names_its_source_and_its_place_in_the_file(page: Page, ines: str, sign_in: SignIn) -> None:
    sign_in(page, CONTACT_CENTRE)
    page.goto(f"/customers/{ines}/")
    values = page.locator("#contact dd:not(:has(.muted))")

    assert values.count() == page.locator("#contact dd .src").count() > 3
    page.locator("#contact .src").first.click()

    expect(page.get_by_text(re.compile(r"^clients\.csv, line \d+$")).first).to_be_visible()


def test_the_timeline_is_filtered_and_goes_back(page: Page, ines: str, sign_in: SignIn) -> None:
    sign_in(page, CONTACT_CENTRE)
    page.goto(f"/customers/{ines}/")

    page.locator("#timeline").get_by_role("link", name="Money").click()
    expect(page.locator("#timeline").get_by_role("link", name="Money")).to_have_attribute("aria-current", "true")
    entries = page.locator("#timeline li:not(.more)")
    first = entries.count()
    page.get_by_role("link", name="Earlier").click()

    expect(entries).not_to_have_count(first)
    assert entries.count() > first
    expect(page.locator("#timeline .more")).to_have_count(1)


def test_a_consent_is_changed_at_once_and_leaves_a_decision(page: Page, bank: Bank, sign_in: SignIn) -> None:
    party = bank.value(
        "SELECT p.id FROM customers_party p WHERE p.golden_id = p.id AND p.kind = 'person' AND NOT EXISTS"
        " (SELECT 1 FROM insights_recommendation r WHERE r.party_id = p.id) ORDER BY p.id DESC LIMIT 1"
    )
    sign_in(page, CONTACT_CENTRE)
    page.goto(f"/customers/{party}/")
    row = page.locator("#permissions dl > div").filter(has_text="Send offers")
    before = row.locator(".tag").inner_text()

    row.get_by_role("link", name="Change").click()
    page.get_by_role("button", name="Record this").click()
    answer = "No, they do not" if before == "Yes" else "Yes, they agree"
    page.get_by_role("radio", name=answer).check(force=True)
    page.get_by_role("radio", name="Phone", exact=True).check(force=True)
    page.get_by_label("The customer heard or read exactly this text").check(force=True)
    page.get_by_role("button", name="Record this").click()

    expect(page.get_by_role("heading", name="Receipt of consent")).to_be_visible()
    page.goto(f"/customers/{party}/")
    expect(row.locator(".tag")).to_have_text("No" if before == "Yes" else "Yes")
    page.locator("#timeline").get_by_role("link", name="Consents").click()
    page.locator("#timeline").get_by_role("link", name="decision", exact=True).first.click()
    expect(page.get_by_role("heading", name="Proof")).to_be_visible()
    expect(page.get_by_text("All good")).to_be_visible()


def test_the_work_list_is_walked_and_taken_by_keys(page: Page, sign_in: SignIn) -> None:
    sign_in(page, CONTACT_CENTRE)
    page.goto("/work/?view=suggestions")
    first = page.locator("#preview-h").inner_text()

    page.keyboard.press("j")
    page.wait_for_url(re.compile("item="))
    page.keyboard.press("k")
    expect(page.locator("#preview-h")).to_have_text(first)
    page.keyboard.press("c")

    expect(page.get_by_role("heading", level=1, name=first)).to_be_visible()
    page.goto("/work/?view=mine")
    expect(page.get_by_role("link", name=first).first).to_be_visible()


def test_single_keys_can_be_switched_off_and_the_choice_follows_the_person(
    page: Page, open_page: Opener, ines: str, sign_in: SignIn
) -> None:
    sign_in(page, COMPLIANCE)
    page.goto("/me/settings/")
    page.get_by_role("radio", name="Dark").check(force=True)
    page.get_by_role("checkbox", name="Single-key shortcuts").uncheck()
    page.get_by_role("button", name="Save").click()

    other_desk = open_page()
    sign_in(other_desk, COMPLIANCE)
    expect(other_desk.locator("html")).to_have_attribute("data-theme", "dark")
    other_desk.keyboard.press("/")
    expect(other_desk.locator("#omni")).not_to_be_focused()
    other_desk.keyboard.press("Control+k")
    expect(other_desk.locator("#omni")).to_be_focused()

    page.goto("/me/settings/")
    page.get_by_role("checkbox", name="Single-key shortcuts").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()


def test_a_decision_prints_as_a_record(page: Page, bank: Bank, sign_in: SignIn) -> None:
    sign_in(page, COMPLIANCE)
    decision = bank.value("SELECT id FROM sentinel_decision ORDER BY id LIMIT 1")
    page.goto(f"/decisions/{decision}/")

    page.emulate_media(media="print")

    expect(page.get_by_text(re.compile("Decision record dt_"))).to_be_visible()
    expect(page.locator("#token")).to_be_visible()
    for hidden in (".top", ".rail", "#proof button"):
        expect(page.locator(hidden).first).to_be_hidden()


def test_when_the_session_ends_a_part_leads_to_sign_in_and_back(page: Page, ines: str, sign_in: SignIn, watch: Watch) -> None:
    watch.expect(401)
    sign_in(page, CONTACT_CENTRE)
    page.goto(f"/customers/{ines}/")
    page.context.clear_cookies(name="sessionid")

    page.locator("#timeline").get_by_role("link", name="Money").click()

    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert ines in page.url


def test_looking_back_says_what_was_known_and_lets_nothing_be_done(
    page: Page, bank: Bank, ines: str, sign_in: SignIn, watch: Watch
) -> None:
    watch.expect(422)
    today = str(bank.value("SELECT (now() AT TIME ZONE 'Europe/Dublin')::date"))
    sign_in(page, CONTACT_CENTRE)
    page.goto(f"/customers/{ines}/")
    day = page.locator("#look-back input[type=date]")

    day.evaluate("field => field.form.noValidate = true")
    day.fill(today)
    page.locator("#look-back").get_by_role("button", name="Show").click()
    expect(page.locator("#look-back").get_by_role("alert")).to_be_visible()
    expect(day).to_have_value(today)

    day.fill("2020-01-01")
    page.locator("#look-back").get_by_role("button", name="Show").click()
    expect(page.get_by_role("status", name="The past")).to_contain_text(
        "At the end of 1 January 2020 the bank did not know this customer yet."
    )
    expect(page.locator("main").get_by_role("button")).to_have_text(["Show"])

    page.get_by_role("link", name="Back to today").click()
    expect(page.locator("#timeline")).to_be_visible()
