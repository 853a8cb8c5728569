"""The extracts are what source systems would send: complete, consistent, the same every time."""

import itertools
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256

import pytest

from demobank.extracts import HEADERS
from demobank.plan import Plan, TooSmall

FILES = list(HEADERS)


def fingerprint(extracts) -> dict[str, str]:
    return {str(file.relative_to(extracts.folder)): sha256(file.read_bytes()).hexdigest() for file in extracts.folder.rglob("*.*")}


def test_the_same_plan_gives_the_same_bytes(write):
    assert fingerprint(write(customers=560)) == fingerprint(write(customers=560))


def test_another_seed_gives_another_bank(write):
    one, two = fingerprint(write()), fingerprint(write(seed=8))

    assert [name for name in one if one[name] == two[name]] == ["core/branches.csv"]


def test_a_customer_is_the_same_in_a_bank_of_any_size(write):
    small, large = write(customers=520), write(customers=1020)

    assert small.people == large.people[:520]
    for name in ("core/customers.csv", "crm/clients.csv", "crm/details.csv", "crm/consents.csv", "digital/signals.csv"):
        assert large.rows(name)[: len(small.rows(name))] == small.rows(name), name


def test_a_bank_holds_at_least_the_customers_the_documentation_names():
    with pytest.raises(TooSmall):
        Plan(customers=19, seed=7, months=8, as_of=date(2026, 11, 23))


@pytest.mark.parametrize("name", FILES)
def test_every_file_has_its_header_and_rows_of_its_width(extracts, name):
    rows = extracts.rows(name)

    assert rows
    assert len(rows) == extracts.facts["rows"][name]
    assert tuple(rows[0]) == HEADERS[name]
    assert all(None not in row and None not in row.values() for row in rows)


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("core/branches.csv", "branch_code"),
        ("core/customers.csv", "customer_no"),
        ("core/customers.csv", "national_id"),
        ("core/accounts.csv", "account_no"),
        ("core/transactions.csv", "entry_id"),
        ("crm/clients.csv", "client_id"),
        ("crm/consents.csv", "consent_id"),
        ("crm/contacts.csv", "contact_id"),
        ("lending/loans.csv", "loan_no"),
        ("cards/cards.csv", "card_ref"),
        ("payments/standing_orders.csv", "order_id"),
        ("digital/signals.csv", "event_id"),
    ],
)
def test_every_key_names_one_record(extracts, name, column):
    keys = extracts.column(name, column)

    assert len(set(keys)) == len(keys)


def test_every_sign_in_address_names_one_client(extracts):
    addresses = [address for address in extracts.column("crm/clients.csv", "email") if address]

    assert len(set(addresses)) == len(addresses)


@pytest.mark.parametrize(
    ("name", "column", "target", "key"),
    [
        ("core/customers.csv", "branch_code", "core/branches.csv", "branch_code"),
        ("core/accounts.csv", "branch_code", "core/branches.csv", "branch_code"),
        ("core/account_holders.csv", "account_no", "core/accounts.csv", "account_no"),
        ("core/account_holders.csv", "customer_no", "core/customers.csv", "customer_no"),
        ("core/transactions.csv", "account_no", "core/accounts.csv", "account_no"),
        ("crm/clients.csv", "branch_code", "core/branches.csv", "branch_code"),
        ("crm/details.csv", "client_id", "crm/clients.csv", "client_id"),
        ("crm/relationships.csv", "client_id", "crm/clients.csv", "client_id"),
        ("crm/relationships.csv", "related_client_id", "crm/clients.csv", "client_id"),
        ("crm/consents.csv", "client_id", "crm/clients.csv", "client_id"),
        ("crm/contacts.csv", "client_id", "crm/clients.csv", "client_id"),
        ("lending/loans.csv", "national_id", "core/customers.csv", "national_id"),
        ("lending/loans.csv", "account_no", "core/accounts.csv", "account_no"),
        ("cards/cards.csv", "account_no", "core/accounts.csv", "account_no"),
        ("cards/cards.csv", "customer_no", "core/customers.csv", "customer_no"),
        ("payments/standing_orders.csv", "account_no", "core/accounts.csv", "account_no"),
        ("digital/signals.csv", "login_email", "crm/clients.csv", "email"),
    ],
)
def test_every_reference_finds_its_record(extracts, name, column, target, key):
    assert set(extracts.column(name, column)) <= set(extracts.column(target, key))


def test_clients_of_the_crm_name_customers_or_nobody(extracts):
    assert set(extracts.column("crm/clients.csv", "customer_no")) - {""} <= set(extracts.column("core/customers.csv", "customer_no"))


@pytest.mark.parametrize(
    ("name", "column", "words"),
    [
        ("core/customers.csv", "kind", {"P", "O"}),
        ("core/accounts.csv", "type", {"current", "savings"}),
        ("core/accounts.csv", "status", {"active", "closed"}),
        ("core/accounts.csv", "currency", {"EUR"}),
        ("core/account_holders.csv", "role", {"owner", "joint", "authorised", "guardian"}),
        (
            "core/transactions.csv",
            "method",
            {"salary", "transfer", "card", "cash", "standing_order", "direct_debit", "instalment", "fee", "interest"},
        ),
        ("core/transactions.csv", "currency", {"EUR"}),
        (
            "crm/details.csv",
            "detail",
            {
                "address",
                "deceased",
                "employer",
                "former_name",
                "legal_form",
                "nationality",
                "occupation",
                "phone_work",
                "tax_residence",
            },
        ),
        ("crm/relationships.csv", "relation", {"guardian_of", "owner_of", "attorney_of"}),
        ("crm/consents.csv", "purpose", {"payment_insight", "marketing"}),
        ("crm/consents.csv", "given", {"yes", "no"}),
        ("crm/consents.csv", "channel", {"app", "web", "phone", "branch", "email", "letter"}),
        ("crm/contacts.csv", "channel", {"app", "web", "phone", "branch", "email", "letter"}),
        ("lending/loans.csv", "status", {"active", "arrears", "defaulted", "closed"}),
        ("lending/loans.csv", "product_code", {"LON-PER", "LON-CAR", "LON-MTG"}),
        ("cards/cards.csv", "type", {"debit", "youth debit", "business debit"}),
        ("cards/cards.csv", "status", {"active", "closed"}),
    ],
)
def test_every_word_of_a_list_occurs_and_no_other(extracts, name, column, words):
    assert set(extracts.column(name, column)) == words


def test_signals_tell_of_abandoned_applications_and_travel(extracts):
    assert {"loan_application_abandoned", "travel_notice"} <= set(extracts.column("digital/signals.csv", "kind"))


def test_balances_run_on_from_entry_to_entry(extracts):
    for entries in extracts.entries_of.values():
        for before, entry in itertools.pairwise(entries):
            assert Decimal(entry["balance_after"]) == Decimal(before["balance_after"]) + Decimal(entry["amount"])
            assert int(before["entry_id"]) < int(entry["entry_id"])
            assert before["booked_on"] <= entry["booked_on"]


def test_history_begins_on_the_first_day_and_ends_yesterday(extracts):
    days = extracts.column("core/transactions.csv", "booked_on")

    assert max(days) == (extracts.plan.as_of - timedelta(days=1)).isoformat()
    assert min(days) == extracts.plan.first_day.isoformat()


def test_nothing_said_or_done_lies_in_the_future(extracts):
    today = extracts.plan.as_of.isoformat()

    for name, column in (
        ("crm/consents.csv", "said_at"),
        ("crm/contacts.csv", "at"),
        ("digital/signals.csv", "at"),
        ("crm/clients.csv", "created_at"),
        ("core/customers.csv", "customer_since"),
        ("core/accounts.csv", "opened_on"),
        ("cards/cards.csv", "issued_on"),
        ("lending/loans.csv", "opened_on"),
    ):
        assert max(extracts.column(name, column)) < today, name


def test_every_account_has_entries(extracts):
    assert set(extracts.column("core/accounts.csv", "account_no")) == set(extracts.entries_of)


def test_only_people_of_age_and_companies_can_be_overdrawn(extracts):
    kinds = {row["account_no"]: row["product_code"] for row in extracts.rows("core/accounts.csv")}

    overdrawn = {
        kinds[number]
        for number, entries in extracts.entries_of.items()
        for last in _last_of_each_day(entries)
        if Decimal(last["balance_after"]) < 0
    }

    assert overdrawn <= {"CUR-STD", "CUR-JNT"}
    assert "CUR-STD" in overdrawn


def _last_of_each_day(entries):
    return {entry["booked_on"]: entry for entry in entries}.values()


def test_a_month_below_zero_costs_one_fee_at_its_end(extracts):
    checked = 0
    for entries in extracts.entries_of.values():
        below, fees = set(), defaultdict(int)
        for last in _last_of_each_day(entries):
            is_fee_alone = last["purpose"] == "overdraft fee" and Decimal(last["balance_after"]) - Decimal(last["amount"]) >= 0
            if Decimal(last["balance_after"]) < 0 and not is_fee_alone:
                below.add(last["booked_on"][:7])
        for entry in entries:
            if entry["purpose"] == "overdraft fee":
                assert entry["method"] == "fee"
                assert entry["amount"] == "-9.00"
                assert (date.fromisoformat(entry["booked_on"]) + timedelta(days=1)).day == 1
                fees[entry["booked_on"][:7]] += 1
        assert set(fees.values()) <= {1}
        finished = extracts.plan.as_of.isoformat()[:7]
        carried = set(fees) - below  # already below when the month began and without an entry while it was
        assert below - {finished} <= set(fees)
        assert all(_began_below(entries, month) for month in carried)
        checked += len(fees)
    assert checked > 300


def _began_below(entries, month: str) -> bool:
    first = next(entry for entry in entries if entry["booked_on"] >= f"{month}-01")
    return Decimal(first["balance_after"]) - Decimal(first["amount"]) < 0


def test_account_numbers_are_valid_ibans(extracts):
    for number in extracts.column("core/accounts.csv", "account_no"):
        assert len(number) == 22
        assert int("".join(str(int(sign, 36)) for sign in number[4:] + number[:4])) % 97 == 1


def test_card_payments_name_a_shop_and_its_category(extracts):
    for entry in extracts.rows("core/transactions.csv"):
        assert (entry["method"] == "card") == (len(entry["mcc"]) == 4 and entry["mcc"].isdigit())
        assert entry["counterparty"]


def test_both_sides_of_a_transfer_between_accounts_are_booked(extracts):
    known = set(extracts.entries_of)
    inside = [entry for entry in extracts.rows("core/transactions.csv") if entry["counterparty_account"] in known]

    def side(entry, account, other, sign):
        return entry[account], entry[other], entry["booked_on"], sign * Decimal(entry["amount"])

    assert len(inside) > 10_000
    assert sorted(side(entry, "account_no", "counterparty_account", 1) for entry in inside) == sorted(
        side(entry, "counterparty_account", "account_no", -1) for entry in inside
    )


def test_minors_have_guardians_and_companies_owners(extracts):
    roles = defaultdict(set)
    for row in extracts.rows("core/account_holders.csv"):
        roles[row["account_no"]].add(row["role"])
    for account in extracts.rows("core/accounts.csv"):
        assert "owner" in roles[account["account_no"]]
        if account["product_code"] in {"CUR-YTH", "SAV-YTH"}:
            assert roles[account["account_no"]] == {"owner", "guardian"}
        if account["product_code"] == "CUR-BUS":
            assert roles[account["account_no"]] == {"owner", "authorised"}
        if account["product_code"] == "CUR-JNT":
            assert roles[account["account_no"]] == {"owner", "joint"}


def test_an_instalment_in_arrears_was_due_as_long_ago_as_it_is_late(extracts):
    late = [loan for loan in extracts.rows("lending/loans.csv") if loan["status"] == "arrears"]

    assert late
    for loan in late:
        missed = extracts.plan.as_of - timedelta(days=int(loan["days_past_due"]))
        assert missed.day == int(loan["instalment_day"])
        paid = [entry["booked_on"] for entry in extracts.entries_of[loan["account_no"]] if entry["purpose"] == "loan"]
        assert all(day < missed.isoformat() for day in paid)
