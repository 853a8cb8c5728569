"""What is new in a text of policies, in words and in source: rules are paired by their id, wherever they stand."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from . import examples, text_diff
from .cedar import PolicyText
from .examples import Example
from .policy import Texts
from .policy_source import Statement, statements
from .rules import Effect, Rule
from .text_diff import Line, Pair, Piece

EFFECTS = {Effect.PERMIT: "allows", Effect.FORBID: "forbids"}


class Change(StrEnum):
    """What became of a rule."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Said(StrEnum):
    """How a change shows in the rule's own words. `hidden` is worth a look: the words stayed, what the rule does did not."""

    ADDED = "added"
    REMOVED = "removed"
    REWORDED = "reworded"
    HIDDEN = "hidden"
    WORDS_ONLY = "words_only"
    NOTES_ONLY = "notes_only"
    SPELLING = "spelling"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a rule that reads differently, such as its sentence or its owner."""

    name: str
    before: str
    after: str

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return text_diff.words(self.before, self.after)


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A rule that is new, gone or different. `before` is None for a new one, `after` for one that is gone."""

    id: str
    change: Change
    said: Said
    before: Rule | None
    after: Rule | None
    parts: tuple[Part, ...]
    source: tuple[Line, ...]

    @property
    def sentence(self) -> tuple[Piece, ...]:
        """What the rule says, with what is gone and what is new in it."""
        return text_diff.words(self.before.sentence if self.before else "", self.after.sentence if self.after else "")

    @property
    def sentences(self) -> tuple[Line, ...]:
        """The same, one below the other; none where the rule says what it said."""
        return text_diff.lines(self.before.sentence if self.before else "", self.after.sentence if self.after else "")

    @property
    def side_by_side(self) -> tuple[Pair, ...]:
        return text_diff.side_by_side(self.source)

    @property
    def worth_a_look(self) -> bool:
        return self.said is Said.HIDDEN


@dataclass(frozen=True, slots=True)
class Diff:
    """`unchanged` counts the rules that are the same; an example that was changed is one removed and one added."""

    rules: tuple[RuleChange, ...]
    unchanged: int
    examples_added: tuple[Example, ...]
    examples_removed: tuple[Example, ...]
    schema: tuple[Line, ...]

    @property
    def nothing(self) -> bool:
        return not (self.rules or self.examples_added or self.examples_removed or self.schema)

    @property
    def schema_side_by_side(self) -> tuple[Pair, ...]:
        return text_diff.side_by_side(self.schema)


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two texts, read."""

    text: PolicyText
    rules: Mapping[str, Rule]
    written: Mapping[str, Statement]

    @classmethod
    def of(cls, texts: Texts) -> "_Side":
        text = PolicyText.parse(texts.policies, texts.schema)
        return cls(text, {rule.id: rule for rule in text.rules.values()}, {one.id: one for one in statements(texts.policies)})

    def does(self, id: str) -> Mapping[str, object]:
        """What the policy does, whatever it says about itself and however it is spelt."""
        policy = self.text.policy_json(id) or {}
        return {name: value for name, value in policy.items() if name != "annotations"}


@lru_cache(maxsize=16)
def diff(old: Texts, new: Texts) -> Diff:
    """Compare two texts, the same two once.

    New and changed rules come in the order of the new text, each rule that is gone after those it stood behind.

    Raises:
        PolicyInvalid
    """
    before, after = _Side.of(old), _Side.of(new)
    changes = tuple(_changes(before, after))
    changed = sum(1 for one in changes if one.change is not Change.REMOVED)
    added, removed = _examples(old.examples, new.examples)
    return Diff(changes, len(after.rules) - changed, added, removed, text_diff.lines(old.schema, new.schema))


def _changes(before: _Side, after: _Side) -> Iterator[RuleChange]:
    gone = [id for id in before.rules if id not in after.rules]
    order = list(before.rules)
    for id in after.rules:
        # A rule that is gone is told before the next one that stayed.
        while gone and id in before.rules and order.index(gone[0]) < order.index(id):
            yield _removed(before, gone.pop(0))
        if id not in before.rules:
            yield _added(after, id)
        elif _written(before.written[id]) != _written(after.written[id]):
            yield _changed(before, after, id)
    for id in gone:
        yield _removed(before, id)


def _removed(side: _Side, id: str) -> RuleChange:
    told = text_diff.lines(_written(side.written[id]), "", first_before=_first(side.written[id]))
    return RuleChange(id, Change.REMOVED, Said.REMOVED, side.rules[id], None, (), told)


def _added(side: _Side, id: str) -> RuleChange:
    told = text_diff.lines("", _written(side.written[id]), first_after=_first(side.written[id]))
    return RuleChange(id, Change.ADDED, Said.ADDED, None, side.rules[id], (), told)


def _changed(before: _Side, after: _Side, id: str) -> RuleChange:
    was, now = before.rules[id], after.rules[id]
    old, new = before.written[id], after.written[id]
    told = text_diff.lines(_written(old), _written(new), first_before=_first(old), first_after=_first(new))
    parts = tuple(part for part in _parts(was, now) if part.before != part.after)
    return RuleChange(id, Change.CHANGED, _said(was, now, does_the_same=before.does(id) == after.does(id)), was, now, parts, told)


def _parts(was: Rule, now: Rule) -> Iterator[Part]:
    yield Part("What it does", EFFECTS[was.effect], EFFECTS[now.effect])
    yield Part("Sentence", was.sentence, now.sentence)
    yield Part("To the customer", was.customer_sentence, now.customer_sentence)
    yield Part("Owner", was.owner, now.owner)
    yield Part("Basis", was.basis, now.basis)
    yield Part("With it go", ", ".join(was.obligations) or "nothing", ", ".join(now.obligations) or "nothing")


def _said(was: Rule, now: Rule, *, does_the_same: bool) -> Said:
    if not does_the_same or was.obligations != now.obligations:
        return Said.HIDDEN if was.sentence == now.sentence else Said.REWORDED
    if was.sentence != now.sentence:
        return Said.WORDS_ONLY
    return Said.SPELLING if was == now else Said.NOTES_ONLY


def _written(statement: Statement) -> str:
    return statement.remarks + statement.source


def _first(statement: Statement) -> int:
    return statement.line - statement.remarks.count("\n")


def _examples(old: str, new: str) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    before, after = {_key(one): one for one in _read(old)}, {_key(one): one for one in _read(new)}
    added = tuple(one for key, one in after.items() if key not in before)
    return added, tuple(one for key, one in before.items() if key not in after)


def _key(example: Example) -> tuple[object, ...]:
    """What an example asks and expects, wherever it stands."""
    asked = repr(sorted(example.request.as_json().items()))
    return (example.rule, example.says, asked, example.then, example.decides, example.obligations)


def _read(text: str) -> tuple[Example, ...]:
    try:
        return examples.parse(text)
    except examples.ExamplesInvalid:
        return ()
