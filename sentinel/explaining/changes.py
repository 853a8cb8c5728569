"""A fact of a request with another value: how it is read from a request and put into one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from ..cedar import Request
from .mutable import Fact, Path

# Stands for "something none of the rules names".
ANOTHER = "another"
APPROVAL: Path = ("context", "request", "approval")
MANDATE: Path = ("principal", "mandate")


class Bound(StrEnum):
    """What was found out about the values beyond the one named."""

    EXACTLY = "exactly"
    AT_MOST = "at_most"  # it and everything below give the same answer
    AT_LEAST = "at_least"


@dataclass(frozen=True, slots=True)
class Change:
    """One fact, as it is and as it would have to be. None: not known or not there; sets are sorted tuples, amounts as in requests."""

    fact: Fact
    before: Any
    after: Any
    bound: Bound = Bound.EXACTLY

    @property
    def added(self) -> tuple[Any, ...]:
        """What a changed set holds besides."""
        return tuple(element for element in self.after if element not in (self.before or ()))

    @property
    def removed(self) -> tuple[Any, ...]:
        """What a changed set no longer holds."""
        return tuple(element for element in self.before or () if element not in self.after)


def value_at(request: Request, path: Path) -> Any:
    """The value policies read at a path; None if it is not there. A set is a sorted tuple, the approval an `Approval`."""
    if path == APPROVAL:
        return request.approval
    variable, *names = path
    value: Any
    if variable == "context":
        value = request.context
    elif variable in ("principal", "resource"):
        value = request.principal.attributes if variable == "principal" else request.resource.attributes
    else:
        return None
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return tuple(sorted(value, key=str)) if isinstance(value, list | tuple | set | frozenset) else value


def changed(request: Request, changes: Iterable[Change]) -> Request:
    """The request as it would be with all the changes."""
    for change in changes:
        request = _with(request, change.fact.path, change.after)
    return request


def _with(request: Request, path: Path, value: Any) -> Request:
    value = list(value) if isinstance(value, tuple) else value
    match path:
        case ("principal", name):
            return replace(request, principal=replace(request.principal, attributes=_set(request.principal.attributes, name, value)))
        case ("resource", name):
            return replace(request, resource=replace(request.resource, attributes=_set(request.resource.attributes, name, value)))
        case ("context", "parameters", name):
            return replace(request, parameters=_set(request.parameters, name, value))
        case ("context", "facts", name):
            return replace(request, facts=_set(request.facts, name, value))
        case ("context", "request", ("hour" | "weekday" | "autonomy" | "within_limits" | "approval") as name):
            return replace(request, **{name: value})
    raise ValueError(f"{'.'.join(path)} is not a fact of a request")


def _set(values: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    kept = {known: given for known, given in values.items() if known != name}
    return kept if value is None else kept | {name: value}
