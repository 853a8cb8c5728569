"""Which other values of a fact are worth asking about: those at which what is read of it can change the answer, the nearest first.

Between two neighbouring constants of all the rules every amount or number gives the same answer, so each constant and the values just
beside it stand for all there are.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import ROUND_FLOOR, Decimal
from itertools import combinations
from typing import Any

from bankos.platform.actors import Role

from ..catalogue import LARGEST_AMOUNT
from ..cedar import APPROVER_ROLES, Approval, Mandate, Outcome, Request, somebody
from .changes import ANOTHER, APPROVAL, MANDATE, value_at
from .mutable import Fact
from .reading import Constant, Kind, Reading

CENT = Decimal("0.01")


def candidates(fact: Fact, readings: Sequence[Reading], request: Request, outcome: Outcome) -> tuple[Any, ...]:
    """Other values of a fact than it has, the nearest first, each once.

    Args:
        readings: all readings of the fact by the rules that can apply.
        outcome: the answer now. Where an approval is what is missing, also people who hold several roles are thought of; a permit can
            lose its approval or mandate, not get another.
    """
    current = value_at(request, fact.path)
    found: list[Any]
    if fact.path in (APPROVAL, MANDATE) and outcome is Outcome.PERMIT:
        found = [None]
    elif fact.path == APPROVAL:
        found = list(_approvals(readings, request, several=outcome is Outcome.NEEDS_APPROVAL))
    elif fact.path == MANDATE:
        found = list(_mandates(request))
    else:
        found = _of_own_type(fact, [reading for reading in readings if reading.path == fact.path], request)
        if not found and current is None:
            # Only its presence is read. The schema knows the type and refuses the others.
            found = [ANOTHER, True, 0, ()]
        if fact.optional:
            found.append(None)
    return tuple(value for place, value in enumerate(found) if value != current and value not in found[:place])


def _of_own_type(fact: Fact, own: Sequence[Reading], request: Request) -> list[Any]:
    numbers, amounts = _numbers(fact, own, request), _amounts(own, request)
    return [*numbers, *amounts, *_truths(own, value_at(request, fact.path)), *_sets(own, request), *_texts(fact, own, request)]


def numbers_of(fact: Fact, readings: Iterable[Reading], request: Request) -> tuple[int, ...] | tuple[str, ...]:
    """The values that stand for all numbers or amounts of a fact; empty for other kinds of facts."""
    own = [reading for reading in readings if reading.path == fact.path]
    return tuple(_numbers(fact, own, request)) or tuple(_amounts(own, request))


def _numbers(fact: Fact, readings: Iterable[Reading], request: Request) -> list[int]:
    around = {
        value + step for value, step in _turns(readings, request, Kind.VALUE) if isinstance(value, int) and not isinstance(value, bool)
    }
    current, lowest, highest = value_at(request, fact.path), fact.lowest, fact.highest
    if fact.recurs and lowest is not None and highest is not None and isinstance(current, int):
        round_trip = highest - lowest + 1
        fitting = {(number - lowest) % round_trip + lowest for number in around}
        return sorted(fitting, key=lambda number: (number - current) % round_trip)
    fitting = {number for number in around if (lowest is None or number >= lowest) and (highest is None or number <= highest)}
    origin = current if isinstance(current, int) else 0
    return sorted(fitting, key=lambda number: (abs(number - origin), number))


def _amounts(readings: Sequence[Reading], request: Request) -> list[str]:
    around = {
        Decimal(value).quantize(CENT, ROUND_FLOOR) + step * CENT
        for value, step in _turns(readings, request, Kind.MONEY)
        if isinstance(value, str | Decimal)
    }
    fitting = [amount for amount in around if 0 < amount <= Decimal(LARGEST_AMOUNT)]
    if not fitting:
        return []
    current = value_at(request, readings[0].path)
    origin = Decimal(current) if isinstance(current, str) else Decimal(0)
    return [f"{amount:.2f}" for amount in sorted(fitting, key=lambda amount: (abs(amount - origin), amount))]


def _turns(readings: Iterable[Reading], request: Request, kind: Kind) -> Iterator[tuple[Constant, int]]:
    for reading in readings:
        for constant in _constants([reading], request, kind):
            # Finer than a cent: the cents on both sides.
            finer = isinstance(constant, Decimal) and constant % CENT != 0
            yield from ((constant, step) for step in ((0, 1) if finer else reading.edges))


def _truths(readings: Iterable[Reading], current: Any) -> list[bool]:
    asked = any(
        reading.kind is Kind.TRUTH or (reading.kind is Kind.VALUE and any(isinstance(value, bool) for value in reading.against))
        for reading in readings
    )
    if not asked:
        return []
    return [not current] if isinstance(current, bool) else [True, False]


def _sets(readings: Iterable[Reading], request: Request) -> Iterator[tuple[Any, ...]]:
    """One element more or less; none at all, where somebody asks whether the set is empty or it is not known."""
    members = [reading for reading in readings if reading.kind is Kind.MEMBERS]
    if not members:
        return
    current = value_at(request, members[0].path)
    have = current or ()
    named = _constants(members, request, Kind.MEMBERS)
    for element in dict.fromkeys(element for element in named if isinstance(element, str | int)):
        yield tuple(kept for kept in have if kept != element) if element in have else tuple(sorted((*have, element), key=str))
    if current is None or any(not reading.against and not reading.paths for reading in members):
        yield ()


def _texts(fact: Fact, readings: Iterable[Reading], request: Request) -> Iterator[str]:
    texts = [value for value in _constants(readings, request, Kind.VALUE) if isinstance(value, str)]
    # The asker may say something no rule knows; what is recorded has the values the bank records.
    if texts and fact.path[1] in ("parameters", "facts"):
        yield ANOTHER
    current = value_at(request, fact.path)
    origin = fact.ladder.index(current) if current in fact.ladder else 0
    places = {value: abs(place - origin) for place, value in enumerate(fact.ladder)}
    yield from sorted((text for text in texts if text), key=lambda text: places.get(text, len(places)))


def _approvals(readings: Iterable[Reading], request: Request, *, several: bool) -> Iterator[Approval]:
    """Agreements of one person: of each role, then with a mandate for the amount, then (`several`) of two roles, then of all."""
    roles: list[tuple[Role, ...]] = [(role,) for role in APPROVER_ROLES]
    pairs = list(combinations(APPROVER_ROLES, 2)) if several else []
    yield from (Approval(by="", roles=frozenset(group)) for group in roles)
    if any(reading.path[: len(APPROVAL) + 1] == (*APPROVAL, "mandate") for reading in readings):
        mandate = somebody(request).mandate
        yield from (Approval(by="", roles=frozenset(group), mandate=mandate) for group in [(), *roles, *pairs])
    yield from (Approval(by="", roles=frozenset(group)) for group in pairs)
    if several:
        yield somebody(request)


def _mandates(request: Request) -> Iterator[dict[str, str]]:
    amount, currency = request.parameters.get("amount"), request.parameters.get("currency")
    if isinstance(amount, str) and isinstance(currency, str):
        yield Mandate(amount, currency).as_json()


def _constants(readings: Iterable[Reading], request: Request, kind: Kind) -> list[Constant]:
    """What the readings of one kind hold the fact against, in the order of the text; other paths count with their present value."""
    found: list[Constant] = []
    for reading in readings:
        if reading.kind is kind:
            found += reading.against
            for path in reading.paths:
                value = value_at(request, path)
                found += value if isinstance(value, tuple) else [value] if isinstance(value, bool | int | str) else []
    return found
