"""Sources in the browser: handed in, mapped with a preview, tried, put in force, read; rows looked at, corrected, tried again."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .axe import findings
from .conftest import ADMINISTRATOR, BRANCH_STAFF, COMPLIANCE, Bank, Opener, SignIn

pytestmark = pytest.mark.browser
WHY = "Mapping the files of the new branch ledger"
# What workers would do, until nothing is left to do.
WORK = """
from bankos.platform import clock
from bankos.platform import jobs
from bankos.platform.models import Job
while (job := Job.objects.filter(state="waiting").first()) is not None:
    jobs.work(job.pk, at=clock.now())
"""
SETTINGS = {
    "Booked on": ("Buchungstag", {"Written like": "23.11.2026"}),
    "Amount, money in is positive": ("Betrag", {"Decimals": "1234,50 (comma)", "Thousands": "1.234 (point)"}),
    "Currency": ("Waehrung", {}),
    "Account number": ("Konto", {}),
    "Entry number": ("Beleg", {}),
}


def register(page: Page, code: str) -> None:
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Sources").click()
    page.get_by_role("link", name="Register a source").click()
    assert findings(page) == []
    page.get_by_label("Code", exact=True).fill(code)
    page.get_by_label("Name").fill("Branch ledger")
    page.get_by_label("New data at least every (hours)").fill("26")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_text("Registered.")).to_be_visible()


def hand_in(page: Page, bank: Bank, code: str, path: Path) -> None:
    page.goto(f"/sources/{code}/")
    page.get_by_role("link", name="Hand in a file").click()
    page.get_by_label("File", exact=True).set_input_files(path)
    page.get_by_role("button", name="Hand it in").click()
    expect(page.get_by_role("heading", name="Work asked for")).to_be_visible()
    bank.run(WORK)


def ledger_file(bank: Bank, path: Path, *, entries: str, wrong: str = "") -> Path:
    """Two entries of an account the bank knows; `wrong` is the day of the second."""
    account = bank.value(
        "SELECT source_key FROM customers_arrangement WHERE system_id = 'core' AND kind = 'current' ORDER BY source_key LIMIT 1"
    )
    path.write_text(
        "Buchungstag;Betrag;Waehrung;Konto;Beleg\n"
        f"02.11.2026;-12,50;EUR;{account};{entries}1\n"
        f"{wrong or '03.11.2026'};-1.012,50;EUR;{account};{entries}2\n"
    )
    return path


def write_mapping(page: Page) -> None:
    """Every field that is needed, by its column and its settings."""
    for field, (column, settings) in SETTINGS.items():
        row = page.get_by_role("row", name=re.compile(rf"^{re.escape(field)}"))
        row.get_by_label(f"Column of {field}", exact=True).select_option(column)
        if settings:
            if row.locator("details").get_attribute("open") is None:
                row.locator("summary").click()
            for setting, words in settings.items():
                row.get_by_label(f"{setting} for {field}", exact=True).select_option(label=words)
    order = page.get_by_role("row", name=re.compile("^Order of entries"))
    order.get_by_label("Column of Order of entries", exact=True).select_option("Beleg")
    order.get_by_label("How Order of entries is read").select_option(label="the digits in it")
    page.get_by_label("How the money moved is always").fill("transfer")
    page.get_by_role("button", name="Keep and show what rows become").click()


def test_an_unknown_file_is_mapped_tried_and_read(open_page: Opener, bank: Bank, sign_in: SignIn, tmp_path: Path, watch) -> None:
    watch.expect(422)
    page = open_page()
    sign_in(page, ADMINISTRATOR)
    register(page, "ledger")
    hand_in(page, bank, "ledger", ledger_file(bank, tmp_path / "umsatz.csv", entries="7700", wrong="31.11.2026"))

    # The strip asks by itself; nobody reloads the page.
    expect(page.get_by_text("Failed", exact=True)).to_be_visible()
    page.reload()
    waiting = page.get_by_role("region", name="umsatz.csv")
    expect(waiting.get_by_text("waits for a mapping since")).to_be_visible()
    assert findings(page) == []

    waiting.get_by_role("link", name="Map it").click()
    assert findings(page) == []
    page.get_by_label("What such files are called").fill("entries")
    page.get_by_label("What a row of it is").select_option(label="Transactions")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("heading", name="Mapping entries")).to_be_visible()
    expect(page.get_by_role("alert").get_by_text("Booked on is needed")).to_be_visible()
    expect(page.get_by_text("31.11.2026")).to_have_count(0)
    assert findings(page) == []

    page.get_by_label("Why you look at umsatz.csv").fill(WHY)
    page.get_by_role("button", name="Show the rows").click()
    expect(page.get_by_text("31.11.2026")).to_be_visible()
    write_mapping(page)

    first, second = page.get_by_role("group", name="Line 2"), page.get_by_role("group", name="Line 3")
    expect(first.get_by_text("2026-11-02")).to_be_visible()
    expect(second.get_by_text("-1012.50")).to_be_visible()
    expect(second.get_by_text("is not a date; this mapping reads dates like 23.11.2026")).to_be_visible()
    assert findings(page) == []

    page.get_by_role("button", name="Try it on the whole file").click()
    expect(page.get_by_role("progressbar", name="Dry run")).to_be_visible()
    bank.run(WORK)
    expect(page.get_by_text("Tried as it stands")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("^Bad date"))).to_contain_text("3")
    assert bank.value("SELECT count(*) FROM customers_transaction WHERE system_id = 'ledger'") == 0
    assert findings(page) == []

    page.get_by_role("button", name="Put it in force").click()
    expect(page.get_by_text("In force as ledger.entries.v1")).to_be_visible()
    page.goto("/sources/ledger/")
    page.get_by_role("button", name="Read it again").click()
    bank.run(WORK)
    expect(page.get_by_role("listitem").filter(has_text="Reading a file").first.get_by_text("Done")).to_be_visible()
    assert bank.value("SELECT count(*) FROM customers_transaction WHERE system_id = 'ledger'") == 1


def test_a_row_is_shown_after_a_reason_corrected_and_in(open_page: Opener, bank: Bank, sign_in: SignIn, tmp_path: Path, watch) -> None:
    watch.expect(422)
    page = open_page()
    sign_in(page, ADMINISTRATOR)
    known = bank.value("SELECT code FROM customers_branch ORDER BY code LIMIT 1")
    header = "customer_no,name,birth_date,national_id,branch_code,customer_since,kind"
    path = tmp_path / "customers.csv"
    path.write_text(f"{header}\n88880001,O'CONNELL BRID,1971-14-02,88880001Z,{known},2020-01-02,P\n")
    hand_in(page, bank, "core", path)
    page.goto("/sources/core/")
    page.get_by_role("link", name="rejected rows of customers.csv").first.click()
    expect(page.get_by_role("cell", name=re.compile("Bad date: birth_date"))).to_be_visible()
    expect(page.get_by_text("1971-14-02")).to_have_count(0)
    assert findings(page) == []

    page.get_by_label("Why you look at customers.csv").fill(WHY)
    page.get_by_role("button", name="Show the rows").click()
    expect(page.get_by_text("“1971-14-02” is not a date")).to_be_visible()
    page.get_by_role("link", name="2 of customers.csv").click()
    expect(page.get_by_role("cell", name="O'CONNELL BRID", exact=True).first).to_be_visible()
    assert findings(page) == []

    page.get_by_label("birth_date").fill("2.14.1971")
    page.get_by_role("button", name="Correct it and try again").click()
    expect(page.get_by_role("alert")).to_contain_text("“2.14.1971” is not a date")
    expect(page.get_by_label("birth_date")).to_have_value("2.14.1971")
    assert findings(page) == []
    page.get_by_label("birth_date").fill("1971-02-14")
    page.get_by_role("button", name="Correct it and try again").click()

    expect(page.get_by_text("Line 2 of customers.csv is in.")).to_be_visible()
    assert bank.value("SELECT count(*) FROM customers_partyidentifier WHERE value = '88880001'") == 1


def test_without_script_a_file_is_handed_in_and_watched(open_page: Opener, bank: Bank, sign_in: SignIn, tmp_path: Path) -> None:
    page = open_page(script=False)
    sign_in(page, ADMINISTRATOR)
    path = tmp_path / "branches.csv"
    path.write_text("branch_code,name,town\nNEW9,New Quay,New Quay\n")

    hand_in(page, bank, "core", path)
    page.get_by_role("link", name="Show how far it is now").first.click()

    strip = page.get_by_role("listitem").filter(has_text="branches.csv").first
    expect(strip.get_by_text("Done", exact=True)).to_be_visible()
    assert bank.value("SELECT count(*) FROM customers_branch WHERE code = 'NEW9'") == 1


def test_files_that_changed_are_acknowledged(page: Page, bank: Bank, sign_in: SignIn, tmp_path: Path) -> None:
    sign_in(page, ADMINISTRATOR)
    path = tmp_path / "branches.csv"
    path.write_text("branch_code,name,town,county\nNEW8,New Inn,New Inn,Galway\n")
    hand_in(page, bank, "core", path)
    page.goto("/sources/core/")
    changed = page.locator("#drift").get_by_role("row").filter(has_text="county")
    expect(changed).to_contain_text("Column added")

    changed.get_by_text("Acknowledge: county").click()
    assert findings(page) == []
    changed.get_by_label("Why it is right").fill("The ledger tells the county since its last release.")
    changed.get_by_role("button", name="Acknowledge").click()

    expect(page.get_by_text("Acknowledged.")).to_be_visible()
    expect(changed).to_contain_text("The ledger tells the county since its last release.")
    expect(changed.get_by_role("button")).to_have_count(0)
    assert findings(page) == []


def test_compliance_looks_on_and_others_find_nothing(open_page: Opener, sign_in: SignIn, watch) -> None:
    watch.expect(404)
    officer, adviser = open_page(), open_page()
    sign_in(officer, COMPLIANCE)
    officer.goto("/sources/core/")
    expect(officer.get_by_role("heading", name="Core banking")).to_be_visible()
    expect(officer.get_by_role("link", name="Hand in a file")).to_have_count(0)
    assert findings(officer) == []

    sign_in(adviser, BRANCH_STAFF)
    assert adviser.goto("/sources/").status == 404
    expect(adviser.get_by_role("link", name="Sources")).to_have_count(0)
