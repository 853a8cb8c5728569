# ruff: noqa: T201
"""How well persons with several records full of errors are resolved, over sets nobody chose the weights by.

    python tests/benchmarks/linkage_errors.py [SEED]

Makes sets like FEBRL's data sets 1 to 3 (`linkage_population.py`): up to six records a person, up to ten errors in a record, people of one
household at one address, twins, fathers and sons of one name. Another SEED makes other people. Prints precision, recall and F1 over pairs
for each; fails if F1 of any is under what it should be at least.
"""

import os
import random
import sys
import time
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bankos.settings.test")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
django.setup()

import pandas as pd  # noqa: E402 - after the path is set
from linkage_population import Shape, people  # noqa: E402
from linkage_truth import Quality, quality  # noqa: E402

from customers.linkage.frames import resolve_frame  # noqa: E402

# Records, what they are like, and the least F1. Of 15 errors in a record of nine fields, not all can be found.
SETS = {
    "one copy, few errors": (5_000, Shape(most=2, several=0.5, errors=2), 0.995),
    "a tenth with up to 6 records": (5_000, Shape(most=6, several=0.1), 0.98),
    "half with up to 6 records": (5_000, Shape(most=6), 0.98),
    "half with up to 6, nobody lives together": (5_000, Shape(most=6, households=0), 0.985),
    "half with up to 6, phone and e-mail": (10_000, Shape(most=6, contacts=True), 0.99),
    "half with up to 6, many": (20_000, Shape(most=6), 0.98),
    "half with up to 6, 15 errors": (5_000, Shape(most=6, errors=15), 0.95),
}


def main(seed: int = 1) -> int:
    missed = 0
    for title, (records, shape, least) in SETS.items():
        rows = list(people(records, seed=seed, shape=shape))
        random.Random(seed).shuffle(rows)
        frame = pd.DataFrame([record for _, record in rows])
        began = time.perf_counter()
        found = resolve_frame(frame)
        seconds = time.perf_counter() - began
        reached: Quality = quality(found.pairs(), [person for person, _ in rows])
        missed += reached.f1 < least
        print(f"{title}, {records:,} records: {reached}  in {seconds:.1f} s{'' if reached.f1 >= least else f'  UNDER {least}'}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
