"""A policy version's life in the browser: written, compared, tried on past decisions, proposed, approved by another, gone back from."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from .axe import findings
from .conftest import ADMINISTRATOR, BRANCH_STAFF, COMPLIANCE, Bank, Opener, SignIn

pytestmark = pytest.mark.browser

SECOND = "niamh"
REWORD = ("Staff of a branch act for the customers", "Staff of a branch serve the customers")
# Forbids what systems did: the past would have come out differently.
STRICTER = """
@id("no-suggestions-by-systems")
@sentence("Systems suggest nothing.")
@customer("Our systems suggest nothing.")
@owner("Model Risk")
@basis("EU AI Act Art. 14")
forbid (principal is System, action, resource);
"""
ACTOR = """
from bankos.platform import actors, clock
from bankos.platform.models import User

def actor(username):
    return actors.employee(User.objects.get(username=username))
"""
WORK = """
from uuid import UUID
from bankos.platform import clock, jobs
jobs.run_to_end(UUID("{run}"), at=clock.now())
"""
ANSWER = (
    ACTOR
    + """
from sentinel import approvals, actions
try:
    actions.{answer}("{request}", actor=actor("{who}"), at=clock.now(), note="Read and compared")
    print("answered")
except approvals.ApprovalError as error:
    print(type(error).__name__)
"""
)
ACTIVATE_DUE = """
from datetime import timedelta
from bankos.platform import clock
from sentinel import policy_changes
policy_changes.activate_due(clock.now() + timedelta(days=2))
"""


def open_request(bank: Bank, number: int) -> str:
    """The request a version waits for."""
    query = (
        "SELECT r.id FROM sentinel_approvalrequest r JOIN sentinel_decision d ON d.id = r.decision_id"
        " JOIN sentinel_policyversion v ON v.id::text = d.resource_id WHERE v.store = 'bank' AND v.number = %s ORDER BY r.id DESC LIMIT 1"
    )
    return str(bank.value(query, number))


def answer(bank: Bank, number: int, who: str, answer: str = "approve") -> str:
    """What a second person's answer to a version comes to."""
    return bank.run(ANSWER.format(request=open_request(bank, number), who=who, answer=answer)).splitlines()[-1]


def state(bank: Bank, number: int) -> str:
    return str(bank.value("SELECT state FROM sentinel_policyversion WHERE store = 'bank' AND number = %s", number))


def number_of(page: Page) -> int:
    found = re.search(r"/policies/(\d+)/", page.url)
    assert found, page.url
    return int(found[1])


def type_over(field: Locator, old: str, new: str) -> None:
    """Select ``old`` in a field (its end, if empty) and type ``new``, as staff do: typing the whole text anew takes a browser seconds."""
    text = field.input_value()
    start = text.index(old) if old else len(text)
    field.evaluate("(field, [start, end]) => { field.focus(); field.setSelectionRange(start, end) }", [start, start + len(old)])
    field.page.keyboard.insert_text(new)


def write(page: Page, *, added: str = "", note: str) -> int:
    """Write a version that says one rule more simply and starts from the text in force; its number."""
    page.goto("/policies/new/")
    rules = page.get_by_label("Rules", exact=True)
    type_over(rules, *REWORD)
    type_over(rules, "", added)
    page.get_by_label("What is new, and why").fill(note)
    page.get_by_role("button", name="Save as a draft").click()
    expect(page.get_by_text("is saved as a draft")).to_be_visible()
    return number_of(page)


def try_out(page: Page, bank: Bank, number: int) -> None:
    """Past decisions made again with a version, watched until it is over."""
    page.get_by_role("button", name="Try it on past decisions").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    run = bank.value(
        "SELECT r.id FROM platform_job r JOIN sentinel_policyversion v ON r.subject = 'PolicyVersion/' || v.id AND r.parent_id IS NULL"
        " WHERE v.store = 'bank' AND v.number = %s ORDER BY r.id DESC LIMIT 1",
        number,
    )
    bank.run(WORK.format(run=run))
    expect(page.get_by_role("main").get_by_text(re.compile(r"^All [\d,]+ decisions made again"))).to_be_visible()


def look_and_propose(page: Page, bank: Bank, number: int, **moment: str) -> None:
    try_out(page, bank, number)
    page.get_by_role("button", name="I have looked at it").click()
    expect(page.get_by_text("Impact looked at")).to_be_visible()
    if moment:
        page.get_by_label("From a moment").check()
        page.get_by_label(re.compile("^From only")).fill(moment["moment"])
    page.get_by_label("Note for the second person").fill("Only other words.")
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_text("Proposed. Now a second person of compliance has to agree.")).to_be_visible()


def test_what_is_new_is_read_in_words_and_in_source_and_tried_on_past_decisions(open_page: Opener, bank: Bank, sign_in: SignIn) -> None:
    page = open_page(width=1440)
    sign_in(page, COMPLIANCE)
    number = write(page, added=STRICTER, note="No suggestions by systems")

    plain = page.get_by_role("region", name="In plain words")
    expect(plain.get_by_text("New rule: Systems suggest nothing.")).to_be_visible()
    expect(plain.locator("ins", has_text="serve")).to_be_visible()
    assert findings(page) == []
    for view in ("Side by side", "Source"):
        page.get_by_role("navigation", name="Show the rule text as").get_by_role("link", name=view).click()
        expect(page.locator("#source ins", has_text="serve")).to_be_visible()
        assert findings(page) == []

    try_out(page, bank, number)
    assert findings(page) == []
    expect(page.get_by_role("row", name=re.compile("^Stays the same"))).to_be_visible()
    page.get_by_role("link", name=re.compile(r"^Open list.*would be refused")).first.click()
    expect(page.get_by_role("cell", name=re.compile("no-suggestions-by-systems")).first).to_be_visible()
    assert findings(page) == []

    # Its examples fail: it was kept, but cannot be proposed.
    page.goto(f"/policies/{number}/")
    expect(page.get_by_role("button", name="Propose")).to_have_attribute("aria-disabled", "true")
    expect(page.get_by_text("It cannot be proposed: not all of its examples hold.")).to_be_visible()


def test_a_refused_version_stays_a_draft_with_the_reason(open_page: Opener, bank: Bank, sign_in: SignIn) -> None:
    page = open_page(width=1440)
    sign_in(page, COMPLIANCE)
    number = write(page, note="Say it more simply")
    look_and_propose(page, bank, number)

    assert answer(bank, number, SECOND, "refuse") == "answered"

    page.reload()
    expect(page.get_by_text("Read and compared")).to_be_visible()
    expect(page.get_by_role("button", name="Propose")).to_be_enabled()


def test_a_mistake_is_told_with_its_line_and_what_was_typed_stays(open_page: Opener, sign_in: SignIn, watch) -> None:
    watch.expect(422)
    page = open_page()
    sign_in(page, COMPLIANCE)
    page.goto("/policies/new/")
    rules = page.get_by_label("Rules", exact=True)
    type_over(rules, "", "\npermit (principal, action resource);\n")
    typed = rules.input_value()
    page.get_by_label("What is new, and why").fill("A mistake")

    page.get_by_role("button", name="Check").click()

    expect(page.get_by_role("alert")).to_contain_text(re.compile(r"line \d+: unexpected token `resource`"))
    assert page.get_by_label("Rules", exact=True).input_value() == typed
    assert findings(page) == []


def test_rules_are_found_and_read_one_by_one(open_page: Opener, sign_in: SignIn) -> None:
    page = open_page(width=640)
    sign_in(page, ADMINISTRATOR)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Policies").click()
    assert findings(page) == []
    page.get_by_label("Words of a rule, its basis or its id").fill("no-credit-in-arrears")
    page.get_by_role("button", name="Search").last.click()

    page.get_by_role("main").get_by_role("link", name=re.compile("credit", re.IGNORECASE)).first.click()

    expect(page.get_by_role("link", name="Decisions it decided")).to_have_attribute("href", "/decisions/?rule=no-credit-in-arrears")
    assert findings(page) == []
    page.get_by_role("main").get_by_role("link", name=re.compile(r"^version \d")).click()
    assert findings(page) == []
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def test_a_version_is_written_and_tried_without_a_script(open_page: Opener, bank: Bank, sign_in: SignIn) -> None:
    page = open_page(script=False, width=1440)
    sign_in(page, COMPLIANCE)
    number = write(page, note="Say it more simply")

    page.get_by_role("button", name="Try it on past decisions").click()
    run = bank.value(
        "SELECT r.id FROM platform_job r JOIN sentinel_policyversion v ON r.subject = 'PolicyVersion/' || v.id AND r.parent_id IS NULL"
        " WHERE v.store = 'bank' AND v.number = %s",
        number,
    )
    bank.run(WORK.format(run=run))
    page.get_by_role("link", name="Show how far it is now").click()

    expect(page.get_by_role("main").get_by_text(re.compile(r"^All [\d,]+ decisions made again"))).to_be_visible()
    page.get_by_role("button", name="I have looked at it").click()
    expect(page.get_by_text("Impact looked at")).to_be_visible()


def test_branch_staff_have_no_policies(open_page: Opener, sign_in: SignIn, watch) -> None:
    watch.expect(404)
    page = open_page()
    sign_in(page, BRANCH_STAFF)

    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="Policies")).to_have_count(0)
    assert page.goto("/policies/").status == 404


# Last: it puts a version in force two days ahead of the clock.
def test_a_version_comes_into_force_only_with_another_person_and_is_gone_back_from(open_page: Opener, bank: Bank, sign_in: SignIn) -> None:
    page = open_page(width=1440)
    sign_in(page, COMPLIANCE)
    first = int(bank.value("SELECT number FROM sentinel_policyversion WHERE store = 'bank' AND state = 'active'"))
    number = write(page, note="Say it more simply")
    look_and_propose(page, bank, number)
    expect(page.get_by_text("You wrote it, so you may not be the one.")).to_be_visible()
    expect(page.get_by_role("link", name="Open the request")).to_have_attribute("href", f"/approvals/{open_request(bank, number)}/")
    assert findings(page) == []

    assert answer(bank, number, COMPLIANCE) == "MakerIsChecker"
    assert answer(bank, number, ADMINISTRATOR) == "NotEligible"
    assert state(bank, number) == "draft"
    assert answer(bank, number, SECOND) == "answered"

    page.reload()
    expect(page.get_by_text("It decides every request since")).to_be_visible()
    expect(page.get_by_text("by Niamh Doyle")).to_be_visible()

    page.goto(f"/policies/{first}/")
    page.get_by_role("button", name="Go back to this version").click()
    expect(page.get_by_text(f"is a draft with the text of version {first}")).to_be_visible()
    back = number_of(page)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    look_and_propose(page, bank, back, moment=tomorrow)
    assert answer(bank, back, SECOND) == "answered"
    page.reload()
    expect(page.get_by_text("Takes over")).to_be_visible()
    assert (state(bank, back), state(bank, number)) == ("scheduled", "active")

    bank.run(ACTIVATE_DUE)
    assert (state(bank, back), state(bank, number)) == ("active", "retired")
