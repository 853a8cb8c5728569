"""What is offered against a dip below zero: figures that agree with the forecast, steps that really help."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankos.platform.ids import uuid7
from insights.offers.account import Account, Income, Payment, Savings
from insights.offers.overdraft import CREDIT, MOVE_DATE, TRANSFER, Burden, candidates_for, is_coming
from insights.offers.reasons import reasons_for

AS_OF = date(2026, 11, 22)
LOAN, SAVINGS = uuid7(), uuid7()


def account(
    *,
    start: int = 164,
    daily: int = 15,
    loan: int = 312,
    loan_date: date = date(2026, 11, 27),
    paid_on: date = date(2026, 12, 1),
    savings: int = 0,
    limit: int = 0,
    dips: int = 0,
) -> Account:
    """The account of the story: a loan payment leaves on the 27th, the salary arrives on the 1st."""
    path, balance = [], Decimal(start)
    for step in range(30):
        day = AS_OF + timedelta(days=step + 1)
        balance += (2410 if day == paid_on else 0) - (loan if day == loan_date else 0) - daily
        path.append(balance)
    lowest = min(range(30), key=lambda step: path[step])
    past = []
    for back in range(239, -1, -1):
        day = AS_OF - timedelta(days=back)
        past.append(Decimal(-50) if day.day >= 28 and day.month in range(11 - dips, 11) else Decimal(400))
    return Account(
        arrangement_id=uuid7(),
        party_id=uuid7(),
        currency="EUR",
        overdraft_limit=Decimal(limit),
        as_of=AS_OF,
        past=tuple(past),
        low=tuple(amount - 60 for amount in path),
        median=tuple(path),
        high=tuple(amount + 60 for amount in path),
        lowest_date=AS_OF + timedelta(days=lowest + 1),
        payments=(Payment(LOAN, "loan payment", "Meridian Lending", Decimal(loan), loan_date.day, (loan_date,), is_loan=True),)
        if loan
        else (),
        incomes=(Income("Salary", Decimal(2410), 30, paid_on.day, date(2026, 5, 1), 7, (paid_on,)),),
        savings=(Savings(SAVINGS, Decimal(savings)),) if savings else (),
        overdraft_fees=tuple((date(2026, month, 28), Decimal(9)) for month in range(11 - dips, 11)),
    )


def by_action(found: Account) -> dict:
    return {candidate.action: candidate for candidate in candidates_for(found)}


def test_account_that_stays_above_zero_gets_no_suggestion():
    assert not is_coming(account(start=900))
    assert candidates_for(account(start=900)) == []


def test_the_best_remedy_is_the_one_that_holds_and_asks_least():
    found = candidates_for(account(savings=1318))

    assert [candidate.action for candidate in found] == [MOVE_DATE, TRANSFER, CREDIT]
    assert [candidate.burden for candidate in found] == [Burden.PATIENCE, Burden.SAVINGS, Burden.DEBT]


def test_payment_moves_to_two_days_after_the_salary():
    move = by_action(account())[MOVE_DATE]

    assert move.parameters == {"arrangement": str(LOAN), "from_day": 27, "to_day": 3}
    assert move.title == "Move the loan payment from the 27th to the 3rd"
    assert "leaves on the 27th, 4 days before you are paid" in move.say
    assert move.lowest >= 0


def test_payment_never_moves_to_a_day_that_some_months_lack():
    move = by_action(account(start=250, loan_date=date(2026, 11, 24), paid_on=date(2026, 11, 28)))[MOVE_DATE]

    assert move.parameters["to_day"] == 1


def test_moving_a_date_is_not_offered_when_the_account_would_still_go_below_zero():
    assert MOVE_DATE not in by_action(account(start=60))


def test_payment_that_leaves_after_the_salary_is_not_moved():
    assert MOVE_DATE not in by_action(account(start=60, loan_date=date(2026, 12, 5)))


def test_savings_that_do_not_hold_the_amount_are_left_alone():
    short = account(savings=100)

    assert TRANSFER not in by_action(short)


def test_overdraft_already_agreed_is_not_offered_again():
    assert CREDIT not in by_action(account(limit=500))
    assert by_action(account(limit=100))[CREDIT].title.startswith("A larger overdraft")


@given(
    start=st.integers(-500, 600),
    daily=st.integers(0, 60),
    loan=st.integers(0, 900),
    savings=st.integers(0, 5000),
    limit=st.integers(0, 1000),
)
def test_alert_path_and_amount_agree(start, daily, loan, savings, limit):
    found = account(start=start, daily=daily, loan=loan, savings=savings, limit=limit)

    offered = by_action(found)

    assert is_coming(found) == (min(found.median) < 0)
    if TRANSFER in offered:
        amount = Decimal(offered[TRANSFER].parameters["amount"])
        assert amount % 10 == 0
        assert amount <= savings
        assert 0 <= offered[TRANSFER].lowest < 10  # enough, and not ten more than enough
        assert offered[TRANSFER].lowest == found.lowest + amount
    if MOVE_DATE in offered:
        assert offered[MOVE_DATE].lowest >= 0
        assert offered[MOVE_DATE].path[-1] == found.median[-1]  # what was owed is still paid within the month
    if CREDIT in offered:
        assert Decimal(offered[CREDIT].parameters["amount"]) >= -found.lowest > limit - 100
        assert offered[CREDIT].path == found.median


def test_reasons_are_figures_of_the_account():
    found = account(savings=1318, dips=3)

    reasons = reasons_for(found, candidates_for(found)[0])

    texts = [reason.text for reason in reasons]
    assert f"Expected lowest −€{-found.lowest:.0f} on 30 November" in texts
    assert "Below zero at 3 of the last 6 month-ends" in texts
    assert "Salary of €2,410 arrives on the 1st, every month since May" in texts
    assert "€27 in overdraft fees since August" in texts
    assert [reason.for_ for reason in reasons] == [True] * 4 + [False]


def test_reason_names_the_payment_when_the_past_has_nothing_to_say():
    found = account()

    texts = {reason.text: reason.detail for reason in reasons_for(found, candidates_for(found)[0])}

    assert texts["Loan payment of €312 leaves on 27 November"] == "4 days before the next income"
    assert not any("fees" in text or "Below zero" in text for text in texts)


def test_income_that_comes_every_fortnight_is_no_day_to_move_a_payment_to():
    found = account()
    fortnightly = replace(found, incomes=(replace(found.incomes[0], rhythm=14),))

    assert MOVE_DATE not in by_action(fortnightly)


def test_money_is_taken_from_the_largest_savings_account():
    large = UUID(int=7)
    found = replace(account(), savings=(Savings(SAVINGS, Decimal(900)), Savings(large, Decimal(4000))))

    assert by_action(found)[TRANSFER].parameters["from_arrangement"] == str(large)


@pytest.mark.parametrize("savings", [0, 5000])
def test_every_candidate_says_what_speaks_against_it_and_what_to_say(savings):
    for candidate in candidates_for(account(savings=savings)):
        assert candidate.speaks_against
        assert candidate.say.endswith("Would you like that?")
        assert candidate.unless.endswith(".")
