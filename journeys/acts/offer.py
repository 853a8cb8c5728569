"""An offer made to a customer: the CRM makes it known, on the channel the customer prefers."""

from decimal import Decimal

from customers.state import CustomerState

from .act import ActionNotPossible, Instruction, Parameters, System

CREDIT = frozenset({"overdraft", "personal_loan", "credit_card"})


def check_credit(customer: CustomerState, parameters: Parameters) -> None:
    if parameters["product"] not in CREDIT:
        raise ActionNotPossible("The bank has no credit product of this name.")
    if Decimal(parameters["amount"]) <= 0:
        raise ActionNotPossible("The amount must be more than zero.")


def check_product(customer: CustomerState, parameters: Parameters) -> None:
    """Whom a product may be offered to is the policies' matter."""


def instruction(customer: CustomerState, parameters: Parameters) -> Instruction:
    return Instruction(System.CRM, "offer", {"customer": customer.number, **parameters})
