"""The worker dies in the middle of the night; afterwards the night's work is whole, and nothing was asked or done twice."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from bankos.platform import clock, events, jobs
from bankos.platform.models import Job
from insights import nightly, registry
from insights.cashflow import model
from insights.models import BalanceForecast, Recommendation
from sentinel import decisions
from tests.insights.households import crowd
from tests.insights.test_nightly import OFFICER
from tests.insights.town import NIGHT, TODAY, Town
from tests.processes import Background, WaitUntil

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
HOUSEHOLDS = 24


@pytest.fixture
def asleep(transactional_db: None, tmp_path) -> None:
    """A town before its night: households of which every second goes below zero, and a model in charge."""
    call_command("policies", verbosity=0)
    town = Town(tmp_path)
    for n in range(HOUSEHOLDS):
        town.household(**({"balance": 4000} if n % 2 else {}))
    town.move_in()
    events.drain()  # nobody forecasts yet: the night alone shall
    coefficients, metrics = model.fit(model.examples_of(crowd(200)))
    registry.promote(
        registry.register(coefficients, metrics=metrics, data_until=TODAY, at=NIGHT), set_by="tests", why="the first", at=NIGHT
    )


def states(state: str) -> int:
    return Job.objects.filter(state=state).exclude(parent=None).count()


def test_worker_killed_inside_a_partition_leaves_no_half_and_nothing_twice(
    asleep: None, start_worker: Callable[..., Background], wait_until: WaitUntil
) -> None:
    run_id = nightly.start(clock.now())
    # The worker stops before its first forecast is written, with a partition claimed and its transaction open.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE insights_balanceforecast IN SHARE MODE")
        worker = start_worker(concurrency=1)
        wait_until(waits_for_a_lock)
        worker.kill()
    wait_until(lambda: not others_at_work())

    assert states("running") == 1
    assert BalanceForecast.objects.count() == Recommendation.objects.count() == 0

    start_worker(concurrency=2)
    jobs.sweep(at=clock.now() + timedelta(minutes=1))
    wait_until(lambda: nightly.report(run_id).finished)

    assert nightly.report(run_id).failed == 0
    assert states("done") == 16
    assert BalanceForecast.objects.count() == HOUSEHOLDS == BalanceForecast.objects.values("arrangement_id").distinct().count()
    suggested = Recommendation.objects.filter(state="open")
    assert suggested.count() == HOUSEHOLDS // 2 == suggested.values("party_id").distinct().count()
    # Each remedy of each suggestion was asked once: the dead worker's questions died with it.
    asked = [one for one in decisions.search(actor=OFFICER, limit=200).decisions if one.action != "policy.activate"]
    assert len(asked) == sum(1 + len(row.options) for row in suggested)

    checksum = nightly.report(run_id).checksum
    assert nightly.run_now(at=clock.now()).checksum == checksum


def waits_for_a_lock() -> bool:
    return _locks("NOT granted AND relation = 'insights_balanceforecast'::regclass") > 0


def others_at_work() -> bool:
    """Whether a session of the killed worker still holds its part."""
    return _locks("relation = 'platform_job'::regclass") > 0


def _locks(condition: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM pg_locks WHERE pid <> pg_backend_pid() AND {condition}")
        return cursor.fetchone()[0]
