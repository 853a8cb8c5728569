"""A message to a customer, from a template the CRM keeps."""

from customers.state import CustomerState
from sentinel.catalogue import ActionType, ParameterKind, RiskTier

from .act import Instruction, Parameters, System, declare


def check(customer: CustomerState, parameters: Parameters) -> None:
    """Whom, why, how and when a customer is contacted is the policies' matter."""


def instruction(customer: CustomerState, parameters: Parameters) -> Instruction:
    return Instruction(System.CRM, "message", {"customer": customer.number, **parameters})


SEND_MESSAGE = declare(
    ActionType(
        name="contact.send",
        title="Send a message",
        resource_type="Party",
        parameters={"channel": ParameterKind.CODE, "purpose": ParameterKind.CODE, "template": ParameterKind.CODE},
        risk=RiskTier.LOW,
    ),
    check=check,
    instruction=instruction,
)
