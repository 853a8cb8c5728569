"""Decisions in the browser: found by more than a token, explained, told to the customer, taken along."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import expect

from .axe import findings
from .conftest import COMPLIANCE, Bank, Opener, SignIn, Watch

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

    # The newest may be about no customer, who could not be told.
    told = bank.value("SELECT decision_id FROM insights_recommendation WHERE id = %s", bank.open_suggestion())
    page.goto(f"/decisions/{told}/")
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


@pytest.mark.parametrize(
    ("filters", "shown"),
    [
        ({"Customer": "marchetti"}, "Ines Marchetti-Okafor"),
        ({"Answer": "Needs approval", "Action": "Waive a fee"}, "Waive a fee"),
        ({"Token id, place in the log, person, rule": "entry 0"}, "dt_"),
        (
            {"Asked by": "Machines", "Policy version": "1", "Token id, place in the log, person, rule": "insights.cashflow"},
            "insights.cashflow",
        ),
    ],
    ids=str,
)
def test_every_filter_keeps_what_was_asked_and_can_be_sent_as_a_link(
    open_page: Opener, sign_in: SignIn, filters: dict[str, str], shown: str
) -> None:
    page = open_page()
    sign_in(page, COMPLIANCE)
    page.goto("/decisions/")
    page.get_by_text("More filters").click()
    for label, value in filters.items():
        field = page.locator("main").get_by_label(label, exact=True)
        if field.evaluate("e => e.tagName") == "SELECT":
            field.select_option(label=value)
        else:
            field.fill(value)
    page.get_by_role("button", name="Search", exact=True).click()

    expect(page.get_by_role("row").nth(1)).to_contain_text(shown)
    first = page.get_by_role("row").nth(1).inner_text()
    page.goto(page.url)
    assert page.get_by_role("row").nth(1).inner_text() == first
    for label, value in filters.items():
        field = page.locator("main").get_by_label(label, exact=True)
        chosen = field.evaluate("e => e.tagName === 'SELECT' ? e.selectedOptions[0].text : e.value")
        assert chosen == value


def test_a_wrong_day_is_told_and_what_was_typed_stays(open_page: Opener, sign_in: SignIn, watch: Watch) -> None:
    watch.expect(422)
    page = open_page()
    sign_in(page, COMPLIANCE)
    page.goto("/decisions/?since=2026-11-20&until=2026-11-10&rule=staff-serve-customers")

    expect(page.get_by_role("alert")).to_contain_text("The last day lies before the first.")
    expect(page.get_by_label("Rule", exact=True)).to_have_value("staff-serve-customers")
    assert findings(page) == []


def test_the_letter_prints_without_the_console_around_it(open_page: Opener, bank: Bank, sign_in: SignIn) -> None:
    decision = bank.value("SELECT decision_id FROM insights_recommendation ORDER BY id LIMIT 1")
    page = open_page()
    sign_in(page, COMPLIANCE)
    page.goto(f"/decisions/{decision}/letter/")
    page.emulate_media(media="print")

    expect(page.locator("address")).to_be_visible()
    expect(page.get_by_text("You may also complain to")).to_be_visible()
    for around in (page.locator(".top"), page.locator(".rail"), page.get_by_role("button", name="Print")):
        expect(around).to_be_hidden()


def test_a_decision_prints_as_a_record_with_who_printed_it(open_page: Opener, bank: Bank, sign_in: SignIn) -> None:
    decision = bank.value("SELECT decision_id FROM insights_recommendation ORDER BY id LIMIT 1")
    page = open_page()
    sign_in(page, COMPLIANCE)
    page.goto(f"/decisions/{decision}/")
    page.emulate_media(media="print")

    expect(page.locator(".print-only")).to_contain_text(f"({decision}) · printed")
    expect(page.get_by_role("button", name="Verify again")).to_be_hidden()


def test_a_downloaded_bundle_is_verified_by_the_program_alone(open_page: Opener, bank: Bank, sign_in: SignIn, tmp_path: Path) -> None:
    bank.run("from bankos.platform import clock; from sentinel import transparency; transparency.integrate(at=clock.now())")
    page = open_page()
    sign_in(page, COMPLIANCE)
    page.goto("/decisions/?outcome=needs_approval&rule=system-suggests")
    with page.expect_download() as all_found:
        page.get_by_role("link", name="Export with proof").click()
    page.get_by_role("table").get_by_role("link").first.click()
    with page.expect_download() as one:
        page.get_by_role("link", name="Check it yourself").click()

    for number, download in enumerate((all_found, one)):
        file = tmp_path / f"{number}.jsonl"
        download.value.save_as(file)
        program = [sys.executable, "-I", str(settings.BASE_DIR / "sentinel" / "verify.py"), str(file)]
        checked = subprocess.run(program, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_customers_decisions_can_be_asked_to_be_forgotten(open_page: Opener, bank: Bank, sign_in: SignIn, watch: Watch) -> None:
    watch.expect(422)
    party = bank.value("SELECT party_id FROM insights_recommendation ORDER BY id DESC LIMIT 1")
    page = open_page()
    sign_in(page, COMPLIANCE)
    page.goto(f"/decisions/?customer={party}")
    page.get_by_role("link", name=re.compile("Erase what they rested on")).click()
    assert findings(page) == []
    page.get_by_label("Reason required").fill("Asked for in writing")
    page.get_by_role("button", name="Ask to erase").click()

    expect(page.get_by_role("heading", name="Erase a customer")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_attribute("aria-disabled", "true")
    assert findings(page) == []
