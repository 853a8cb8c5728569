"""What is read from a Cedar schema, and what of a request fits into it."""

from contextlib import suppress

import cedarpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.authzen.vocabulary import ActionUse, Record, SetOf, Vocabulary, VocabularyUnreadable, fit
from sentinel.policy import starting_set

SCHEMA = """
@doc("People; \\"staff\\" // not a comment") entity user, guest in [team] = {
  role?: String, "odd name": Long, boss?: user, // a comment { with marks
  @doc("nested") history?: Set<Change>, home?: { street?: String },
} tags String;
entity team in team;
entity record { limit?: decimal, since?: datetime, };
entity colour enum ["red", "blue {"];
type Change = { by?: user, note?: Text };
type Text = String;
type Facts = { time?: String, changes?: Set<Change> };
action read, "write \\u{e9}" in [Action::"anything"] appliesTo {
  principal: [user, guest], resource: record, context: { time?: String }
};
action delete appliesTo { principal: user, resource: [record, team], context: Facts };
action anything;
"""
CHANGE = Record({"by": None, "note": None})


def test_types_attributes_and_actions_are_read_whatever_order_they_stand_in() -> None:
    cedarpy.Schema.from_str(SCHEMA)  # Cedar reads it too

    read = Vocabulary.read(SCHEMA)

    person = Record({"role": None, "odd name": None, "boss": None, "history": SetOf(CHANGE), "home": Record({"street": None})})
    assert read.entities == {
        "user": person,
        "guest": person,
        "team": Record(),
        "record": Record({"limit": None, "since": None}),
        "colour": Record(),
    }
    reading = ActionUse(frozenset({"user", "guest"}), frozenset({"record"}), Record({"time": None}))
    assert read.actions == {
        "read": reading,
        "write é": reading,
        "delete": ActionUse(frozenset({"user"}), frozenset({"record", "team"}), Record({"time": None, "changes": SetOf(CHANGE)})),
        "anything": ActionUse(frozenset(), frozenset(), Record()),
    }


def test_cedars_own_writing_of_a_schema_says_the_same() -> None:
    assert Vocabulary.read(str(cedarpy.Schema.from_str(SCHEMA))) == Vocabulary.read(SCHEMA)


def test_the_schema_of_the_banks_policies_is_read() -> None:
    schema = starting_set()[1]

    read = Vocabulary.read(schema)

    assert read == Vocabulary.read(str(cedarpy.Schema.from_str(schema)))
    assert "transfer.between_own_accounts" in read.actions_for("Employee", "Party")


def test_only_actions_for_both_types_can_be_asked_for() -> None:
    read = Vocabulary.read(SCHEMA)

    assert read.actions_for("user", "record") == ("delete", "read", "write é")
    assert read.actions_for("guest", "record") == ("read", "write é")
    assert read.actions_for("guest", "team") == ()
    assert read.actions_for("spaceship", "record") == ()


@pytest.mark.parametrize(
    "schema",
    ["namespace Bank { entity user; }", "entity user", "entity user = { role: ", "permit (principal, action, resource);", "entity ; §"],
)
def test_what_cannot_be_asked_about_is_refused(schema: str) -> None:
    with pytest.raises(VocabularyUnreadable):
        Vocabulary.read(schema)


@given(st.text(alphabet='entity action{}[]<>:;,"?=@/\\ \n', max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(VocabularyUnreadable):
        assert isinstance(Vocabulary.read(text), Vocabulary)


def test_what_is_not_declared_is_left_out_at_any_depth() -> None:
    said = {
        "role": "clerk",
        "department": "Sales",
        "history": [{"note": "a", "secret": 1}, "text"],
        "home": {"street": "High St", "zip": "1"},
        "boss": {"type": "user", "id": "bob"},
    }

    assert fit(said, Vocabulary.read(SCHEMA).entities["user"]) == {
        "role": "clerk",
        "history": [{"note": "a"}, "text"],
        "home": {"street": "High St"},
        "boss": {"type": "user", "id": "bob"},
    }


def test_a_wrong_type_is_left_for_cedar_to_refuse() -> None:
    shape = Vocabulary.read(SCHEMA).entities["user"]

    assert fit({"home": "High St", "history": {"note": 1}}, shape) == {"home": "High St", "history": {"note": 1}}
