"""What is possible, apart from what is allowed; the sentences are for staff."""

import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from bankos.platform import clock
from bankos.platform.actors import Actor
from journeys.models import Effect
from sentinel.actions import NotPossible, Ran
from tests.bank import Bank

from . import household
from .household import RENT_DAY, Household

pytestmark = pytest.mark.django_db


def perform(act: dict[str, Any], actor: Actor) -> Ran:
    return household.perform(actor=actor, **act, at=clock.now(), summary="Something for the customer")


def refused(act: dict[str, Any], actor: Actor) -> str:
    with pytest.raises(NotPossible) as error:
        perform(act, actor)
    assert not Effect.objects.exists()
    return str(error.value)


def test_a_transfer_goes_between_accounts_of_the_customer_only(home: Household, neighbours: Household, staff: Actor) -> None:
    assert refused(home.transfer(to_arrangement=neighbours.current.id), staff) == "This is not an account of the customer."
    assert refused(home.transfer(from_arrangement=neighbours.savings.id), staff) == "This is not an account of the customer."
    assert refused(home.transfer(from_arrangement=home.rent.id), staff) == "This is not an account of the customer."


def test_a_transfer_needs_two_accounts(home: Household, staff: Actor) -> None:
    assert refused(home.transfer(to_arrangement=home.savings.id), staff) == "Choose two different accounts."


def test_a_transfer_moves_something(home: Household, staff: Actor) -> None:
    assert refused(home.transfer("0.00"), staff) == "The amount must be more than zero."


def test_a_transfer_is_in_the_currency_of_its_accounts(home: Household, staff: Actor) -> None:
    assert "is in EUR, not in CZK." in refused(home.transfer(currency="CZK"), staff)


def test_a_transfer_moves_what_is_there_and_not_a_cent_more(home: Household, staff: Actor) -> None:
    assert refused(home.transfer("500.01"), staff).startswith("Only EUR 500.00 is available on ")
    assert perform(home.transfer("500.00"), staff).result


def test_what_was_sent_after_the_balance_is_not_there_a_second_time(home: Household, staff: Actor) -> None:
    """The ledger's next extract may come tomorrow; until then bankos knows what it has sent itself."""
    assert perform(home.transfer("300.00"), staff).result
    with pytest.raises(NotPossible, match=r"Only EUR 200\.00 is available"):
        perform(home.transfer("200.01"), staff)
    assert perform(home.transfer("200.00"), staff).result


def test_what_a_later_day_of_the_ledger_holds_is_not_counted_twice(bank: Bank, home: Household, staff: Actor) -> None:
    assert perform(home.transfer("300.00"), staff).result
    tomorrow = clock.today() + timedelta(days=1)
    bank.transactions(home.savings, [(clock.today(), "-300.00", "own account"), (tomorrow, "0.50", "interest")])
    bank.deliver(at=clock.now() + timedelta(days=1))

    with pytest.raises(NotPossible, match=r"Only EUR 200\.50 is available"):
        perform(home.transfer("200.51"), staff)
    assert perform(home.transfer("200.50"), staff).result


@pytest.mark.django_db(transaction=True)
def test_transfers_at_the_same_moment_do_not_spend_the_same_money(home: Household, staff: Actor) -> None:
    start = threading.Barrier(3, timeout=60)
    answers: list[str] = []

    def attempt() -> None:
        try:
            start.wait()
            perform(home.transfer("300.00"), staff)
            answers.append("done")
        except NotPossible:
            answers.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == ["done", "refused", "refused"]
    assert Effect.objects.count() == 1


@pytest.mark.parametrize("day", [0, 29, 31, -3])
def test_a_payment_moves_to_a_day_every_month_has(home: Household, staff: Actor, day: int) -> None:
    assert refused(home.move_rent(to_day=day), staff).startswith("Choose a day from the 1st to the 28th")


def test_a_payment_moves_from_the_day_it_leaves_on(home: Household, staff: Actor) -> None:
    assert refused(home.move_rent(from_day=RENT_DAY + 1), staff).startswith("This payment leaves on another day")
    assert refused(home.move_rent(to_day=RENT_DAY), staff) == "Choose another day than the present one."


def test_a_payment_is_the_customers_own(home: Household, neighbours: Household, staff: Actor) -> None:
    assert refused(home.move_rent(arrangement=neighbours.rent.id), staff) == "This is not a payment of the customer."


def test_an_act_that_is_not_possible_leaves_its_decision_as_evidence(home: Household, staff: Actor) -> None:
    refused(home.transfer("500.01"), staff)
    with connection.cursor() as cursor:
        cursor.execute("SELECT outcome, parameters->>'amount' FROM sentinel_decision WHERE resource_id = %s", [str(home.party_id)])
        assert cursor.fetchall() == [("permit", "500.01")]


def test_an_offer_of_credit_is_one_of_the_banks_products(home: Household, staff: Actor) -> None:
    offer = {
        "action": "credit.offer",
        "party_id": home.party_id,
        "parameters": {"product": "yacht_loan", "amount": str(Decimal("100.00")), "currency": "EUR"},
    }
    assert refused(offer, staff) == "The bank has no credit product of this name."


def fee(home: Household, amount: str = "20.00", **changed: Any) -> dict[str, Any]:
    parameters = {"arrangement": str(home.current.id), "amount": amount, "currency": "EUR", "reason": "goodwill"} | changed
    return {"action": "fee.waive", "party_id": home.transfer()["party_id"], "parameters": parameters}


def test_a_fee_is_waived_on_an_account_of_the_customer(home: Household, neighbours: Household, staff: Actor) -> None:
    assert refused(fee(home, arrangement=str(neighbours.current.id)), staff) == "This is not an account of the customer."
    assert "is in EUR, not in CZK." in refused(fee(home, currency="CZK"), staff)
    assert refused(fee(home, "0.00"), staff) == "The amount must be more than zero."
    assert perform(fee(home), staff).result


def test_a_fee_above_the_mandate_waits_for_a_second_person(home: Household, staff: Actor) -> None:
    assert perform(fee(home, "25.01"), staff).request_id
    assert not Effect.objects.exists()
