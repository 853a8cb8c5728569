"""How each system of the bank writes the same person. What differs is what real records differ in."""

from dataclasses import dataclass

import numpy as np

from .people import People, fold


@dataclass(frozen=True)
class Spelling:
    """One customer in each system; `crm` is (first, last) name, `crm_again` what a second CRM record has; both empty for a company."""

    core: str
    crm: tuple[str, str]
    crm_again: tuple[str, str]
    lending: str
    card: str


# A second record was typed by somebody in a hurry: draws of the careless kind only.
_HURRY = 0.16


def spell(people: People) -> list[Spelling]:
    """In the order of the block."""
    ledger, clerk, loan, again = (people.dice.uniform(f"spelling {where}", 2) for where in ("core", "crm", "lending", "second"))
    found = []
    for row in range(len(people)):
        if people.company[row]:
            name = people.company[row]
            found.append(Spelling(fold(name).upper(), ("", ""), ("", ""), name, emboss(name)))
            continue
        first, last, maiden = people.first[row], people.last[row], people.maiden[row]
        found.append(
            Spelling(
                core=_in_ledger(first, last, maiden, ledger[row]),
                crm=_by_clerk(first, last, maiden, clerk[row]),
                crm_again=_by_clerk(first, last, maiden, again[row] * _HURRY),
                lending=_on_application(first, last, maiden, loan[row]),
                card=emboss(f"{first} {last}"),
            )
        )
    return found


def emboss(name: str) -> str:
    """What fits on a card: 26 capitals without accents or hyphens."""
    return fold(name).upper().replace("-", " ").replace("'", "")[:26].rstrip()


def _in_ledger(first: str, last: str, maiden: str, draws: np.ndarray) -> str:
    """Capitals, surname first; some names never followed a marriage, some were cut to an initial."""
    if maiden and draws[0] < 0.30:
        last = maiden
    elif draws[0] > 0.97:
        first = first[0]
    if draws[1] < 0.25:
        last = last.replace("'", " " if draws[1] < 0.08 else "")
    return fold(f"{last} {first}").upper()


def _by_clerk(first: str, last: str, maiden: str, draws: np.ndarray) -> tuple[str, str]:
    """As typed at the desk or on the phone: first and last name."""
    what = draws[0]
    if what < 0.03:
        return first, _mistyped(last, draws[1])
    if what < 0.045:
        return _mistyped(first, draws[1]), last
    if what < 0.075:
        return fold(first), fold(last)
    if what < 0.09:
        return last, first
    if what < 0.11:
        return first[0] + ".", last
    if what < 0.16 and maiden:
        return first, maiden
    return first, last


def _on_application(first: str, last: str, maiden: str, draws: np.ndarray) -> str:
    if maiden and draws[1] < 0.3:
        return f"{first} {maiden}"
    if draws[0] < 0.15:
        return f"{first[0]}. {last}"
    if draws[0] < 0.30:
        return fold(f"{first} {last}")
    if draws[0] < 0.36:
        return f"{last} {first}"
    return f"{first} {last}"


def _mistyped(name: str, draw: float) -> str:
    """Two neighbours swapped, or one letter lost; the first letter is right."""
    if len(name) < 4:
        return name
    place = 1 + int(draw * (len(name) - 2))
    if int(draw * 1000) % 2:
        return name[:place] + name[place + 1] + name[place] + name[place + 2 :]
    return name[:place] + name[place + 1 :]


def mistyped_date(iso: str) -> str:
    """Day and month swapped, where that is a date."""
    year, month, day = iso.split("-")
    return f"{year}-{day}-{month}" if int(day) <= 12 else iso


_PET_NAMES = {
    "Mary": "Molly", "Catherine": "Kate", "Bridget": "Bridie", "Sarah": "Sally", "Rachel": "Rach", "John": "Jack", "Patrick": "Paddy",
    "Michael": "Mick", "James": "Jim", "Daniel": "Dan", "Gerard": "Gerry", "Peter": "Pete", "Rebecca": "Becky", "Megan": "Meg",
    "Charlotte": "Lottie", "Joanna": "Jo", "Thomas": "Tom", "Oliver": "Ollie", "Edward": "Ted", "Andrew": "Andy", "Martin": "Marty",
    "Philip": "Phil", "Stephen": "Steve", "Robert": "Bob", "Katarzyna": "Kasia", "Małgorzata": "Gosia", "Magdalena": "Magda",
    "Krzysztof": "Krzysiek", "Grzegorz": "Grzesiek", "Jakub": "Kuba", "Stanisław": "Staszek", "Wojciech": "Wojtek", "Tomasz": "Tomek",
}  # fmt: skip


def pet_name(first: str) -> str:
    """What friends call somebody, where there is such a name."""
    return _PET_NAMES.get(first, first)
