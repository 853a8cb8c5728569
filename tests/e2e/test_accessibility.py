"""Every screen, light, dark and at twice the size: no finding of axe, nothing scrolls sideways, every target in reach."""

import pytest
from playwright.sync_api import Page, expect

from .axe import COLOURS, PLACES, RULES, findings
from .conftest import ADMINISTRATOR, BRANCH_STAFF, COMPLIANCE, CONTACT_CENTRE, TEAM_LEAD, Bank, Opener, SignIn

pytestmark = pytest.mark.browser

WIDE, NARROW = 1280, 640
ENTRANCE = ""
"""Nobody has signed in."""


def screens_of(bank: Bank) -> dict[str, list[str]]:
    """The pages of each role, with real customers, suggestions and decisions in them."""
    suggestion = bank.open_suggestion()
    party = bank.value("SELECT party_id FROM insights_recommendation WHERE id = %s", suggestion)
    decision = bank.value("SELECT decision_id FROM insights_recommendation WHERE id = %s", suggestion)
    waiting = bank.value(
        "SELECT r.id FROM sentinel_approvalrequest r JOIN sentinel_decision d ON d.id = decision_id WHERE action = 'fee.waive'"
    )
    colleague = bank.value("SELECT id FROM platform_user WHERE username = %s", BRANCH_STAFF)
    lists = {kind: bank.value(f"SELECT id FROM customers_{kind} ORDER BY name LIMIT 1") for kind in ("branch", "portfolio", "circle")}
    return {
        ENTRANCE: ["/accounts/login/", "/accounts/login/?next=/people/", "/accounts/signup/"],
        ADMINISTRATOR: [
            "/people/",
            "/people/?q=nobody-of-this-name",
            "/people/?gone=yes",
            "/people/join/",
            "/people/powers/",
            *(f"/people/{colleague}/{page}" for page in ("", "move/", "withdraw/?role=branch_staff", "reset/", "leave/")),
            "/access/",
            *(f"/access/{kind}/{id}/" for kind, id in lists.items()),
            "/access/leaves/",
            "/access/masking/",
            "/stores/",
            "/stores/add/",
            "/programs/",
            "/programs/new/",
            "/jobs/",
            "/sources/",
            "/sources/core/",
            "/sources/core/rejected/",
            "/sources/new/",
            "/sources/core/change/",
            "/sources/core/files/new/",
            "/jobs/",
            "/me/sessions/",
        ],
        CONTACT_CENTRE: [
            "/work/",
            "/work/?view=mine",
            "/customers/",
            "/customers/?q=ines",
            "/customers/?q=nobody-of-this-name",
            f"/customers/{party}/",
            f"/customers/{party}/?known_at=2020-01-01",
            f"/customers/{party}/permissions/marketing/",
            f"/customers/{party}/reveal/birth_date/",
            "/emergencies/",
            "/emergencies/ask/",
            f"/customers/{party}/rights/",
            f"/customers/{party}/rights/copy/",
            f"/customers/{party}/rights/correction/",
            f"/customers/{party}/rights/erasure/",
            f"/customers/{party}/life/",
            f"/customers/{party}/relations/?steps=4",
            *(f"/customers/{party}/life/add/{what}/" for what in ("need", "event", "goal", "preference")),
            "/suggestions/",
            f"/suggestions/{suggestion}/",
            f"/suggestions/{suggestion}/?show=table",
            f"/suggestions/{suggestion}/decline/",
            f"/suggestions/{suggestion}/later/",
            "/decisions/",
            "/me/settings/",
            "/me/sessions/",
            "/accounts/2fa/",
            "/accounts/password/change/",
        ],
        COMPLIANCE: [
            "/decisions/",
            f"/decisions/{decision}/",
            "/decisions/check/",
            "/decisions/?text=no-such-thing",
            f"/decisions/{decision}/letter/",
            f"/decisions/?customer={party}&outcome=permit",
            f"/customers/{party}/",
            f"/customers/{party}/erase/",
            "/emergencies/",
            "/rights/",
            f"/customers/{party}/rights/hold/",
            "/automation/",
            "/policies/",
            "/policies/1/",
            "/policies/1/?view=source",
            "/policies/1/examples/",
            "/policies/1/rules/staff-break-the-glass/",
            "/policies/new/",
            "/approvals/",
            "/approvals/standing-in/",
            "/people/",
            "/people/powers/",
            "/people/powers/?ended=yes",
            f"/people/{colleague}/",
            "/access/masking/",
        ],
        TEAM_LEAD: ["/work/?view=approvals", "/approvals/", f"/approvals/{waiting}/", "/approvals/standing-in/", "/automation/"],
    }


@pytest.mark.parametrize("username", [ENTRANCE, ADMINISTRATOR, CONTACT_CENTRE, COMPLIANCE, TEAM_LEAD])
def test_no_screen_has_a_finding(open_page: Opener, bank: Bank, sign_in: SignIn, username: str) -> None:
    """Each page is fetched once and looked at wide, dark and narrow; nothing on it depends on how wide it was when it came."""
    found = []
    page = open_page()
    if username:
        sign_in(page, username)
    for path in screens_of(bank)[username]:
        page.set_viewport_size({"width": WIDE, "height": 720})
        page.goto(path)
        for width, theme, rules in ((WIDE, "light", RULES), (WIDE, "dark", COLOURS), (NARROW, "light", PLACES)):
            page.set_viewport_size({"width": width, "height": 720})
            page.emulate_media(color_scheme=theme)
            found += findings(page, rules)
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found.append(f"{path}: scrolls sideways at {width} px")

    assert found == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_open_part_has_a_finding(open_page: Opener, bank: Bank, sign_in: SignIn, theme: str) -> None:
    page = open_page(theme=theme)
    sign_in(page, CONTACT_CENTRE)
    found = []

    page.keyboard.press("/")
    page.keyboard.type("marchetti")
    expect(page.get_by_role("option").first).to_be_visible()
    found += findings(page)
    page.keyboard.press("Escape")

    page.goto(f"/suggestions/{bank.open_suggestion()}/")
    page.keyboard.press("d")
    found += findings(page)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    found += findings(page)

    assert found == []


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_every_control_is_reached_by_tab_and_seen(open_page: Opener, bank: Bank, sign_in: SignIn, width: int) -> None:
    page = open_page(width=width)
    sign_in(page, CONTACT_CENTRE)
    assert unreached(page, ["/work/", f"/suggestions/{bank.open_suggestion()}/", "/me/settings/"]) == []


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_every_control_of_those_in_charge_is_reached_by_tab_and_seen(open_page: Opener, bank: Bank, sign_in: SignIn, width: int) -> None:
    page = open_page(width=width)
    sign_in(page, ADMINISTRATOR)
    colleague = bank.value("SELECT id FROM platform_user WHERE username = %s", BRANCH_STAFF)
    circle = bank.value("SELECT id FROM customers_circle ORDER BY name LIMIT 1")
    about_one = [f"/people/{colleague}/", f"/people/{colleague}/leave/", f"/access/circle/{circle}/"]
    assert unreached(page, ["/people/", "/people/powers/", "/people/join/", *about_one, "/access/masking/", "/programs/new/"]) == []


def unreached(page: Page, paths: list[str]) -> list[str]:
    """What on these pages is not reached by Tab, or not seen when it has the focus."""
    troubles = []
    for path in paths:
        page.goto(path)
        wanted = page.evaluate(WANTED)
        seen: set[int] = set()
        last = None
        for _ in range(300):
            page.keyboard.press("Tab")
            stop = page.evaluate(STOP)
            if stop is not None and stop["place"] == last:
                continue  # day, month and year of one date
            if stop is None or stop["place"] in seen:
                break
            last = stop["place"]
            seen.add(last)
            troubles += [f"{path}: {name} at {stop['html']}" for name in ("no ring", "covered") if stop[name]]
        if len(seen) < wanted:
            troubles.append(f"{path}: {len(seen)} of {wanted} controls reached")
    return troubles


def test_the_administration_and_the_interface_page_keep_the_same_policy(page: Page, sign_in: SignIn) -> None:
    sign_in(page, ADMINISTRATOR)
    page.goto("/admin/")
    expect(page.get_by_role("link", name="Staff console")).to_be_visible()
    page.goto("/admin/customers/party/")
    expect(page.get_by_role("heading", name="Select party to view")).to_be_visible()

    page.goto("/api/docs/")

    expect(page.get_by_text("/api/v1/customers/{party_id}/", exact=True)).to_be_visible()


# A radio group is one stop; what is closed or hidden is none.
WANTED = """() => {
  const groups = new Set();
  return [...document.querySelectorAll('a[href],button,input,select,textarea,summary,[tabindex="0"]')]
    .filter((e) => e.checkVisibility() && !e.disabled && e.type !== 'hidden')
    .filter((e) => !e.closest('dialog:not([open]), [popover]:not(:popover-open)'))
    .filter((e) => e.type !== 'radio' || (!groups.has(e.name) && groups.add(e.name))).length;
}"""
STOP = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const box = e.getBoundingClientRect(), style = getComputedStyle(e), label = e.closest('label');
  const within = (place, limit) => Math.min(Math.max(place, 1), limit - 1);
  const top = document.elementFromPoint(within(box.x + box.width / 2, innerWidth), within(box.y + box.height / 2, innerHeight));
  const ring = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2)
    || (label && [label, ...label.children].some((one) => getComputedStyle(one).outlineStyle !== 'none'));
  const own = top && (e.contains(top) || top.contains(e) || (label && label.contains(top)));
  return {place: [...document.querySelectorAll('*')].indexOf(e), 'no ring': !ring, covered: !own, html: e.outerHTML.slice(0, 90)};
}"""
