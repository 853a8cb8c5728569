"""The text in which examples of policies are written, read strictly: what is misspelt is refused with its line, never passed over.

A text is one JSON object::

    {
      "moment": {"at": "2026-11-24T10:00:00.000Z", "hour": 11, "weekday": 2},
      "actors": {"branch_staff": {"type": "Employee", "id": "anna", "roles": ["branch_staff"], "branch": "B1", "line": []}},
      "resources": {"adult": {"type": "Party", "id": "party-1", "age_years": 41, "days_past_due": 0}},
      "parameters": {"product.offer": {"product": "savings"}},
      "examples": [
        {"rule": "no-credit-in-arrears", "says": "One day late, a card", "actor": "branch_staff", "action": "product.offer",
         "resource": {"like": "adult", "days_past_due": 1}, "parameters": {"product": "credit_card"}, "then": "deny", "decides": true}
      ]
    }

`actor`, `resource` and `approval` are a name, or `like` a name with what is different; null stands for "not known". `decides` says
whether `rule` has to be among the rules the answer rests on. An example may also say `hour`, `weekday`, `purposes`, `facts`, `approval`
(the employee who agreed), `autonomy` (systems and agents may suggest unless it says otherwise), `within_limits`, `stopped`, and the
`obligations` a permit has to carry.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn, TypeVar

from bankos.platform.bounded import BeyondBounds, Bounds, check_json

from .cedar import MACHINES, Approval, Entity, Mandate, Outcome, Request, Verdict

LONGEST_TEXT = 500_000  # characters
BOUNDS = Bounds(depth=32, values=200_000, size=LONGEST_TEXT)  # before anything is parsed
LONGEST_NUMBER = 15  # digits: less than Cedar's Long holds
MOST_EXAMPLES = 2_000
MOST_PROBLEMS = 200
"""Of a text; with so many its author begins anew, and nothing more is looked for."""
ACTOR_TYPES = ("Employee", "Customer", "Agent", "System")
WORDS = {Outcome.PERMIT: "permitted", Outcome.NEEDS_APPROVAL: "needs approval", Outcome.DENY: "refused"}

_SECTIONS = ("moment", "actors", "resources", "parameters", "examples")
_REQUIRED = ("rule", "says", "actor", "action", "resource", "then", "decides")
_REQUEST = ("parameters", "facts", "purposes", "hour", "weekday", "autonomy", "within_limits", "approval", "stopped")
_OPTIONAL = (*_REQUEST, "obligations")
# Attributes that name other entities, by id alone.
_REFERENCES = {"party": "Party", "guardians": "Party"}

_Path = tuple[str | int, ...]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a text, and where: the line, counted from 1, and the place in words, such as "example 12"."""

    line: int
    place: str
    what: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.place}: {self.what}"


class ExamplesInvalid(ValueError):
    """A text of examples that can't be read; `problems` says each reason and its place, in the order of the text."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))


@dataclass(frozen=True, slots=True)
class Example:
    """A question with the answer that must come out.

    `number` counts from 1; `says` is the case in words and `actor` the name of who asks, both as the text has them. `obligations` are all
    that a permit has to carry; None leaves them open.
    """

    number: int
    rule: str
    says: str
    actor: str
    request: Request
    then: Outcome
    decides: bool
    obligations: frozenset[str] | None = None

    def holds(self, answer: Verdict) -> bool:
        """Whether this answer is the one asked for."""
        return (
            answer.outcome is self.then
            and (self.rule in answer.rule_ids) is self.decides
            and (self.obligations is None or self.obligations == frozenset(answer.obligations))
        )

    @property
    def expected(self) -> str:
        """The answer asked for, in words for staff."""
        said = f"{WORDS[self.then]}, and {self.rule} {'decides' if self.decides else 'does not decide'}"
        return said if self.obligations is None else f"{said}; obligations: {', '.join(sorted(self.obligations)) or 'none'}"


@lru_cache(maxsize=16)
def parse(text: str) -> tuple[Example, ...]:
    """Read a text of examples; the same text again is read once.

    Raises:
        ExamplesInvalid: not JSON, unknown or missing members, wrong types, or a name nobody introduced.
    """
    return _Reader(text, _json(text)).examples()


class _Wrong(Exception):
    """One problem, at a path into the text."""

    def __init__(self, path: _Path, what: str) -> None:
        self.path = path
        self.what = what
        super().__init__(what)


@dataclass(frozen=True, slots=True)
class _Named:
    """An actor or a resource; its attributes are spelt as in the text."""

    type: str
    id: str
    attributes: Mapping[str, Any]

    def entity(self) -> Entity:
        return Entity(self.type, self.id, {name: _referring(name, value) for name, value in self.attributes.items()})


class _Reader:
    """Reads one text; what is wrong is collected, so that its author sees all of it at once."""

    def __init__(self, text: str, whole: Any) -> None:
        self._places = _Places(text)
        self._whole = whole
        self._problems: list[Problem] = []
        self._moment: Mapping[str, Any] = {}
        self._actors: Mapping[str, _Named] = {}
        self._resources: Mapping[str, _Named] = {}
        self._parameters: Mapping[str, Mapping[str, Any]] = {}

    def examples(self) -> tuple[Example, ...]:
        self._noting(_with_sections, (), self._whole)
        self._stop_if_wrong()
        self._moment = self._noting(_moment, ("moment",), self._whole["moment"]) or {}
        self._actors = self._each(_actor, "actors")
        self._resources = self._each(_named, "resources")
        self._parameters = self._each(_object, "parameters")
        # Whatever is wrong with a name would be said again of each example that uses it.
        self._stop_if_wrong()
        listed = self._whole["examples"]
        read = [self._noting(self._example, ("examples", place), value) for place, value in enumerate(listed)]
        self._stop_if_wrong()
        return tuple(example for example in read if example is not None)

    def _each(self, read: Callable[[_Path, Any], _T], section: str) -> dict[str, _T]:
        found = {name: self._noting(read, (section, name), value) for name, value in self._whole[section].items()}
        return {name: value for name, value in found.items() if value is not None}

    def _noting(self, read: Callable[[_Path, Any], _T], path: _Path, value: Any) -> _T | None:
        try:
            return read(path, value)
        except _Wrong as wrong:
            self._problems.append(Problem(self._places.line(wrong.path), _words(wrong.path), wrong.what))
            if len(self._problems) == MOST_PROBLEMS:
                raise ExamplesInvalid(self._problems) from wrong
            return None

    def _stop_if_wrong(self) -> None:
        if self._problems:
            raise ExamplesInvalid(self._problems)

    def _example(self, path: _Path, value: Any) -> Example:
        said = _members(path, value, required=_REQUIRED, optional=_OPTIONAL)
        then = _typed((*path, "then"), said["then"], str)
        if then not in set(Outcome):
            raise _Wrong((*path, "then"), f"must be {', '.join(Outcome)}, not {then!r}")
        obligations = _texts((*path, "obligations"), said["obligations"]) if "obligations" in said else None
        name = said["actor"]["like"] if isinstance(said["actor"], dict) and "like" in said["actor"] else said["actor"]
        request = self._request(path, said)
        return Example(
            number=int(path[-1]) + 1,
            rule=_typed((*path, "rule"), said["rule"], str),
            says=_typed((*path, "says"), said["says"], str),
            actor=str(name),
            request=request,
            then=Outcome(then),
            decides=_typed((*path, "decides"), said["decides"], bool),
            obligations=None if obligations is None else frozenset(obligations),
        )

    def _request(self, path: _Path, said: Mapping[str, Any]) -> Request:
        actor = self._like((*path, "actor"), said["actor"], self._actors, "actor")
        resource = self._like((*path, "resource"), said["resource"], self._resources, "resource")
        action = _typed((*path, "action"), said["action"], str)
        if action not in self._parameters:
            raise _Wrong((*path, "action"), f"the text gives no parameters of an action {action!r}")
        changed = _object((*path, "parameters"), said.get("parameters", {}))
        if unknown := sorted(changed.keys() - self._parameters[action].keys()):
            raise _Wrong((*path, "parameters"), f"{action} has no parameter {', '.join(unknown)}")
        autonomy = said.get("autonomy", "suggest" if actor.type in MACHINES else None)
        within_limits, stopped = said.get("within_limits"), said.get("stopped")
        moment = {name: said.get(name, self._moment[name]) for name in ("hour", "weekday")}
        return Request(
            principal=actor.entity(),
            action=action,
            resource=resource.entity(),
            parameters={**self._parameters[action], **changed},
            facts=_object((*path, "facts"), said.get("facts", {})),
            purposes=tuple(_texts((*path, "purposes"), said.get("purposes", []))),
            at=self._moment["at"],
            hour=_between((*path, "hour"), moment["hour"], 0, 23),
            weekday=_between((*path, "weekday"), moment["weekday"], 1, 7),
            autonomy=None if autonomy is None else _typed((*path, "autonomy"), autonomy, str),
            within_limits=None if within_limits is None else _typed((*path, "within_limits"), within_limits, bool),
            approval=self._approval((*path, "approval"), said["approval"]) if "approval" in said else None,
            stopped=None if stopped is None else _typed((*path, "stopped"), stopped, str),
        )

    def _approval(self, path: _Path, value: Any) -> Approval:
        person = self._like(path, value, self._actors, "actor")
        if person.type != "Employee":
            raise _Wrong(path, f"only an Employee approves, not {person.type}")
        given = person.attributes
        branch, mandate = given.get("branch"), given.get("mandate")
        return Approval(
            by=person.id,
            roles=frozenset(_texts(path, given.get("roles", []))),
            branch=None if branch is None else _typed(path, branch, str),
            line=frozenset(_texts(path, given.get("line", []))),
            mandate=None if mandate is None else _mandate(path, mandate),
        )

    def _like(self, path: _Path, value: Any, known: Mapping[str, _Named], word: str) -> _Named:
        """One of the named, or one like it with what the text says is different."""
        changed = dict(value) if isinstance(value, dict) else {"like": value}
        name = changed.pop("like", None)
        if not isinstance(name, str):
            raise _Wrong(path, f"must be the name of one {word}, or an object with `like` and what is different")
        if name not in known:
            raise _Wrong(path, f"there is no {word} {name!r}; there are {', '.join(sorted(known))}")
        if "type" in changed:
            raise _Wrong(path, "`type` stays as it is")
        found = known[name]
        id = _typed((*path, "id"), changed.pop("id", found.id), str)
        return _Named(found.type, id, _known({**found.attributes, **changed}))


def _with_sections(path: _Path, value: Any) -> None:
    said = _members(path, value, required=_SECTIONS)
    for section in ("actors", "resources", "parameters"):
        _object((section,), said[section])
    if not isinstance(said["examples"], list) or not 0 < len(said["examples"]) <= MOST_EXAMPLES:
        raise _Wrong(("examples",), f"must be a list of 1 to {MOST_EXAMPLES:,} examples")


def _moment(path: _Path, value: Any) -> Mapping[str, Any]:
    said = _members(path, value, required=("at", "hour", "weekday"))
    at = _typed((*path, "at"), said["at"], str)
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", at, re.ASCII):
        raise _Wrong((*path, "at"), 'must be a moment in UTC, such as "2026-11-24T10:00:00.000Z"')
    _between((*path, "hour"), said["hour"], 0, 23)
    _between((*path, "weekday"), said["weekday"], 1, 7)
    return said


def _named(path: _Path, value: Any) -> _Named:
    said = dict(_object(path, value))
    for name in ("type", "id"):
        if name not in said:
            raise _Wrong(path, f"lacks {name}")
    type, id = (_typed((*path, name), said.pop(name), str) for name in ("type", "id"))
    if "like" in said:
        raise _Wrong((*path, "like"), "is for examples only")
    return _Named(type, id, _known(said))


def _actor(path: _Path, value: Any) -> _Named:
    found = _named(path, value)
    if found.type not in ACTOR_TYPES:
        raise _Wrong((*path, "type"), f"must be {', '.join(ACTOR_TYPES)}, not {found.type!r}")
    return found


def _mandate(path: _Path, value: Any) -> Mandate:
    said = _members(path, value, required=("amount", "currency"))
    return Mandate(*(_typed((*path, name), said[name], str) for name in ("amount", "currency")))


def _known(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value is not None}


def _referring(name: str, value: Any) -> Any:
    if name not in _REFERENCES:
        return value
    if isinstance(value, list):
        return [_referring(name, one) for one in value]
    return {"__entity": {"type": _REFERENCES[name], "id": value}}


def _members(path: _Path, value: Any, *, required: Collection[str], optional: Collection[str] = ()) -> Mapping[str, Any]:
    said = _object(path, value)
    if missing := [name for name in required if name not in said]:
        raise _Wrong(path, f"lacks {', '.join(missing)}")
    if unknown := [name for name in said if name not in required and name not in optional]:
        raise _Wrong((*path, unknown[0]), f"there is no member {', '.join(unknown)} here; there are {', '.join((*required, *optional))}")
    return said


_KINDS: Mapping[type, str] = {str: "a text", bool: "true or false", int: "a whole number"}


def _typed(path: _Path, value: Any, kind: type[_T]) -> _T:
    # To Python, true is a number.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise _Wrong(path, f"must be {_KINDS[kind]}, not {json.dumps(value)[:80]}")
    if isinstance(value, str) and not value.strip():
        raise _Wrong(path, "must not be empty")
    return value


def _between(path: _Path, value: Any, lowest: int, highest: int) -> int:
    number = _typed(path, value, int)
    if not lowest <= number <= highest:
        raise _Wrong(path, f"must be between {lowest} and {highest}, not {number}")
    return number


def _texts(path: _Path, value: Any) -> list[str]:
    if not isinstance(value, list):
        raise _Wrong(path, f"must be a list of texts, not {json.dumps(value)[:80]}")
    return [_typed(path, one, str) for one in value]


def _object(path: _Path, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong(path, f"must be an object, not {json.dumps(value)[:80]}")
    return value


def _json(text: str) -> Any:
    try:
        check_json(text, BOUNDS)
        _LENIENT.decode(text)
        return _STRICT.decode(text)
    except json.JSONDecodeError as error:
        raise ExamplesInvalid([Problem(error.lineno, f"column {error.colno}", f"not JSON: {error.msg}")]) from error
    except BeyondBounds as error:
        raise ExamplesInvalid([Problem(1, "the text", str(error))]) from error
    except _Wrong as wrong:
        path = _around(text, lambda at: _STRICT.raw_decode(text, at))
        raise ExamplesInvalid([Problem(_Places(text).line(path), _words(path), wrong.what)]) from wrong


def _around(text: str, read: Callable[[int], object]) -> _Path:
    """The section or the entry of a section that can't be read: Python's reader does not say where it was."""

    def fails(at: int) -> bool:
        try:
            read(at)
        except _Wrong:
            return True
        return False

    for section, at in _entries(text, _past_space(text, 0)):
        if fails(at):
            return next(((section, entry) for entry, inside in _entries(text, at) if fails(inside)), (section,))
    return ()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose members each stand once: of two, one would be passed over."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _Wrong((), f"{name} stands twice in one object")
        found[name] = value
    return found


def _whole(written: str) -> int:
    if len(written) > LONGEST_NUMBER:
        raise _Wrong((), f"the number {written[:LONGEST_NUMBER]}… has more than {LONGEST_NUMBER} digits")
    return int(written)


def _no_fraction(written: str) -> NoReturn:
    raise _Wrong((), f'{written} is no whole number; amounts are texts, such as "120.00"')


def _words(path: _Path) -> str:
    """Where a path leads, as its author would say it."""
    if path[:1] == ("examples",) and len(path) > 1:
        return ", ".join([f"example {int(path[1]) + 1}", *(str(step) for step in path[2:])])
    return ", ".join(str(step) for step in path) or "the text"


_STRICT = json.JSONDecoder(object_pairs_hook=_once, parse_int=_whole, parse_float=_no_fraction, parse_constant=_no_fraction)
# Finds what is no JSON, and places in what is. Python refuses to read a number of thousands of digits; as text it can wait.
_LENIENT = json.JSONDecoder(parse_int=str)
_SPACE = re.compile(r"[ \t\r\n]*")


class _Places:
    """Where the values of a text stand. The text is known to be JSON; each object and list on the way is gone through once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._inside: dict[int, dict[str | int, int]] = {}

    def line(self, path: _Path) -> int:
        """The line on which the value at `path` begins, or the nearest value around it that is there."""
        at = _past_space(self._text, 0)
        for step in path:
            if at not in self._inside:
                self._inside[at] = dict(_entries(self._text, at))
            if step not in self._inside[at]:
                break
            at = self._inside[at][step]
        return self._text.count("\n", 0, at) + 1


def _entries(text: str, at: int) -> Iterator[tuple[str | int, int]]:
    """Each member or entry of the object or list that begins at `at`, and where its value begins; none of anything else."""
    named = text[at] == "{"
    if not named and text[at] != "[":
        return
    at, place = _past_space(text, at + 1), 0
    while text[at] not in "]}":
        entry: str | int = place
        if named:
            entry, at = _LENIENT.raw_decode(text, at)
            at = _past_space(text, _past_space(text, at) + 1)
        yield entry, at
        _, at = _LENIENT.raw_decode(text, at)
        at = _past_space(text, at)
        at = _past_space(text, at + 1) if text[at] == "," else at
        place += 1


def _past_space(text: str, at: int) -> int:
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]  # matches the empty text too
