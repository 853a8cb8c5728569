"""What an act is made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bankos.platform.money import Money
from customers.state import CustomerState

Parameters = Mapping[str, Any]


class ActionNotPossible(Exception):
    """The act makes no sense as things stand; the message is a sentence for staff."""


class NoSuchAct(LookupError):
    """Nothing outside the bank follows from an action of this name."""


class System(StrEnum):
    """A system of record that takes instructions."""

    CORE = "core"
    PAYMENTS = "payments"
    LENDING = "lending"
    CRM = "crm"


@dataclass(frozen=True, slots=True)
class Instruction:
    """What one system of record is asked to do, by the numbers and words it knows. `content` is plain JSON."""

    system: System
    kind: str
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """What an act changes: `now` and `after` are amounts, or words."""

    label: str
    now: Money | str
    after: Money | str


def nothing_known(customer: CustomerState, parameters: Parameters) -> tuple[Change, ...]:
    """What an act changes that leaves nothing different in the customer's state."""
    return ()


@dataclass(frozen=True, slots=True)
class Act:
    """`check` raises ActionNotPossible; `instruction` says the act in the terms of its system of record; `changes` what it changes for
    the customer, for those who look at it before it is done."""

    check: Callable[[CustomerState, Parameters], None]
    instruction: Callable[[CustomerState, Parameters], Instruction]
    changes: Callable[[CustomerState, Parameters], tuple[Change, ...]] = nothing_known
