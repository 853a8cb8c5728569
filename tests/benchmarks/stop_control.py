# ruff: noqa: T201
"""How long machines still act after everything was stopped, with real workers that do nothing but act.

    python tests/benchmarks/stop_control.py [WORKERS] [ROUNDS]

Starts a PostgreSQL that commits durably and a broker, for itself. Each round Celery's worker processes ask for permits and use them up
without a pause; then somebody stops everything, and two people let it start again. Printed is the time from the return of the stop's
commit to the return of the last act's, and to the moment the last process was refused; negative is before. An act decided after the
stop's commit ends the run with an error. Target: 5 s.
"""

import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bankos.settings.test")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
django.setup()

from django.conf import settings  # noqa: E402 - settings first
from django.core.management import call_command  # noqa: E402

from bankos.platform import clock, embedded  # noqa: E402
from bankos.platform.actors import Actor  # noqa: E402
from sentinel import actions  # noqa: E402
from sentinel.automation import stops  # noqa: E402
from sentinel.automation.stops import Scope  # noqa: E402
from sentinel.models import Consumption  # noqa: E402
from tests.faults import busy  # noqa: E402
from tests.processes import Background  # noqa: E402
from tests.sentinel.policy_life import officer  # noqa: E402

BUSY_FOR = 3.0  # seconds before somebody stops it
LONGEST = 120.0
TARGET = 5.0


def stopped_after(folder: Path, workers: int, person: Actor) -> tuple[float, float]:
    """Seconds from the stop's commit to the last act, and to the last process's refusal."""
    for _ in range(workers):
        busy.act_until_refused.delay(str(folder), LONGEST)
    wait(lambda: busy.begun(folder) == workers)
    time.sleep(BUSY_FOR)
    pressed = time.time()
    assert stops.stop(Scope.EVERYTHING, "", actor=person, reason="Benchmark", at=clock.now()).done
    committed, moment = time.time(), clock.now()
    wait(lambda: len(busy.reports(folder)) == workers)
    reports = busy.reports(folder)
    refused = [report.refused for report in reports if report.refused is not None]
    assert len(refused) == workers, "a process was never refused"
    assert not Consumption.objects.filter(decision__actor_kind="system", decision__issued_at__gt=moment).exists()
    acts = sum(report.acts for report in reports)
    last, knew = max(report.last_act for report in reports) - committed, max(refused) - committed
    print(
        f"{acts:,} acts by {workers} processes; the stop took {1000 * (committed - pressed):.0f} ms; "
        f"last act {1000 * last:+.1f} ms, last refusal {1000 * knew:+.1f} ms"
    )
    return last, knew


def start_again(person: Actor, second: Actor) -> None:
    [stop] = stops.in_force()
    asked = stops.start(stop.id, actor=person, reason="Benchmark", at=clock.now())
    assert asked.request_id is not None
    assert actions.approve(asked.request_id, actor=second, at=clock.now()).done


def wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONGEST
    while not condition():
        assert time.monotonic() < deadline, "the workers do not answer"
        time.sleep(0.02)


def main(workers: int, rounds: int) -> None:
    call_command("migrate", verbosity=0)
    call_command("policies", verbosity=0)
    busy.let_act_alone()
    person, second = officer("maeve"), officer("niamh")
    with TemporaryDirectory() as folder:
        command = ["worker", "--concurrency", str(workers), "--without-gossip", "--without-mingle", "--include", "tests.faults.busy"]
        worker = Background(command, Path(folder, "worker.log"))
        try:
            measured = []
            for number in range(rounds):
                reports = Path(folder, str(number))
                reports.mkdir()
                measured.append(stopped_after(reports, workers, person))
                start_again(person, second)
        finally:
            worker.stop()
    worst = max(last for last, _ in measured)
    print(f"worst of {rounds}: last act {1000 * worst:+.1f} ms after the stop's commit, target {TARGET:.0f} s")
    assert worst <= TARGET


if __name__ == "__main__":
    layout = settings.EMBEDDED_LAYOUT
    try:
        with embedded.running(layout, embedded.Wanted(database=True, broker=True), durable=True):
            main(int(sys.argv[1]) if len(sys.argv) > 1 else 4, int(sys.argv[2]) if len(sys.argv) > 2 else 5)
    finally:
        for folder in (layout.root, layout.data, layout.sockets):
            shutil.rmtree(folder, ignore_errors=True)
