"""The actions anybody can ask for, with their parameters. Each is declared beside what carries it out (`sentinel.actions`)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class NotRegistered(LookupError):
    """No floor registered an action of this name."""


class WrongParameters(ValueError):
    """Parameters that don't fit the action type; the message says which one and what it should look like."""


class RiskTier(StrEnum):
    """How much harm a wrong yes can do."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class ParameterKind(StrEnum):
    """What a parameter looks like. Each value has exactly one spelling, so that equal parameters have equal hashes."""

    TEXT = "text"
    UUID = "uuid"
    MONEY = "money"
    CURRENCY = "currency"
    INTEGER = "integer"
    DATE = "date"
    CODE = "code"
    NAME = "name"


# How long a request waits that people think over; what happens at a counter waits a day or less.
ANSWERED_WITHIN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class ActionType:
    """An action by name, as staff know it (`title`), on one type of resource.

    A permit lives for `lifetime`; an approval asked for waits (and may be used) for `approval_lifetime`.
    """

    name: str
    title: str
    resource_type: str
    parameters: Mapping[str, ParameterKind]
    risk: RiskTier
    lifetime: timedelta = timedelta(minutes=15)
    approval_lifetime: timedelta = timedelta(days=1)

    def check(self, parameters: Mapping[str, object]) -> None:
        """Refuse parameters that are missing, unknown or not written in their one spelling.

        Raises:
            WrongParameters
        """
        if missing := sorted(self.parameters.keys() - parameters.keys()):
            raise WrongParameters(f"{self.name} needs {', '.join(missing)}")
        if unknown := sorted(str(name) for name in parameters.keys() - self.parameters.keys()):
            raise WrongParameters(f"{self.name} has no parameter {', '.join(unknown)}")
        for name, kind in self.parameters.items():
            fits, looks_like = _SPELLINGS[kind]
            if not fits(parameters[name]):
                raise WrongParameters(f"{name} must be {looks_like}")


def register(action_type: ActionType) -> ActionType:
    """Add an action type to the catalogue; once per name."""
    known = _registered.setdefault(action_type.name, action_type)
    if known != action_type:
        raise ValueError(f"{action_type.name} is registered twice, differently")
    return action_type


def get(name: str) -> ActionType:
    """Raises NotRegistered."""
    try:
        return _registered[name]
    except (KeyError, TypeError):
        raise NotRegistered(name) from None


def title_of(name: str) -> str:
    """What staff call the action; its name where no floor registered it, as an action of another store."""
    try:
        return get(name).title
    except NotRegistered:
        return name


def all_types() -> tuple[ActionType, ...]:
    """Every action type, by name."""
    return tuple(_registered[name] for name in sorted(_registered))


_registered: dict[str, ActionType] = {}

LONGEST_TEXT = 500
# Cedar's decimal is a 64-bit integer of ten-thousandths.
LARGEST_AMOUNT = "922337203685476.99"
# RFC 8785 writes numbers as IEEE doubles: beyond this two integers share one spelling.
LARGEST_INTEGER = 2**53 - 1


_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MONEY = re.compile(r"(0|[1-9][0-9]*)\.[0-9]{2}")


def _text(value: object) -> bool:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT or "\x00" in value:
        return False
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _uuid(value: object) -> bool:
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def _money(value: object) -> bool:
    if not isinstance(value, str) or not _MONEY.fullmatch(value):
        return False
    # Of two such spellings the longer is the larger; only equal lengths need a look at the digits.
    return (len(value), value) <= (len(LARGEST_AMOUNT), LARGEST_AMOUNT)


def _integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_INTEGER


def _date(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _matches(pattern: str) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value, re.ASCII) is not None


_SPELLINGS: Mapping[ParameterKind, tuple[Callable[[object], bool], str]] = {
    ParameterKind.TEXT: (_text, f"text of at most {LONGEST_TEXT} characters"),
    ParameterKind.UUID: (_uuid, "a UUID in lower case with hyphens"),
    ParameterKind.MONEY: (_money, f'an amount with two decimals and no sign, such as "120.00", at most {LARGEST_AMOUNT}'),
    ParameterKind.CURRENCY: (_matches("[A-Z]{3}"), 'an ISO 4217 currency code, such as "EUR"'),
    ParameterKind.INTEGER: (_integer, f"a whole number between -{LARGEST_INTEGER} and {LARGEST_INTEGER}"),
    ParameterKind.DATE: (_date, "a day as YYYY-MM-DD"),
    ParameterKind.CODE: (_matches("[a-z][a-z0-9_]{0,39}"), "a code of lower-case letters, digits and underscores"),
    # What programs call something: an action, a system, a branch, a moment; empty where there is none.
    ParameterKind.NAME: (_matches("[A-Za-z0-9_.:+-]{0,120}"), "a name of at most 120 letters, digits and . _ : + -"),
}
