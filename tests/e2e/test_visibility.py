"""Who may not see a customer gets what a missing one gets: on the page, in search, in every part."""

import uuid

import pytest
from playwright.sync_api import Page, expect

from .conftest import BRANCH_STAFF, CONTACT_CENTRE, Bank, SignIn, Watch

pytestmark = pytest.mark.browser


def test_a_customer_of_another_branch_does_not_exist(page: Page, bank: Bank, sign_in: SignIn, watch: Watch) -> None:
    watch.expect(404)
    stranger, name = bank.rows(
        "SELECT p.id, p.name FROM customers_party p JOIN customers_branch b ON b.id = p.home_branch_id"
        " WHERE b.code <> %s ORDER BY p.id LIMIT 1",
        bank.branch_of(BRANCH_STAFF),
    )[0]
    sign_in(page, BRANCH_STAFF)

    for path in ("/customers/{}/", "/customers/{}/permissions/marketing/", "/customers/{}/timeline/?kind="):
        missing = page.request.get(path.format(uuid.uuid4()), headers={"HX-Request": "true"})
        hidden = page.request.get(path.format(stranger), headers={"HX-Request": "true"})
        assert (hidden.status, hidden.text()) == (missing.status, missing.text()) == (404, missing.text())

    page.goto(f"/customers/{stranger}/")
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    page.goto(f"/customers/?q={name}")
    expect(page.get_by_role("link", name=name, exact=True)).to_have_count(0)


def test_a_suggestion_of_another_branch_does_not_exist(page: Page, bank: Bank, sign_in: SignIn, watch: Watch) -> None:
    watch.expect(404)
    found = bank.value(
        "SELECT r.id FROM insights_recommendation r JOIN customers_party p ON p.id = r.party_id"
        " JOIN customers_branch b ON b.id = p.home_branch_id WHERE b.code <> %s ORDER BY r.id LIMIT 1",
        bank.branch_of(BRANCH_STAFF),
    )
    sign_in(page, BRANCH_STAFF)

    page.goto(f"/suggestions/{found}/")

    expect(page.get_by_role("heading", name="Not found")).to_be_visible()


def test_a_decision_about_a_customer_of_another_branch_does_not_exist(page: Page, bank: Bank, sign_in: SignIn, watch: Watch) -> None:
    watch.expect(404)
    found = bank.value(
        "SELECT d.id FROM sentinel_decision d JOIN customers_party p ON p.id::text = d.resource_id"
        " JOIN customers_branch b ON b.id = p.home_branch_id WHERE b.code <> %s ORDER BY d.id LIMIT 1",
        bank.branch_of(BRANCH_STAFF),
    )
    sign_in(page, BRANCH_STAFF)

    page.goto(f"/decisions/{found}/")

    expect(page.get_by_role("heading", name="Not found")).to_be_visible()


def test_nothing_is_shown_to_somebody_not_signed_in(page: Page, bank: Bank) -> None:
    party = bank.value("SELECT id FROM customers_party WHERE golden_id = id ORDER BY id LIMIT 1")

    page.goto(f"/customers/{party}/")

    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_no_page_about_a_customer_stays_in_the_browser(page: Page, bank: Bank, sign_in: SignIn) -> None:
    sign_in(page, CONTACT_CENTRE)
    suggestion = bank.open_suggestion()
    party = bank.value("SELECT party_id FROM insights_recommendation WHERE id = %s", suggestion)

    for path in (f"/customers/{party}/", f"/suggestions/{suggestion}/", "/work/", "/search/?q=ines"):
        assert page.request.get(path).headers["cache-control"] == "no-store"
