"""Drawings made on the server: well-formed, within their frame, and never saying other than the table beside them."""

import re
from datetime import date, timedelta
from decimal import Decimal
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from bankos.console import charts
from insights.cashflow.chart import CashflowChart

TODAY = date(2026, 11, 23)
AMOUNTS = st.decimals(min_value=-20_000, max_value=50_000, places=2)


def chart_of(past: list[Decimal], base: list[Decimal], alternative: list[Decimal] | None, label: str = "Salary €2,410") -> CashflowChart:
    earlier = [TODAY - timedelta(days=back) for back in range(len(past), 0, -1)]
    ahead = [TODAY + timedelta(days=step) for step in range(len(base))]

    def line(values: list[Decimal]) -> list[tuple[date, Decimal]]:
        return list(zip(ahead, values, strict=False))

    def lowest(values: list[tuple[date, Decimal]]) -> tuple[date, Decimal]:
        return min(values, key=lambda point: point[1])

    return CashflowChart(
        days=earlier + ahead,
        past=list(zip(earlier, past, strict=True)),
        base=line(base),
        low=line([value - 50 for value in base]),
        high=line([value + 50 for value in base]),
        alternative=line(alternative) if alternative else None,
        today=TODAY,
        currency="EUR",
        lowest_base=lowest(line(base)),
        lowest_alternative=lowest(line(alternative)) if alternative else None,
        incomes=[(ahead[-1], label)],
    )


CHARTS = st.builds(
    chart_of,
    past=st.lists(AMOUNTS, max_size=30),
    base=st.lists(AMOUNTS, min_size=1, max_size=31),
    alternative=st.none() | st.lists(AMOUNTS, min_size=1, max_size=31),
)


@given(CHARTS, st.booleans())
def test_every_drawing_is_well_formed_and_inside_its_frame(chart: CashflowChart, mini: bool) -> None:
    drawing = ElementTree.fromstring(charts.cashflow(chart, name="x", mini=mini))  # noqa: S314

    _, _, width, height = (float(side) for side in drawing.attrib["viewBox"].split())
    for shape in drawing.iter("path"):
        for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", shape.attrib["d"]):
            assert -0.1 <= float(x) <= width + 0.1
            assert -0.1 <= float(y) <= height + 0.1


@given(CHARTS)
def test_the_description_says_the_lowest_balance_of_the_table(chart: CashflowChart) -> None:
    svg = charts.cashflow(chart, name="x")
    lowest = min(row.base for row in charts.rows(chart) if row.base is not None)

    said = re.search(r"lowest balance is (−?)€([\d,]+)", svg)

    assert said
    assert abs(Decimal(said[1].replace("−", "-") + said[2].replace(",", "")) - lowest) <= 1


def test_a_name_from_outside_cannot_become_markup() -> None:
    chart = chart_of([Decimal(10)], [Decimal(5)] * 20, None, label='<script>alert("x")</script>')

    assert "<script" not in charts.cashflow(chart, name="x")


def test_the_table_has_a_row_for_each_day() -> None:
    chart = chart_of([Decimal(10)] * 3, [Decimal(5)] * 4, [Decimal(6)] * 4)

    table = charts.rows(chart)

    assert [row.day for row in table] == chart.days
    assert [row.past is None for row in table] == [False] * 3 + [True] * 4


@given(st.lists(AMOUNTS, max_size=90))
def test_a_spark_line_is_drawn_from_two_points_on(values: list[Decimal]) -> None:
    svg = charts.spark(values)

    assert bool(svg) == (len(values) >= 2)
    if svg:
        ElementTree.fromstring(svg)  # noqa: S314
