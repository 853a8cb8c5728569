# ruff: noqa: T201
"""How well and how fast labelled persons are resolved, through the bank's own way.

    python tests/benchmarks/linkage_febrl4.py [FILE… [--person PATTERN]]

Without files: FEBRL data set 4 (`../shared/data/febrl4`), 10,000 records of 5,000 persons with typing errors. Other labelled sets are
CSV files with the column `rec_id`, of which PATTERN's first group is the person; only the comparison with the truth reads it. Prints F1
over pairs and the seconds from the files to the answer; fails if F1 is under 0.9995 or it took over 5 seconds.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bankos.settings.test")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
django.setup()

import pandas as pd  # noqa: E402 - after the path is set
from django.conf import settings  # noqa: E402
from linkage_truth import quality  # noqa: E402

from customers.linkage.frames import resolve_frame  # noqa: E402

FEBRL4 = Path(settings.BASE_DIR).parent / "shared" / "data" / "febrl4"
LEAST_F1, MOST_SECONDS = 0.9995, 5.0


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("files", nargs="*", type=Path)
    arguments.add_argument("--person", default=r"rec-(\d+)-")
    given = arguments.parse_args()
    files = given.files or sorted(FEBRL4.glob("*.csv.gz"))
    if not files:
        print(f"skipped: no data in {FEBRL4}")
        return 0
    began = time.perf_counter()
    frame = pd.concat([pd.read_csv(file, dtype=str, skipinitialspace=True) for file in files], ignore_index=True)
    found = resolve_frame(frame.drop(columns=["rec_id"]))
    seconds = time.perf_counter() - began
    reached = quality(found.pairs(), frame["rec_id"].str.extract(given.person)[0])
    print(f"{len(frame):,} records, {found.compared:,} pairs compared, {reached.true:,} true pairs")
    print(f"{reached}  in {seconds:.1f} s")
    return 0 if given.files or (reached.f1 >= LEAST_F1 and seconds <= MOST_SECONDS) else 1


if __name__ == "__main__":
    sys.exit(main())
