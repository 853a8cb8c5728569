"""Workers and the broker die in the middle of the work; afterwards all of it is done, and nothing twice."""

import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import transaction

from bankos.platform import bell, clock, events, heart
from bankos.platform.embedded import Server
from bankos.platform.models import DomainEvent, EventDelivery, Heartbeat
from tests.processes import Background, WaitUntil

from . import subscriber  # noqa: F401 - registers itself

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

StartWorker = Callable[..., Background]
WORKER = {"include": "tests.faults.subscriber"}


def happen(subjects: range) -> None:
    with transaction.atomic():
        items = [(str(subject), {}) for subject in subjects]
        events.publish_many("faults.happened", items=items, source="faults", at=clock.now())


def handled() -> Counter[str]:
    return Counter(DomainEvent.objects.filter(type="faults.handled").values_list("subject", flat=True))


def some_but_not_all(number: int) -> Callable[[], bool]:
    return lambda: 0 < len(handled()) < number


def test_a_killed_worker_leaves_nothing_undone_and_nothing_done_twice(
    start_worker: StartWorker, start_beat: Callable[[], Background], wait_until: WaitUntil
) -> None:
    worker = start_worker(**WORKER)
    start_beat()
    happen(range(200))
    wait_until(some_but_not_all(200))
    worker.kill()

    before = len(handled())
    assert 0 < before < 200, "it died in the middle"
    assert EventDelivery.objects.filter(delivered_at__isnull=False).count() == before, "no effect without its receipt"

    start_worker(**WORKER)
    wait_until(lambda: len(handled()) == 200)
    assert set(handled().values()) == {1}
    assert not EventDelivery.objects.filter(delivered_at__isnull=True).exists()


def test_a_killed_broker_costs_time_and_no_work(
    broker: Server, start_worker: StartWorker, start_beat: Callable[[], Background], wait_until: WaitUntil
) -> None:
    start_worker(**WORKER)
    start_beat()
    happen(range(200))
    wait_until(some_but_not_all(200))
    assert broker.process is not None
    broker.process.kill()
    broker.process.wait()

    happen(range(200, 250))  # the commit does not fail, and does not wait for the broker
    broker.start()

    wait_until(lambda: len(handled()) == 250)
    assert set(handled().values()) == {1}


def test_a_worker_that_lost_its_broker_goes_on_giving_signs_of_life(
    broker: Server, start_worker: StartWorker, wait_until: WaitUntil
) -> None:
    def seen_since(moment: datetime) -> bool:
        return Heartbeat.objects.filter(process="worker", seen_at__gt=moment).exists()

    began = clock.now()
    start_worker()
    wait_until(lambda: seen_since(began))
    for _ in range(2):
        assert broker.process is not None
        broker.process.kill()
        broker.process.wait()
        broker.start()
        back = clock.now()
        wait_until(lambda back=back: seen_since(back + timedelta(seconds=heart.BEAT_SECONDS)), seconds=60)


def test_a_broker_that_hangs_keeps_nobody_waiting_and_the_sweeper_finds_the_work(
    broker: Server, start_worker: StartWorker, start_beat: Callable[[], Background], wait_until: WaitUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_worker(**WORKER)
    start_beat()
    happen(range(5))
    wait_until(lambda: len(handled()) == 5)
    assert broker.process is not None
    monkeypatch.setattr(bell, "_quiet_until", 0.0)
    broker.process.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        for subject in range(5, 15):
            happen(range(subject, subject + 1))
        assert time.monotonic() - began < 5, "ten commits, of which one waits for the broker and gives up"
    finally:
        broker.process.send_signal(signal.SIGCONT)

    wait_until(lambda: len(handled()) == 15)
    assert set(handled().values()) == {1}


def test_two_workers_on_one_backlog_share_it(start_worker: StartWorker, wait_until: WaitUntil) -> None:
    happen(range(150))
    start_worker(**WORKER, concurrency=1)
    start_worker(**WORKER, concurrency=1)
    happen(range(150, 160))  # rings once more, so that both have something to fetch
    wait_until(lambda: len(handled()) == 160)
    assert set(handled().values()) == {1}
