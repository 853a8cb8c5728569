"""An offer made to a customer: the CRM makes it known, on the channel the customer prefers."""

from decimal import Decimal

from customers.state import CustomerState
from sentinel.actions import NotPossible
from sentinel.catalogue import ActionType, ParameterKind, RiskTier

from .act import Instruction, Parameters, System, declare

CREDIT = frozenset({"overdraft", "personal_loan", "credit_card"})


def check_credit(customer: CustomerState, parameters: Parameters) -> None:
    if parameters["product"] not in CREDIT:
        raise NotPossible("The bank has no credit product of this name.")
    if Decimal(parameters["amount"]) <= 0:
        raise NotPossible("The amount must be more than zero.")


def check_product(customer: CustomerState, parameters: Parameters) -> None:
    """Whom a product may be offered to is the policies' matter."""


def instruction(customer: CustomerState, parameters: Parameters) -> Instruction:
    return Instruction(System.CRM, "offer", {"customer": customer.number, **parameters})


OFFER_CREDIT = declare(
    ActionType(
        name="credit.offer",
        title="Offer credit",
        resource_type="Party",
        parameters={"product": ParameterKind.CODE, "amount": ParameterKind.MONEY, "currency": ParameterKind.CURRENCY},
        risk=RiskTier.HIGH,
    ),
    check=check_credit,
    instruction=instruction,
)
OFFER_PRODUCT = declare(
    ActionType(
        name="product.offer",
        title="Offer a product",
        resource_type="Party",
        parameters={"product": ParameterKind.CODE},
        risk=RiskTier.MEDIUM,
    ),
    check=check_product,
    instruction=instruction,
)
