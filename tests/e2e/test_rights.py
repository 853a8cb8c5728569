"""What customers may ask for, in the browser."""

import re
from zipfile import ZipFile

import pytest
from playwright.sync_api import expect

from .axe import findings
from .conftest import COMPLIANCE, CONTACT_CENTRE, Bank, Opener, SignIn, Watch

pytestmark = pytest.mark.browser
# What workers do.
MAKE_COPY = """
from bankos.platform import jobs
from customers.rights import access
jobs.serve(jobs.open_jobs(access.COPY).get().pk, seconds=60)
"""


def test_a_consent_is_changed_with_the_wording_the_customer_hears_and_a_receipt_comes_of_it(
    open_page: Opener, bank: Bank, sign_in: SignIn, watch: Watch
) -> None:
    watch.expect(422)
    party = bank.value("SELECT party_id FROM insights_recommendation ORDER BY id LIMIT 1")
    page = open_page()
    sign_in(page, CONTACT_CENTRE)
    page.goto(f"/customers/{party}/")
    page.get_by_role("link", name=re.compile("Change ?: Send offers")).click()
    expect(page.get_by_text("We would like to tell you about our own offers")).to_be_visible()
    page.get_by_role("radio", name="Yes, they agree").check(force=True)
    page.get_by_role("radio", name="E-mail only").check(force=True)
    page.get_by_role("radio", name="Phone", exact=True).check(force=True)
    page.get_by_role("button", name="Record this").click()
    expect(page.get_by_role("alert")).to_contain_text("Read the text to the customer first")
    assert findings(page) == []

    page.get_by_label("The customer heard or read exactly this text").check()
    page.get_by_label("Where it can be found again").fill("call 4711")
    page.get_by_role("button", name="Record this").click()

    expect(page.get_by_role("heading", name="Receipt of consent")).to_be_visible()
    expect(page.get_by_text("Send offers: you agreed")).to_be_visible()
    expect(page.get_by_text("call 4711")).to_be_visible()
    assert findings(page) == []
    with page.expect_download() as file:
        page.get_by_role("link", name="As a file").click()
    assert '"wording": "We would like to tell you about our own offers' in file.value.path().read_text()


def test_a_copy_is_asked_for_watched_and_downloaded(open_page: Opener, bank: Bank, sign_in: SignIn, watch: Watch) -> None:
    watch.expect(422)
    party = bank.value("SELECT party_id FROM insights_recommendation ORDER BY id LIMIT 1")
    page = open_page()
    sign_in(page, CONTACT_CENTRE)
    page.goto(f"/customers/{party}/")
    page.get_by_role("link", name="What the customer may ask for").click()
    assert findings(page) == []
    page.get_by_role("link", name="Ask for a copy").click()
    assert findings(page) == []
    page.get_by_label("How do you know it is the customer?").select_option(label="Called back on a known number")
    page.get_by_label("Where did they ask?").select_option(label="Phone")
    page.get_by_role("button", name="Have it made").click()
    expect(page.get_by_text("Being made")).to_be_visible()
    assert findings(page) == []

    bank.run(MAKE_COPY)
    expect(page.get_by_role("button", name="Download")).to_be_visible()
    assert findings(page) == []
    with page.expect_download() as file:
        page.get_by_role("button", name="Download").click()
    with ZipFile(file.value.path()) as copy:
        assert "Payments on your accounts" in copy.read("readable.html").decode()


def test_a_correction_is_asked_for_and_shown(open_page: Opener, bank: Bank, sign_in: SignIn) -> None:
    party = bank.value("SELECT party_id FROM insights_recommendation ORDER BY id LIMIT 1")
    page = open_page()
    sign_in(page, CONTACT_CENTRE)
    page.goto(f"/customers/{party}/rights/")
    page.get_by_role("link", name="Correct something").click()
    assert findings(page) == []
    page.get_by_role("link", name=re.compile("^Correct ?: Town")).first.click()
    page.get_by_label("What the customer says is right").fill("Kinvara")
    page.get_by_label("What shows it").fill("Electricity bill")
    page.get_by_label("How do you know it is the customer?").select_option(label="Saw an identity document")
    page.get_by_label("Where did they ask?").select_option(label="Branch")
    assert findings(page) == []
    page.get_by_role("button", name=re.compile("to correct it")).click()

    expect(page.get_by_text("Kinvara")).to_be_visible()
    assert findings(page) == []
    page.goto(f"/customers/{party}/rights/correction/")
    expect(page.get_by_text("Being corrected")).to_be_visible()


def test_erasing_is_refused_by_a_hold(open_page: Opener, bank: Bank, sign_in: SignIn, watch: Watch) -> None:
    watch.expect(422)
    party = bank.value("SELECT party_id FROM insights_recommendation ORDER BY id LIMIT 1")
    page = open_page()
    sign_in(page, COMPLIANCE)
    page.goto(f"/customers/{party}/rights/")
    page.get_by_role("link", name="Place a hold").click()
    assert findings(page) == []
    page.get_by_label("Why").fill("A claim at the High Court")
    page.get_by_label("Until").fill("2031-01-31")
    page.get_by_role("button", name="Place the hold").click()
    expect(page.get_by_text("A claim at the High Court")).to_be_visible()
    assert findings(page) == []

    page.get_by_role("link", name="Erase", exact=True).click()
    expect(page.get_by_text("Nothing is erased before")).to_be_visible()
    page.get_by_label("Reason required").fill("Asked for it in writing")
    page.get_by_role("button", name="Ask to erase").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing of a customer is erased while a legal hold is in force.")
    assert findings(page) == []
    page.goto("/rights/")
    expect(page.get_by_role("heading", name="What customers wait for")).to_be_visible()
    assert findings(page) == []
