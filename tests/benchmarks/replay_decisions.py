# ruff: noqa: T201
"""How long it takes to see what a draft would do to past decisions.

    DATABASE_URL=postgres://… python tests/benchmarks/replay_decisions.py [DECISIONS] [WORKERS]

On an empty, migrated database. Makes 20,000 real decisions through `authorize_many`, of customers of all ages, then times one run over
them with a draft that lets go of one rule, done by 2 worker processes that call what the Celery task calls. Target: 60 s on 2 cores.
"""

import multiprocessing
import os
import sys
import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import django
import shared_keys  # noqa: F401 - the processes that replay read what this one encrypts

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bankos.settings.test")
os.environ["CELERY_BROKER_URL"] = "memory://"  # nobody listens: the processes of this benchmark go on by themselves
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
django.setup()

from django.db import connection  # noqa: E402 - models need settings first

from bankos.platform import clock, jobs, roles  # noqa: E402
from bankos.platform.models import Job  # noqa: E402
from sentinel import catalogue, impact, policy  # noqa: E402
from sentinel.authority import AuthorityError, Question, authorize_many  # noqa: E402
from sentinel.models import ReplayChange  # noqa: E402
from tests.sentinel import desk, texts  # noqa: E402

BATCH = 500
CUSTOMERS = 2_000
ACTIONS = (desk.TRANSFER, desk.CREDIT, desk.PRODUCT, desk.MOVE_DATE)
BOSS = desk.compliance()


def question(number: int) -> Question:
    """One of many askers about one of 2,000 customers; what they are like follows from the number."""
    customer = number % CUSTOMERS
    person = desk.party(
        f"party-{customer}",
        age_years=16 + customer % 75,
        days_past_due=customer % 5 if customer % 7 == 0 else 0,
        needs=["hearing"] if customer % 11 == 0 else [],
        segment=("personal", "young", "business")[customer % 3],
    )
    action = ACTIONS[number % len(ACTIONS)]
    asker = desk.insights() if number % 3 == 0 else desk.staff()
    return Question(asker, action, person, desk.parameters(action))


def decide(number: int) -> float:
    """Seconds for so many decisions."""
    began = time.perf_counter()
    for first in range(0, number, BATCH):
        answers = authorize_many([question(n) for n in range(first, min(first + BATCH, number))], at=clock.now())
        assert not any(isinstance(answer, AuthorityError) for answer in answers)
    return time.perf_counter() - began


def work(run_id: UUID) -> None:
    jobs.run_to_end(run_id, at=clock.now())


def replay(run_id: UUID, workers: int) -> float:
    """Seconds until all is done, the processes' start included."""
    roles.close_connection()
    processes = [multiprocessing.get_context("spawn").Process(target=work, args=[run_id]) for _ in range(workers)]
    began = time.perf_counter()
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return time.perf_counter() - began


def main(decisions: int, workers: int) -> None:
    for action_type in desk.ACTION_TYPES.values():
        try:
            catalogue.register(action_type)
        except ValueError:
            continue  # the floors above have registered theirs
    policy.load_starting_set(at=clock.now())
    took = decide(decisions)
    print(f"{decisions:,} decisions made in {took:.1f} s ({decisions / took:,.0f} a second)")
    draft = policy.draft(policies=texts.without("no-credit-in-arrears"), schema=texts.SCHEMA, note="", at=clock.now())
    began = time.perf_counter()
    run_id = impact.start(draft.pk, days=1, actor=BOSS, at=clock.now() + timedelta(seconds=1))
    print(f"planned in {1000 * (time.perf_counter() - began):.0f} ms, {Job.objects.filter(parent=run_id).count()} parts")
    took = replay(run_id, workers)
    began = time.perf_counter()
    report = impact.report(run_id, actor=BOSS)
    reported = 1000 * (time.perf_counter() - began)
    assert (report.state, report.total, report.done, report.failed) == ("done", decisions, decisions, 0)
    assert report.changed == ReplayChange.objects.filter(run=run_id).count() > 0
    each = 1000 * took * workers / decisions
    print(
        f"made again in {took:.1f} s by {workers} workers ({decisions / took:,.0f} a second, {each:.2f} ms of one core each; target 60 s)"
    )
    print(f"report in {reported:.0f} ms: {report.sentence}")
    for kind in report.kinds:
        print(f"  {kind.number:6,}  {kind.sentence}")
    for split in report.by_group:
        print(f"  {split.dimension}, {split.title}: {split.sentence}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_size_pretty(pg_total_relation_size('sentinel_decision'))")
        print(f"decisions take {cursor.fetchone()[0]}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000, int(sys.argv[2]) if len(sys.argv) > 2 else 2)
