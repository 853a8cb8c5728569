"""Examples that must hold, tried against the policies they belong to. Knows no database; the text is read by `example_text`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from .cedar import EngineFailed, PolicyText, RequestInvalid, Verdict
from .example_text import WORDS, Example, ExamplesInvalid, Problem, parse
from .rules import AUTOMATION_STOPPED, NOTHING_PERMITS

__all__ = ["Example", "ExamplesInvalid", "Problem", "Result", "parse", "results_of", "run"]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one example; `sentence` says it to staff.

    Without `example`, the rule lacks one that it needs. Without `answer`, the policies gave none.
    """

    rule: str
    example: Example | None
    answer: Verdict | None
    holds: bool
    sentence: str


def run(text: PolicyText, examples: Iterable[Example]) -> tuple[Result, ...]:
    """Try each example against the policies: they may come into force only if every result holds.

    Each policy needs an example in which it decides and one in which it does not; one that is missing is a result that does not hold.
    """
    examples = tuple(examples)
    return (*(_tried(text, example) for example in examples), *_missing(text, examples))


@lru_cache(maxsize=32)
def results_of(policies: str, schema: str, text: str) -> tuple[Result, ...]:
    """What comes of a text's examples against its policies: the same texts again come out the same, so they are tried once.

    Raises:
        PolicyInvalid, ExamplesInvalid
    """
    return run(PolicyText.parse(policies, schema), parse(text))


def _tried(text: PolicyText, example: Example) -> Result:
    if text.rule(example.rule) is None and example.rule not in (NOTHING_PERMITS.id, AUTOMATION_STOPPED.id):
        return Result(example.rule, example, None, False, f"Does not hold: there is no rule {example.rule}.")
    try:
        answer = text.decide(example.request)
    except (RequestInvalid, EngineFailed) as error:
        return Result(example.rule, example, None, False, f"Does not hold: the policies could not be asked. {error}")
    came_out = f"{WORDS[answer.outcome]}, by {', '.join(answer.rule_ids)}"
    if example.obligations is not None:
        came_out += f"; obligations: {', '.join(answer.obligations) or 'none'}"
    if example.holds(answer):
        return Result(example.rule, example, answer, True, f"Holds: {came_out}.")
    return Result(example.rule, example, answer, False, f"Does not hold. Expected: {example.expected}. Came out: {came_out}.")


def _missing(text: PolicyText, examples: Iterable[Example]) -> Iterator[Result]:
    there = {(example.rule, example.decides) for example in examples}
    for rule in text.rules.values():
        for decides, words in ((True, "decides"), (False, "does not decide")):
            if (rule.id, decides) not in there:
                yield Result(rule.id, None, None, False, f"There is no example in which {rule.id} {words}.")
