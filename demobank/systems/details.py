"""The CRM's details of clients: what some of them told beside name and address, and from when to when it is true."""

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np

from .. import cast
from ..block import Block
from ..economy import Income
from ..people import NOBODY
from .core import Row
from .crm import OLD, clients_of

_COUNTRY = {"irish": "IE", "gaelic": "IE", "french": "FR", "flemish": "BE", "portuguese": "PT", "italian": "IT"}
_NATIONS = _COUNTRY | {"polish": "PL", "nigerian": "NG", "nordic": "DK", "indian": "IN"}
_LEGAL_FORMS = {"Ltd": "private company limited by shares", "Limited": "private company limited by shares", "Teoranta": "teoranta"}
_OCCUPATIONS = (
    "nurse",
    "teacher",
    "electrician",
    "software developer",
    "shop assistant",
    "accountant",
    "driver",
    "cook",
    "carpenter",
    "clerk",
    "engineer",
    "care worker",
)
_NEXT_ADDRESS = "7 Dock Road, H91 B77Z"


def detail_rows(block: Block) -> Iterator[Row]:
    """Of an employer the CRM knows what it was told once: a new job shows only in how money moves."""
    people, economy, plan = block.people, block.economy, block.plan
    clients, dice = clients_of(people), people.dice
    tells = dice.uniform("details told", 4)
    which = dice.whole("occupation", 0, len(_OCCUPATIONS) - 1)
    married = dice.whole("married for", 400, 4_000)
    moves_in = dice.whole("moves in", 20, 80)
    for row in range(len(people)):
        client, branch = clients.number[row], people.branch_of(row)

        def told(what: str, value: str, *, since: date | None = None, until: date | None = None, client: str = client) -> Row:
            return client, what, value, since.isoformat() if since else "", until.isoformat() if until else ""

        home = _COUNTRY[branch.tradition]
        if people.company[row]:
            yield told("legal_form", _LEGAL_FORMS[people.company[row].rpartition(" ")[2]])
            yield told("tax_residence", home)
            continue
        nation = _NATIONS.get(people.tradition[row], home)
        if nation != home or tells[row, 0] < 0.1:
            yield told("nationality", nation)
        if people.maiden[row] and people.partner[row] != NOBODY:
            yield told("former_name", f"{people.first[row]} {people.maiden[row]}", until=plan.as_of - timedelta(days=int(married[row])))
        if not people.is_adult[row]:
            continue
        if people.age[row] > OLD and tells[row, 0] > 0.95 and not cast.in_first_block(people):
            # The family told the branch; the money still moves as it did.
            yield told("deceased", (plan.as_of - timedelta(days=3)).isoformat())
        if tells[row, 1] < 0.25 or (cast.in_first_block(people) and row == cast.INES):
            yield told("tax_residence", home)
            yield told("occupation", _occupation(economy.income_kind[row], int(which[row])))
            if economy.income_kind[row] in (Income.MONTHLY, Income.FORTNIGHTLY):
                yield told("employer", str(economy.employer[row]))
        if people.phone[row] and tells[row, 2] < 0.08:
            yield told("phone_work", people.phone[row][:-2] + "80")
        if cast.in_first_block(people) and row == cast.AISLING:
            yield told("address", _NEXT_ADDRESS, since=plan.as_of + timedelta(days=30))
        elif tells[row, 3] < 0.004:
            other = (row + 1) % len(people)
            address = f"{people.street[other]}, {people.postcode[other]}"
            yield told("address", address, since=plan.as_of + timedelta(days=int(moves_in[row])))


def _occupation(income_kind: np.integer, which: int) -> str:
    match Income(int(income_kind)):
        case Income.PENSION:
            return "retired"
        case Income.BENEFIT | Income.NONE:
            return "looking for work"
        case Income.DRAWINGS:
            return "self-employed"
        case _:
            return _OCCUPATIONS[which]
