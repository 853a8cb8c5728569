"""What repeats is found in the history, and is expected on the right day."""

from datetime import date, timedelta

import numpy as np

from insights.cashflow import days
from insights.cashflow.panel import Schedules
from insights.cashflow.project import match, project
from insights.cashflow.streams import FORTNIGHTLY, MONTHLY, WEEKLY, Movements, detect, due

from .households import LOAN, ORIGIN, RENT, SALARY, Street


def movements(*rows: tuple[date, float, int], account: int = 0) -> Movements:
    return Movements(
        np.full(len(rows), account),
        np.array([days.number(day) for day, _, _ in rows]),
        np.array([amount for _, amount, _ in rows]),
        np.array([kind for _, _, kind in rows]),
    )


def test_monthly_salary_is_found_although_weekends_move_it():
    paid = [date(2026, 6, 1), date(2026, 7, 1), date(2026, 8, 3), date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 2)]

    streams, member = detect(movements(*((day, 2410.0, SALARY) for day in paid)))

    assert (len(streams), streams.rhythm[0], streams.day_of_month[0], streams.amount[0]) == (1, MONTHLY, 1, 2410.0)
    assert (member == 0).all()


def test_last_day_of_the_month_stays_the_last_day():
    ends = [date(2026, 6, 30), date(2026, 7, 31), date(2026, 8, 31), date(2026, 9, 30), date(2026, 10, 31)]

    streams, _ = detect(movements(*((day, -9.0, RENT) for day in ends)))
    _, ahead = due(rhythm=streams.rhythm, on_day=streams.day_of_month, last_day=streams.last_day, origin=ORIGIN, horizon=30)

    assert streams.day_of_month[0] == 31
    assert ahead.tolist() == [8]  # 30 November, seen from the 22nd


def test_days_around_the_turn_of_the_month_are_neighbours():
    turns = [date(2026, 5, 31), date(2026, 7, 1), date(2026, 7, 31), date(2026, 9, 1), date(2026, 10, 1)]

    streams, _ = detect(movements(*((day, 2000.0, SALARY) for day in turns)))

    assert (len(streams), streams.day_of_month[0]) == (1, 1)


def test_fortnightly_and_weekly_rhythms_are_told_apart():
    start = date(2026, 8, 7)
    fortnights = [(start + timedelta(14 * n), 900.0, SALARY) for n in range(7)]
    weeks = [(start + timedelta(7 * n), -25.0, RENT) for n in range(14)]

    streams, _ = detect(movements(*fortnights, *weeks))

    assert dict(zip(streams.kind.tolist(), streams.rhythm.tolist(), strict=True)) == {SALARY: FORTNIGHTLY, RENT: WEEKLY}


def test_two_loans_paid_to_one_lender_are_two_streams():
    rows = [(date(2026, month, day), -amount, LOAN) for month in range(6, 12) for day, amount in ((5, 312.0), (19, 145.5))]

    streams, member = detect(movements(*rows))

    assert sorted(streams.amount.tolist()) == [-312.0, -145.5]
    assert (member >= 0).all()


def test_irregular_money_is_no_stream():
    random = np.random.default_rng(3)
    rows = [
        (date(2026, 4, 1) + timedelta(int(day)), float(amount), SALARY)
        for day, amount in zip(random.integers(0, 230, 12), random.uniform(20, 900, 12), strict=True)
    ]

    streams, member = detect(movements(*rows))

    assert len(streams) == 0
    assert (member == -1).all()


def test_members_point_at_the_stream_of_their_own_account():
    street = Street()
    for n in range(5):
        street.add(salary=1000.0 + n, payments={3 + n: (300.0 + n, RENT)})
    panel = street.panel()

    streams, member = detect(panel.movements)

    assert len(streams) == 10
    assert (streams.account[member] == panel.movements.account).all()
    assert (np.diff(streams.account) >= 0).all()


def test_salary_that_stopped_is_no_longer_expected():
    street = Street()
    street.add(until=ORIGIN - 80)
    street.add()

    ahead = project(street.panel()).income_ahead

    assert ahead.tolist() == [31, 9]


def test_salary_two_days_late_is_expected_tomorrow_but_not_twice():
    paid_until = [date(2026, month, 20) for month in range(5, 11)]
    streams, _ = detect(movements(*((day, 2000.0, SALARY) for day in paid_until)))

    _, ahead = due(rhythm=streams.rhythm, on_day=streams.day_of_month, last_day=streams.last_day, origin=ORIGIN, horizon=30)

    assert sorted(ahead.tolist()) == [1, 28]


def test_standing_order_seen_each_month_is_not_counted_twice():
    street = Street()
    alone = street.add(payments={27: (312.0, LOAN)}, noise=0)
    agreed = street.add(payments={27: (312.0, LOAN)}, noise=0)
    street.agree(agreed, 312.0, 27)

    expected = project(street.panel()).expected

    np.testing.assert_allclose(expected[alone], expected[agreed])


def test_two_equal_standing_orders_match_two_different_streams():
    street = Street()
    account = street.add(payments={5: (100.0, RENT), 20: (100.0, LOAN)})
    street.agree(account, 100.0, 20)
    street.agree(account, 100.0, 5)
    panel = street.panel()
    streams, _ = detect(panel.movements)

    found = match(panel.schedules, streams)

    assert streams.day_of_month[found].tolist() == [20, 5]


def test_schedule_without_a_day_takes_the_day_it_was_seen_on():
    street = Street()
    account = street.add(payments={27: (312.0, LOAN)}, noise=0)
    street.schedules.append((account, 312.0, 0))
    usual = project(street.panel())

    np.testing.assert_allclose(usual.expected, usual.usual)


def test_schedule_without_a_day_that_was_never_seen_is_left_out():
    street = Street()
    account = street.add(noise=0)
    street.schedules.append((account, 99.0, 0))
    projection = project(street.panel())

    np.testing.assert_allclose(projection.expected, projection.usual)
    assert match(Schedules.none(), projection.streams).tolist() == []
