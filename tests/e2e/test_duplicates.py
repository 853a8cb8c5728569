"""Two records of one person: decided by keyboard, seen on the customer's records, taken back; axe finds nothing on the way."""

import pytest
from playwright.sync_api import Page, expect

from .axe import findings
from .conftest import CONTACT_CENTRE, Bank, SignIn

pytestmark = pytest.mark.browser

# Without contradicting facts, so that one person is enough.
PAIR = """
SELECT link.id, golden.id FROM customers_partylink link
  JOIN customers_party one ON one.id = link.left_id JOIN customers_party other ON other.id = link.right_id
  JOIN customers_party golden ON golden.id = least(one.golden_id, other.golden_id)
 WHERE link.state = 'open' AND link.levels ->> 'birth_date' = 'same' AND link.levels ->> 'national_id' = 'missing'
   AND one.golden_id <> other.golden_id
 ORDER BY link.probability DESC, link.id LIMIT 1
"""


def test_a_duplicate_is_joined_by_keyboard_and_the_merge_undone(page: Page, bank: Bank, sign_in: SignIn) -> None:
    link, customer = bank.rows(PAIR)[0]
    sign_in(page, CONTACT_CENTRE)
    page.goto("/duplicates/")
    expect(page.get_by_role("heading", name="Duplicates")).to_be_visible()
    assert findings(page) == []

    page.goto(f"/duplicates/{link}/")
    expect(page.get_by_role("rowheader", name="Date of birth")).to_be_visible()
    assert findings(page) == []
    page.get_by_label("Reason").fill("Showed the same passport")
    page.get_by_role("heading", name="Your answer").click()
    page.keyboard.press("s")
    expect(page.get_by_text("They are one customer now.")).to_be_visible()

    page.goto(f"/customers/{customer}/records/")
    expect(page.get_by_text("Judged to be the same person").first).to_be_visible()
    assert findings(page) == []
    page.get_by_role("link", name="Undo").first.click()
    assert findings(page) == []
    page.get_by_label("Reason").fill("Two passports after all")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Taken back.")).to_be_visible()
    assert bank.value("SELECT state FROM customers_partylink WHERE id = %s", link) == "apart"
