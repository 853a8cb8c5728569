"""A forecast as people see it: days and amounts, ready to draw and to list as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

Line = list[tuple[date, Decimal]]


@dataclass(frozen=True, slots=True)
class CashflowChart:
    """End-of-day balances. `past` ends on the last complete day, the other lines begin the day after it.

    `base` is what happens if nothing changes, `low` and `high` its 8-of-10 range; `alternative` with the step taken.
    """

    days: list[date]
    past: Line
    base: Line
    low: Line
    high: Line
    alternative: Line | None
    today: date
    currency: str
    lowest_base: tuple[date, Decimal]
    lowest_alternative: tuple[date, Decimal] | None
    incomes: list[tuple[date, str]]


def chart_from(
    *,
    as_of: date,
    currency: str,
    past: Sequence[Decimal],
    low: Sequence[Decimal],
    median: Sequence[Decimal],
    high: Sequence[Decimal],
    alternative: Sequence[Decimal] | None,
    today: date,
    incomes: Sequence[tuple[date, str]] = (),
) -> CashflowChart:
    """Give the paths their days. `past` ends on `as_of`; the others begin the day after.

    `today` is that day too, or `as_of` itself when today's bookings were already known.
    """
    earlier = [as_of - timedelta(days=back) for back in reversed(range(len(past)))]
    ahead = [as_of + timedelta(days=step) for step in range(1, len(median) + 1)]

    def line(days: list[date], amounts: Sequence[Decimal]) -> Line:
        return list(zip(days, amounts, strict=True))

    base = line(ahead, median)
    other = line(ahead, alternative) if alternative is not None else None
    return CashflowChart(
        days=earlier + ahead,
        past=line(earlier, past),
        base=base,
        low=line(ahead, low),
        high=line(ahead, high),
        alternative=other,
        today=today,
        currency=currency,
        lowest_base=_lowest(base),
        lowest_alternative=_lowest(other) if other else None,
        incomes=list(incomes),
    )


def _lowest(line: Line) -> tuple[date, Decimal]:
    """The lowest point, the first of equals."""
    return min(line, key=lambda point: (point[1], point[0]))
