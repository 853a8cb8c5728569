"""What a caller may say: the requests of the AuthZEN Authorization API 1.0, read strictly.

https://openid.net/specs/authorization-api-1_0.html, sections 5 to 8 and 10.1. Members the standard doesn't name are ignored; those it
names must have the type it gives. JSON is taken as I-JSON (RFC 7493): what two readers could understand differently is refused. The
limits keep one request from costing more than one request should.
"""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bankos.platform.bounded import BeyondBounds, Bounds, check_json
from sentinel.cedar import Entity

from .merging import with_defaults

LARGEST_BODY = 1_000_000  # bytes
MOST_EVALUATIONS = 100
MOST_RESULTS = 1_000  # on one page of a search
DEEPEST = 16  # objects and arrays inside each other, the body itself being the first
LONGEST_NAME = 512  # characters of a type, an id or the name of an action
LONGEST_TOKEN = 4_096
IDENTIFYING = {"subject": ("type", "id"), "action": ("name",), "resource": ("type", "id")}
BOUNDS = Bounds(depth=DEEPEST, values=200_000, size=LARGEST_BODY)  # before anything is parsed
LARGEST_EXACT_INTEGER = 2**53 - 1  # beyond it a double cannot tell neighbours apart


class Malformed(ValueError):
    """A message, or one evaluation of a batch, that is not what the standard asks for.

    `pointer` (RFC 6901) names the place, "" being the whole body; `problem` says what is wrong there. `said` is what could not be read,
    if it is JSON at all: of an evaluation of a batch with the defaults filled in.
    """

    def __init__(self, pointer: str, problem: str, said: Any = None) -> None:
        self.pointer = pointer
        self.problem = problem
        self.said = said
        super().__init__(f"{pointer or 'The request'} {problem}")


class Semantic(StrEnum):
    """How far a batch is evaluated (section 7.1.2.1)."""

    EXECUTE_ALL = "execute_all"
    DENY_ON_FIRST_DENY = "deny_on_first_deny"
    PERMIT_ON_FIRST_PERMIT = "permit_on_first_permit"


@dataclass(frozen=True, slots=True)
class Named:
    """A subject or a resource: who or what is meant, and what the caller says about it."""

    type: str
    id: str
    properties: Mapping[str, Any] = field(default_factory=dict)

    @property
    def entity(self) -> Entity:
        return Entity(self.type, self.id, self.properties)

    def as_json(self) -> dict[str, Any]:
        return {"type": self.type, "id": self.id, "properties": dict(self.properties)}


@dataclass(frozen=True, slots=True)
class Action:
    """`properties` are None when the caller gave none: a policy can tell that from an empty object."""

    name: str
    properties: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name} | ({} if self.properties is None else {"properties": dict(self.properties)})


@dataclass(frozen=True, slots=True)
class Evaluation:
    """May this subject do this to that resource?"""

    subject: Named
    action: Action
    resource: Named
    context: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "subject": self.subject.as_json(),
            "action": self.action.as_json(),
            "resource": self.resource.as_json(),
            "context": dict(self.context),
        }


@dataclass(frozen=True, slots=True)
class Batch:
    """Several evaluations, defaults filled in. One that cannot be read is kept in its place: the others are answered all the same."""

    items: tuple[Evaluation | Malformed, ...]
    semantic: Semantic = Semantic.EXECUTE_ALL


@dataclass(frozen=True, slots=True)
class PageAsked:
    limit: int | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class SubjectSearch:
    """Which subjects of this type may do this? `properties` are said of every one of them."""

    type: str
    properties: Mapping[str, Any]
    action: Action
    resource: Named
    context: Mapping[str, Any]
    page: PageAsked | None = None

    @property
    def given(self) -> tuple[Named, ...]:
        """What the search names in full. About what a store doesn't know, nothing is found."""
        return (self.resource,)

    def asked_of(self, id: str) -> Evaluation:
        """The evaluation a result answers: asked again, it is permitted."""
        return Evaluation(Named(self.type, id, self.properties), self.action, self.resource, self.context)

    def result(self, id: str) -> dict[str, str]:
        return {"type": self.type, "id": id}

    def as_json(self) -> dict[str, Any]:
        """What was searched, whatever the page."""
        subject = {"type": self.type, "properties": dict(self.properties)}
        return {
            "subject": subject,
            "action": self.action.as_json(),
            "resource": self.resource.as_json(),
            "context": dict(self.context),
        }


@dataclass(frozen=True, slots=True)
class ResourceSearch:
    """To which resources of this type may the subject do this? `properties` are said of every one of them."""

    subject: Named
    action: Action
    type: str
    properties: Mapping[str, Any]
    context: Mapping[str, Any]
    page: PageAsked | None = None

    @property
    def given(self) -> tuple[Named, ...]:
        """What the search names in full. About what a store doesn't know, nothing is found."""
        return (self.subject,)

    def asked_of(self, id: str) -> Evaluation:
        """The evaluation a result answers: asked again, it is permitted."""
        return Evaluation(self.subject, self.action, Named(self.type, id, self.properties), self.context)

    def result(self, id: str) -> dict[str, str]:
        return {"type": self.type, "id": id}

    def as_json(self) -> dict[str, Any]:
        """What was searched, whatever the page."""
        resource = {"type": self.type, "properties": dict(self.properties)}
        return {
            "subject": self.subject.as_json(),
            "action": self.action.as_json(),
            "resource": resource,
            "context": dict(self.context),
        }


@dataclass(frozen=True, slots=True)
class ActionSearch:
    """What may the subject do to the resource?"""

    subject: Named
    resource: Named
    context: Mapping[str, Any]
    page: PageAsked | None = None

    @property
    def given(self) -> tuple[Named, ...]:
        """What the search names in full. About what a store doesn't know, nothing is found."""
        return (self.subject, self.resource)

    def asked_of(self, name: str) -> Evaluation:
        """The evaluation a result answers: asked again, it is permitted."""
        return Evaluation(self.subject, Action(name), self.resource, self.context)

    def result(self, name: str) -> dict[str, str]:
        return {"name": name}

    def as_json(self) -> dict[str, Any]:
        """What was searched, whatever the page."""
        return {"subject": self.subject.as_json(), "resource": self.resource.as_json(), "context": dict(self.context)}


Search = SubjectSearch | ResourceSearch | ActionSearch


def read(body: bytes) -> Mapping[str, Any]:
    """The JSON object a request carries.

    Raises:
        Malformed: too large, not UTF-8, not JSON, not an object, nested too deeply, or ambiguous (a member twice, a number no double
            can hold exactly, half a character).
    """
    if len(body) > LARGEST_BODY:
        raise Malformed("", f"is larger than {LARGEST_BODY:,} bytes")
    if not body.strip():
        raise Malformed("", "has no body")
    try:
        text = body.decode("utf-8")
        check_json(text, BOUNDS)
        said = json.loads(text, object_pairs_hook=_each_member_once, parse_constant=_no_constant)
    except Malformed:
        raise
    except BeyondBounds as error:
        raise Malformed("", str(error)) from error
    except ValueError as error:  # also UnicodeDecodeError, and integers of thousands of digits
        raise Malformed("", f"is not JSON: {error}") from error
    _unambiguous(said, "", 1)
    return an_object(said, "")


def further_items(said: Mapping[str, Any]) -> int:
    """How many evaluations a request holds beside its first: 0 unless it is a batch that is small enough to be taken."""
    items = said.get("evaluations")
    return len(items) - 1 if isinstance(items, list) and 0 < len(items) <= MOST_EVALUATIONS else 0


def evaluation(said: Mapping[str, Any]) -> Evaluation:
    """One access evaluation (section 6.1).

    Raises:
        Malformed
    """
    return _evaluation(said, "")


def evaluations(said: Mapping[str, Any]) -> Evaluation | Batch:
    """An access evaluations request (section 7.1). Without items it is a single evaluation, and answered like one.

    Raises:
        Malformed: the whole of it cannot be read; what is wrong with one item only stands in that item's place.
    """
    items = an_array(said.get("evaluations", []), "/evaluations")
    semantic = _semantic(said)
    if not items:
        return _evaluation(said, "")
    if len(items) > MOST_EVALUATIONS:
        raise Malformed("/evaluations", f"has {len(items):,} items; at most {MOST_EVALUATIONS} are taken at once")
    defaults = _defaults(said)
    return Batch(tuple(_item(item, defaults, f"/evaluations/{place}") for place, item in enumerate(items)), semantic)


def subject_search(said: Mapping[str, Any]) -> SubjectSearch:
    """Section 8.4: the subject's id is ignored.

    Raises:
        Malformed
    """
    subject = an_object(_required(said, "subject", ""), "/subject")
    return SubjectSearch(
        a_name(subject, "type", "/subject"),
        _properties(subject, "/subject") or {},
        _action(said, ""),
        _named(said, "resource", ""),
        _context(said, ""),
        _page(said),
    )


def resource_search(said: Mapping[str, Any]) -> ResourceSearch:
    """Section 8.5: the resource's id is ignored.

    Raises:
        Malformed
    """
    subject, action = _named(said, "subject", ""), _action(said, "")
    resource = an_object(_required(said, "resource", ""), "/resource")
    return ResourceSearch(
        subject,
        action,
        a_name(resource, "type", "/resource"),
        _properties(resource, "/resource") or {},
        _context(said, ""),
        _page(said),
    )


def action_search(said: Mapping[str, Any]) -> ActionSearch:
    """Section 8.6: an action is not part of the request, and ignored.

    Raises:
        Malformed
    """
    return ActionSearch(_named(said, "subject", ""), _named(said, "resource", ""), _context(said, ""), _page(said))


def _item(item: Any, defaults: Mapping[str, Any], pointer: str) -> Evaluation | Malformed:
    said = item
    try:
        said = with_defaults(an_object(item, pointer), defaults)
        return _evaluation(said, pointer)
    except Malformed as malformed:
        return Malformed(malformed.pointer, malformed.problem, said)


def _defaults(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """The top-level members every item starts from. They may be incomplete, but not of a wrong type: that would spoil every item."""
    given = {name: an_object(said[name], f"/{name}") for name in ("subject", "action", "resource", "context") if name in said}
    for name, identifying in IDENTIFYING.items():
        entity = given.get(name, {})
        for member in identifying:
            if member in entity:
                a_name(entity, member, f"/{name}")
        _properties(entity, f"/{name}")
    return given


def _semantic(said: Mapping[str, Any]) -> Semantic:
    options = an_object(said.get("options", {}), "/options")
    asked = options.get("evaluations_semantic", Semantic.EXECUTE_ALL)
    if asked not in tuple(Semantic):
        raise Malformed("/options/evaluations_semantic", f"must be one of {', '.join(Semantic)}")
    return Semantic(asked)


def _evaluation(said: Mapping[str, Any], pointer: str) -> Evaluation:
    return Evaluation(_named(said, "subject", pointer), _action(said, pointer), _named(said, "resource", pointer), _context(said, pointer))


def _named(said: Mapping[str, Any], member: str, pointer: str) -> Named:
    pointer, entity = f"{pointer}/{member}", an_object(_required(said, member, pointer), f"{pointer}/{member}")
    return Named(a_name(entity, "type", pointer), a_name(entity, "id", pointer), _properties(entity, pointer) or {})


def _action(said: Mapping[str, Any], pointer: str) -> Action:
    pointer, action = f"{pointer}/action", an_object(_required(said, "action", pointer), f"{pointer}/action")
    return Action(a_name(action, "name", pointer), _properties(action, pointer))


def _context(said: Mapping[str, Any], pointer: str) -> Mapping[str, Any]:
    return an_object(said.get("context", {}), f"{pointer}/context")


def _page(said: Mapping[str, Any]) -> PageAsked | None:
    if "page" not in said:
        return None
    page = an_object(said["page"], "/page")
    limit, token = page.get("limit"), page.get("token")
    if "limit" in page and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 0):
        raise Malformed("/page/limit", "must be a whole number, 0 or more")
    if "token" in page and (not isinstance(token, str) or len(token) > LONGEST_TOKEN):
        raise Malformed("/page/token", f"must be a string of at most {LONGEST_TOKEN:,} characters")
    _properties(page, "/page")
    return PageAsked(limit, token or None)


def _properties(entity: Mapping[str, Any], pointer: str) -> Mapping[str, Any] | None:
    return an_object(entity["properties"], f"{pointer}/properties") if "properties" in entity else None


def a_name(entity: Mapping[str, Any], member: str, pointer: str) -> str:
    """A type, an id or the name of an action: required, a string, neither empty nor too long. Raises Malformed."""
    value = _required(entity, member, pointer)
    if not isinstance(value, str):
        raise Malformed(f"{pointer}/{member}", f"must be a string, not {_kind(value)}")
    if not 0 < len(value) <= LONGEST_NAME:
        raise Malformed(f"{pointer}/{member}", f"must have 1 to {LONGEST_NAME} characters")
    return value


def _required(said: Mapping[str, Any], member: str, pointer: str) -> Any:
    if member not in said:
        raise Malformed(f"{pointer}/{member}", "is missing")
    return said[member]


def an_object(value: Any, pointer: str) -> Mapping[str, Any]:
    """The value, if it is an object. Raises Malformed."""
    if not isinstance(value, Mapping):
        raise Malformed(pointer, f"must be an object, not {_kind(value)}")
    return value


def an_array(value: Any, pointer: str) -> Sequence[Any]:
    """The value, if it is an array. Raises Malformed."""
    if not isinstance(value, list):
        raise Malformed(pointer, f"must be an array, not {_kind(value)}")
    return value


def _kind(value: Any) -> str:
    """A JSON value's type as JSON calls it, with its article."""
    if value is None:
        return "null"
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "an array", dict: "an object"}
    return names[type(value)]


def _each_member_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        twice = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        raise Malformed("", f"names the member {json.dumps(twice)} twice in one object")
    return members


def _no_constant(name: str) -> Any:
    raise Malformed("", f"is not JSON: {name} is not a JSON number")


def _unambiguous(value: Any, pointer: str, depth: int) -> None:
    if isinstance(value, str):
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise Malformed(pointer, "holds half a character (an unpaired surrogate)")
    elif isinstance(value, bool):
        return
    elif isinstance(value, int):
        if abs(value) > LARGEST_EXACT_INTEGER:
            raise Malformed(pointer, "is a number no double can hold exactly; send it as a string")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise Malformed(pointer, "is a number no double can hold")
    elif isinstance(value, dict | list):
        if depth > DEEPEST:
            raise Malformed(pointer, f"is nested deeper than {DEEPEST} levels")
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for name, member in members:
            place = f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}"
            if isinstance(name, str):
                _unambiguous(name, place, depth + 1)
            _unambiguous(member, place, depth + 1)
