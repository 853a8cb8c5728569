"""Names that are alike, by way of one index: every word of a customer's names, and every longer word with one letter left out.

Where a letter is too many, too few or wrong, or two changed places, leaving a letter out of both spellings makes them one. So a slip is
looked up like a key, however many customers there are, and nothing is compared with all names.
"""

from collections.abc import Collection, Sequence
from itertools import combinations

from django.contrib.postgres.search import SearchVectorField
from django.db.models import F, Func

from .condition import Condition

SHORTEST, LONGEST = 4, 30
"""Words whose letters are left out one by one; the same in the database's function (migration 0012)."""

_TWO_SLIPS = range(7, 13)
"""Words so long that two slips leave them what they are; beyond, the spellings would be too many."""

_MOST_WORDS = 8


class NameLexemes(Func):
    """The index's entries: the words themselves, and behind a "~" what is left of them without a letter."""

    function = "customers_name_lexemes"
    output_field = SearchVectorField()


def bearing(asked: str) -> Condition:
    """Parties whose names fit, by a text search query from here."""
    return Condition("(customers_name_lexemes({names}) @@ %(asked)s::tsquery)", {"asked": asked}, names=F("search_name"))


def whole(words: Sequence[str]) -> Condition:
    """Parties who bear these words as they are. Uses no index: to put some above others."""
    return Condition("(string_to_array({names}, ' ') @> %(words)s::text[])", {"words": [*words]}, names=F("search_name"))


def beginning(words: Sequence[str]) -> str:
    """Each of these is one of the words of a name, or begins one."""
    return " & ".join(f"'{word}':*" for word in words[:_MOST_WORDS])


def near(words: Sequence[str]) -> str:
    """Each of these is one of the words, begins one, or is a slip away from one; of three or more, one may be another altogether."""
    each = [" | ".join([f"'{word}':*", *(f"'{spelling}'" for spelling in _near(word))]) for word in words[:_MOST_WORDS]]
    some = combinations(each, len(each) - 1) if len(each) > 2 else [each]
    return " | ".join("(" + " & ".join(f"({one})" for one in few) + ")" for few in some)


def _near(word: str) -> Collection[str]:
    # As it is, it may be a word that lacks a letter.
    found = {f"~{word}"}
    if SHORTEST <= len(word) <= LONGEST:
        left = _without_a_letter(word)
        if len(word) in _TWO_SLIPS:
            left |= {less for one in left for less in _without_a_letter(one)}
        found |= left | {f"~{one}" for one in left}
    return sorted(found)


def _without_a_letter(word: str) -> set[str]:
    return {word[:place] + word[place + 1 :] for place in range(len(word))}
