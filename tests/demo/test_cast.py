"""The customers the documentation names live their stories on whatever day the bank is shown."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demobank.cast import CAST
from demobank.plan import Plan
from demobank.write import write_bank

from .conftest import Extracts

BANKS = {"as_of": st.dates(date(2025, 1, 1), date(2032, 12, 31)), "seed": st.integers(0, 10**6)}


def told(as_of: date, seed: int, folder: str) -> dict[str, dict]:
    plan = Plan(customers=20, seed=seed, months=8, as_of=as_of)
    write_bank(plan, Path(folder))
    return {person["name"]: person for person in Extracts(plan, Path(folder)).people}


@settings(max_examples=20, deadline=None)
@given(**BANKS)
def test_ines_runs_dry_before_pay_day_and_a_later_date_or_her_savings_help(as_of, seed):
    with TemporaryDirectory() as folder:
        ines = told(as_of, seed, folder)["Ines Marchetti-Okafor"]

    (overdraft,) = ines["overdrafts_to_come"]
    assert overdraft["balance_today"] == "164.00"
    assert overdraft["savings"] == "1318.15"
    assert overdraft["savings_cover"]
    assert Decimal(-400) < Decimal(overdraft["lowest"]) < Decimal(-100)
    assert date.fromisoformat(overdraft["first_below"]) <= date.fromordinal(as_of.toordinal() + 10)
    assert [change["payment"] for change in overdraft["later_date_helps"]] == ["L-20480962"]
    assert ines["branch_code"] == "GAL1"
    assert ines["consents"]["payment_insight"]
    assert ines["was_below_zero_before"]


@settings(max_examples=12, deadline=None)
@given(**BANKS)
def test_each_named_customer_lives_their_story(as_of, seed):
    with TemporaryDirectory() as folder:
        people = told(as_of, seed, folder)
    by_story = {role.story: people.get(f"{role.first} {role.last}") or people["Quill & Kettle Café Ltd"] for role in CAST}

    late = by_story["in arrears: no credit"]
    assert late["days_past_due"] > 0
    assert late["overdrafts_to_come"]
    assert by_story["defaulted loan"]["days_past_due"] > 90
    never_asked = by_story["overdraft, consent never asked"]
    assert never_asked["overdrafts_to_come"]
    assert "payment_insight" not in never_asked["consents"]
    withdrawn = by_story["overdraft, consent withdrawn"]
    assert withdrawn["overdrafts_to_come"]
    assert withdrawn["consents"]["payment_insight"] is False
    assert by_story["overdraft: savings would cover it"]["overdrafts_to_come"][0]["savings_cover"]
    assert by_story["overdraft: rent before pay day"]["overdrafts_to_come"][0]["later_date_helps"][0]["purpose"] == "rent"
    assert not by_story["nothing to suggest"]["overdrafts_to_come"]
    assert by_story["minor"]["guardian"] == by_story["guardian"]["customer_no"]
    assert by_story["owner of a business"]["owns"] == by_story["small business"]["customer_no"]
    for story, kind in (
        ("lost her job", "job_loss"),
        ("new job", "new_job"),
        ("moved in", "moved_in"),
        ("first business income", "first_business_income"),
    ):
        assert [event["kind"] for event in by_story[story]["life_events"]] == [kind]


def test_ines_is_the_customer_the_pictures_show(extracts):
    ines = extracts.people[0]
    numbers = [number[-4:] for number in ines["accounts"]]
    entries = [entry for account in ines["accounts"] for entry in extracts.entries_of[account]]
    contacts = [row["summary"] for row in extracts.rows("crm/contacts.csv") if row["client_id"] in ines["records"]["crm"]]

    assert ines["customer_no"] == "20488137"
    assert numbers == ["3305", "7740", "3311"]
    assert {entry["amount"] for entry in entries if entry["method"] == "salary"} == {"2410.00"}
    assert {entry["amount"] for entry in entries if entry["purpose"] == "loan"} == {"-312.00"}
    assert [entry["counterparty"] for entry in entries if entry["amount"] == "-148.00"] == ["Velo Rentals"]
    assert extracts.entries_of[ines["accounts"][1]][-1]["balance_after"] == "5000.00"
    assert any(summary.startswith("Hard of hearing") for summary in contacts)
    tom = extracts.people[1]
    assert (tom["name"], tom["partner"]) == ("Tom Okafor", ines["customer_no"])


@pytest.mark.parametrize("months", [1, 2, 14])
def test_a_history_of_any_length_ends_in_the_same_story(write, months):
    bank = write(customers=20, months=months)

    assert bank.people[0]["overdrafts_to_come"][0]["balance_today"] == "164.00"
