"""What a record says of a person, made comparable: the same for a source file's line, a customer on record and a labelled test set."""

import re
from typing import NamedTuple

from customers.spelling import fold

from .nicknames import root_of

_NOT_PLAIN = re.compile(r"[^a-z0-9]")
_NUMBER = re.compile(r"\b\d+[a-z]?\b")


class Description(NamedTuple):
    """Empty text is "not stated". The fields are also the columns of the table pairs are compared in."""

    id: str
    given_name: str
    surname: str
    name_key: str
    """The words of the whole name in alphabetical order."""
    given_root: str
    """What the given name is short for: "bob" → "robert"."""
    birth_date: str
    """Eight digits; a source may state days that no calendar has."""
    national_id: str
    house_number: str
    line_1: str
    line_2: str
    """Address lines without house number, spaces and signs."""
    town: str
    postcode: str
    phones: tuple[str, ...]
    emails: tuple[str, ...]


def describe(
    identity: str,
    *,
    given_name: str = "",
    surname: str = "",
    birth_date: str = "",
    national_id: str = "",
    house_number: str = "",
    address_1: str = "",
    address_2: str = "",
    town: str = "",
    postcode: str = "",
    phones: tuple[str, ...] = (),
    emails: tuple[str, ...] = (),
) -> Description:
    """Make a record comparable. A house number may stand in its own field or in an address line."""
    given, family = fold(given_name), fold(surname)
    first_line, second_line = fold(address_1), fold(address_2)
    number = plain(house_number)
    if not number and (found := _NUMBER.search(first_line) or _NUMBER.search(second_line)):
        number = found.group()
    return Description(
        id=identity,
        given_name=given,
        surname=family,
        name_key=" ".join(sorted(f"{given} {family}".split())),
        given_root=root_of(given),
        birth_date=plain(birth_date),
        national_id=plain(national_id),
        house_number=number,
        line_1=plain(_NUMBER.sub("", first_line)),
        line_2=plain(_NUMBER.sub("", second_line)),
        town=plain(town),
        postcode=plain(postcode),
        phones=phones,
        emails=emails,
    )


def plain(text: str) -> str:
    """Letters and digits only, lower case, without diacritics."""
    return _NOT_PLAIN.sub("", fold(text))
