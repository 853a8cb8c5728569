"""Four eyes: who asked may not agree, who may agree sees what for, and it happens once."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from .axe import findings
from .conftest import BRANCH_STAFF, NAMED, TEAM_LEAD, Bank, Opener, SignIn

pytestmark = pytest.mark.browser

# More than branch staff may move alone; from an account that holds it, of a customer of their branch.
ASK = """
from bankos.platform import actors, clock
from bankos.platform.models import User
from customers.models import Arrangement
from sentinel import actions

actor = actors.employee(User.objects.get(username="{username}"))
held = Arrangement.objects.filter(roles__party__home_branch__code=actor.branch, roles__role="owner", status="active")
savings = held.filter(kind="savings", balance__gt=1500).exclude(roles__party__name__in={named}).order_by("pk")
for source in savings:
    party = source.roles.get(role="owner").party
    target = held.filter(kind="current", roles__party=party).exclude(pk=source.pk).first()
    if target and party.birth_date and party.birth_date.year < 2000:
        break
parameters = dict(from_arrangement=str(source.pk), to_arrangement=str(target.pk), amount="1200.00", currency=source.currency)
asked = actions.run(actions.declared("transfer.between_own_accounts"), actor=actor, resource_id=str(party.pk), parameters=parameters,
                    at=clock.now(), note="Move €1,200 from savings")
print(asked.request_id)
"""


@pytest.fixture
def asked(bank: Bank) -> Callable[[], str]:
    """Branch staff ask for a transfer above their own limit; returns the request's id."""
    return lambda: bank.run(ASK.format(username=BRANCH_STAFF, named=list(NAMED))).splitlines()[-1]


def test_who_asked_sees_why_they_may_not_agree(open_page: Opener, sign_in: SignIn, asked: Callable[[], str]) -> None:
    page = open_page()
    sign_in(page, BRANCH_STAFF)

    page.goto(f"/approvals/{asked()}/")

    button = page.get_by_role("button", name="Approve")
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(button).to_have_accessible_description(re.compile("You asked for this yourself"))


def test_a_team_lead_finds_it_in_the_work_list_and_approves(
    open_page: Opener, bank: Bank, sign_in: SignIn, asked: Callable[[], str]
) -> None:
    request = asked()
    page = open_page()
    sign_in(page, TEAM_LEAD)
    page.goto("/work/?view=approvals")
    page.get_by_role("link", name="Move €1,200 from savings").last.click()
    page.goto(f"/approvals/{request}/")
    expect(page.get_by_text("€1,200.00")).to_be_visible()

    assert findings(page) == []

    page.get_by_label("Your note").fill("Asked the customer back.")
    page.get_by_role("button", name="Approve and do it").click()

    expect(page.get_by_text("Approved and done.").first).to_be_visible()
    assert (
        bank.value(
            "SELECT count(*) FROM journeys_effect e JOIN sentinel_decision d ON d.id = e.decision_id WHERE d.approval_id = %s", request
        )
        == 1
    )


def test_a_refusal_needs_its_reason_and_keeps_the_page(open_page: Opener, sign_in: SignIn, watch, asked: Callable[[], str]) -> None:
    watch.expect(422)
    page = open_page()
    sign_in(page, TEAM_LEAD)
    page.goto(f"/approvals/{asked()}/")

    page.get_by_role("button", name="Refuse").click()
    expect(page.get_by_role("alert")).to_contain_text("Say why")
    page.get_by_label("Your note").fill("The customer did not know of it.")
    page.get_by_role("button", name="Refuse").click()

    expect(page.get_by_text("Refused. Nothing was done.").first).to_be_visible()
    expect(page.get_by_text("The customer did not know of it.")).to_be_visible()


def test_the_inbox_shows_what_waits_and_the_page_what_was_not_looked_at(
    open_page: Opener, bank: Bank, sign_in: SignIn, asked: Callable[[], str]
) -> None:
    request = asked()
    page = open_page()
    sign_in(page, TEAM_LEAD)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Approvals").click()
    expect(page.get_by_role("heading", name="Waiting for you")).to_be_visible()
    assert findings(page) == []

    page.goto(f"/approvals/{request}/")
    expect(page.get_by_role("row", name=re.compile("^Available on"))).to_have_count(2)
    expect(page.get_by_text("You have not opened: The customer, The decision and its facts.")).to_be_visible()

    page.get_by_role("link", name="The decision and its facts").click()
    expect(page).to_have_url(re.compile("/decisions/"))
    page.goto(f"/approvals/{request}/")
    expect(page.get_by_text("You have not opened: The customer.")).to_be_visible()

    page.get_by_label("Your note").fill("Called back.")
    page.get_by_role("button", name="Approve and do it").click()
    expect(page.get_by_text("Approved and done.").first).to_be_visible()
    assert bank.value("SELECT evidence FROM sentinel_approvalanswer WHERE request_id = %s", request) == ["decision"]


def test_a_question_reaches_the_asker_and_the_answer_comes_back(open_page: Opener, sign_in: SignIn, asked: Callable[[], str]) -> None:
    request = asked()
    lead, clerk = open_page(), open_page()
    sign_in(lead, TEAM_LEAD)
    lead.goto(f"/approvals/{request}/")
    lead.get_by_label("Your note").fill("Does she know about the fee?")
    lead.get_by_role("button", name="Ask a question").click()
    expect(lead.get_by_text("Does she know about the fee?")).to_be_visible()

    sign_in(clerk, BRANCH_STAFF)
    clerk.goto("/approvals/")
    expect(clerk.get_by_text("A question to you").first).to_be_visible()
    assert findings(clerk) == []
    clerk.goto(f"/approvals/{request}/")
    clerk.get_by_label("Your answer").fill("Yes, I told her.")
    clerk.get_by_role("button", name="Send").click()
    assert findings(clerk) == []

    lead.reload()
    expect(lead.get_by_text("Yes, I told her.")).to_be_visible()
