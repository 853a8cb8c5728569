"""The night's work: every account once, the same again for the same data, and nobody asked twice."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from bankos.platform import jobs
from bankos.platform.actors import Actor, ActorKind, Role
from bankos.platform.models import Job
from insights import nightly, refresh
from insights.models import BalanceForecast, ModelAlias, ModelVersion, Recommendation
from sentinel import decisions

from .town import ENOUGH_UNTIL_THEN, NIGHT, TODAY

pytestmark = pytest.mark.django_db
OFFICER = Actor(ActorKind.EMPLOYEE, "018f0000-0000-7000-8000-000000000001", "Officer", frozenset({Role.COMPLIANCE}))


def asked() -> int:
    return len(decisions.search(actor=OFFICER, limit=200).decisions)


def test_every_current_account_gets_one_forecast_that_agrees_with_itself(town, champion):
    for balance in (150, 900, 2500):
        town.household(balance=balance)
    town.move_in()

    report = nightly.run_now(at=NIGHT)

    assert (report.forecasts, report.failed, report.finished) == (3, 0, True)
    for forecast in BalanceForecast.objects.all():
        assert forecast.as_of_date == TODAY - timedelta(days=1)
        assert min(forecast.low_path) == forecast.lowest_low
        assert min(forecast.median_path) == forecast.lowest_median
        assert min(forecast.high_path) == forecast.lowest_high
        step = (forecast.lowest_date - forecast.as_of_date).days - 1
        assert forecast.median_path[step] == forecast.lowest_median
        assert forecast.end_balance == forecast.median_path[-1]


def test_second_run_on_the_same_data_changes_nothing(town, champion):
    town.household()
    town.household(savings=0, loan=0, balance=40)
    town.move_in()
    first = nightly.run_now(at=NIGHT)
    rows, suggestions, questions = written(), list(Recommendation.objects.order_by("id").values()), asked()

    second = nightly.run_now(at=NIGHT + timedelta(seconds=30))

    assert second.run_id != first.run_id
    assert second.checksum == first.checksum
    assert written() == rows  # not one row version was written
    assert list(Recommendation.objects.order_by("id").values()) == suggestions
    assert asked() == questions > 0


def written() -> list[tuple]:
    """Each forecast with the transaction that wrote it."""
    with connection.cursor() as cursor:
        return cursor.execute("SELECT id, xmin::text, computed_at FROM insights_balanceforecast ORDER BY id").fetchall()


def test_new_booking_changes_the_forecast_and_supersedes_the_suggestion(town, champion):
    home = town.household()
    town.move_in()
    nightly.run_now(at=NIGHT)
    old = Recommendation.objects.get()
    town.books(home, -150, TODAY, before=ENOUGH_UNTIL_THEN)
    town.move_in()

    nightly.run_now(at=NIGHT + timedelta(seconds=30))

    assert BalanceForecast.objects.get(as_of_date=TODAY).balance == Decimal(ENOUGH_UNTIL_THEN - 150)
    old.refresh_from_db()
    assert old.state == "superseded"
    assert Recommendation.objects.get(state="open").made_at > old.made_at


def test_suggestion_closes_when_the_account_no_longer_goes_below_zero(town, champion):
    home = town.household()
    town.move_in()
    nightly.run_now(at=NIGHT)
    town.books(home, 3000, TODAY, before=ENOUGH_UNTIL_THEN)
    town.move_in()

    nightly.run_now(at=NIGHT + timedelta(seconds=30))

    assert Recommendation.objects.get().state == "expired"


def test_run_of_today_goes_on_instead_of_a_second_one_beside_it(town, champion):
    town.move_in()
    first = nightly.start(NIGHT)

    assert nightly.start(NIGHT + timedelta(minutes=5)) == first
    assert nightly.run_now(at=NIGHT + timedelta(minutes=10)).run_id == first
    assert jobs.of(nightly.NIGHT).count() == 1


def test_night_covers_all_buckets_exactly_once(town, champion):
    town.move_in()

    run = nightly.run_now(at=NIGHT)

    covered = [bucket for part in Job.objects.filter(parent=run.run_id) for bucket in range(*part.given["buckets"])]
    assert sorted(covered) == list(range(256))


def test_first_night_learns_a_model_and_puts_it_in_charge(town):
    for n in range(60):
        town.household(balance=100 + 40 * n, salary_day=1 + n % 28, loan_day=1 + (7 * n) % 28, daily=8 + n % 20, savings=0)
    town.move_in()

    report = nightly.run_now(at=NIGHT)

    assert report.forecasts == 60
    version = ModelVersion.objects.get()
    assert ModelAlias.objects.get().version == version
    assert len(version.sha256) == 64
    assert {"pinball", "coverage_80", "min_error"} <= version.metrics.keys()
    nightly.run_now(at=NIGHT + timedelta(days=1))
    assert ModelVersion.objects.count() == 1


def test_queries_of_a_partition_do_not_grow_with_its_accounts(town, champion, django_assert_max_num_queries):
    for _ in range(12):
        town.household(balance=3000, savings=0)
    town.move_in()

    # Champion, six reads by COPY and SQL, staging and upsert, current, quiet and helped suggestions, savepoints.
    with django_assert_max_num_queries(17):
        assert refresh.buckets(range(256), at=NIGHT).rows == 12
