"""A monthly payment on another day of the month."""

from uuid import UUID

from customers.payments import ScheduledPayment, payments_of
from customers.state import CustomerState
from sentinel.actions import Change, NotPossible
from sentinel.catalogue import ActionType, ParameterKind, RiskTier

from .act import Instruction, Parameters, System, declare

DAYS = range(1, 29)  # the days every month has
KEPT_BY = {"standing_order": System.PAYMENTS, "loan": System.LENDING, "mortgage": System.LENDING}


def check(customer: CustomerState, parameters: Parameters) -> None:
    """The payment is the customer's, runs, leaves on `from_day`, and can leave on `to_day` in every month."""
    payment = _payment(customer.party_id, parameters["arrangement"])
    if parameters["to_day"] not in DAYS:
        raise NotPossible("Choose a day from the 1st to the 28th: every month has those.")
    if not payment.active:
        raise NotPossible("This payment has ended.")
    if payment.day_of_month != parameters["from_day"]:
        raise NotPossible("This payment leaves on another day by now. Look at it again.")
    if parameters["to_day"] == parameters["from_day"]:
        raise NotPossible("Choose another day than the present one.")


def changes(customer: CustomerState, parameters: Parameters) -> tuple[Change, ...]:
    return (Change("Leaves on day of the month", str(parameters["from_day"]), str(parameters["to_day"])),)


def instruction(customer: CustomerState, parameters: Parameters) -> Instruction:
    payment = _payment(customer.party_id, parameters["arrangement"])
    content = {"payment": payment.reference, "from_day": parameters["from_day"], "to_day": parameters["to_day"]}
    return Instruction(KEPT_BY[payment.kind], "move_payment_date", content)


def _payment(party_id: UUID, arrangement: str) -> ScheduledPayment:
    for payment in payments_of(party_id):
        if str(payment.arrangement_id) == arrangement:
            return payment
    raise NotPossible("This is not a payment of the customer.")


MOVE_PAYMENT_DATE = declare(
    ActionType(
        name="payment.move_date",
        title="Move a payment to another day of the month",
        resource_type="Party",
        parameters={"arrangement": ParameterKind.UUID, "from_day": ParameterKind.INTEGER, "to_day": ParameterKind.INTEGER},
        risk=RiskTier.LOW,
    ),
    check=check,
    instruction=instruction,
    changes=changes,
)
