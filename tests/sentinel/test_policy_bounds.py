"""Texts of policies that would end or fill the process that reads them are refused in words, and the process goes on."""

import resource
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

import pytest

from sentinel import cedar_bounds
from sentinel.authzen.vocabulary import Vocabulary, VocabularyUnreadable
from sentinel.cedar import Entity, PolicyInvalid, PolicyText, Question, RequestInvalid
from sentinel.policy import starting_set
from sentinel.policy_source import first_failing_line, statements

SCHEMA = 'entity U; action "a" appliesTo {principal: U, resource: U, context: {x: Bool, n: Long}};'
NOTES = '@id("r")@sentence("s")@customer("c")@owner("o")@basis("b")'


def rule(condition: str, *, effect: str = "permit") -> str:
    return f"{NOTES}\n{effect}(principal, action, resource) when {{ {condition} }};"


def types(count: int, shape: str) -> str:
    between = "".join(f"type T{n} = {shape.replace('T', f'T{n + 1}')};\n" for n in range(count))
    return f"{between}type T{count} = {{a: Long}};\nentity U {{x: T0}};\n" + SCHEMA.removeprefix("entity U; ")


DEEP: dict[str, Callable[[], tuple[str, str]]] = {
    "brackets": lambda: (rule("(" * 1_000 + "true" + ")" * 1_000), SCHEMA),
    "brackets never closed": lambda: (rule("(" * 100_000), SCHEMA),
    "sets": lambda: (rule("[" * 1_000 + "1" + "]" * 1_000 + " == [1]"), SCHEMA),
    "records": lambda: (rule('{"a":' * 1_000 + "1" + "}" * 1_000 + " == 1"), SCHEMA),
    "and": lambda: (rule(" && ".join(["true"] * 30_000)), SCHEMA),
    "or in brackets": lambda: (rule("(true || " * 39 + "true" + ")" * 39 + " && " + " && ".join(["context.x"] * 170)), SCHEMA),
    "if": lambda: (rule("if true then true else " * 20_000 + "true"), SCHEMA),
    "attributes": lambda: (rule("context" + ".a" * 20_000), SCHEMA),
    "indices": lambda: (rule("context" + '["a"]' * 20_000 + " == 1"), SCHEMA),
    "calls": lambda: (rule("[1]" + ".contains(1)" * 5_000), SCHEMA),
    "not": lambda: (rule("!" * 50_000 + "true"), SCHEMA),
    "not in brackets": lambda: (rule("!(" * 2_000 + "true" + ")" * 2_000), SCHEMA),
    "minus": lambda: (rule("-" * 50_000 + "1 == 1"), SCHEMA),
    "plus": lambda: (rule("context.n" + " + 1" * 20_000 + " == 1"), SCHEMA),
    "an open text": lambda: (rule('"' + '\\"' * 200_000), SCHEMA),
    "conditions": lambda: (rule("true")[:-1] + " when { true }" * 30_000 + ";", SCHEMA),
    "sets in the schema": lambda: (rule("true"), f"entity U {{a: {'Set<' * 20_000}Long{'>' * 20_000}}};"),
    "records in the schema": lambda: (rule("true"), "entity U {a: " + "{a: " * 20_000 + "Long" + "}" * 20_000 + "};"),
    "types that double": lambda: (rule("true"), types(30, "{a: T, b: T}")),
    "types that triple, as sets": lambda: (rule("true"), types(24, "{a: Set<T>, b: T, c: {d: T}}")),
    "types in a row": lambda: (rule("true"), types(20_000, "{a: T}")),
    "a type in itself": lambda: (rule("true"), "type T = {a: T};" + SCHEMA),
    "too many rules": lambda: ("permit(principal, action, resource);" * 12_000, SCHEMA),
}  # fmt: skip


@pytest.mark.parametrize("name", list(DEEP))
def test_text_that_would_end_its_reader_is_refused_in_words(name: str) -> None:
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    policies, schema = DEEP[name]()
    with pytest.raises(PolicyInvalid) as refused:
        PolicyText.parse(policies, schema)

    assert all(problem.what for problem in refused.value.problems)
    assert time.monotonic() - started < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KB


@pytest.mark.parametrize(
    "schema",
    [
        types(20_000, "{a: T}"),
        types(300, "{a: T}"),
        types(30, "{a: T, b: T}"),
        "type T = {a: T};" + SCHEMA,
        "type A = B; type B = A; entity U {x: A};",
        "entity U {a: " + "Set<" * 900 + "Long" + ">" * 900 + "};",
        'entity "\\u{FFFFFFFF}";',
    ],
    ids=range(7),
)
def test_vocabulary_of_types_in_each_other_is_read_within_its_bounds_or_refused(schema: str) -> None:
    started = time.monotonic()
    with suppress(VocabularyUnreadable):
        Vocabulary.read(schema)

    assert time.monotonic() - started < 5


def test_policies_people_write_are_far_within_the_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = starting_set()
    monkeypatch.setattr(cedar_bounds, "LONGEST_CHAIN", 40)
    monkeypatch.setattr(cedar_bounds, "DEEPEST_BRACKETS", 10)

    assert cedar_bounds.beyond(texts.policies) is cedar_bounds.beyond_in_schema(texts.schema) is None


def test_wide_texts_are_no_deep_ones() -> None:
    wide = rule(f"context.n == 1 && [{', '.join(map(str, range(3_000)))}].contains(context.n)")
    many = "\n".join(rule(f"context.n == {n}").replace('"r"', f'"r{n}"') for n in range(300))

    assert len(PolicyText.parse(wide, SCHEMA).rules) == 1
    assert len(PolicyText.parse(many, SCHEMA).rules) == 300


def test_what_the_bounds_let_through_can_be_evaluated_or_is_refused_when_it_is_written() -> None:
    with pytest.raises(PolicyInvalid, match="nested deeper than can be evaluated"):
        PolicyText.parse(rule(" && ".join(["context.x"] * 95)), SCHEMA)

    text = PolicyText.parse(rule(" && ".join(["context.x"] * 40)), SCHEMA)
    assert text.rule("r") is not None


def _groups(count: int, parents: Callable[[int], Iterable[int]]) -> tuple[Entity, ...]:
    return tuple(Entity("U", str(n), {}, tuple(("U", str(one)) for one in parents(n))) for n in range(count))


GROUPS: dict[str, Callable[[], tuple[Entity, ...]]] = {
    "chain": lambda: _groups(5_000, lambda n: [n + 1]),
    "circle": lambda: _groups(5_000, lambda n: [(n + 1) % 5_000]),
    "many each": lambda: _groups(5_000, lambda n: range(n + 1, n + 201)),
    "layers": lambda: _groups(5_000, lambda n: range(n - n % 30 + 30, n - n % 30 + 60)),
}


@pytest.mark.parametrize("name", GROUPS)
def test_groups_of_groups_that_would_fill_the_process_are_refused_in_words(name: str) -> None:
    """Cedar took a minute and 2.8 GB for the chain, and more for the circle."""
    text = PolicyText.parse(rule("principal in resource"), SCHEMA.replace("entity U;", "entity U in [U];"))
    entities = GROUPS[name]()
    began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    assert "more than 100,000 groups" in text.misfit(entities)
    with pytest.raises(RequestInvalid, match="more than 100,000 groups"):
        text.answer(Question(entities[0], "a", entities[-1], {"x": True, "n": 1}, entities))

    assert time.process_time() - began < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_groups_people_make_are_within_the_bounds() -> None:
    text = PolicyText.parse(rule("principal in resource"), SCHEMA.replace("entity U;", "entity U in [U];"))
    # 2,500 people in ten of 1,000 teams each, which belong to departments and those to a firm.
    people = [Entity("U", f"p{n}", {}, tuple(("U", f"t{(n + k) % 1_000}") for k in range(10))) for n in range(2_500)]
    teams = [Entity("U", f"t{n}", {}, (("U", f"d{n % 30}"),)) for n in range(1_000)]
    departments = [Entity("U", f"d{n}", {}, (("U", "firm"),)) for n in range(30)]

    assert text.misfit([*people, *teams, *departments]) == ""


def test_remarks_and_texts_nest_nothing() -> None:
    assert cedar_bounds.beyond(f"// {'(' * 5_000}\n" + rule('"' + "((((" * 5_000 + '" == ""')) is None


def test_the_line_of_a_bound_is_told() -> None:
    found = cedar_bounds.beyond("permit(principal, action, resource);\n\n" + rule("\n".join(["("] * 50)))

    assert found is not None
    assert found.line == 43  # line 4 opens the brackets of `when` and the first of the 50
    assert "deeper than 40" in found.what


@pytest.mark.parametrize("text", ['"' + '\\"' * 100_000, '@id("' * 50_000, "@id( " * 50_000, "//" * 100_000, '@id("\\' * 30_000])
def test_finding_the_policies_of_a_text_takes_time_in_proportion(text: str) -> None:
    started = time.monotonic()

    statements(text)

    assert time.monotonic() - started < 5


def test_long_text_is_not_parsed_once_for_each_of_its_lines() -> None:
    asked = []

    def fails(part: str) -> bool:
        asked.append(part)
        return "wrong" in part

    text = "\n".join(["fine"] * 7_000 + ["wrong"] + ["fine"] * 3_000)
    assert first_failing_line(text, fails) == 7_001
    assert len(asked) < 20
