# ruff: noqa: T201
"""What page 1 and page 1,000 of a customer's timeline cost.

    DATABASE_URL=postgres://… python tests/benchmarks/timeline_pages.py [ROUNDS]

On a database filled by `big_bank`: books 40,000 transactions of two years on one more account, walks to page 1,000, and then reads
both pages in turn. Prints p50 and p95 of each and the ratio.
"""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import big_bank
from clerk import clerk, milliseconds

from bankos.platform import clock
from customers import ingestion, timeline
from customers.ingestion.feeds import meridian
from customers.models import Party

BUSY, ENTRIES, PAGES = 99_999_999, 40_000, 1_000
_ACCOUNT = big_bank.account_of(BUSY)


def busy_customer() -> Party:
    found = Party.objects.filter(arrangement_roles__arrangement__source_key=_ACCOUNT).first()
    if found is not None:
        return found
    per_month = ENTRIES // big_bank.MONTHS + 1
    days = [f"{month:%Y-%m}-{place * 28 // per_month + 1:02d}" for month in big_bank.months() for place in range(per_month)]
    rows = [f"busy-{place},{_ACCOUNT},{day},-1.00,EUR,{100_000 - place}.00,card,,Corrib Stores,,5411" for place, day in enumerate(days)]
    files = {
        meridian.CUSTOMERS: [f"{BUSY},BUSY BRIAN,1970-01-01,NBUSY,B000,2014-03-01,P"],
        meridian.ACCOUNTS: [f"{_ACCOUNT},CUR-STD,Current account,current,EUR,2014-03-01,B000,500.00,active"],
        meridian.ACCOUNT_HOLDERS: [f"{_ACCOUNT},{BUSY},owner"],
        meridian.TRANSACTIONS: rows,
    }
    with TemporaryDirectory() as folder:
        paths = [big_bank.write(Path(folder) / f"{feed.name}.csv", feed, lines) for feed, lines in files.items()]
        assert ingestion.ingest("core", paths, at=clock.now()).rejected == 0
    big_bank.analyze()
    return busy_customer()


def main(rounds: int = 200) -> None:
    party, actor = busy_customer().pk, clerk("B000")
    late: str | None = None
    for passed in range(0, (PAGES - 1) * 30, timeline.LARGEST_PAGE):
        limit = min(timeline.LARGEST_PAGE, (PAGES - 1) * 30 - passed)
        late = timeline.entries_of(party, actor=actor, before=late, limit=limit).next_cursor
        assert late is not None, "the timeline ends before page 1,000"
    taken: dict[str, list[float]] = {"page 1": [], f"page {PAGES:,}": []}
    for _ in range(rounds):
        for name, before in zip(taken, (None, late), strict=True):
            began = time.perf_counter()
            page = timeline.entries_of(party, actor=actor, before=before)
            taken[name].append(time.perf_counter() - began)
            assert len(page.entries) == 30
    halves = [milliseconds(name, times) for name, times in taken.items()]
    print(f"page {PAGES:,} against page 1: {halves[1] / halves[0]:.2f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
