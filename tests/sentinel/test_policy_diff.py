import re

from hypothesis import given
from hypothesis import strategies as st

from sentinel import text_diff
from sentinel.policy import Texts
from sentinel.policy_diff import Change, Diff, Said, diff
from sentinel.text_diff import Mark

from .texts import EXAMPLES, POLICIES, SCHEMA, without

OLD = Texts(POLICIES, SCHEMA, EXAMPLES)
NEW_RULE = """
// Tried for a while.
@id("no-cards-on-sundays")
@sentence("No cards on Sundays.")
@customer("Ask on another day.")
@owner("Compliance")
@basis("None")
forbid (principal, action == Action::"product.offer", resource)
when { context.request.weekday == 7 };
"""
lines_of_text = st.lists(st.text(alphabet="ab ", max_size=6), max_size=25)


def compared(policies: str = POLICIES, schema: str = SCHEMA, examples: str = EXAMPLES) -> Diff:
    return diff(OLD, Texts(policies, schema, examples))


def of_rule(id: str, before: str, after: str) -> str:
    """The starting set with one rule's text changed."""
    changed, found = re.subn(rf'(@id\("{id}"\).*?\n\}};\n)', lambda rule: rule[1].replace(before, after, 1), POLICIES, flags=re.DOTALL)
    assert found == 1
    assert changed != POLICIES
    return changed


def test_equal_texts_have_no_difference() -> None:
    assert compared().nothing
    assert compared().unchanged == POLICIES.count("@id(")


def test_the_order_of_the_rules_makes_no_difference() -> None:
    rules = re.split(r"(?<=\};\n)\n", POLICIES)
    assert len(rules) > 10

    assert compared("\n".join(reversed(rules))).rules == ()


def test_a_new_rule_and_one_that_is_gone_are_told_with_their_source() -> None:
    found = compared(without("no-credit-in-arrears") + NEW_RULE)

    gone, new = (one for one in found.rules if one.change is not Change.CHANGED)
    assert (gone.id, gone.change, gone.after) == ("no-credit-in-arrears", Change.REMOVED, None)
    assert (new.id, new.change, new.before) == ("no-cards-on-sundays", Change.ADDED, None)
    assert new.source[0].text == "// Tried for a while."
    assert {line.mark for line in gone.source} == {Mark.REMOVED}


def test_a_rule_that_does_something_else_under_the_same_words_is_worth_a_look() -> None:
    [one] = compared(of_rule("no-credit-in-arrears", "days_past_due > 0", "days_past_due > 5")).rules

    assert (one.said, one.worth_a_look, one.parts) == (Said.HIDDEN, True, ())


def test_a_rule_that_says_and_does_something_else_is_reworded() -> None:
    text = of_rule("no-credit-in-arrears", "days_past_due > 0", "days_past_due > 5")
    text = text.replace(_sentence("no-credit-in-arrears"), "No credit to a customer who is more than five days late.")

    [one] = compared(text).rules

    assert (one.said, one.worth_a_look) == (Said.REWORDED, False)
    assert [part.name for part in one.parts] == ["Sentence"]


def test_other_words_for_the_same_effect_are_told_apart_from_another_effect() -> None:
    [one] = compared(POLICIES.replace("Staff of a branch act for", "Staff of a branch serve")).rules

    assert one.said is Said.WORDS_ONLY
    assert [(piece.mark, piece.text) for piece in one.sentence if piece.mark is not Mark.SAME] == [
        (Mark.REMOVED, "act for"),
        (Mark.ADDED, "serve"),
    ]


def test_another_owner_changes_no_effect_and_another_obligation_does() -> None:
    [noted] = compared(of_rule("no-credit-in-arrears", '@owner("', '@owner("Group ')).rules
    assert (noted.said, [part.name for part in noted.parts]) == (Said.NOTES_ONLY, ["Owner"])

    [obliged] = compared(of_rule("staff-serve-customers", "@owner(", '@obligation("second-look")\n@owner(')).rules

    assert (obliged.said, [(part.before, part.after) for part in obliged.parts]) == (Said.HIDDEN, [("nothing", "second-look")])


def test_other_spelling_is_no_other_effect() -> None:
    [one] = compared(of_rule("no-credit-in-arrears", "\nwhen {", "\n\n\nwhen   {")).rules

    assert (one.said, one.worth_a_look) == (Said.SPELLING, False)


def test_examples_are_compared_by_what_they_ask_and_expect() -> None:
    moved = EXAMPLES.replace('"examples": [', '"examples": [\n\n', 1)
    assert compared(examples=moved).nothing

    found = compared(examples=EXAMPLES.replace('"days_past_due": 1}', '"days_past_due": 2}', 1))

    assert (len(found.examples_added), len(found.examples_removed)) == (1, 1)


def test_lines_of_the_schema_are_told() -> None:
    [skipped, *rest] = compared(schema=SCHEMA + "\n// The end.\n").schema

    assert (skipped.mark, skipped.count) == (Mark.SKIPPED, SCHEMA.count("\n") - text_diff.CONTEXT)
    assert rest[-1].text == "// The end."


def test_line_numbers_are_those_of_the_two_texts() -> None:
    text = of_rule("no-credit-in-arrears", "days_past_due > 0", "days_past_due > 5")
    [one] = compared("\n\n" + text).rules

    old, new = POLICIES.splitlines(), ("\n\n" + text).splitlines()
    for line in one.source:
        if line.mark is not Mark.SKIPPED:
            assert line.before is None or old[line.before - 1] == line.text
            assert line.after is None or new[line.after - 1] == line.text


@given(lines_of_text, lines_of_text)
def test_both_texts_can_be_read_back_from_what_is_told(before: list[str], after: list[str]) -> None:
    old, new = "\n".join(before), "\n".join(after)

    told = text_diff.lines(old, new)

    assert bool(told) is (old != new)
    for texts, side, own in ((old.splitlines(), "before", Mark.REMOVED), (new.splitlines(), "after", Mark.ADDED)):
        place = 0
        for line in told:
            if line.mark is Mark.SKIPPED:
                place += line.count
            elif line.mark in (Mark.SAME, own):
                place += 1
                assert (getattr(line, side), line.text) == (place, texts[place - 1])
        assert not told or place == len(texts)


@given(lines_of_text, lines_of_text)
def test_side_by_side_shows_each_line_once_and_in_order(before: list[str], after: list[str]) -> None:
    told = text_diff.lines("\n".join(before), "\n".join(after))

    pairs = text_diff.side_by_side(told)

    assert [pair.left for pair in pairs if pair.left] == [line for line in told if line.mark is not Mark.ADDED]
    assert [pair.right for pair in pairs if pair.right] == [line for line in told if line.mark is not Mark.REMOVED]


@given(st.text(max_size=60), st.text(max_size=60))
def test_words_hold_both_texts(before: str, after: str) -> None:
    pieces = text_diff.words(before, after)

    assert "".join(piece.text for piece in pieces if piece.mark is not Mark.ADDED) == before
    assert "".join(piece.text for piece in pieces if piece.mark is not Mark.REMOVED) == after


def _sentence(id: str) -> str:
    found = re.search(rf'@id\("{id}"\)\n@sentence\("(.*?)"\)', POLICIES)
    assert found
    return found[1]
