"""What a store's Cedar schema can speak about: types, attributes and actions, read from its text.

Cedar refuses a request that carries one attribute its schema doesn't declare; an AuthZEN caller may send more than a store knows
(certification scenario 2.2.8). No policy can read what the schema doesn't declare, so leaving it out changes no answer.

Grammar: https://docs.cedarpolicy.com/schema/human-readable-schema-grammar.html. Cedar has accepted the text before it is read here.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sentinel import cedar_bounds


class VocabularyUnreadable(ValueError):
    """The schema uses something AuthZEN requests cannot be put into, or is no schema at all."""


@dataclass(frozen=True, slots=True)
class Record:
    """Named attributes. A value that isn't a record (text, number, entity, date …) has nothing inside to fit and stands as None."""

    attributes: Mapping[str, "Shape"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SetOf:
    members: "Shape"


Shape = Record | SetOf | None


@dataclass(frozen=True, slots=True)
class ActionUse:
    """For which types an action is, and what its context may hold."""

    principals: frozenset[str]
    resources: frozenset[str]
    context: Record


def fit(value: Any, shape: Shape) -> Any:
    """The value without the attributes the shape doesn't declare, at any depth. Wrong types stay as they are, for Cedar to refuse."""
    if isinstance(shape, Record) and isinstance(value, Mapping):
        return {name: fit(member, shape.attributes[name]) for name, member in value.items() if name in shape.attributes}
    if isinstance(shape, SetOf) and isinstance(value, list):
        return [fit(member, shape.members) for member in value]
    return value


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`entities` are the attributes by type, `actions` the uses by name."""

    entities: Mapping[str, Record]
    actions: Mapping[str, ActionUse]

    @classmethod
    def read(cls, schema: str) -> "Vocabulary":
        """From Cedar's schema text.

        Raises:
            VocabularyUnreadable: it has a namespace, or is not a schema.
        """
        if (beyond := cedar_bounds.beyond_in_schema(schema)) is not None:
            raise VocabularyUnreadable(str(beyond))
        return _Reader(schema).vocabulary()

    def actions_for(self, principal_type: str, resource_type: str) -> tuple[str, ...]:
        """The names of the actions a principal of one type can ask for on a resource of the other, sorted."""
        return tuple(sorted(name for name in self.actions if self.applies(name, principal_type, resource_type)))

    def applies(self, action: str, principal_type: str, resource_type: str) -> bool:
        use = self.actions.get(action)
        return use is not None and principal_type in use.principals and resource_type in use.resources


_TOKEN = re.compile(
    r"""\s+|//[^\n]*
    |(?P<string>"[^"\\]*+(?:\\.[^"\\]*+)*+")
    |(?P<name>[A-Za-z_]\w*+(?:\s*+::\s*+[A-Za-z_]\w*+)*+)
    |(?P<mark>::|[{}\[\]<>():;,?=@])""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u\{([0-9A-Fa-f_]{1,8})\}|x([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}
_END = ("end", "")
DEEPEST = 100  # types in each other, by name or written out
_SET = "Set"


@dataclass(frozen=True, slots=True)
class _Reference:
    """A type by its name: of a common type declared anywhere in the schema, or of something without attributes."""

    name: str


class _Reader:
    """Goes through the text once, then resolves the names of common types, which may be declared after their use."""

    def __init__(self, schema: str) -> None:
        self._tokens = list(_tokens(schema))
        self._place = 0
        self._common: dict[str, Any] = {}
        self._known: dict[str, Shape] = {}
        self._entities: dict[str, Any] = {}
        self._actions: dict[str, tuple[frozenset[str], frozenset[str], Any]] = {}

    def vocabulary(self) -> Vocabulary:
        declarations = {"entity": self._entity, "action": self._action, "type": self._common_type}
        while self._peek() != _END:
            self._annotations()
            keyword = self._name()
            if keyword == "namespace":
                raise VocabularyUnreadable("a schema with a namespace cannot be asked: its types would need longer names than callers use")
            if keyword not in declarations:
                raise VocabularyUnreadable(f"{keyword!r} stands where a declaration should")
            declarations[keyword]()
        return Vocabulary(
            {name: _record(self._resolved(shape)) for name, shape in self._entities.items()},
            {
                name: ActionUse(principals, resources, _record(self._resolved(context)))
                for name, (principals, resources, context) in self._actions.items()
            },
        )

    def _entity(self) -> None:
        names = self._names()
        shape: Any = Record()
        while not self._accept(";"):
            if self._accept("{", keep=True):
                shape = self._type()
            else:
                self._skip()  # its groups, tags or the list of an enumeration
        self._entities.update(dict.fromkeys(names, shape))

    def _common_type(self) -> None:
        name = self._name()
        self._expect("=")
        self._common[name] = self._type()
        self._expect(";")

    def _action(self) -> None:
        names = self._names()
        use: dict[str, Any] = {}
        while not self._accept(";"):
            if self._peek() == ("name", "appliesTo"):
                self._name()
                use = self._uses()
            else:
                self._skip()  # its groups
        principals, resources = (frozenset(use.get(role, ())) for role in ("principal", "resource"))
        self._actions.update(dict.fromkeys(names, (principals, resources, use.get("context", Record()))))

    def _uses(self) -> dict[str, Any]:
        use: dict[str, Any] = {}
        self._expect("{")
        while not self._accept("}"):
            role = self._name()
            self._expect(":")
            if role == "context":
                use[role] = self._type()
            elif self._accept("["):
                use[role] = self._list_until("]")
            else:
                use[role] = [self._name()]
            self._accept(",")
        return use

    def _type(self) -> Any:
        if not self._accept("{"):
            name = self._name()
            if name != _SET:
                return _Reference(name)
            self._expect("<")
            members = self._type()
            self._expect(">")
            return SetOf(members)
        attributes: dict[str, Any] = {}
        while not self._accept("}"):
            self._annotations()
            name = self._name()
            self._accept("?")
            self._expect(":")
            attributes[name] = self._type()
            self._accept(",")
        return Record(attributes)

    def _resolved(self, shape: Any, depth: int = 0) -> Shape:
        """Each common type once, however often it is named: types in each other double with each level."""
        if depth > DEEPEST:
            raise VocabularyUnreadable(f"its types are nested deeper than {DEEPEST} levels")
        if isinstance(shape, _Reference):
            if shape.name not in self._known:
                self._known[shape.name] = self._resolved(self._common.get(shape.name), depth + 1)
            return self._known[shape.name]
        if isinstance(shape, SetOf):
            return SetOf(self._resolved(shape.members, depth + 1))
        if isinstance(shape, Record):
            return Record({name: self._resolved(member, depth + 1) for name, member in shape.attributes.items()})
        return None

    def _annotations(self) -> None:
        while self._accept("@"):
            self._name()
            if self._accept("("):
                self._name()
                self._expect(")")

    def _names(self) -> list[str]:
        names = [self._name()]
        while self._accept(","):
            names.append(self._name())
        return names

    def _list_until(self, end: str) -> list[str]:
        names = []
        while not self._accept(end):
            names.append(self._name())
            self._accept(",")
        return names

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._place] if self._place < len(self._tokens) else _END

    def _skip(self) -> None:
        if self._peek() == _END:
            raise VocabularyUnreadable("the schema ends inside a declaration")
        self._place += 1

    def _accept(self, mark: str, *, keep: bool = False) -> bool:
        found = self._peek() == ("mark", mark)
        if found and not keep:
            self._place += 1
        return found

    def _expect(self, mark: str) -> None:
        if not self._accept(mark):
            raise VocabularyUnreadable(f"{self._peek()[1]!r} stands where {mark!r} should")

    def _name(self) -> str:
        """A name, written plainly or as text: both name the same."""
        kind, text = self._peek()
        if kind == "mark" or (kind, text) == _END:
            raise VocabularyUnreadable(f"{text!r} stands where a name should")
        self._place += 1
        return text


def _tokens(schema: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(schema):
        token = _TOKEN.match(schema, place)
        if token is None:
            raise VocabularyUnreadable(f"{schema[place : place + 20]!r} is not part of a schema")
        place = token.end()
        if token.lastgroup == "string":
            yield "string", _ESCAPE.sub(_unescaped, token["string"][1:-1])
        elif token.lastgroup == "name":
            yield "name", re.sub(r"\s", "", token["name"])
        elif token.lastgroup == "mark":
            yield "mark", token["mark"]


def _unescaped(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2]
    if not code:
        return _ESCAPED.get(escape[3], escape[3])
    if (number := int(code.replace("_", "") or "0", 16)) > sys.maxunicode:
        raise VocabularyUnreadable(f"{escape[0]} is no character")
    return chr(number)


def _record(shape: Shape) -> Record:
    return shape if isinstance(shape, Record) else Record()
