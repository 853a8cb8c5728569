"""How each system of the bank writes the same person. What differs is what real records differ in."""

from dataclasses import dataclass

import numpy as np

from .people import People, fold


@dataclass
class Spellings:
    """One entry per customer: the old ledger's, the CRM's first and last name, the lender's, the card's embossing."""

    core: list[str]
    crm_first: list[str]
    crm_last: list[str]
    lending: list[str]
    card: list[str]
    second_first: list[str]
    second_last: list[str]


def spell(people: People) -> Spellings:
    dice = people.dice
    ledger, clerk, loan, second = (dice.uniform(f"spelling {where}", 2) for where in ("core", "crm", "lending", "second"))
    found = Spellings([], [], [], [], [], [], [])
    for row in range(len(people)):
        if people.company[row]:
            name = people.company[row]
            found.core.append(fold(name).upper())
            found.crm_first.append("")
            found.crm_last.append("")
            found.lending.append(name)
            found.card.append(emboss(name))
            found.second_first.append("")
            found.second_last.append("")
            continue
        first, last, maiden = people.first[row], people.last[row], people.maiden[row]
        found.core.append(_in_ledger(first, last, maiden, ledger[row]))
        for firsts, lasts, draws in (
            (found.crm_first, found.crm_last, clerk[row]),
            (found.second_first, found.second_last, second[row] * 0.16),
        ):
            one, two = _by_clerk(first, last, maiden, draws)
            firsts.append(one)
            lasts.append(two)
        found.lending.append(_on_application(first, last, maiden, loan[row]))
        found.card.append(emboss(f"{first} {last}"))
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
