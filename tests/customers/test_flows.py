"""Money of many customers at once: the same figures as for one."""

from datetime import timedelta
from decimal import Decimal

import pytest

from bankos.platform import clock
from customers import flows
from tests.bank import Account, Bank, Customer


@pytest.fixture
def ines(bank: Bank) -> Customer:
    return bank.customer("Ines Byrne")


@pytest.fixture
def account(bank: Bank, ines: Customer) -> Account:
    return bank.current_account(ines, "164.00", overdraft=500)


def test_current_accounts_come_with_owner_balance_and_limit(bank: Bank, ines: Customer, account: Account) -> None:
    bank.hold(account, bank.customer("Tom Byrne"))
    bank.savings(ines)
    bank.current_account(bank.customer("Nobody Paid"), None)
    assert account.id
    [row] = flows.current_accounts().to_dict("records")
    assert (row["arrangement_id"], row["party_id"]) == (str(account.id), str(ines.id))
    assert (row["currency"], row["balance"], row["overdraft_limit"]) == ("EUR", 164.0, 500.0)


def test_the_flow_of_a_day_is_the_sum_of_its_bookings(bank: Bank, account: Account) -> None:
    today = clock.today()
    days = [today - timedelta(days=5), today - timedelta(days=2)]
    bank.transactions(account, [(days[0], "-10.00", "Shop"), (days[0], "-2.50", "Café"), (days[1], "40.00", "Friend")])
    assert account.id
    table = flows.daily_flows(since=today - timedelta(days=9), until=today)
    assert [(row.day.date(), row.net) for row in table.itertuples()] == [(days[0], -12.5), (days[1], 40.0)]
    assert set(table.arrangement_id) == {str(account.id)}


def test_flows_keep_to_their_days(bank: Bank, account: Account) -> None:
    today = clock.today()
    bank.transactions(account, [(today - timedelta(days=back), 1, "Friend") for back in range(6)])
    assert account.id
    table = flows.daily_flows(since=today - timedelta(days=4), until=today - timedelta(days=2))
    assert [row.day.date() for row in table.itertuples()] == [today - timedelta(days=back) for back in (4, 3, 2)]


def test_a_bank_without_bookings_has_empty_tables_with_their_columns(bank: Bank) -> None:
    bank.customer()
    bank.deliver()
    today = clock.today()
    assert list(flows.daily_flows(since=today, until=today).columns) == ["arrangement_id", "day", "net"]
    assert list(flows.current_accounts().columns) == [
        "arrangement_id", "party_id", "currency", "balance", "overdraft_limit", "balance_date",
    ]  # fmt: skip


def test_schedules_hold_standing_orders_and_instalments(bank: Bank, ines: Customer, account: Account) -> None:
    rent = bank.standing_order(ines, "700.00", 27)
    loan = bank.loan(ines, instalment="312.00", day=3)
    bank.loan(ines, status="closed")
    expected = {
        (str(rent.id), "standing_order", 700.0, 27),
        (str(loan.id), "loan", 312.0, 3),
    }
    table = flows.schedules()
    assert {(row.schedule_arrangement_id, row.kind, row.amount, int(row.day_of_month)) for row in table.itertuples()} == expected
    assert set(table.account_id) == {str(account.id)}


def test_movements_leave_out_what_people_buy_as_they_like(bank: Bank, ines: Customer, account: Account) -> None:
    today = clock.today()
    bank.salary(ines, "2410.00", min(today.day, 28), months=1)
    bank.transactions(account, [(today, "-9.00", "Café")], method="card")
    assert account.id
    table = flows.movements(since=today - timedelta(days=31), until=today)
    assert [(row.method, row.amount) for row in table.itertuples()] == [("salary", 2410.0)]


def test_savings_come_with_their_owner(bank: Bank, ines: Customer) -> None:
    savings = bank.savings(ines, "1318.15")
    assert savings.id
    [row] = flows.savings_of().to_dict("records")
    assert (row["party_id"], row["arrangement_id"], row["balance"]) == (str(ines.id), str(savings.id), 1318.15)


def test_buckets_part_the_customers_without_rest(bank: Bank) -> None:
    for _ in range(12):
        bank.current_account(bank.customer())
    bank.deliver()
    halves = [flows.current_accounts(range(128)), flows.current_accounts(range(128, 256))]
    everybody = set(flows.current_accounts().arrangement_id)
    assert len(everybody) == 12
    assert set(halves[0].arrangement_id) | set(halves[1].arrangement_id) == everybody
    assert not set(halves[0].arrangement_id) & set(halves[1].arrangement_id)


def test_flows_of_chosen_customers_are_theirs_alone(bank: Bank, ines: Customer, account: Account) -> None:
    bank.current_account(bank.customer("Tom Byrne"))
    assert account.id
    assert flows.current_accounts(parties=[ines.id]).arrangement_id.tolist() == [str(account.id)]
    assert Decimal(str(flows.current_accounts(parties=[]).balance.sum())) == 0
