"""Money from one account of a customer to another of the same customer."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import connection

from bankos.platform import clock
from bankos.platform.money import Money
from customers.state import AccountView, CustomerState
from sentinel.actions import Change, NotPossible
from sentinel.catalogue import ActionType, ParameterKind, RiskTier

from ..models import Effect
from .act import Instruction, Parameters, System, declare

KINDS = frozenset({"current", "savings"})
HOLDERS = frozenset({"owner", "joint"})


def check(customer: CustomerState, parameters: Parameters) -> None:
    """Both accounts are the customer's, and the money is there.

    Of two transfers from one account the second waits here until the first is committed, and sees it.
    """
    source, target = _account(customer, parameters["from_arrangement"]), _account(customer, parameters["to_arrangement"])
    money = _money(parameters)
    if source.id == target.id:
        raise NotPossible("Choose two different accounts.")
    if money.amount <= 0:
        raise NotPossible("The amount must be more than zero.")
    for account in (source, target):
        _usable(account, money.currency)
    _lock(source.id)
    if source.available is None:
        raise NotPossible(f"The balance of {_name(source)} is not known.")
    available = source.available - _on_its_way(source, customer)
    if available < money:
        raise NotPossible(f"Only {available.currency} {max(available.amount, Decimal(0)):,.2f} is available on {_name(source)}.")


def changes(customer: CustomerState, parameters: Parameters) -> tuple[Change, ...]:
    """What is available on both accounts, before and after."""
    money = _money(parameters)
    source, target = _account(customer, parameters["from_arrangement"]), _account(customer, parameters["to_arrangement"])
    moved = ((source, -money), (target, money))
    return tuple(
        Change(f"Available on {_name(account)}", account.available, account.available + step)
        for account, step in moved
        if account.available is not None and account.currency == money.currency
    )


def instruction(customer: CustomerState, parameters: Parameters) -> Instruction:
    content = {
        "from_account": _account(customer, parameters["from_arrangement"]).number,
        "to_account": _account(customer, parameters["to_arrangement"]).number,
        "amount": parameters["amount"],
        "currency": parameters["currency"],
    }
    return Instruction(System.CORE, "transfer", content)


def _account(customer: CustomerState, arrangement: str) -> AccountView:
    for account in customer.accounts:
        if str(account.id) == arrangement and account.kind in KINDS:
            return account
    raise NotPossible("This is not an account of the customer.")


def _usable(account: AccountView, currency: str) -> None:
    if account.role not in HOLDERS:
        raise NotPossible(f"The customer may use {_name(account)} but does not hold it.")
    if account.status != "active":
        raise NotPossible(f"{_name(account)} is not active.")
    if account.currency != currency:
        raise NotPossible(f"{_name(account)} is in {account.currency}, not in {currency}.")


def _money(parameters: Parameters) -> Money:
    return Money(Decimal(parameters["amount"]), parameters["currency"])


def _lock(account_id: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"journeys.transfer:{account_id}"])


def _on_its_way(account: AccountView, customer: CustomerState) -> Money:
    """What has left this account through bankos and may not be part of the known balance yet."""
    sent = Effect.objects.filter(
        action=MOVE_MONEY.name,
        # The parameters are canonical text, so this spelling is the only one.
        parameters__contains=f'"from_arrangement":"{account.id}"',
    )
    until = _whole_days_until(account, customer)
    if until is not None:
        sent = sent.filter(executed_at__gt=until)
    amounts = [Decimal(json.loads(text)["amount"]) for text in sent.values_list("parameters", flat=True)]
    return Money(sum(amounts, Decimal(0)), account.currency)


def _whole_days_until(account: AccountView, customer: CustomerState) -> datetime | None:
    """The moment up to which the ledger's data is surely whole: the end of the day before its newest. None if it tells no day.

    Ledgers state days, not hours: whether today's extract holds what was sent an hour ago cannot be known.
    """
    newest = next((source.last_data_at for source in customer.freshness if source.system == account.provenance.system), None)
    return None if newest is None else clock.end_of_day(clock.bank_date(newest) - timedelta(days=1))


def _name(account: AccountView) -> str:
    return f"{account.product_name} {account.masked_number}"


MOVE_MONEY = declare(
    ActionType(
        name="transfer.between_own_accounts",
        title="Transfer between own accounts",
        resource_type="Party",
        parameters={
            "from_arrangement": ParameterKind.UUID,
            "to_arrangement": ParameterKind.UUID,
            "amount": ParameterKind.MONEY,
            "currency": ParameterKind.CURRENCY,
        },
        risk=RiskTier.MEDIUM,
    ),
    check=check,
    instruction=instruction,
    changes=changes,
)
