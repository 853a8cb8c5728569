# ruff: noqa: T201
"""How long a batch takes, and how long one new record, among many.

    DATABASE_URL=postgres://… python tests/benchmarks/linkage_scale.py [RECORDS] [NEW]

On an empty, migrated database: puts the records of made-up people there by COPY (50,000 by default; 15 in 100 people have more than one,
with up to four errors), as parties with the facts that ingesting a file would leave; compares them all in one batch; then resolves NEW
records (200 by default) one by one as if each had just changed. Prints the seconds of each step, F1 of the likely links over the pairs of
the truth, the most memory this process held, and the median and 95th percentile of one record.
"""

import os
import random
import resource
import statistics
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, groupby, islice
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bankos.settings.test")
os.environ.setdefault("CELERY_BROKER_URL", "memory://localhost")  # nobody waits for steps here
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
django.setup()

from django.db import connection, transaction  # noqa: E402 - models need settings first
from linkage_population import Record, Shape, people  # noqa: E402

from bankos.platform import actors, clock, jobs  # noqa: E402
from bankos.platform.ids import uuid7_texts  # noqa: E402
from bankos.platform.models import Job  # noqa: E402
from customers.linkage import batch, live  # noqa: E402
from customers.models import Branch, MemberDescription, PartyLink, SourceFile, SourceSystem  # noqa: E402
from customers.spelling import name_key, phone_digits  # noqa: E402
from sentinel import policy  # noqa: E402

SHAPE = Shape(most=3, several=0.15, errors=4, contacts=True)
AT_ONCE = 20_000
_PARTY_COLUMNS = "id, golden_id, opened_as_id, number, kind, name, search_name, home_branch_id, bucket, version, changed_at"
_FACT_COLUMNS = "id, party_id, system_id, attribute, value, normalised, source_file_id, source_line, recorded_at"


def main(records: int = 50_000, new: int = 200) -> None:
    policy.load_starting_set(at=clock.now())
    began = time.perf_counter()
    truth = fill(records)
    print(f"{records:,} records put there in {time.perf_counter() - began:.0f} s", flush=True)
    began = step = time.perf_counter()
    run_id, more = batch.start(actor=actors.system("benchmark"), at=clock.now()), True
    spent: dict[str, float] = {}
    while more:
        step_name = (Job.objects.values_list("place", flat=True).get(pk=run_id) or {"step": "describe"})["step"]
        more = jobs.work(run_id, at=clock.now())
        now = time.perf_counter()
        spent[step_name] = spent.get(step_name, 0) + now - step
        step = now
    run = batch.latest()
    assert run is not None
    print(f"batch in {time.perf_counter() - began:.0f} s: {', '.join(f'{k} {v:.1f}' for k, v in spent.items())}")
    print(f"{run.counted}, {run.counts['asked']:,} for people")
    same = PartyLink.objects.filter(probability__gte=0.95).values_list("left_id", "right_id")
    found = {(left.hex, right.hex) for left, right in same}
    right = len(found & truth)
    print(
        f"links from 95 %: precision {right / max(len(found), 1):.4f}, recall {right / max(len(truth), 1):.4f} of {len(truth):,} true pairs"
    )
    print(f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB", flush=True)
    one_by_one(new)


def one_by_one(new: int) -> None:
    analyze()
    units = random.Random(1).sample(sorted(MemberDescription.objects.values_list("pk", flat=True)), new)
    times, compared = [], []
    for unit in units:
        began = time.perf_counter()
        with transaction.atomic():
            compared.append(len(live.resolve([unit], at=clock.now())))
        times.append((time.perf_counter() - began) * 1000)
    p95 = statistics.quantiles(times, n=20)[18]
    print(f"one record: median {statistics.median(times):.1f} ms, p95 {p95:.1f} ms, longest {max(times):.0f} ms;", end=" ")
    print(f"compared with {statistics.mean(compared):.0f} others, {max(compared)} at most")


def fill(records: int) -> set[tuple[str, str]]:
    """The records as parties with facts. Returns the pairs that are one person's."""
    at = clock.now()
    system = SourceSystem.objects.create(code="files", name="Files", freshness_promise="1 day")
    branch = Branch.objects.create(code="MADE", name="Made up", town="Made up")
    file = SourceFile.objects.create(system=system, name="people.csv", feed="people", sha256="0" * 64, received_at=at)
    truth: set[tuple[str, str]] = set()
    line = 0
    made = people(records, seed=7, shape=SHAPE)
    while rows := list(islice(made, AT_ONCE)):
        ids = uuid7_texts(len(rows))
        # In no order, as a bank's are: a person's records don't stand together.
        random.Random(line).shuffle(ids)
        for _, same in groupby(zip(rows, ids, strict=True), key=lambda row: row[0][0]):
            truth |= set(combinations(sorted(identity for _, identity in same), 2))
        said = [(identity, record, line + place) for place, (identity, (_, record)) in enumerate(zip(ids, rows, strict=True))]
        with transaction.atomic(), connection.cursor() as cursor:
            _copy(
                cursor,
                f"customers_party ({_PARTY_COLUMNS})",
                ((i, i, i, f"M{n:09}", "person", _name(r), name_key(_name(r)), branch.pk, n % 256, 1, at) for i, r, n in said),
            )
            facts = [(i, attribute, value, normalised, n) for i, r, n in said for attribute, value, normalised in _facts(r)]
            keys = iter(uuid7_texts(len(facts)))
            _copy(
                cursor,
                f"customers_partyfact ({_FACT_COLUMNS})",
                ((next(keys), i, "files", a, v, w, file.pk, n, at) for i, a, v, w, n in facts),
            )
        line += len(rows)
    analyze()
    return truth


def analyze() -> None:
    """What autovacuum does in time: the application's role may not."""
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute("ANALYZE")
        cursor.execute("RESET ROLE")


def _copy(cursor: Any, table: str, rows: Iterable[Sequence[object]]) -> None:
    with cursor.copy(f"COPY {table} FROM STDIN") as out:
        for row in rows:
            out.write_row(row)


def _name(record: Record) -> str:
    return f"{record['given_name']} {record['surname']}".strip() or "?"


def _facts(record: Record) -> Iterator[tuple[str, str, str]]:
    street = " ".join(filter(None, (record["street_number"], record["address_1"], record["address_2"])))
    stated = {
        "name": _name(record),
        "birth_date": record["date_of_birth"],
        "national_id": record["soc_sec_id"],
        "phone": record["phone"],
        "email": record["email"],
        "address": ", ".join(filter(None, (street, record["postcode"]))),
        "town": record["suburb"],
    }
    for attribute, value in stated.items():
        if value:
            yield attribute, value, phone_digits(value) if attribute == "phone" else value.lower()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
