# ruff: noqa: T201
"""How long a search takes among the customers of a big bank.

    DATABASE_URL=postgres://… python tests/benchmarks/search_speed.py [ROUNDS]

On a database filled by `big_bank`: customers drawn by chance, each searched by what staff type. By the contact centre, which sees all, by
somebody of one branch, by somebody of ten and by the manager of one portfolio, each for customers they see. Prints p50 and p95 of each way
and of all, with the record of the search that each one leaves, and how many were found.
"""

import random
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import big_bank
from clerk import clerk, milliseconds

from bankos.platform import clock
from bankos.platform.actors import Actor, Role
from bankos.platform.models import User
from customers import search
from customers.models import Party, PortfolioPlace
from tests import arranging

IN_A_PORTFOLIO = 300


def _misspelt(text: str) -> str:
    return text[:2] + text[3:] if len(text) > 4 else text


def _swapped(text: str) -> str:
    return f"{text[:2]}{text[3]}{text[2]}{text[4:]}" if len(text) > 4 else text


def portfolio_manager(there: int) -> Actor:
    """Somebody of no branch who looks after `IN_A_PORTFOLIO` customers, every so many-th of the bank's."""
    actor = clerk()
    if not PortfolioPlace.objects.exists():
        arranging.make_portfolio("benchmark", name="Benchmark", manager=User.objects.get(pk=actor.id))
        numbers = [f"C-{10_000_000 + number}" for number in range(0, there, there // IN_A_PORTFOLIO)]
        spaced = [f"{number[:5]} {number[5:8]} {number[8:]}" for number in numbers]
        for party in Party.objects.filter(number__in=spaced):
            arranging.look_after(party.pk, portfolio="benchmark")
    return actor


def main(rounds: int = 40) -> None:
    there = Party.objects.customers().count()
    chance = random.Random(3)
    people = {number: (first, last) for number, first, last, _, _ in big_bank._people(there)}
    ways: dict[str, Callable[[int], str]] = {
        "name": lambda number: " ".join(people[number]),
        "name with a slip": lambda number: _misspelt(" ".join(people[number])),
        "both words with a slip": lambda number: " ".join(map(_swapped, people[number])),
        "family name": lambda number: people[number][1],
        "first name": lambda number: people[number][0],
        "beginning of a name": lambda number: people[number][1][:3],
        "customer number": lambda number: f"{10_000_000 + number}",
        "account": big_bank.account_of,
        "last four digits": lambda number: big_bank.account_of(number)[-4:],
        "phone": lambda number: f"+353 87 {number // 10_000:03d} {number % 10_000:04d}",
        "phone without country": lambda number: f"087/{number // 10_000:03d}{number % 10_000:04d}",
        "e-mail": lambda number: f"{people[number][0]}.{people[number][1]}.{number}@posteo.example".lower(),
        "identity number": lambda number: f"N{number:08d}",
        "nobody's name": lambda number: f"Xq{people[number][1][::-1]}",
    }
    contact_centre = clerk()
    actors = {
        "contact centre": (replace(contact_centre, roles=frozenset({Role.CONTACT_CENTRE})), 1),
        "one branch": (clerk("B000"), big_bank.BRANCHES),
        "ten branches": (clerk(*(f"B{number:03d}" for number in range(0, big_bank.BRANCHES, 4))), 4),
        "one portfolio": (portfolio_manager(there), there // IN_A_PORTFOLIO),
    }
    print(f"{there:,} customers")
    everything: list[float] = []
    for way, typed in ways.items():
        for who, (actor, apart) in actors.items():
            taken, found = [], 0
            for _ in range(rounds):
                text = typed(chance.randrange(there // apart) * apart)
                began = time.perf_counter()
                found += bool(search.find(text, actor=actor, at=clock.now()))
                taken.append(time.perf_counter() - began)
            milliseconds(f"{way}, {who} (found {found})", taken)
            everything += taken
    milliseconds("all", everything)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
