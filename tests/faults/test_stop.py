"""The stop control against real workers in the middle of their acts: nothing begins after it, and what runs is over at once."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from celery import current_app
from django.core.management import call_command

from bankos.platform import clock
from bankos.platform.actors import Role, employee
from bankos.platform.models import User
from sentinel.automation import drills, stops
from sentinel.automation.stops import Scope
from sentinel.models import AutomationStop, Consumption
from tests import people
from tests.processes import Background, WaitUntil

from . import busy

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

WORKERS = 2


@pytest.fixture
def in_charge(transactional_db: None) -> User:
    """Somebody who may stop, in a bank with its policies in force."""
    call_command("policies", verbosity=0)
    user = User.objects.create(username="maeve", name="Maeve")
    people.give(user, Role.COMPLIANCE)
    return user


def test_everything_is_stopped_while_workers_are_busy(
    in_charge: User, tmp_path: Path, start_worker: Callable[..., Background], wait_until: WaitUntil
) -> None:
    busy.let_act_alone()
    folder = tmp_path / "reports"
    folder.mkdir()
    start_worker(include="tests.faults.busy", concurrency=WORKERS)
    for _ in range(WORKERS):
        busy.act_until_refused.delay(str(folder), 60.0)
    wait_until(lambda: busy.begun(folder) == WORKERS and Consumption.objects.count() > 20)

    assert stops.stop(Scope.EVERYTHING, "", actor=employee(in_charge), reason="Wrong salaries", at=clock.now()).done
    committed = clock.now()
    wait_until(lambda: len(busy.reports(folder)) == WORKERS, seconds=5)

    reports = busy.reports(folder)
    assert all(report.refused is not None for report in reports)
    assert max(report.last_act for report in reports) - committed.timestamp() < 5
    acts = Consumption.objects.filter(decision__actor_kind="system").exclude(decision__action="policy.activate")
    assert sum(report.acts for report in reports) == acts.count()
    assert not Consumption.objects.filter(decision__actor_kind="system", decision__issued_at__gt=committed).exists()


def test_a_drill_stops_real_workers_and_ends_by_itself(
    in_charge: User, start_worker: Callable[..., Background], start_beat: Callable[[], Background], wait_until: WaitUntil
) -> None:
    start_worker(concurrency=drills.CANARIES)
    start_beat()
    wait_until(lambda: bool(current_app.control.ping(timeout=0.5)))  # what no worker fetches in time expires

    drills.start(actor=employee(in_charge))
    wait_until(lambda: AutomationStop.objects.filter(drill=True, lifted_at__isnull=False).exists())

    drilled = drills.last()
    assert drilled is not None
    assert drilled.seconds is not None
    assert drilled.seconds < 5
    assert drilled.workers >= 1
    assert drilled.by == "Maeve"
    stop = AutomationStop.objects.get()
    assert stop.lifted_by == drills.CANARY.id
    assert stop.lifted_at is not None
    assert stop.lifted_at - stop.stopped_at >= timedelta(seconds=5)
