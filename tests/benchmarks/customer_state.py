# ruff: noqa: T201
"""What a customer's state costs, against its own queries as bare SQL.

    DATABASE_URL=postgres://… python tests/benchmarks/customer_state.py [CUSTOMERS [KNOWN_AT_SECONDS_AGO]]

On whatever bank the database holds (fill one with `demobank` or `big_bank`): draws CUSTOMERS (300 by default) by chance, reads each state,
takes down the queries it asked, and asks the same queries again through a plain cursor, rows fetched and thrown away. Prints p50 and p95 of
both, their ratio and the queries a state takes, as the system asks and as somebody does who was given every branch; the same for the state
as known some seconds ago (3,600 by default). The two take turns, customer by customer. Reads only, but for that somebody.
"""

import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bankos.settings.test")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
django.setup()

from clerk import clerk  # noqa: E402
from django.db import connection, transaction  # noqa: E402 - models need settings first
from django.test.utils import CaptureQueriesContext  # noqa: E402

from bankos.platform import clock  # noqa: E402
from bankos.platform.actors import Actor, ActorKind  # noqa: E402
from customers import state  # noqa: E402
from customers.models import Branch, Party  # noqa: E402

TURNS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
SOMEBODY = Actor(kind=ActorKind.SYSTEM, id="bench", name="Benchmark")


def main() -> None:
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    ago = timedelta(seconds=int(sys.argv[2]) if len(sys.argv) > 2 else 3_600)
    parties = list(Party.objects.customers().order_by("pk").values_list("pk", flat=True))
    drawn = random.Random(7).sample(parties, min(wanted, len(parties)))
    if not drawn:
        raise SystemExit("There is no customer in this database.")
    now = clock.now()
    print(f"{len(parties):,} customers, {len(drawn)} drawn")
    report("now, the system", drawn, lambda party: read(party, now))
    person = clerk(*Branch.objects.order_by("code").values_list("code", flat=True))
    report("now, a person", drawn, lambda party: read(party, now, actor=person))
    known = [party for party in drawn if knows(party, now, now - ago)]
    if known:
        report(f"as known {ago} ago, the system", known, lambda party: read(party, now, now - ago))


def read(party: UUID, now: datetime, known_at: datetime | None = None, *, actor: Actor = SOMEBODY) -> None:
    state.state_of(party, actor=actor, at=now, known_at=known_at)


def knows(party: UUID, now: datetime, known_at: datetime) -> bool:
    try:
        read(party, now, known_at)
    except state.NotKnownThen:
        return False
    return True


def report(name: str, parties: Sequence[UUID], ask: Callable[[UUID], None]) -> None:
    ask(parties[0])
    whole, bare, counts = [], [], []
    for party in parties:
        ask(party)  # each of the two finds the rows in memory
        started = time.perf_counter()
        ask(party)
        whole.append(time.perf_counter() - started)
        with CaptureQueriesContext(connection) as asked:
            ask(party)
        queries = [
            query["sql"] for query in asked.captured_queries if not query["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"))
        ]
        counts.append(len(queries))
        with transaction.atomic(), connection.cursor() as cursor:
            raw = cursor.cursor
            started = time.perf_counter()
            for query in queries:
                raw.execute(query)
                raw.fetchall()
            bare.append(time.perf_counter() - started)
    print(
        f"{name}: queries {max(counts)}; state p50 {at(whole, 50):.1f} ms, p95 {at(whole, 95):.1f} ms;"
        f" bare SQL p50 {at(bare, 50):.1f} ms, p95 {at(bare, 95):.1f} ms; ratio p50 {at(whole, 50) / at(bare, 50):.2f},"
        f" p95 {at(whole, 95) / at(bare, 95):.2f}"
    )


def at(seconds: Sequence[float], percent: int) -> float:
    """Milliseconds."""
    return 1_000 * (statistics.quantiles(seconds, n=100)[percent - 1] if len(seconds) > 1 else seconds[0])


if __name__ == "__main__":
    main()
