"""A fee given back, or not charged."""

from decimal import Decimal

from customers.state import AccountView, CustomerState
from sentinel.actions import NotPossible
from sentinel.catalogue import ActionType, ParameterKind, RiskTier

from .act import Instruction, Parameters, System, declare


def check(customer: CustomerState, parameters: Parameters) -> None:
    """The account is the customer's, in this currency, and there is something to waive."""
    account = _account(customer, parameters["arrangement"])
    if account.currency != parameters["currency"]:
        raise NotPossible(f"{account.product_name} {account.masked_number} is in {account.currency}, not in {parameters['currency']}.")
    if Decimal(parameters["amount"]) <= 0:
        raise NotPossible("The amount must be more than zero.")


def instruction(customer: CustomerState, parameters: Parameters) -> Instruction:
    account = _account(customer, parameters["arrangement"])
    content = {"account": account.number, **{name: parameters[name] for name in ("amount", "currency", "reason")}}
    return Instruction(System.CORE, "fee_waiver", content)


def _account(customer: CustomerState, arrangement: str) -> AccountView:
    for account in customer.accounts:
        if str(account.id) == arrangement:
            return account
    raise NotPossible("This is not an account of the customer.")


WAIVE_FEE = declare(
    ActionType(
        name="fee.waive",
        title="Waive a fee",
        resource_type="Party",
        parameters={
            "arrangement": ParameterKind.UUID,
            "amount": ParameterKind.MONEY,
            "currency": ParameterKind.CURRENCY,
            "reason": ParameterKind.CODE,
        },
        risk=RiskTier.LOW,
    ),
    check=check,
    instruction=instruction,
)
