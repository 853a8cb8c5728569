"""The examples that come with the starting set hold, and a text of examples that says something else than its author meant is refused."""

import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankos.platform.actors import Role
from sentinel import cedar, example_text, examples
from sentinel.cedar import Entity, Outcome
from sentinel.examples import Example, ExamplesInvalid

from .texts import EXAMPLES as TEXT
from .texts import POLICIES, parsed

EXAMPLES = examples.parse(TEXT)


# --- the starting set

RULES = tuple(parsed(POLICIES).rules.values())
RESULTS = examples.run(parsed(POLICIES), EXAMPLES)


@pytest.mark.parametrize("result", RESULTS, ids=lambda result: f"{result.rule}: {result.example.says if result.example else 'missing'}")
def test_the_policies_answer_as_the_example_says(result: examples.Result) -> None:
    assert result.holds, result.sentence


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_is_tried_both_ways(rule: Any) -> None:
    assert {example.decides for example in EXAMPLES if example.rule == rule.id} == {True, False}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_speaks_to_staff_and_to_the_customer_in_sentences(rule: Any) -> None:
    for sentence in (rule.sentence, rule.customer_sentence):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert len(sentence) <= 150
    assert all(re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", obligation) for obligation in rule.obligations)
    assert not rule.obligations or rule.effect == "permit"


def test_no_two_examples_of_a_rule_say_the_same() -> None:
    said = [(example.rule, example.says) for example in EXAMPLES]

    assert [one for one in said if said.count(one) > 1] == []


def test_what_no_rule_permits_is_refused_and_says_so() -> None:
    [example] = [example for example in EXAMPLES if example.rule == "no-rule-permits" and example.decides]

    verdict = parsed(POLICIES).decide(example.request)

    assert (verdict.outcome, verdict.rule_ids) == (Outcome.DENY, ("no-rule-permits",))


def test_what_needs_approval_can_be_approved_by_somebody_who_exists() -> None:
    """`somebody` is as good as an approval can be; a rule nobody real satisfies would let requests wait for ever."""
    text = parsed(POLICIES)
    people = [
        cedar.Approval(f"person-{role}", frozenset([role]), mandate=cedar.Mandate("1000.00", currency))
        for role in Role
        for currency in ("EUR", "CZK")
    ]
    people.append(cedar.Approval("person", frozenset([Role.TEAM_LEAD]), mandate=cedar.Mandate("25000.00", "CZK")))
    waiting = [example for example in EXAMPLES if example.then is Outcome.NEEDS_APPROVAL]

    assert waiting
    for example in waiting:
        assert any(text.permits_with(example.request, person) for person in people), example.says


# --- reading

SMALL: dict[str, Any] = {
    "moment": {"at": "2026-11-24T10:00:00.000Z", "hour": 11, "weekday": 2},
    "actors": {
        "clerk": {"type": "Employee", "id": "anna", "roles": ["branch_staff"], "branch": "B1", "line": ["lena"]},
        "system": {"type": "System", "id": "insights"},
        "parent": {"type": "Customer", "id": "party-9", "party": "party-9"},
    },
    "resources": {"child": {"type": "Party", "id": "party-1", "age_years": 9, "guardians": ["party-9"]}},
    "parameters": {"product.offer": {"product": "savings"}},
    "examples": [
        {
            "rule": "r",
            "says": "A case",
            "actor": "clerk",
            "action": "product.offer",
            "resource": "child",
            "then": "deny",
            "decides": True,
        }
    ],
}


def text_with(**changed: Any) -> str:
    """The small text, one member a line, its example changed; None takes a member out."""
    example = {name: value for name, value in {**SMALL["examples"][0], **changed}.items() if value is not None}
    return json.dumps(SMALL | {"examples": [example]}, indent=1)


def read(**changed: Any) -> Example:
    [example] = examples.parse(text_with(**changed))
    return example


def test_an_example_is_the_request_that_sentinel_would_ask() -> None:
    example = read(
        resource={"like": "child", "age_years": None, "days_past_due": 3},
        parameters={"product": "overdraft"},
        approval={"like": "clerk", "id": "lena", "roles": ["team_lead"], "mandate": {"amount": "5.00", "currency": "EUR"}},
        purposes=["marketing"],
        hour=22,
        obligations=["tell"],
    )

    assert (example.number, example.rule, example.says, example.actor) == (1, "r", "A case", "clerk")
    assert (example.then, example.decides, example.obligations) == (Outcome.DENY, True, frozenset({"tell"}))
    request = example.request
    assert request.principal == Entity("Employee", "anna", {"roles": ["branch_staff"], "branch": "B1", "line": ["lena"]})
    guardian = {"__entity": {"type": "Party", "id": "party-9"}}
    assert request.resource == Entity("Party", "party-1", {"guardians": [guardian], "days_past_due": 3})
    assert (request.parameters, request.purposes) == ({"product": "overdraft"}, ("marketing",))
    assert (request.at, request.hour, request.weekday) == ("2026-11-24T10:00:00.000Z", 22, 2)
    assert request.approval == cedar.Approval("lena", frozenset({"team_lead"}), "B1", frozenset({"lena"}), cedar.Mandate("5.00", "EUR"))


def test_a_system_may_suggest_unless_the_example_says_otherwise() -> None:
    assert read(actor="system").request.autonomy == "suggest"
    assert read(actor="system", autonomy="off").request.autonomy == "off"
    assert read(actor="clerk").request.autonomy is None


def test_a_customer_stands_for_the_party_named() -> None:
    assert read(actor="parent").request.principal.attributes == {"party": {"__entity": {"type": "Party", "id": "party-9"}}}


WRONG = [
    ({"then": "maybe"}, "example 1, then", r"must be permit, needs_approval, deny, not 'maybe'"),
    ({"decides": "yes"}, "example 1, decides", 'must be true or false, not "yes"'),
    ({"rule": 7}, "example 1, rule", "must be a text, not 7"),
    ({"says": " "}, "example 1, says", "must not be empty"),
    ({"says": None}, "example 1", "lacks says"),
    ({"speaks": "A case"}, "example 1, speaks", "there is no member speaks here"),
    ({"actor": "clark"}, "example 1, actor", "there is no actor 'clark'; there are clerk, parent, system"),
    ({"actor": {"branch": "B2"}}, "example 1, actor", "must be the name of one actor"),
    ({"actor": {"like": "clerk", "type": "System"}}, "example 1, actor", "`type` stays"),
    ({"resource": "adult"}, "example 1, resource", "there is no resource 'adult'"),
    ({"resource": ["child"]}, "example 1, resource", "must be the name of one resource"),
    ({"action": "product.sell"}, "example 1, action", "gives no parameters of an action 'product.sell'"),
    ({"parameters": {"prodcut": "savings"}}, "example 1, parameters", "product.offer has no parameter prodcut"),
    ({"parameters": "savings"}, "example 1, parameters", 'must be an object, not "savings"'),
    ({"approval": "system"}, "example 1, approval", "only an Employee approves, not System"),
    ({"approval": {"like": "clerk", "mandate": {"amount": "5.00"}}}, "example 1, approval", "lacks currency"),
    ({"hour": 24}, "example 1, hour", "must be between 0 and 23, not 24"),
    ({"hour": True}, "example 1, hour", "must be a whole number, not true"),
    ({"weekday": 0}, "example 1, weekday", "must be between 1 and 7, not 0"),
    ({"purposes": "marketing"}, "example 1, purposes", 'must be a list of texts, not "marketing"'),
    ({"obligations": [1]}, "example 1, obligations", "must be a text, not 1"),
    ({"within_limits": "no"}, "example 1, within_limits", 'must be true or false, not "no"'),
    ({"autonomy": 1}, "example 1, autonomy", "must be a text, not 1"),
    ({"facts": []}, "example 1, facts", "must be an object"),
]


@pytest.mark.parametrize(("changed", "place", "what"), WRONG, ids=[f"{place}: {what}" for _, place, what in WRONG])
def test_an_example_that_is_wrongly_written_is_refused_with_its_line_and_reason(changed: dict[str, Any], place: str, what: str) -> None:
    text = text_with(**changed)

    with pytest.raises(ExamplesInvalid) as refused:
        examples.parse(text)

    [problem] = refused.value.problems
    assert problem.place == place
    assert re.search(what, problem.what)
    member = place.removeprefix("example 1").strip(", ")
    assert (f'"{member}":' if member else "{") in text.splitlines()[problem.line - 1]
    assert str(refused.value) == f"line {problem.line}, {place}: {problem.what}"


TEXTS: list[tuple[str, Callable[[dict[str, Any]], Any], str]] = [
    ("no object", lambda whole: [], r"line 1, the text: must be an object"),
    ("a section missing", lambda whole: {name: whole[name] for name in whole if name != "actors"}, "lacks actors"),
    ("a section too many", lambda whole: whole | {"comment": ""}, r"comment: there is no member comment here"),
    ("no examples", lambda whole: whole | {"examples": []}, "examples: must be a list of 1 to 2,000"),
    ("actors no object", lambda whole: whole | {"actors": []}, r"actors: must be an object"),
    ("an actor of no type", lambda whole: whole | {"actors": {"clerk": {"id": "anna"}}}, "actors, clerk: lacks type"),
    ("an actor of a wrong type", lambda whole: whole | {"actors": {"x": {"type": "Robot", "id": "r"}}}, "x, type: must be Employee"),
    ("an actor like another", lambda whole: whole | {"actors": {"x": {"type": "System", "id": "r", "like": "y"}}}, "for examples only"),
    ("a resource without id", lambda whole: whole | {"resources": {"child": {"type": "Party"}}}, "resources, child: lacks id"),
    ("a moment in words", lambda whole: whole | {"moment": {"at": "noon", "hour": 1, "weekday": 1}}, "moment, at: must be a moment"),
    ("a fraction", lambda whole: whole | {"moment": {"at": "", "hour": 1.5, "weekday": 1}}, "1.5 is no whole number"),
]


@pytest.mark.parametrize(("change", "what"), [pytest.param(change, what, id=name) for name, change, what in TEXTS])
def test_a_text_that_is_wrongly_built_is_refused_with_its_reason(change: Callable[[dict[str, Any]], Any], what: str) -> None:
    with pytest.raises(ExamplesInvalid, match=what):
        examples.parse(json.dumps(change(SMALL), indent=1))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "line 1, column 1: not JSON"),
        ('{\n "moment": ,\n}', "line 2, column 12: not JSON"),
        ('{\n "moment": {\n  "at": "a", "at": "b"}}', "line 2, moment: at stands twice in one object"),
        ('{"moment": {}, "moment": {}}', "line 1, the text: moment stands twice"),
        ('{"examples": [\n {"hour": 1, "at": "é"},\n {"hour": 1, "hour": 2}]}', "line 3, example 2: hour stands twice"),
        ('{"examples": [\n {"hour": 1},\n {"hour": 1.5}]}', "line 3, example 2: 1.5 is no whole number"),
        ('{"moment": NaN}', "line 1, moment: NaN is no whole number"),
        ('{"moment": NaN', "line 1, column 15: not JSON"),
        ('{"moment": {"hour": ' + "9" * 5_000 + "}}", "line 1, moment, hour: the number 999999999999999… has more than 15 digits"),
        ("[" * 100_000, "is nested deeper than 32 levels"),
        ('{"examples": [' + "[" * 900 + "]" * 900 + "]}", "is nested deeper than 32 levels"),
        (" " * 500_001, "longer than 500,000"),
    ],
    ids=[
        "empty",
        "syntax",
        "twice",
        "section twice",
        "example twice",
        "fraction",
        "not a number",
        "broken off",
        "a long number",
        "deep",
        "deep and whole",
        "long",
    ],
)
def test_a_text_that_is_no_json_is_refused_with_its_place(text: str, what: str) -> None:
    with pytest.raises(ExamplesInvalid, match=what):
        examples.parse(text)


def test_everything_wrong_is_said_at_once_in_the_order_of_the_text() -> None:
    first, second = SMALL["examples"][0] | {"then": "maybe"}, SMALL["examples"][0] | {"actor": "clark"}

    with pytest.raises(ExamplesInvalid) as refused:
        examples.parse(json.dumps(SMALL | {"examples": [first, SMALL["examples"][0], second]}, indent=1))

    assert [problem.place for problem in refused.value.problems] == ["example 1, then", "example 3, actor"]
    assert [problem.line for problem in refused.value.problems] == sorted(problem.line for problem in refused.value.problems)


@pytest.mark.parametrize("section", ["examples", "actors"])
def test_a_long_text_full_of_mistakes_is_refused_in_time_in_proportion(section: str) -> None:
    many = [{"says": "x"}] * 2_000 if section == "examples" else {str(n): {"type": "X"} for n in range(20_000)}
    began = time.process_time()

    with pytest.raises(ExamplesInvalid) as refused:
        examples.parse(json.dumps(SMALL | {section: many}))

    assert len(refused.value.problems) == example_text.MOST_PROBLEMS
    assert time.process_time() - began < 3


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_whatever_stands_in_an_example_is_read_or_refused(value: Any) -> None:
    for name in (*SMALL["examples"][0], "parameters", "facts", "purposes", "approval", "hour", "autonomy", "obligations", "stopped"):
        text = json.dumps(SMALL | {"examples": [SMALL["examples"][0] | {name: value}]})
        with suppress(ExamplesInvalid):
            assert len(examples.parse(text)) == 1


# --- running

NOTES = '@sentence("S.") @customer("C.") @owner("O") @basis("B")'
ONE_RULE = f'@id("r") @obligation("tell") {NOTES} permit (principal, action, resource) when {{ resource has age_years }};'


def results(**changed: Any) -> list[examples.Result]:
    return list(examples.run(parsed(ONE_RULE), examples.parse(text_with(**changed))))


def test_a_result_says_what_came_out() -> None:
    held, missing = results(then="permit")

    assert (held.holds, held.sentence) == (True, "Holds: permitted, by r.")
    assert held.answer is not None
    assert (missing.holds, missing.example, missing.sentence) == (False, None, "There is no example in which r does not decide.")


def test_an_example_that_does_not_hold_says_what_was_expected_and_what_came_out() -> None:
    result = results(then="deny")[0]

    assert not result.holds
    assert result.sentence == "Does not hold. Expected: refused, and r decides. Came out: permitted, by r."


@pytest.mark.parametrize(
    ("changed", "holds"),
    [
        ({"then": "permit", "decides": True}, True),
        ({"then": "permit", "decides": False}, False),
        ({"then": "permit", "obligations": ["tell"]}, True),
        ({"then": "permit", "obligations": []}, False),
        ({"then": "permit", "obligations": ["tell", "more"]}, False),
        ({"then": "deny", "decides": False, "resource": {"like": "child", "age_years": None}}, True),
    ],
)
def test_an_example_holds_only_if_outcome_rule_and_obligations_are_those(changed: dict[str, Any], holds: bool) -> None:
    assert results(**changed)[0].holds is holds


def test_an_example_of_a_rule_that_is_not_there_does_not_hold() -> None:
    result = results(rule="gone", then="permit", decides=False)[0]

    assert (result.holds, result.sentence) == (False, "Does not hold: there is no rule gone.")


def test_an_example_that_does_not_fit_the_schema_does_not_hold_and_says_why() -> None:
    result = results(resource={"like": "child", "age_years": "nine"})[0]

    assert (result.holds, result.answer) == (False, None)
    assert "age_years" in result.sentence


def test_a_rule_needs_an_example_both_ways() -> None:
    two = parsed(ONE_RULE + f'@id("s") {NOTES} permit (principal is System, action, resource);')

    missing = [result.sentence for result in examples.run(two, examples.parse(text_with(then="permit"))) if result.example is None]

    assert missing == [f"There is no example in which {which}." for which in ("r does not decide", "s decides", "s does not decide")]


def test_the_text_of_the_starting_set_is_read_in_its_own_order() -> None:
    assert [example.number for example in EXAMPLES] == list(range(1, len(EXAMPLES) + 1))
    assert len(TEXT) < example_text.LONGEST_TEXT
