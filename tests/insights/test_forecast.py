"""One distribution serves path, alert and amount: they cannot contradict each other."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from insights.cashflow import model
from insights.cashflow.features import features_of, scale_of
from insights.cashflow.forecast import forecast
from insights.cashflow.panel import Schedules
from insights.cashflow.project import HORIZON, SAME_AMOUNT, project
from insights.cashflow.shape import band_of

from .households import HISTORY, ORIGIN, RENT, Street, crowd

money = st.floats(-50_000, 50_000, allow_nan=False).map(lambda amount: round(amount, 2))
paths = arrays(np.float64, (3, HORIZON), elements=money)
three = arrays(np.float64, 3, elements=money)


@pytest.fixture(scope="module")
def learnt() -> tuple[model.Coefficients, dict[str, float]]:
    return model.fit(model.examples_of(crowd(300)))


@pytest.fixture(scope="module")
def coefficients(learnt) -> model.Coefficients:
    return learnt[0]


@given(expected=paths, first=three, second=three, third=three, end=three)
def test_each_line_touches_its_stated_minimum_and_lines_never_cross(expected, first, second, third, end):
    low, median, high = np.sort([first, second, third], axis=0)

    band = band_of(expected, model.Corrections(low, median, high, end))

    lowest = expected.min(axis=1)
    for line, by in ((band.low, low), (band.median, median), (band.high, high)):
        np.testing.assert_allclose(line.min(axis=1), lowest + by, atol=0.0051)
    assert (band.low <= band.median).all()
    assert (band.median <= band.high).all()
    rows = np.arange(len(expected))
    np.testing.assert_array_equal(band.median[rows, band.lowest_day - 1], band.median.min(axis=1))


# Unlike any rent of the crowd: a payment that was seen before is not counted again.
UNSEEN = st.integers(100, 15_000) | st.integers(250_000, 400_000)


@settings(max_examples=40, deadline=None)
@given(cents=UNSEEN, seed=st.integers(0, 50))
def test_payment_agreed_before_the_trough_lowers_the_median_minimum_by_its_amount(coefficients, cents, seed):
    panel = crowd(4, seed=seed)
    before = forecast(panel, coefficients)
    amount, tomorrow = cents / 100, 23  # due the day after the origin: before any trough
    agreed = Schedules(np.arange(4), np.full(4, amount), np.full(4, tomorrow))

    after = forecast(replace(panel, schedules=agreed), coefficients)

    np.testing.assert_allclose(before.median - after.median, amount, atol=0.011)
    np.testing.assert_allclose(before.low - after.low, amount, atol=0.011)


@settings(max_examples=40, deadline=None)
@given(cents=st.integers(100, 200_000), day=st.integers(1, 28), seed=st.integers(0, 50))
def test_payment_agreed_on_any_day_lowers_the_forecast_by_its_amount_at_most_and_hardly_ever_raises_it(coefficients, cents, day, seed):
    panel = crowd(4, seed=seed)
    before = forecast(panel, coefficients)
    amount = cents / 100
    agreed = Schedules(np.arange(4), np.full(4, amount), np.full(4, day))

    after = forecast(replace(panel, schedules=agreed), coefficients)

    fall = before.median - after.median
    twice = 2 * amount  # a horizon of 30 days can hold the same day of February twice
    # An agreed payment may stand for one that was seen each month, which differs from it by so much at most.
    assert (fall >= -SAME_AMOUNT * twice - 0.011).all()
    assert (fall <= twice + 0.011).all()


def test_nothing_of_the_future_leaks_into_a_past_origin():
    panel = crowd(20)
    changed = panel.net.copy()
    changed[:, -60:] += 1000.0
    # The balance 60 days ago is what it was: only what came afterwards differs.
    other = replace(panel, net=changed, balance=panel.balance + 60_000.0)

    for one in (panel, other):
        then = one.rewound(60)
        projection = project(then)
        table = features_of(then, projection, scale_of(then))
        if one is panel:
            first = table
    np.testing.assert_allclose(first, table, atol=1e-6)


def test_balances_walk_back_from_the_balance_known_today():
    panel = crowd(3)

    past = panel.balances()

    np.testing.assert_allclose(past[:, -1], panel.balance)
    np.testing.assert_allclose(past[:, 1:] - past[:, :-1], panel.net[:, 1:], atol=1e-6)
    np.testing.assert_allclose(panel.rewound(45).balance, past[:, HISTORY - 46], atol=1e-6)


def test_band_holds_eight_of_ten_accounts_it_was_not_fitted_on(learnt):
    metrics = learnt[1]

    assert 0.70 <= metrics["coverage_80"] <= 0.90
    assert metrics["min_error"] < min(0.6, metrics["usual_min_error"] + 0.01)


def test_same_history_gives_the_same_coefficients(learnt):
    again, _ = model.fit(model.examples_of(crowd(300)))

    assert again.as_params() == learnt[0].as_params()


def test_coefficients_survive_their_json_form(coefficients):
    back = model.Coefficients.from_params(json.loads(json.dumps(coefficients.as_params())))

    assert back.as_params() == coefficients.as_params()


def test_order_of_accounts_does_not_change_a_forecast(coefficients):
    street, mirrored = Street(), Street()
    kinds = [
        {"balance": 200.0, "salary": 1500.0, "salary_day": 5},
        {"balance": 900.0, "salary": 3000.0, "salary_day": 25, "payments": {28: (800.0, RENT)}},
    ]
    for kind in kinds:
        street.add(**kind, noise=0)
    for kind in reversed(kinds):
        mirrored.add(**kind, noise=0)

    one, other = forecast(street.panel(), coefficients), forecast(mirrored.panel(), coefficients)

    np.testing.assert_allclose(one.band.median, other.band.median[::-1])


def test_account_opened_last_month_is_not_forecast(coefficients):
    street = Street()
    street.add()
    street.add()
    street.first[1] = ORIGIN - 20

    assert forecast(street.panel(), coefficients).ready.tolist() == [True, False]


def test_too_few_account_months_refuse_to_become_a_model():
    with pytest.raises(model.TooLittleHistory):
        model.fit(model.examples_of(crowd(10)))
