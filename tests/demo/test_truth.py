"""The truth beside the extracts says what is so: it agrees with them, and the stories told are common enough."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest

from demobank.people import fold


def test_every_record_belongs_to_exactly_one_person(extracts):
    for system, name, column in (
        ("core", "core/customers.csv", "customer_no"),
        ("crm", "crm/clients.csv", "client_id"),
        ("lending", "lending/loans.csv", "loan_no"),
        ("cards", "cards/cards.csv", "card_ref"),
    ):
        claimed = Counter(record for person in extracts.people for record in person["records"][system])
        assert claimed == Counter(extracts.column(name, column)), system


def test_a_person_has_the_accounts_the_ledger_gives_them(extracts):
    owned = defaultdict(set)
    for row in extracts.rows("core/account_holders.csv"):
        if row["role"] == "owner":
            owned[row["customer_no"]].add(row["account_no"])

    assert {person["customer_no"]: set(person["accounts"]) for person in extracts.people} == owned


def test_families_and_firms_are_what_the_crm_says(extracts):
    client = {person["customer_no"]: person["records"]["crm"][0] for person in extracts.people}
    related = {(row["client_id"], row["related_client_id"], row["relation"]) for row in extracts.rows("crm/relationships.csv")}

    for person in extracts.people:
        own = client[person["customer_no"]]
        if person["guardian"]:
            assert (client[person["guardian"]], own, "guardian_of") in related
        if person["owns"]:
            assert (own, client[person["owns"]], "owner_of") in related


def test_the_last_word_on_a_consent_is_the_truth(extracts):
    said = {}
    for row in sorted(extracts.rows("crm/consents.csv"), key=lambda row: row["said_at"]):
        said[row["client_id"], row["purpose"]] = row["given"] == "yes"
    told = {(person["records"]["crm"][0], purpose): given for person in extracts.people for purpose, given in person["consents"].items()}

    assert said == told


def test_balances_today_are_the_ledgers_last(extracts):
    for person in extracts.people:
        for overdraft in person["overdrafts_to_come"]:
            assert overdraft["balance_today"] == extracts.entries_of[overdraft["account"]][-1]["balance_after"]


def test_an_overdraft_to_come_comes_within_thirty_days(extracts):
    today = extracts.plan.as_of
    for person in extracts.people:
        for overdraft in person["overdrafts_to_come"]:
            assert today <= date.fromisoformat(overdraft["first_below"]) <= date.fromisoformat(overdraft["lowest_on"])
            assert date.fromisoformat(overdraft["lowest_on"]) < today + timedelta(days=30)
            assert Decimal(overdraft["lowest"]) < 0


def test_a_date_that_helps_belongs_to_a_payment_of_that_account(extracts):
    payments = {row["order_id"]: (row["account_no"], row["day_of_month"]) for row in extracts.rows("payments/standing_orders.csv")}
    payments |= {row["loan_no"]: (row["account_no"], row["instalment_day"]) for row in extracts.rows("lending/loans.csv")}

    helped = 0
    for person in extracts.people:
        for overdraft in person["overdrafts_to_come"]:
            for change in overdraft["later_date_helps"]:
                assert payments[change["payment"]] == (overdraft["account"], str(change["from_day"]))
                assert Decimal(change["lowest_then"]) >= 0
                assert change["to_day"] <= 28
                helped += 1
    assert helped


@pytest.mark.parametrize(
    ("story", "least", "most"),
    [
        ("overdraft_to_come", 6.0, 10.0),
        ("overdraft_savings_cover", 2.0, 6.0),
        ("overdraft_later_date_helps", 1.0, 4.0),
        ("overdraft_without_consent", 1.0, 5.0),
        ("overdraft_in_arrears", 0.2, 2.0),
        ("in_arrears", 2.0, 6.0),
        ("below_zero_before", 8.0, 22.0),
        ("minor", 5.0, 10.0),
        ("organisation", 4.0, 6.0),
        ("consent_given", 50.0, 70.0),
        ("consent_no", 8.0, 20.0),
        ("consent_never_asked", 15.0, 35.0),
        ("new_job", 1.5, 5.0),
        ("job_loss", 1.0, 4.0),
        ("moved_in", 1.0, 4.0),
        ("first_business_income", 0.8, 4.0),
        ("second_client_record", 0.5, 2.0),
        ("not_linked_by_number", 1.0, 3.5),
    ],
)
def test_a_story_is_told_by_its_share_of_customers(extracts, story, least, most):
    share = 100 * extracts.facts["stories"][story] / extracts.plan.customers

    assert least <= share <= most


def test_about_three_in_a_hundred_clients_have_no_customer_number(extracts):
    numbers = extracts.column("crm/clients.csv", "customer_no")

    assert 0.02 <= numbers.count("") / len(numbers) <= 0.04


def test_systems_spell_many_people_differently(extracts):
    """Beyond capitals, accents and order, which any system may have of its own."""
    ledger = {row["customer_no"]: row["name"] for row in extracts.rows("core/customers.csv") if row["kind"] == "P"}

    def bare(name: str) -> list[str]:
        return sorted(fold(name).upper().replace("'", "").replace("-", " ").split())

    clients = [row for row in extracts.rows("crm/clients.csv") if row["customer_no"] in ledger]
    differ = [row for row in clients if bare(f"{row['first_name']} {row['last_name']}") != bare(ledger[row["customer_no"]])]

    assert 0.06 <= len(differ) / len(clients) <= 0.25


def incomes(extracts, person):
    for account in person["accounts"]:
        for entry in extracts.entries_of[account]:
            if Decimal(entry["amount"]) > 0:
                yield entry


def people_with(extracts, kind):
    return [(person, event["date"]) for person in extracts.people for event in person["life_events"] if event["kind"] == kind]


def test_who_lost_their_job_has_no_salary_any_more(extracts):
    for person, day in people_with(extracts, "job_loss"):
        later = (date.fromisoformat(day) + timedelta(days=5)).isoformat()
        assert any(entry["method"] == "salary" for entry in incomes(extracts, person))
        assert not any(entry["method"] == "salary" and entry["booked_on"] > later for entry in incomes(extracts, person))


def test_who_has_a_new_job_is_paid_by_somebody_else_since(extracts):
    for person, day in people_with(extracts, "new_job"):
        salaries = [(entry["booked_on"], entry["counterparty"]) for entry in incomes(extracts, person) if entry["method"] == "salary"]
        before, since = ({payer for at, payer in salaries if (at >= day) is later} for later in (False, True))
        assert len(before) == 1
        assert not before & since


def test_who_moved_in_pays_rent_to_a_new_landlord_since(extracts):
    for person, day in people_with(extracts, "moved_in"):
        rents = [stream for stream in person["streams"] if stream["purpose"] == "rent"]
        assert [stream["from"] for stream in rents if stream["until"] is None] == [day]
        assert all(stream["until"] == day for stream in rents if stream["from"] is None)


def test_first_business_income_has_nothing_like_it_before(extracts):
    for person, day in people_with(extracts, "first_business_income"):
        invoices = [entry["booked_on"] for entry in incomes(extracts, person) if entry["purpose"] == "invoice"]
        assert invoices
        assert min(invoices) >= day


def test_every_monthly_stream_is_in_the_ledger(extracts):
    checked = 0
    for person in extracts.people[:300]:
        for stream in person["streams"]:
            if stream["every"] != "month" or stream["from"] or stream["until"]:
                continue
            found = [
                entry
                for entry in extracts.entries_of[stream["account"]]
                if (entry["amount"], entry["counterparty"], entry["method"]) == (stream["amount"], stream["counterparty"], stream["method"])
            ]
            assert len(found) >= extracts.plan.months - 1
            checked += 1
    assert checked > 500


def test_standing_orders_are_the_streams_that_run_today(extracts):
    orders = Counter(
        (row["account_no"], f"-{row['amount']}", row["beneficiary"], row["day_of_month"])
        for row in extracts.rows("payments/standing_orders.csv")
    )
    today = extracts.plan.as_of.isoformat()
    running = Counter(
        (stream["account"], stream["amount"], stream["counterparty"], str(stream["day"]))
        for person in extracts.people
        for stream in person["streams"]
        if stream["method"] == "standing_order" and (stream["until"] is None or stream["until"] > today)
    )

    assert orders == running
