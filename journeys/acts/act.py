"""What an act is made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

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
class Act:
    """`check` raises ActionNotPossible; `instruction` says the act in the terms of its system of record."""

    check: Callable[[CustomerState, Parameters], None]
    instruction: Callable[[CustomerState, Parameters], Instruction]
