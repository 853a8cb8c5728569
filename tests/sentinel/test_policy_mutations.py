"""Each policy of the starting set, spoilt: at least one of its own examples notices.

Deleted, a policy must leave another answer behind. Of what it says, every limit, every word of a list and every condition counts.
"""

import re
from collections.abc import Iterator

import pytest

from sentinel.cedar import PolicyInvalid, PolicyText

from .test_examples import EXAMPLES
from .texts import POLICIES, SCHEMA, parsed, without

POLICY = re.compile(r'@id\("([^"]+)"\).*?\n\};\n', flags=re.DOTALL)
WRITTEN = {found[1]: found[0] for found in POLICY.finditer(POLICIES)}
RULES = [rule.id for rule in parsed(POLICIES).rules.values()]


@pytest.mark.parametrize("rule", RULES)
def test_without_the_rule_another_answer_comes_out(rule: str) -> None:
    text, mutant = parsed(POLICIES), PolicyText.parse(without(rule), SCHEMA)

    def answers(text: PolicyText) -> list[object]:
        verdicts = [text.decide(example.request) for example in EXAMPLES if example.rule == rule]
        return [(verdict.outcome, verdict.obligations) for verdict in verdicts]

    assert answers(mutant) != answers(text)


def parts(rule: str) -> tuple[str, str, str]:
    """A policy's annotations, its head and its conditions."""
    found = re.fullmatch(r"(.*?)^((?:permit|forbid) \(.*?)^((?:when|unless) .*)", WRITTEN[rule], flags=re.DOTALL | re.MULTILINE)
    assert found, rule
    return found[1], found[2], found[3]


def with_bearing_on(rule: str, policy: str) -> str:
    """This policy in the rule's place among those that can apply to the rule's examples: the others cost their parsing for nothing."""
    asked = {example.request.action for example in EXAMPLES if example.rule == rule}
    named = {other: set(re.findall(r'Action::"([^"]*)"', parts(other)[1])) for other in WRITTEN}
    return "".join(
        policy if other == rule else WRITTEN[other] for other in WRITTEN if other == rule or not named[other] or named[other] & asked
    )


def spoilt(rule: str) -> Iterator[tuple[str, str]]:
    """What was changed, and the policy with it."""
    notes, head, conditions = parts(rule)
    does = head + conditions

    def put(found: re.Match[str], other: str) -> tuple[str, str]:
        return f"{found[0]} at {found.start()} is {other or 'gone'}", notes + does[: found.start()] + other + does[found.end() :]

    for found in re.finditer(r'decimal\("(\d+)\.(\d\d)"\)', does):
        for cents in (int(found[1] + found[2]) - 1, int(found[1] + found[2]) + 1):
            yield put(found, f'decimal("{cents // 100}.{cents % 100:02}")')
    for found in re.finditer(r"(?<=[<>=] )\d+\b", does):
        for number in (int(found[0]) - 1, int(found[0]) + 1):
            yield put(found, str(number))
    for found in re.finditer(r'\[(?:\s*(?:Action::)?"[^"]*",?\s*)+\]', does):
        words = re.findall(r'(?:Action::)?"[^"]*"', found[0])
        for word in words if len(words) > 1 else []:
            yield put(found, "[" + ", ".join(other for other in words if other != word) + "]")
    for found in re.finditer(r'(?<=[!=]= )"[^"]*"', does):
        yield put(found, '"another"')
    for found in re.finditer(r"&&|\|\|", does):
        yield put(found, "||" if found[0] == "&&" else "&&")
    for found in re.finditer(r"!(?!=)", does):
        yield put(found, "")
    for found in re.finditer(r"^unless", does, flags=re.MULTILINE):
        yield put(found, "when")


@pytest.mark.parametrize("rule", RULES)
def test_what_a_rule_says_is_noticed_word_for_word(rule: str) -> None:
    own = [example for example in EXAMPLES if example.rule == rule]
    assert all(example.holds(parsed(with_bearing_on(rule, WRITTEN[rule])).decide(example.request)) for example in own)
    unnoticed = []
    for change, policy in spoilt(rule):
        try:
            mutant = PolicyText.parse(with_bearing_on(rule, policy), SCHEMA)
        except PolicyInvalid:
            continue  # Cedar notices by itself
        if all(example.holds(mutant.decide(example.request)) for example in own):
            unnoticed.append(change)

    assert unnoticed == []
