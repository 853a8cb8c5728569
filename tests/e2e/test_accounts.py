"""Signing in, and what keeps others out."""

import base64
import hashlib
import hmac
import re
import struct
import time

import pytest
from playwright.sync_api import Page, expect

from .conftest import BRANCH_STAFF, CONTACT_CENTRE, TEAM_LEAD, Bank, Opener, SignIn, Watch

pytestmark = pytest.mark.browser


def test_a_wrong_password_says_so_and_keeps_the_name(page: Page) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("User name").fill(BRANCH_STAFF)
    page.get_by_label("Password").fill("not this one at all")
    page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page.get_by_role("alert")).to_have_text("User name or password is wrong.")
    expect(page.get_by_label("User name")).to_have_value(BRANCH_STAFF)
    expect(page.get_by_label("Password")).to_be_focused()


def test_eight_wrong_passwords_lock_the_name_even_for_the_right_one(page: Page, bank: Bank, watch: Watch) -> None:
    watch.expect(429)
    for password in ["wrong wrong wrong"] * 8 + [bank.password]:
        page.goto("/accounts/login/")
        page.get_by_label("User name").fill("somebody.else")
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page.get_by_role("heading", name="Too many tries")).to_be_visible()


def test_nobody_makes_an_account_of_their_own(page: Page) -> None:
    page.goto("/accounts/signup/")

    expect(page.get_by_role("heading", name="Accounts are made by administrators")).to_be_visible()


def test_signing_out_leaves_nothing_behind(page: Page, bank: Bank, sign_in: SignIn) -> None:
    sign_in(page, CONTACT_CENTRE)
    party = bank.value("SELECT id FROM customers_party WHERE golden_id = id ORDER BY id LIMIT 1")
    page.goto(f"/customers/{party}/")
    name = page.get_by_role("heading", level=1).inner_text()
    page.get_by_role("button", name=re.compile("your menu")).click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(lambda url: "/customers/" not in url)

    page.go_back()

    expect(page.get_by_text(name)).to_have_count(0)
    assert page.evaluate("sessionStorage.length + localStorage.length") == 0


def test_an_authenticator_app_guards_the_next_sign_in(page: Page, open_page: Opener, bank: Bank, sign_in: SignIn) -> None:
    sign_in(page, TEAM_LEAD)
    page.goto("/accounts/2fa/")
    page.get_by_role("link", name="Set up an app").click()
    page.get_by_label("Password").fill(bank.password)
    page.get_by_role("button", name="Continue").click()
    secret = page.locator("#secret").inner_text()
    shown = code_for(secret)
    page.get_by_label("Enter the code").fill(shown)
    page.get_by_role("button", name="Switch on").click()
    expect(page.locator("#codes li")).to_have_count(10)

    again = open_page()
    again.goto("/accounts/login/")
    again.get_by_label("User name").fill(TEAM_LEAD)
    again.get_by_label("Password").fill(bank.password)
    again.get_by_role("button", name="Sign in", exact=True).click()
    expect(again.get_by_role("heading", name="Second step")).to_be_visible()
    again.goto("/work/")
    expect(again.get_by_role("heading", name="Second step")).to_be_visible()
    again.get_by_label("Code").fill("000000")
    again.get_by_role("button", name="Sign in").click()
    expect(again.get_by_role("alert")).to_be_visible()
    again.get_by_label("Code").fill(code_after(shown, secret))
    again.get_by_role("button", name="Sign in").click()
    expect(again.get_by_role("heading", level=1, name="Work")).to_be_visible()

    page.goto("/accounts/2fa/totp/deactivate/")
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text("Off. A code from an app")).to_be_visible()


def code_after(shown: str, secret: str) -> str:
    """The app's next one: each is good once, also the one that switched it on."""
    while (code := code_for(secret)) == shown:
        time.sleep(0.5)
    return code


def code_for(secret: str) -> str:
    """What the app on a phone shows now (RFC 6238: SHA-1, 30 seconds, six digits)."""
    counter = struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    place = digest[-1] & 0x0F
    return f"{(struct.unpack('>I', digest[place : place + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"
