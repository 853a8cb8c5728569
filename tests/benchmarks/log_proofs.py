# ruff: noqa: T201
"""Proofs from a log of a million entries, and writers that wait for nobody.

    DATABASE_URL=postgres://… python tests/benchmarks/log_proofs.py [ENTRIES]

On an empty, migrated database. Fills the log with void entries, then times proofs, each a query of its own and verified, and a bundle
of everything, and prints what they take of memory. Then four writers (threads of this process) decide for a few seconds each way: alone,
beside a transaction that took a place and stays open, and beside an integrator that never pauses.
"""

import os
import random
import resource
import statistics
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bankos.settings.test")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
django.setup()

from django.db import connection, transaction  # noqa: E402 - models need settings first

from bankos.platform import clock, roles  # noqa: E402
from bankos.platform.actors import system  # noqa: E402
from sentinel import catalogue, merkle, policy, transparency  # noqa: E402
from sentinel.bundle import void_text  # noqa: E402
from sentinel.transparency import checkpoints, nodes, proofs  # noqa: E402
from tests.sentinel import desk  # noqa: E402

AT_ONCE = 10_000
PROOFS = 2_000
WRITERS, SECONDS = 4, 5.0


def leaf(index: int) -> bytes:
    return merkle.leaf_hash(void_text(index).encode())


def fill(entries: int) -> None:
    for first in range(0, entries, AT_ONCE):
        indexes = range(first, min(first + AT_ONCE, entries))
        edge = nodes.read(merkle.root_nodes(first))
        with transaction.atomic():
            nodes.write(
                ((index, "void", None, leaf(index)) for index in indexes),
                (node for node in merkle.new_nodes(first, map(leaf, indexes), edge.__getitem__) if node[0].level),
            )
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('sentinel_log_place', %s)", [entries - 1])
        for table in ("sentinel_logentry", "sentinel_lognode"):
            cursor.execute(f"VACUUM ANALYZE {table}")
    checkpoints.sign(entries, proofs.root(entries), after=None, at=clock.now())


def timed(name: str, make: Callable[[], None]) -> None:
    taken = []
    for _ in range(PROOFS):
        began = time.perf_counter()
        make()
        taken.append(1000 * (time.perf_counter() - began))
    parts = statistics.quantiles(taken, n=100)
    print(f"{name:24} p50 {parts[49]:6.2f} ms   p95 {parts[94]:6.2f} ms   p99 {parts[98]:6.2f} ms   most {max(taken):6.2f} ms")


def inclusion(entries: int) -> None:
    index = random.randrange(entries)
    proof = proofs.inclusion_proof(index, entries)
    assert merkle.verify_inclusion(leaf(index), index, entries, proof, ROOTS[entries])


def inclusion_in_an_older_log(entries: int) -> None:
    size = random.randrange(1, entries)
    assert len(proofs.inclusion_proof(random.randrange(size), size)) <= size.bit_length()


def consistency(entries: int) -> None:
    first = random.choice(list(ROOTS))
    proof = proofs.consistency_proof(first, entries)
    assert merkle.verify_consistency(first, entries, ROOTS[first], ROOTS[entries], proof)


ROOTS: dict[int, bytes] = {}


def prove(entries: int) -> None:
    ROOTS.update({size: proofs.root(size) for size in [entries, *random.sample(range(1, entries), 50)]})
    began = _memory()
    timed("inclusion", lambda: inclusion(entries))
    timed("inclusion, older log", lambda: inclusion_in_an_older_log(entries))
    timed("consistency", lambda: consistency(entries))
    print(f"memory: {_memory():.0f} MB at most, {_memory() - began:.1f} MB of it for {3 * PROOFS:,} proofs")


def bundle_all(entries: int) -> None:
    before, began = _memory(), time.perf_counter()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "bundle.jsonl"
        done = transparency.export(file, actor=system("benchmark"))
        size = file.stat().st_size / 1e6
    assert (done.entries, done.damage) == (entries, [])
    print(f"bundle of all {entries:,}: {time.perf_counter() - began:.0f} s, {size:.0f} MB, {_memory() - before:.1f} MB more of memory")


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def write_for(name: str) -> None:
    """How many decisions four writers make, each in a transaction of its own, and the longest any of them took."""
    counts, longest = [0] * WRITERS, [0.0] * WRITERS

    def write(n: int) -> None:
        try:
            ends = time.perf_counter() + SECONDS
            while (began := time.perf_counter()) < ends:
                desk.ask(resource=desk.party(f"party-{n}"))
                longest[n] = max(longest[n], time.perf_counter() - began)
                counts[n] += 1
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(n,)) for n in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{name:44} {sum(counts) / SECONDS:6.0f} decisions/s   longest {1000 * max(longest):6.1f} ms")


class Beside:
    """Something that goes on in a thread of its own until the end of the block."""

    def __init__(self, work: Callable[[threading.Event], None]) -> None:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(work,))

    def _run(self, work: Callable[[threading.Event], None]) -> None:
        try:
            work(self._ended)
        finally:
            connection.close()

    def __enter__(self) -> None:
        self._thread.start()
        time.sleep(0.3)

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()


def keep_a_place(ended: threading.Event) -> None:
    with transaction.atomic():
        desk.ask(resource=desk.party("party-of-a-long-transaction"))
        ended.wait()


def integrate(ended: threading.Event) -> None:
    while not ended.is_set():
        transparency.integrate(at=clock.now())


def write() -> None:
    for action_type in desk.ACTION_TYPES.values():
        try:
            catalogue.register(action_type)
        except ValueError:
            continue  # the floors above have registered theirs
    policy.load_starting_set(at=clock.now())
    for n in range(WRITERS):
        desk.ask(resource=desk.party(f"party-{n}"))
    write_for("four writers")
    with Beside(keep_a_place):
        write_for("… beside a transaction that stays open")
    with Beside(integrate):
        write_for("… beside an integrator")
    with Beside(keep_a_place), Beside(integrate):
        write_for("… beside both")
    waiting, began = transparency.status().waiting, time.perf_counter()
    transparency.integrate(at=clock.now(), seconds=60)
    spent = time.perf_counter() - began
    print(f"taking up the {waiting:,} that waited: {spent:.2f} s, {waiting / spent:,.0f} a second, {transparency.status().waiting} left")


def main(entries: int) -> None:
    random.seed(2026)
    with roles.as_owner():
        began = time.perf_counter()
        fill(entries)
        print(f"{entries:,} entries written in {time.perf_counter() - began:.0f} s")
    prove(entries)
    bundle_all(entries)
    write()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
