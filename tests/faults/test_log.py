"""A worker or a writer dies in the middle; afterwards the log holds each decision once, at its place, and says where nothing came to be."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from bankos.platform import clock
from sentinel import catalogue, models, policy, tasks, transparency
from tests.processes import Background, WaitUntil, environment
from tests.sentinel.desk import ACTION_TYPES, ask

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bank_actions")]

# Takes a place, says so, and never commits.
WRITER = """
import django, time
django.setup()
from django.db import connection, transaction
with transaction.atomic(), connection.cursor() as cursor:
    cursor.execute("SELECT sentinel_next_leaf()")
    print("has a place", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def bank_actions(monkeypatch: pytest.MonkeyPatch) -> None:
    """The actions the tests ask for, whatever the floors above have registered."""
    monkeypatch.setattr(catalogue, "_registered", {**catalogue._registered, **ACTION_TYPES})


def others_wait_for(table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass", [table])
        return cursor.fetchone()[0] > 0


def others_hold_the_log() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE relation = 'sentinel_loghorizon'::regclass AND pid <> pg_backend_pid()")
        return cursor.fetchone()[0] > 0


@pytest.mark.parametrize("table", ["sentinel_logentry", "sentinel_lognode", "sentinel_checkpoint"])
def test_an_integrator_killed_half_way_leaves_nothing_behind(
    table: str, start_worker: Callable[..., Background], wait_until: WaitUntil
) -> None:
    policy.load_starting_set(at=clock.now())
    transparency.integrate(at=clock.now())
    before = transparency.status()
    for _ in range(20):
        ask()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")
        worker = start_worker(concurrency=1)
        tasks.checkpoint_log.delay()
        wait_until(lambda: others_wait_for(table))
        worker.kill()
    wait_until(lambda: not others_hold_the_log())

    halfway = models.LogEntry.objects.count() - before.size
    assert halfway in ((20,) if table == "sentinel_checkpoint" else (0,))
    assert transparency.status().last_checkpoint == before.last_checkpoint

    assert transparency.integrate(at=clock.now()) == 20 - halfway
    assert transparency.status().last_checkpoint.size == before.size + 20
    transparency.integrate(at=clock.now())  # finds the tree as it was signed


def test_the_place_of_a_writer_that_was_killed_is_void(wait_until: WaitUntil) -> None:
    policy.load_starting_set(at=clock.now())
    transparency.integrate(at=clock.now())
    size = transparency.status().size
    writer = subprocess.Popen([sys.executable, "-c", WRITER], env={**os.environ, **environment()}, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "has a place\n"
    decision = ask()
    assert transparency.integrate(at=clock.now()) == 0

    writer.send_signal(signal.SIGKILL)
    writer.wait()

    wait_until(lambda: transparency.integrate(at=clock.now()) == 2)
    kinds = models.LogEntry.objects.filter(index__gte=size).order_by("index").values_list("kind", "subject_id")
    assert list(kinds) == [("void", None), ("decision", decision.id)]
