"""What a policy reads: attribute paths, and what each is held against. Walks Cedar's JSON (EST), evaluates nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from .mutable import Path

ORDERS = frozenset({"==", "!=", "<", "<=", ">", ">="})
DECIMAL_ORDERS = {"lessThan": "<", "lessThanOrEqual": "<=", "greaterThan": ">", "greaterThanOrEqual": ">="}
MEMBERSHIPS = frozenset({"contains", "containsAll", "containsAny"})

# Where the answer can turn beside a constant, in steps: "<= 5" tells 5 from 6, "== 5" tells 4, 5 and 6.
EDGES = {"<=": (0, 1), ">": (0, 1), "<": (-1, 0), ">=": (-1, 0), "==": (-1, 0, 1), "!=": (-1, 0, 1)}
TURNED = {"<=": ">=", ">": "<", "<": ">", ">=": "<=", "==": "==", "!=": "!="}

Constant = bool | int | str | Decimal


class Kind(StrEnum):
    """How a path is read."""

    TRUTH = "truth"  # as a yes or no
    VALUE = "value"  # held against something of its own type
    MONEY = "money"  # held against a decimal
    MEMBERS = "members"  # a set, asked for elements
    PRESENCE = "presence"  # whether it is there at all
    OTHERWISE = "otherwise"  # read, but not in a way a value can be taken from


@dataclass(frozen=True, slots=True)
class Reading:
    """One path as one place of a policy reads it; `against` holds the constants, `paths` the other paths it is held against.

    `edges`: the steps beside each of them at which numbers can turn the answer.
    """

    path: Path
    kind: Kind
    against: tuple[Constant, ...] = ()
    paths: tuple[Path, ...] = ()
    edges: tuple[int, ...] = EDGES["=="]


def readings(policy: Mapping[str, Any]) -> tuple[Reading, ...]:
    """Everything a policy's conditions read, in the order of the text."""
    return tuple(reading for condition in policy.get("conditions", ()) for reading in _truth(condition["body"]))


def _truth(node: Mapping[str, Any]) -> Iterator[Reading]:
    """Readings of an expression that is a yes or no."""
    (operator, of), *_ = node.items()
    if (path := _path(node)) is not None:
        yield Reading(path, Kind.TRUTH)
    elif operator in ("&&", "||"):
        yield from _truth(of["left"])
        yield from _truth(of["right"])
    elif operator == "!":
        yield from _truth(of["arg"])
    elif operator == "if-then-else":
        for part in ("if", "then", "else"):
            yield from _truth(of[part])
    elif operator == "has" and (left := _path(of["left"])) is not None:
        yield Reading((*left, of["attr"]), Kind.PRESENCE)
    elif operator in ORDERS:
        yield from _held_against(of["left"], operator, of["right"], Kind.VALUE)
    elif operator in DECIMAL_ORDERS:
        yield from _held_against(of[0], DECIMAL_ORDERS[operator], of[1], Kind.MONEY)
    elif operator in MEMBERSHIPS:
        yield from _membership(of["left"], of["right"])
    elif operator == "isEmpty" and (path := _path(of["arg"])) is not None:
        yield Reading(path, Kind.MEMBERS)
    else:
        yield from _anything(of)


def _held_against(left: Mapping[str, Any], order: str, right: Mapping[str, Any], kind: Kind) -> Iterator[Reading]:
    for one, other, turned in ((left, right, order), (right, left, TURNED[order])):
        path, other_path, constants = _path(one), _path(other), _constants(other)
        if path is None:
            if not _constants(one):
                yield from _anything(one)
        elif "Set" in other:
            yield Reading(path, Kind.MEMBERS, constants)
        elif constants:
            money = any(isinstance(constant, Decimal) for constant in constants)
            yield Reading(path, Kind.MONEY if money else kind, constants, edges=EDGES[turned])
        elif other_path is not None:
            yield Reading(path, kind, paths=(other_path,), edges=EDGES[turned])
        else:
            yield Reading(path, Kind.OTHERWISE)


def _membership(left: Mapping[str, Any], right: Mapping[str, Any]) -> Iterator[Reading]:
    """`left` is the set. One written out says what the other side may be; otherwise the other side says what may be in it."""
    left_path, right_path = _path(left), _path(right)
    if left_path is not None:
        yield Reading(left_path, Kind.MEMBERS, _constants(right), (right_path,) if right_path else ())
    else:
        yield from _anything(left)
    if right_path is not None and right_path[0] in ("principal", "resource", "context") and len(right_path) > 1:
        yield Reading(right_path, Kind.VALUE if "Set" in left else Kind.OTHERWISE, _constants(left))
    elif right_path is None:
        yield from _anything(right)


def _anything(node: Any) -> Iterator[Reading]:
    """The paths inside an expression no value can be taken from."""
    if isinstance(node, Mapping):
        if (path := _path(node)) is not None:
            yield Reading(path, Kind.OTHERWISE)
            return
        if "has" in node and (left := _path(node["has"]["left"])) is not None:
            yield Reading((*left, node["has"]["attr"]), Kind.PRESENCE)
            return
        for part in node.values():
            yield from _anything(part)
    elif isinstance(node, list):
        for part in node:
            yield from _anything(part)


def _path(node: Mapping[str, Any]) -> Path | None:
    """`resource.age_years` as ("resource", "age_years"); None for anything that is not a variable or its attribute."""
    if "Var" in node:
        return (node["Var"],)
    if "." in node and (left := _path(node["."]["left"])) is not None:
        return (*left, node["."]["attr"])
    return None


def _constants(node: Mapping[str, Any]) -> tuple[Constant, ...]:
    """The constants an expression is made of: one, or a set's; none if anything else is in it."""
    if "Value" in node:
        return (node["Value"],) if isinstance(node["Value"], bool | int | str) else ()
    if "neg" in node and (arg := _constants(node["neg"]["arg"])) and isinstance(arg[0], int):
        return (-arg[0],)
    if "decimal" in node and "Value" in node["decimal"][0]:
        return (Decimal(node["decimal"][0]["Value"]),)
    if "Set" in node:
        return tuple(constant for element in node["Set"] for constant in _constants(element))
    return ()
