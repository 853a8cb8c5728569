"""A message to a customer, from a template the CRM keeps."""

from customers.state import CustomerState

from .act import Instruction, Parameters, System


def check(customer: CustomerState, parameters: Parameters) -> None:
    """Whom, why, how and when a customer is contacted is the policies' matter."""


def instruction(customer: CustomerState, parameters: Parameters) -> Instruction:
    return Instruction(System.CRM, "message", {"customer": customer.number, **parameters})
