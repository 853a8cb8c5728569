"""A fee given back, or not charged."""

from decimal import Decimal

from customers.state import AccountView, CustomerState

from .act import ActionNotPossible, Instruction, Parameters, System


def check(customer: CustomerState, parameters: Parameters) -> None:
    """The account is the customer's, in this currency, and there is something to waive."""
    account = _account(customer, parameters["arrangement"])
    if account.currency != parameters["currency"]:
        raise ActionNotPossible(
            f"{account.product_name} {account.masked_number} is in {account.currency}, not in {parameters['currency']}."
        )
    if Decimal(parameters["amount"]) <= 0:
        raise ActionNotPossible("The amount must be more than zero.")


def instruction(customer: CustomerState, parameters: Parameters) -> Instruction:
    account = _account(customer, parameters["arrangement"])
    content = {"account": account.number, **{name: parameters[name] for name in ("amount", "currency", "reason")}}
    return Instruction(System.CORE, "fee_waiver", content)


def _account(customer: CustomerState, arrangement: str) -> AccountView:
    for account in customer.accounts:
        if str(account.id) == arrangement:
            return account
    raise ActionNotPossible("This is not an account of the customer.")
