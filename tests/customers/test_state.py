"""The customer as one value: every field with its source, figures that agree, nothing claimed that is not known."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest

from bankos.platform import actors, clock
from bankos.platform.actors import Actor
from bankos.platform.money import Money
from customers import state
from customers.ingestion.feeds import meridian
from customers.models import PartyRelationship
from customers.picture import RELATIONS
from customers.state import AccountView, CustomerState
from tests.bank import Bank, Branch, Customer

MOST_QUERIES = 10


@pytest.fixture
def ines(bank: Bank, galway: Branch) -> Customer:
    return bank.customer("Ines Marchetti-Okafor", branch=galway, phone="+353 88 900 4417", email="ines@mail.example")


def seen(customer: Customer, actor: Actor, *, in_days: int = 0) -> CustomerState:
    party = customer.id  # lets in what is still to be delivered, before the clock is read
    return state.state_of(party, actor=actor, at=clock.now() + timedelta(days=in_days))


def account_of(customer: Customer, actor: Actor, kind: str = "current") -> AccountView:
    [account] = [account for account in seen(customer, actor).accounts if account.kind == kind]
    return account


def eur(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def fill(bank: Bank, customer: Customer, *, size: int) -> None:
    """`size` of everything a customer can have."""
    for number in range(size):
        account = bank.current_account(customer)
        bank.savings(customer)
        bank.card(customer, f"{number:04d}")
        bank.loan(customer)
        bank.hold(account, bank.customer())
        bank.guardian(customer, of=bank.customer(born=date(2015, 1, 1)))
        bank.says(customer, "marketing", bool(number % 2), at=clock.now() - timedelta(days=number + 1))
        bank.transactions(account, [(clock.today() - timedelta(days=day), -1, "Shop") for day in range(20)])


def test_the_state_takes_as_many_queries_for_a_large_customer_as_for_a_small_one(
    bank: Bank, ines: Customer, adviser: Actor, queries_of: Callable[[Callable[[], object]], int]
) -> None:
    small = bank.customer("Tom Okafor")
    fill(bank, small, size=1)
    fill(bank, ines, size=8)
    counts = {customer.name: queries_of(lambda: seen(customer, adviser)) for customer in (small, ines) if customer.id}  # noqa: B023
    assert counts["Tom Okafor"] == counts[ines.name] <= MOST_QUERIES


def test_every_system_tells_the_name_it_knows(bank: Bank, ines: Customer, adviser: Actor) -> None:
    bank.loan(ines)
    bank.card(ines, embossed="INES M OKAFOR")
    names = {field.provenance.system_name: field.value for field in seen(ines, adviser).names}
    assert names == {
        "CRM": "Ines Marchetti-Okafor",
        "Core banking": "MARCHETTI-OKAFOR INES",
        "Lending": "Ines Marchetti-Okafor",
        "Cards": "INES M OKAFOR",
    }


def test_a_field_names_file_and_line_it_stands_in(bank: Bank, ines: Customer) -> None:
    bank.customer("Somebody Before")
    second = bank.customer("Tom Okafor", phone="+353 88 901 4418")
    phone = seen(second, actors.system("tests")).phone
    assert phone is not None
    assert (phone.value, phone.provenance.system, phone.provenance.file, phone.provenance.line) == (
        "+353 88 901 4418",
        "crm",
        "clients.csv",
        4,
    )
    assert clock.now() - phone.provenance.recorded_at < timedelta(minutes=5)


def test_a_balance_names_the_entry_it_stands_in(bank: Bank, ines: Customer, adviser: Actor) -> None:
    """The figure staff read is the ledger's, from its newest entry, not the line that opened the account."""
    account = bank.current_account(ines, "100.00")
    bank.transactions(
        account, [(clock.today() - timedelta(days=3), "-20.00", "Shop"), (clock.today() - timedelta(days=1), "-5.00", "Café")]
    )
    provenance = account_of(ines, adviser).provenance
    assert (provenance.file, provenance.line) == ("transactions.csv", 4)


def test_a_balance_speaks_of_no_moment_after_it_was_told(bank: Bank, ines: Customer, adviser: Actor) -> None:
    """Whoever moves money reckons with everything done since that moment: nothing later may seem to be in it."""
    account = bank.current_account(ines, "100.00")
    bank.transactions(account, [(clock.today(), "-20.00", "Shop")])
    provenance = account_of(ines, adviser).provenance
    assert provenance.as_of is not None
    assert provenance.as_of <= provenance.recorded_at


def test_an_account_shows_balance_reach_and_the_end_of_its_number(bank: Bank, ines: Customer, adviser: Actor) -> None:
    bank.current_account(ines, "-36.00", overdraft=500)
    account = account_of(ines, adviser)
    assert (account.balance, account.available) == (eur("-36.00"), eur("464.00"))
    whole = account_of(ines, actors.system("tests")).number
    assert account.number == account.masked_number == f"•• {whole[-4:]}"
    assert whole[:-4] not in str(account)


def test_an_account_nothing_was_booked_on_has_no_known_balance(bank: Bank, ines: Customer, adviser: Actor) -> None:
    bank.current_account(ines, None)
    account = account_of(ines, adviser)
    assert (account.balance, account.available, list(account.sparkline)) == (None, None, [])


def test_the_sparkline_is_the_balance_of_each_of_ninety_days(bank: Bank, ines: Customer, adviser: Actor) -> None:
    account, today = bank.current_account(ines, "100.00"), clock.today()
    bank.transactions(account, [(today - timedelta(days=10), "-30.00", "Shop"), (today - timedelta(days=4), "50.00", "Friend")])
    line = account_of(ines, adviser).sparkline
    assert len(line) == 90
    assert [line[-12], line[-11], line[-10], line[-6], line[-5], line[-1]] == [
        Decimal(amount) for amount in ("80.00", "50.00", "50.00", "50.00", "100.00", "100.00")
    ]


def test_a_loan_tells_what_leaves_when(bank: Bank, ines: Customer, adviser: Actor) -> None:
    bank.loan(ines, "11240.00", instalment="312.00", day=27)
    loan = account_of(ines, adviser, "loan")
    assert loan.balance == eur("-11240.00")
    assert loan.available is None
    assert (loan.payment, loan.payment_day) == (eur("312.00"), 27)


def test_totals_count_what_is_the_customers_own(bank: Bank, ines: Customer, adviser: Actor) -> None:
    bank.current_account(ines, "164.00")
    bank.savings(ines, "1318.15")
    bank.loan(ines, "11240.00")
    tom = bank.customer("Tom Okafor")
    bank.hold(bank.current_account(tom, "5000.00"), ines, role="joint")
    bank.hold(bank.savings(tom, "70.00"), ines, role="authorised")

    found = seen(ines, adviser)
    assert (found.in_accounts, found.owed) == (eur("6482.15"), eur("11240.00"))
    assert sorted(account.role for account in found.accounts if account.kind in ("current", "savings")) == [
        "authorised",
        "joint",
        "owner",
        "owner",
    ]


def test_a_customer_without_accounts_has_nothing_in_the_banks_currency(ines: Customer, adviser: Actor) -> None:
    found = seen(ines, adviser)
    assert (found.accounts, found.in_accounts, found.owed) == ((), eur("0"), eur("0"))
    assert found.alerts == ()


def test_attention_is_drawn_to_arrears_and_to_accounts_below_zero(bank: Bank, ines: Customer, adviser: Actor) -> None:
    bank.current_account(ines, "-12.40")
    bank.loan(ines, days_past_due=3)
    alerts = " ".join(seen(ines, adviser).alerts)
    assert "3 days" in alerts
    assert "below zero" in alerts


def test_a_source_that_is_late_is_called_stale(bank: Bank, ines: Customer, adviser: Actor) -> None:
    bank.transactions(bank.current_account(ines), [(clock.today(), "-1.00", "Shop")])
    bank.loan(ines)
    fresh, late = seen(ines, adviser), seen(ines, adviser, in_days=3)

    assert {source.system_name: source.stale for source in fresh.freshness if source.system in ("core", "crm", "lending")} == {
        "Core banking": False,
        "CRM": False,
        "Lending": False,
    }
    assert fresh.alerts == ()
    assert all(source.stale for source in late.freshness)
    assert any("Core banking" in alert for alert in late.alerts)


def test_people_are_named_by_how_they_stand_to_the_customer(bank: Bank, ines: Customer, adviser: Actor) -> None:
    tom, kid = bank.customer("Tom Okafor"), bank.customer("Liam Okafor", born=date(2015, 1, 1))
    bank.hold(bank.current_account(ines), tom)
    bank.guardian(ines, of=kid)
    bank.business("Quill Café Ltd", owner=ines)

    assert {person.name: person.relation for person in seen(ines, adviser).people} == {
        "Liam Okafor": "ward",
        "Quill Café Ltd": "business",
        "Tom Okafor": "joint holder",
    }
    assert [(person.name, person.relation) for person in seen(kid, adviser).people] == [("Ines Marchetti-Okafor", "guardian")]


def test_a_purpose_never_asked_about_is_neither_yes_nor_no(bank: Bank, ines: Customer, adviser: Actor) -> None:
    bank.says(ines, "payment_insight", True, at=clock.now() - timedelta(days=9), channel="phone")
    bank.says(ines, "payment_insight", False, at=clock.now() - timedelta(days=2))
    said = {consent.purpose: consent.given for consent in seen(ines, adviser).consents}
    assert said == {"payment_insight": False, "marketing": None}


def test_a_changed_state_has_a_higher_version(bank: Bank, ines: Customer, adviser: Actor) -> None:
    before = seen(ines, adviser).version
    bank.current_account(ines)
    assert seen(ines, adviser).version > before


# ---- what policies read ----


def facts(customer: Customer, **moved: int) -> state.DecisionFacts:
    party = customer.id
    return state.facts_for_decision(party, at=clock.now() + timedelta(**moved))


def test_policies_read_kind_age_branch_arrears_products_and_consents(bank: Bank, galway: Branch) -> None:
    ines = bank.customer(born=date(1986, 6, 13), branch=galway, consents={"payment_insight": True, "marketing": False}, days_past_due=3)
    bank.savings(ines)
    found = facts(ines)
    assert found.attributes == {
        "kind": "person",
        "age_years": _age(date(1986, 6, 13)),
        "branch": galway.code,
        "days_past_due": 3,
        "consents": ["payment_insight"],
        "products": ["current", "loan", "savings"],
        "segment": "personal",
        "needs": [],
        "life_events": [],
    }
    assert set(found.consents) == {"payment_insight"}


def test_the_worst_arrangement_tells_how_late_a_customer_is(bank: Bank, ines: Customer) -> None:
    bank.loan(ines, days_past_due=3)
    bank.loan(ines, days_past_due=61)
    assert facts(ines).attributes["days_past_due"] == 61


def test_a_ward_is_not_late_for_the_guardian_nor_the_other_way_round(bank: Bank, ines: Customer) -> None:
    kid = bank.customer("Liam Okafor", born=date(2015, 1, 1))
    bank.hold(bank.current_account(kid), ines, role="guardian")
    bank.loan(kid, days_past_due=40)
    assert facts(ines).attributes["days_past_due"] == 0


def test_an_unknown_age_is_left_out_and_an_organisation_has_none(bank: Bank, ines: Customer) -> None:
    unknown = bank.customer(born=None)
    assert "age_years" not in facts(unknown).attributes
    business = facts(bank.business(owner=ines)).attributes
    assert (business["kind"], "age_years" in business) == ("organisation", False)


def test_the_eighteenth_birthday_changes_the_age_on_its_day(bank: Bank) -> None:
    today = clock.today()
    grown_up_tomorrow = bank.customer(born=_years_before(today + timedelta(days=1), 18))
    assert facts(grown_up_tomorrow).attributes["age_years"] == 17
    assert facts(grown_up_tomorrow, days=1).attributes["age_years"] == 18


def test_facts_for_a_decision_take_five_queries(bank: Bank, ines: Customer, queries_of: Callable[[Callable[[], object]], int]) -> None:
    fill(bank, ines, size=3)
    assert ines.id
    assert queries_of(lambda: facts(ines)) == 5


def _years_before(day: date, years: int) -> date:
    return day.replace(year=day.year - years) if (day.month, day.day) != (2, 29) else date(day.year - years, 2, 28)


def _age(born: date) -> int:
    today = clock.today()
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


@pytest.mark.parametrize("kind", PartyRelationship.Kind.values)
def test_every_relationship_is_told_on_both_pages(bank: Bank, ines: Customer, adviser: Actor, kind: str) -> None:
    other = bank.customer("Tom Okafor", branch=ines.branch)
    bank.related(ines, {one: word for word, one in meridian.RELATIONS.items()}[kind], other)
    theirs, mine = seen(other, adviser).people, seen(ines, adviser).people
    assert [(person.party_id, person.relation) for person in mine] == [(other.id, RELATIONS[kind][0])]
    assert [(person.party_id, person.relation) for person in theirs] == [(ines.id, RELATIONS[kind][1])]


@pytest.mark.parametrize("role", ["guarantor", "beneficiary"])
def test_who_stands_surety_or_benefits_holds_nothing(bank: Bank, ines: Customer, adviser: Actor, role: str) -> None:
    other = bank.customer("Tom Okafor", branch=ines.branch)
    bank.hold(bank.current_account(other, "700.00"), ines, role=role)
    found = seen(ines, adviser)
    assert [account.role for account in found.accounts] == [role]
    assert found.in_accounts == eur("0")
    assert facts(ines).attributes["products"] == []
