"""The fast way to RFC 8785's spelling is taken only where it leads to the same place."""

from enum import StrEnum
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from sentinel.canonical import canonical

PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
JSON = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4), max_leaves=20
)


def reference(content: dict[str, Any]) -> str | None:
    """What the library says; None if it refuses."""
    try:
        return rfc8785.dumps(content).decode()
    except ValueError:
        return None


@given(st.dictionaries(st.text(max_size=6), JSON, max_size=5))
def test_both_spell_alike_or_both_refuse(content: dict[str, Any]) -> None:
    expected = reference(content)
    if expected is None:
        with pytest.raises(ValueError):  # noqa: PT011 - each library has its own words
            canonical(content)
    else:
        assert canonical(content) == expected


@pytest.mark.parametrize(
    "content",
    [
        {"\ufb33": 1, "\U0001f600": 2, "a": 3},  # UTF-16 sorts these the other way round than code points do
        {"a": '\x00\x1f\x7f\u2028"\\/'},
        {"a": 1e21, "b": 1.0, "c": -0.0, "d": 2**53 - 1},
    ],
    ids=str,
)
def test_where_the_spellings_could_differ_they_do_not(content: dict[str, Any]) -> None:
    assert canonical(content) == reference(content)


@pytest.mark.parametrize("wrong", [2**53, -(2**53), float("nan"), "\ud800", object(), {"a": {1: 2}}, {"a": b"x"}])
def test_what_json_cannot_say_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each library has its own words
        canonical({"a": wrong})


class Colour(StrEnum):
    RED = "red"


def test_a_code_is_spelt_as_its_text() -> None:
    assert canonical({"a": Colour.RED}) == '{"a":"red"}'
