"""The worker dies in the middle of a run over past decisions; afterwards each was made again once. And a run that is stopped, stops."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import QuerySet

from bankos.platform import clock, jobs
from bankos.platform.models import Job
from sentinel import impact, policy
from sentinel.authority import Question, authorize_many
from sentinel.models import Decision, ReplayChange
from tests.processes import Background, WaitUntil
from tests.sentinel.desk import CREDIT, compliance, parameters, party, staff
from tests.sentinel.texts import SCHEMA, without

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

BOSS = compliance()


def refused(number: int) -> None:
    """Decisions that come out differently without the rule about arrears."""
    question = Question(staff(), CREDIT, party(days_past_due=3), parameters(CREDIT))
    for first in range(0, number, 500):
        authorize_many([question] * min(500, number - first), at=clock.now())


def started() -> UUID:
    draft = policy.draft(policies=without("no-credit-in-arrears"), schema=SCHEMA, note="", at=clock.now())
    return impact.start(draft.pk, days=1, actor=BOSS, at=clock.now() + timedelta(seconds=1))


@pytest.fixture
def decided(transactional_db: None) -> int:
    """So many decisions were made."""
    call_command("policies", verbosity=0)
    refused(3_200)
    assert Decision.objects.exclude(action="policy.activate").count() == 3_200
    return 3_200


def test_a_run_whose_worker_is_killed_inside_a_part_is_finished_by_others_with_nothing_twice(
    decided: int, start_worker: Callable[..., Background], wait_until: WaitUntil
) -> None:
    run_id = started()
    # The worker stops before the first change is written, with a part claimed and its transaction open.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE sentinel_replaychange IN SHARE MODE")
        worker = start_worker(concurrency=1)
        wait_until(lambda: _locks("NOT granted AND relation = 'sentinel_replaychange'::regclass") > 0)
        worker.kill()
    wait_until(lambda: _locks("relation = 'platform_job'::regclass") == 0)
    assert list(parts().filter(state="running").values_list("done", "counts")) == [(0, {})]
    assert ReplayChange.objects.count() == 0

    start_worker(concurrency=2)
    jobs.sweep(at=clock.now() + timedelta(minutes=1))
    wait_until(lambda: impact.progress(run_id, actor=BOSS).over)

    report = impact.report(run_id, actor=BOSS)
    assert (report.state, report.total, report.done, report.changed, report.failed) == ("done", decided, decided, decided, 0)
    assert ReplayChange.objects.count() == decided == ReplayChange.objects.values("decision_id").distinct().count()
    assert parts().filter(state="done").count() == 7


def test_a_run_that_is_stopped_makes_nothing_more_again_within_two_seconds(
    decided: int, start_worker: Callable[..., Background], wait_until: WaitUntil
) -> None:
    start_worker(concurrency=2)
    run_id = started()
    wait_until(lambda: 0 < impact.progress(run_id, actor=BOSS).done < decided)

    impact.stop(run_id, actor=BOSS, at=clock.now())

    wait_until(lambda: impact.progress(run_id, actor=BOSS).state == "stopped", seconds=2)
    report = impact.report(run_id, actor=BOSS)
    assert report.done == report.changed == ReplayChange.objects.count() < decided
    assert set(parts().values_list("state", flat=True)) == {"done", "stopped"}


def parts() -> QuerySet[Job]:
    return Job.objects.exclude(parent=None)


def _locks(condition: str) -> int:
    """Locks that other sessions hold or wait for."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM pg_locks WHERE pid <> pg_backend_pid() AND {condition}")
        return cursor.fetchone()[0]
