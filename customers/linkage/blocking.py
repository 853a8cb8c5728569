"""Which records are compared at all: those that share a key. Keys are chosen so that a person whose name, birth date or address was
mistyped or has changed still shares one, and that few others do.
"""

from collections.abc import Iterator

from .descriptions import Description

LARGEST_BLOCK = 120
LARGEST_OF_MANY = 30
"""A key more records share than this says too little and is passed over: it bounds the pairs of a batch and the candidates of one. Fewer
may share one of the kinds in `MANY`: a record has several of those, and most who share one are two people.
"""
MANY = "dhmns"

_HALF = 4  # of a national number: one slip spares its beginning or its end

_SHORTEST_LINE = 5
_SOUNDS = {
    **dict.fromkeys("bfpv", "1"),
    **dict.fromkeys("cgjkqsxz", "2"),
    **dict.fromkeys("dt", "3"),
    "l": "4",
    **dict.fromkeys("mn", "5"),
    "r": "6",
}


def keys_of(one: Description) -> frozenset[str]:
    """The keys of a record, each with the sign of its kind before it."""
    return frozenset(_keys(one))


def _keys(one: Description) -> Iterator[str]:
    words = one.name_key.split()
    sounds = sorted({sound(word) for word in words if len(word) > 1})
    whole = "".join(sounds) if len(sounds) > 1 else ""
    if one.national_id:
        yield f"i{one.national_id}"
        for word in words:
            yield f"n{one.national_id[:_HALF]}<{word[0]}"
            yield f"n{one.national_id[-_HALF:]}>{word[0]}"
    for phone in one.phones:
        yield f"p{phone}"
    for email in one.emails:
        yield f"e{email}"
    if one.birth_date:
        for word in words:
            yield f"b{one.birth_date}{word[0]}"
        for each in sounds:
            yield f"m{each}{one.birth_date[:6]}"
            yield f"d{each}{one.birth_date[4:]}"
        if whole:
            yield f"y{whole}{one.birth_date[:4]}"
        if one.postcode:
            yield f"c{one.birth_date}{one.postcode}"
    if whole and one.postcode:
        yield f"z{whole}{one.postcode}"
    if whole and one.town:
        yield f"t{whole}{one.town}"
    if one.postcode and one.house_number:
        for word in words:
            yield f"h{one.postcode} {one.house_number}{word[0]}"
    for line in (one.line_1, one.line_2):
        if len(line) < _SHORTEST_LINE:
            continue
        yield f"a{line}{one.house_number}"
        for each in sounds:
            yield f"s{each}{line[:_SHORTEST_LINE]}{one.house_number}"


def largest_block(key: str) -> int:
    """How many records may share this key for it to say anything."""
    return LARGEST_OF_MANY if key[0] in MANY else LARGEST_BLOCK


def sound(word: str) -> str:
    """The American Soundex of a folded word: what it sounds like, roughly."""
    code, last = word[0], _SOUNDS.get(word[0], "")
    for letter in word[1:]:
        digit = _SOUNDS.get(letter, "")
        if digit and digit != last:
            code += digit
        if letter not in "hw":
            last = digit
    return f"{code}000"[:4]
