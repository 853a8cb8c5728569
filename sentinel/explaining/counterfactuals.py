"""The smallest change that would have led to another answer, found by asking the policies themselves.

Every proposal has been evaluated: what is returned does lead to the answer it promises. Single changes are asked first, then pairs of
which neither is enough, and if there are none of either, three together; those that cannot help are told from what the remaining rules
read, without asking.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import combinations_with_replacement, islice, product
from typing import Any

from ..cedar import MACHINES, EngineFailed, Outcome, PolicyText, Request, RequestInvalid, Verdict
from ..rules import Effect, Rule
from . import wording
from .candidates import candidates, numbers_of
from .changes import APPROVAL, MANDATE, Bound, Change, changed, value_at
from .mutable import AMOUNT, POWERS, Audience, Fact, Path, fact_of, may_be_suggested, place_of
from .reading import Kind, Reading, readings

# About 0.1 ms each.
MOST_EVALUATIONS = 400


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """What would have led to `outcome`: the fewest changes, none of which can be left out. `request` is the request with them made."""

    changes: tuple[Change, ...]
    outcome: Outcome
    request: Request
    sentence: str


def smallest_changes(
    text: PolicyText, request: Request, *, limit: int = 3, audience: Audience = Audience.STAFF
) -> tuple[Counterfactual, ...]:
    """What would have made the answer a permit; of a permit, what would have made it anything else.

    Args:
        limit: how many at most. For the same facts only the nearest values are named.
        audience: decides which facts may be suggested (`mutable`) and the words.
    Returns:
        The smaller changes first, then in the order of the table of facts; three together only if nothing less is enough. The same
        question always gets the same answer. Empty if nothing may be suggested, or a stop decided: policies do not override it.
    Raises:
        RequestInvalid, EngineFailed: of the request as it is.
    """
    verdict = text.decide(request)
    if request.stopped is not None:
        return ()
    search = _Search(text, request, verdict, Audience(audience))
    found = list(search.singles())[:limit]
    if verdict.outcome is not Outcome.PERMIT and len(found) < limit:
        found += islice(search.together(2), limit - len(found))
        found += islice(search.together(3), limit if not found else 0)
    return tuple(search.told(changes) for changes in found)


@dataclass(frozen=True, slots=True)
class _Tried:
    """A change that was not enough, and the rules that still said no."""

    change: Change
    remaining: tuple[Rule, ...]
    rank: int  # 0 is the nearest


class _Search:
    """One question, its facts and how often the policies have been asked."""

    def __init__(self, text: PolicyText, request: Request, verdict: Verdict, audience: Audience) -> None:
        self.text, self.request, self.verdict, self.audience = text, request, verdict, audience
        self.left = MOST_EVALUATIONS
        question = request.question()
        applying = text.rules_for(question)
        self.read: Mapping[str, tuple[Reading, ...]] = {rule.id: readings(text.policy_json(rule.id) or {}) for rule in applying}
        self.facts = self._suggested(self._deciding(applying))
        self.values: dict[Path, tuple[Any, ...]] = {fact.path: self._values(fact) for fact in self.facts}
        self.tried: dict[Path, list[_Tried]] = {fact.path: [] for fact in self.facts}

    def singles(self) -> Iterator[tuple[Change, ...]]:
        """For each fact its nearest value that is enough by itself."""
        for fact in self.facts:
            before = value_at(self.request, fact.path)
            for rank, after in enumerate(self.values[fact.path]):
                change = Change(fact, before, after)
                answer = self._ask((change,))
                if answer is None:
                    continue
                if self._is_goal(answer):
                    if not _has_distance(change):
                        # The others are not nearer than this one, only different.
                        self.tried[fact.path].clear()
                    yield (self._no_more_than_needed(change),)
                    break
                self.tried[fact.path].append(_Tried(change, answer.rules, rank))

    def _no_more_than_needed(self, change: Change) -> Change:
        """A set changed in several elements at once, with those put back that make no difference."""
        if not isinstance(change.after, tuple):
            return change
        for element in change.removed:
            less = replace(change, after=tuple(sorted((*change.after, element), key=str)))
            answer = self._ask((less,)) if len(change.removed) > 1 else None
            if answer is not None and self._is_goal(answer):
                change = less
        return change

    def together(self, size: int) -> Iterator[tuple[Change, ...]]:
        """For each so many facts their nearest values that are enough together, of those that are not enough by themselves."""
        for facts in combinations_with_replacement(self.facts, size):
            if self.left == 0:
                return
            for tried in self._worth_asking(facts):
                changes = _merged([one.change for one in tried])
                answer = self._ask(changes)
                if answer is not None and self._is_goal(answer):
                    yield changes
                    break

    def told(self, changes: tuple[Change, ...]) -> Counterfactual:
        bounded = tuple(replace(change, bound=self._bound(change, changes)) for change in changes)
        then = changed(self.request, bounded)
        outcome = Outcome.PERMIT if self.verdict.outcome is not Outcome.PERMIT else self.text.decide(then).outcome
        return Counterfactual(bounded, outcome, then, wording.sentence(bounded, outcome, self.request, self.audience))

    def _deciding(self, applying: Sequence[Rule]) -> list[Rule]:
        """The rules whose readings can matter: those that said no; and every permit, if none holds. Of a permit: what could say no."""
        question = self.request.question()
        if self.verdict.outcome is Outcome.PERMIT:
            return [rule for rule in applying if rule.effect is Effect.FORBID or rule in self.verdict.rules]
        deciding = {rule.id for rule in (*self.text.holding(question, Effect.FORBID), *self.verdict.rules)}
        nothing_permits = not self.text.holding(question, Effect.PERMIT)
        return [rule for rule in applying if rule.id in deciding or (nothing_permits and rule.effect is Effect.PERMIT)]

    def _suggested(self, deciding: Sequence[Rule]) -> list[Fact]:
        facts = [{fact.path: fact for fact in (fact_of(reading.path) for reading in self.read[rule.id])} for rule in deciding]
        # An amount a rule weighs together with who agrees is a limit of staff: customers are not told it, whatever else reads the amount.
        limits_of_staff = any(read.keys() & POWERS and AMOUNT in read for read in facts)
        # What machines may move is the bank's own limit too.
        own_limits = limits_of_staff or self.request.principal.type in MACHINES
        hidden = {AMOUNT} if own_limits and self.audience is Audience.CUSTOMER else set()
        suggested = {
            path: fact
            for read in facts
            for path, fact in read.items()
            if path not in hidden and may_be_suggested(fact, self.audience, value_at(self.request, path))
        }
        return sorted(suggested.values(), key=place_of)

    def _values(self, fact: Fact) -> tuple[Any, ...]:
        return candidates(fact, self._readings_of(fact), self.request, self.verdict.outcome)

    def _readings_of(self, fact: Fact) -> list[Reading]:
        return [reading for read in self.read.values() for reading in read if reading.path[: len(fact.path)] == fact.path]

    def _ask(self, changes: tuple[Change, ...]) -> Verdict | None:
        """Permit or deny to the changed request; None if it can't be asked: it doesn't fit the schema, or it was asked often enough."""
        if self.left == 0:
            return None
        self.left -= 1
        try:
            return self.text.answer(changed(self.request, changes).question())
        except (RequestInvalid, EngineFailed):
            return None

    def _is_goal(self, answer: Verdict) -> bool:
        return (answer.outcome is Outcome.PERMIT) is not (self.verdict.outcome is Outcome.PERMIT)

    def _worth_asking(self, facts: Sequence[Fact]) -> Iterator[tuple[_Tried, ...]]:
        """The nearest first. A rule that said no to one change says it again unless it reads a fact of another."""
        all_tried: Iterable[tuple[_Tried, ...]] = product(*(self.tried[fact.path] for fact in facts))
        if len({fact.path for fact in facts}) < len(facts):
            all_tried = (tried for tried in all_tried if _are_elements(tried))
        for tried in sorted(all_tried, key=lambda tried: sum(one.rank for one in tried)):
            others = [[other.change.fact for other in tried if other is not one] for one in tried]
            if all(self._all_read(one.remaining, of_others) for one, of_others in zip(tried, others, strict=True)):
                yield tried

    def _all_read(self, rules: Sequence[Rule], facts: Sequence[Fact]) -> bool:
        return all(any(self._reads(rule, fact) for fact in facts) for rule in rules if rule.id in self.read)

    def _reads(self, rule: Rule, fact: Fact) -> bool:
        """Also if it reads a part of the fact, or what the fact is a part of."""
        return any(all(ours == theirs for ours, theirs in zip(reading.path, fact.path, strict=False)) for reading in self.read[rule.id])

    def _bound(self, change: Change, changes: tuple[Change, ...]) -> Bound:
        """Whether every value beyond the one found, away from the present one, gives the same answer."""
        then, read = changed(self.request, changes), self._readings_of(change.fact)
        numbers = numbers_of(change.fact, read, then)
        unsteady = any(reading.kind is Kind.OTHERWISE for reading in read)  # calculated with: constants are not where it turns
        if change.fact.recurs or change.before is None or change.after not in numbers or unsteady:
            return Bound.EXACTLY
        before, after = Decimal(change.before), Decimal(change.after)
        beyond = [number for number in numbers if (Decimal(number) < after if after < before else Decimal(number) > after)]
        for number in beyond:
            answer = self._ask(tuple(replace(other, after=number) if other is change else other for other in changes))
            if answer is None or not self._is_goal(answer):
                return Bound.EXACTLY
        return Bound.AT_MOST if after < before else Bound.AT_LEAST


def _has_distance(change: Change) -> bool:
    """Whether one value of the fact can be nearer than another: amounts, numbers, steps of a ladder, the rank of who agrees."""
    number = isinstance(change.after, int) and not isinstance(change.after, bool)
    return number or wording.is_amount(change.after) or change.fact.path == APPROVAL or bool(change.fact.ladder)


def _are_elements(tried: Sequence[_Tried]) -> bool:
    """One fact twice makes sense for the elements of a set only, and each pair in one order."""
    by_path: dict[Path, int] = {}
    for one in tried:
        before = by_path.get(one.change.fact.path, -1)
        if before >= 0 and (not isinstance(one.change.after, tuple) or before >= one.rank):
            return False
        by_path[one.change.fact.path] = one.rank
    return True


def _merged(changes: Sequence[Change]) -> tuple[Change, ...]:
    """The changes as one: several elements of one set are one changed set, and a mandate is for the amount asked for then."""
    merged: dict[Path, Change] = {}
    for change in changes:
        if (so_far := merged.get(change.fact.path)) is not None:
            added, removed = {*so_far.added, *change.added}, {*so_far.removed, *change.removed}
            kept = [element for element in change.before or () if element not in removed]
            change = replace(change, after=tuple(sorted((*kept, *added), key=str)))  # noqa: PLW2901
        merged[change.fact.path] = change
    amount, mandate = merged.get(AMOUNT), merged.get(MANDATE)
    if amount is not None and mandate is not None and mandate.after is not None:
        merged[MANDATE] = replace(mandate, after=mandate.after | {"amount": amount.after})
    return tuple(merged.values())
