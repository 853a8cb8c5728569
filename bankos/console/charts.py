"""Charts as SVG made on the server: no script, coloured by the stylesheet's tokens, always beside a table of the same figures."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from bankos.platform.money import amount_in_words

if TYPE_CHECKING:
    from insights.cashflow.chart import CashflowChart

Point = tuple[float, float]
Series = Sequence[tuple[date, Decimal]]
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Row:
    """One day of the chart's table; amounts in the chart's currency, None where a line has no value."""

    day: date
    past: Decimal | None
    base: Decimal | None
    low: Decimal | None
    high: Decimal | None
    alternative: Decimal | None
    event: str


def rows(chart: "CashflowChart") -> list[Row]:
    """The drawing's figures, one row a day, oldest first."""
    past, base, low, high, other = (dict(series or ()) for series in (chart.past, chart.base, chart.low, chart.high, chart.alternative))
    events = dict(chart.incomes)
    return [Row(day, past.get(day), base.get(day), low.get(day), high.get(day), other.get(day), events.get(day, "")) for day in chart.days]


def spark(values: Sequence[Decimal], width: int = 88, height: int = 18) -> SafeString:
    """A small line of a balance's course; decoration beside figures, so hidden from screen readers."""
    if len(values) < 2:
        return SafeString("")
    low, high = float(min(values)), float(max(values))
    reach = high - low or 1.0
    points = [(n * width / (len(values) - 1), height - (height - 2) * (float(value) - low) / reach) for n, value in enumerate(values)]
    return format_html(
        '<svg class="spark" viewBox="-2 0 {} {}" preserveAspectRatio="none" aria-hidden="true"><path d="{}"/></svg>',
        width + 5,
        height + 2,
        _path(points),
    )


def cashflow(chart: "CashflowChart", *, name: str, mini: bool = False) -> SafeString:
    """The balance day by day: what happened, what comes if nothing changes, and what comes with the step.

    Args:
        name: keeps this drawing's ids apart from another's on the same page.
        mini: the small form for a card: only the days ahead, only the two lowest points named.
    """
    return (_Mini if mini else _Full)(chart).svg(name)


class _Drawing:
    """Geometry shared by both forms. Amounts and days become pixels of the view box."""

    width, height = 880, 300
    left, right, top, bottom = 52, 8, 20, 26
    kind = ""

    def __init__(self, chart: "CashflowChart") -> None:
        self.chart = chart
        self.days = self.shown_days()
        self.lowest, self.highest, self.step = self.scale()

    def shown_days(self) -> list[date]:
        return list(self.chart.days) or [self.chart.today]

    def shown(self, series: Series | None) -> list[tuple[date, Decimal]]:
        first, last = self.days[0], self.days[-1]
        return [(day, value) for day, value in series or () if first <= day <= last]

    def scale(self) -> tuple[float, float, float]:
        """Lowest and highest amount drawn, and the distance of the grid's lines: 1, 2 or 5 times a power of ten."""
        series = (self.chart.past, self.chart.base, self.chart.low, self.chart.high, self.chart.alternative)
        values = [float(value) for one in series for _, value in self.shown(one)] or [0.0]
        low, high = min(0.0, *values), max(0.0, *values)
        rough = max(high - low, 1.0) / 6
        power = 10.0 ** (len(str(int(rough))) - 1)
        step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
        margin = step / 4
        return low - margin, high + margin, step

    def x(self, day: date) -> float:
        reach = max((self.days[-1] - self.days[0]).days, 1)
        return self.left + (self.width - self.left - self.right) * (day - self.days[0]).days / reach

    def y(self, value: Decimal | float) -> float:
        reach = (self.highest - self.lowest) or 1.0
        inside = max(self.lowest, min(float(value), self.highest))
        return self.top + (self.height - self.top - self.bottom) * (self.highest - inside) / reach

    def staircase(self, series: Iterable[tuple[date, Decimal]]) -> list[Point]:
        """Balances are steps, not slopes: a value holds until the next day's."""
        points = [(self.x(day), self.y(value)) for day, value in series]
        stairs = points[:1]
        for (_, before), (x, y) in pairwise(points):
            stairs += [(x, before), (x, y)]
        return stairs

    def line(self, series: Series | None, css: str) -> Iterator[str]:
        points = self.staircase(self.shown(series))
        if len(points) > 1:
            yield f'<path class="{css}" d="{_path(points)}"/>'

    def ahead(self, series: Series | None) -> Series | None:
        """A line of the future takes off where the past ended."""
        return [*self.chart.past[-1:], *series] if series else None

    def band(self) -> Iterator[str]:
        low, high = self.shown(self.chart.low), self.shown(self.chart.high)
        if len(low) > 1 and len(high) > 1:
            outline = self.staircase(high) + self.staircase(low)[::-1]
            yield f'<path class="band" d="{_path(outline)}Z"/>'

    def below_zero(self) -> Iterator[str]:
        """Shade the days under the zero line, of what happened and of what comes if nothing changes."""
        zero = self.y(0)
        for series in (self.chart.past, self.chart.base):
            run: list[tuple[date, Decimal]] = []
            for day, value in [*self.shown(series), (None, Decimal(0))]:
                if day is not None and value < 0:
                    run.append((day, value))
                elif run:
                    end = min(run[-1][0] + DAY, self.days[-1])
                    stairs = self.staircase([*run, (end, run[-1][1])])
                    yield f'<path class="short" d="M{stairs[0][0]:.1f} {zero:.1f} L{_path(stairs)[1:]} L{stairs[-1][0]:.1f} {zero:.1f}Z"/>'
                    run = []

    def level(self, value: float, css: str) -> str:
        """A line across at an amount."""
        y = self.y(value)
        return f'<line class="{css}" x1="{self.left}" x2="{self.width - self.right}" y1="{y:.1f}" y2="{y:.1f}"/>'

    def upright(self, day: date, css: str, rise: int = 0) -> str:
        """A line up at a day."""
        x = self.x(day)
        return f'<line class="{css}" x1="{x:.1f}" x2="{x:.1f}" y1="{self.top - rise}" y2="{self.height - self.bottom}"/>'

    def text(self, x: float, y: float, words: str, css: str = "", anchor: str = "start") -> str:
        return f'<text class="{css}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{conditional_escape(words)}</text>'

    def figure(self, value: Decimal | float) -> str:
        return amount_in_words(Decimal(str(value)), self.chart.currency, decimals=0)

    def marks(self) -> Iterator[str]:
        raise NotImplementedError

    def svg(self, name: str) -> SafeString:
        parts = [
            *self.grid(),
            *self.band(),
            *self.below_zero(),
            self.level(0, "zero"),
            *self.line(self.chart.past, "past"),
            *self.line(self.ahead(self.chart.base), "base"),
            *self.line(self.ahead(self.chart.alternative), "alt"),
            self.upright(self.chart.today, "today", rise=6),
            *self.marks(),
        ]
        # Every part is built from numbers and from text escaped in `text`.
        drawing = mark_safe("".join(parts))  # noqa: S308
        return format_html(
            '<svg class="chart{}" viewBox="0 0 {} {}" role="img" aria-labelledby="{}-t {}-d">'
            '<title id="{}-t">Balance day by day</title><desc id="{}-d">{}</desc>{}</svg>',
            self.kind,
            self.width,
            self.height,
            name,
            name,
            name,
            name,
            self.description(),
            drawing,
        )

    def grid(self) -> Iterator[str]:
        raise NotImplementedError

    def description(self) -> str:
        day, value = self.chart.lowest_base
        text = f"If nothing changes, the lowest balance is {self.figure(value)} on {day.day} {day:%B}."
        if self.chart.lowest_alternative:
            day, value = self.chart.lowest_alternative
            text += f" With the suggested step it is {self.figure(value)} on {day.day} {day:%B}."
        return text


class _Full(_Drawing):
    """The suggestion page's chart."""

    def grid(self) -> Iterator[str]:
        value = -(-self.lowest // self.step) * self.step  # the first multiple inside
        while value <= self.highest:
            if value:
                yield self.level(value, "grid")
            yield self.text(self.left - 8, self.y(value) + 4, self.figure(round(value, 2) + 0.0), anchor="end")
            value += self.step
        for day in self.days:
            if day.day in (1, 15):
                x = self.x(day)
                anchor = "start" if x < self.left + 20 else "end" if x > self.width - 28 else "middle"
                yield self.text(x, self.height - 7, f"{day.day} {day:%b}", anchor=anchor)

    def marks(self) -> Iterator[str]:
        today, middle = self.chart.today, self.width / 2
        taken = Places()
        if self.chart.past:
            x = self.x(today)
            words = f"Today {self.figure(self.chart.past[-1][1])}"
            yield self.text(x - 6, self.top - 8, words, "strong halo", "end")
            taken.free(x - 6 - Places.wide(words), x, self.top - 8)
        for day, words in self.chart.incomes:
            if not self.days[0] <= day <= self.days[-1]:
                continue
            x = self.x(day)
            yield self.upright(day, "grid")
            start = x - 6 - Places.wide(words) if x > self.width - 110 else x + 6
            if taken.free(start, start + Places.wide(words), self.top - 8):
                yield self.text(start, self.top - 8, words, "halo")
        yield from self.lowest_point(self.chart.lowest_base, "d", below=True, middle=middle, day=True)
        if self.chart.lowest_alternative:
            yield from self.lowest_point(self.chart.lowest_alternative, "m", below=False, middle=middle, day=False)

    def lowest_point(self, point: tuple[date, Decimal], tone: str, *, below: bool, middle: float, day: bool) -> Iterator[str]:
        at, value = point
        x, y = self.x(at), self.y(value)
        words = f"Lowest {self.figure(value)}" + (f" on {at.day} {at:%b}" if day else "")
        beside, anchor = (x - 9, "end") if x > middle / 2 else (x + 9, "start")
        baseline = min(y + 17, self.height - self.bottom - 3) if below else y - 12
        yield f'<circle class="dot-{tone}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
        yield self.text(beside, baseline, words, f"t-{tone} halo", anchor)


class _Mini(_Drawing):
    """The card's chart: two weeks around the lowest point."""

    width, height = 330, 112
    left, right, top, bottom = 6, 6, 16, 18
    kind = " mini"

    def scale(self) -> tuple[float, float, float]:
        """The dip fills the picture; a salary that dwarfs it is cut off at the top."""
        low, high, step = super().scale()
        points = [point for point in (self.chart.lowest_base, self.chart.lowest_alternative) if point]
        reach = max(abs(float(value)) for _, value in points) or 1.0
        return max(low, -2 * reach), min(high, 2.5 * reach), step

    def shown_days(self) -> list[date]:
        today, lowest = self.chart.today, self.chart.lowest_base[0]
        until = max(today + 12 * DAY, lowest + 5 * DAY)
        return [day for day in self.chart.days if today <= day <= until] or [today]

    def grid(self) -> Iterator[str]:
        every = max(len(self.days) // 4, 1)
        for day in self.days[every // 2 :: every]:
            yield self.text(min(max(self.x(day), 18), self.width - 20), self.height - 4, f"{day.day} {day:%b}", anchor="middle")

    def marks(self) -> Iterator[str]:
        for point, tone, shift in ((self.chart.lowest_base, "d", 13), (self.chart.lowest_alternative, "m", -7)):
            if point and self.days[0] <= point[0] <= self.days[-1]:
                x = min(max(self.x(point[0]), 24), self.width - 26)
                baseline = min(max(self.y(point[1]) + shift, 11), self.height - self.bottom - 2)
                yield self.text(x, baseline, self.figure(point[1]), f"t-{tone} halo", "middle")


class Places:
    """Which stretches of a line of text are taken, so that two labels never overlap."""

    def __init__(self) -> None:
        self.taken: list[tuple[float, float, float]] = []

    @staticmethod
    def wide(words: str) -> float:
        return 6.6 * len(words) + 8

    def free(self, start: float, end: float, baseline: float) -> bool:
        """Take the stretch if nothing is there yet."""
        if any(line == baseline and start < right and left < end for left, right, line in self.taken):
            return False
        self.taken.append((start, end, baseline))
        return True


def _path(points: Sequence[Point]) -> str:
    return "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
