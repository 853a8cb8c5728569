"""Who is heard when the request and the store, or an item and its batch, say different things."""

from hypothesis import given
from hypothesis import strategies as st

from sentinel.authzen.merging import known_and_said, with_defaults
from sentinel.cedar import Entity

attributes = st.dictionaries(st.sampled_from(["role", "status", "owner"]), st.sampled_from(["admin", "", 7, True, ["a", "b"]]))


@given(known=attributes, said=attributes)
def test_what_is_said_counts_and_what_is_not_said_stays_known(known: dict[str, object], said: dict[str, object]) -> None:
    groups = (("team", "north"),)

    both = known_and_said(Entity("user", "bob", known, groups), Entity("user", "bob", said))

    assert both == Entity("user", "bob", known | said, groups)


def test_a_property_replaces_the_known_one_whole() -> None:
    known = Entity("record", "r", {"access": {"read": True, "write": True}})

    assert known_and_said(known, Entity("record", "r", {"access": {"read": False}})).attributes == {"access": {"read": False}}


def test_what_the_store_does_not_know_has_only_what_is_said() -> None:
    assert known_and_said(None, Entity("user", "carol", {"role": "guest"})) == Entity("user", "carol", {"role": "guest"})


members = st.dictionaries(
    st.sampled_from(["subject", "action", "resource", "context"]),
    st.dictionaries(st.sampled_from(["type", "id", "name", "properties"]), st.sampled_from(["a", "b"])),
)


@given(item=members, defaults=members)
def test_each_member_is_the_items_or_the_defaults_and_never_a_mixture(
    item: dict[str, dict[str, str]], defaults: dict[str, dict[str, str]]
) -> None:
    merged = with_defaults(item, defaults)

    assert merged.keys() == item.keys() | defaults.keys()
    assert all(merged[member] == (item[member] if member in item else defaults[member]) for member in merged)
