"""Every rule that could have applied to a request, and what it said."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from ..cedar import PolicyText, Request, somebody
from ..rules import BUILT_IN, Effect, Rule


class Status(StrEnum):
    """What one rule said to one request, whatever the others said."""

    FORBIDS = "forbids"
    ASKS_FOR_A_PERSON = "asks for a person"  # forbids now, and would not with the agreement of an eligible person
    PERMITS = "permits"
    NOT_CONCERNED = "not concerned"


@dataclass(frozen=True, slots=True)
class RuleChecked:
    """A rule and its answer; `decided` says whether the verdict rests on it."""

    rule: Rule
    status: Status
    decided: bool

    @property
    def passed(self) -> bool:
        """It stood in nobody's way: a permit that holds, or a forbid that doesn't."""
        return self.status is Status.PERMITS or (self.status is Status.NOT_CONCERNED and self.rule.effect is Effect.FORBID)


def rules_checked(text: PolicyText, request: Request) -> tuple[RuleChecked, ...]:
    """The rules whose scope fits the action and the kind of asker, in the order of the text, then those no text holds, if one decided.

    Evaluations: 4 or 5.

    Raises:
        RequestInvalid, EngineFailed
    """
    question = request.question()
    verdict = text.decide(request)
    permitting = set(text.holding(question, Effect.PERMIT))
    forbidding = set(text.holding(question, Effect.FORBID))
    approved = replace(request, approval=somebody(request)).question()
    forbidding_anyway = set(text.holding(approved, Effect.FORBID)) if forbidding else set()

    def status(rule: Rule) -> Status:
        if rule in permitting:
            return Status.PERMITS
        if rule in forbidding:
            return Status.FORBIDS if rule in forbidding_anyway else Status.ASKS_FOR_A_PERSON
        return Status.NOT_CONCERNED

    of_text = tuple(RuleChecked(rule, status(rule), rule in verdict.rules) for rule in text.rules_for(question))
    return of_text + tuple(RuleChecked(rule, Status.FORBIDS, True) for rule in verdict.rules if rule.id in BUILT_IN)


def summary(checked: Sequence[RuleChecked]) -> str:
    """ "3 passed, 1 asks for a person"."""
    count = Counter(one.status for one in checked)
    said = {
        f"{sum(one.passed for one in checked)} passed": True,
        f"{_verb(count[Status.ASKS_FOR_A_PERSON], 'asks', 'ask')} for a person": count[Status.ASKS_FOR_A_PERSON],
        f"{_verb(count[Status.FORBIDS], 'forbids', 'forbid')}": count[Status.FORBIDS],
    }
    return ", ".join(words for words, worth_saying in said.items() if worth_saying)


def _verb(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
