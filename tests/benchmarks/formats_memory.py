# ruff: noqa: T201
"""How much memory and time reading takes, format by format, on a generated file of some 100 MB.

    python tests/benchmarks/formats_memory.py [MEGABYTES] [FORMAT…]

Each file is read to its end in a process of its own: recognised, cut into chunks, every entry made a record; nothing is loaded. Prints
megabytes and entries a second, the process's memory before the first chunk, and its peak.
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bankos.settings.test")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
django.setup()

from customers.ingestion import formats, reading  # noqa: E402 - settings first
from customers.ingestion.feeds import meridian  # noqa: E402
from tests.customers.ingestion import exporters  # noqa: E402
from tests.customers.ingestion.extracts import rows_of  # noqa: E402

WRITERS: dict[str, Callable] = {
    "camt.053": exporters.camt053,
    "mt940": exporters.mt940,
    "open-banking-uk": exporters.open_banking_uk,
    "fdx": exporters.fdx,
    "debezium": lambda path, rows: exporters.debezium(path, meridian.TRANSACTIONS, rows),
}
_STATEMENT = 2_000


def entries() -> Iterator[list[dict[str, str]]]:
    """Statement by statement, without an end."""
    (row,) = rows_of(meridian.TRANSACTIONS, {"amount": "1.00"})
    for start in count(0, _STATEMENT):
        yield [row | {"entry_id": str(number), "balance_after": f"{number}.00"} for number in range(start + 1, start + _STATEMENT + 1)]


def written(name: str, folder: Path, megabytes: int) -> Path:
    """A file of about this size. What stands around the entries is written once, the entries as often as it takes."""
    rows, piece = entries(), folder / "piece"
    first = WRITERS[name](piece, next(rows)).read_text()
    target = folder / f"{name}.any"
    edges = {
        "camt.053": ("<Stmt>", "</BkToCstmrStmt>", ""),
        "mt940": ("{1:", "", ""),
        "open-banking-uk": ('{"Amount": {"Amount": "1.00"', "]}, ", ", "),
        "fdx": ('{"depositTransaction"', "]}", ", "),
        "debezium": ("{", "", ""),
    }
    opening, closing, between = edges[name]
    start, end = first.index(opening), first.rindex(closing) if closing else len(first)
    with target.open("w") as file:
        file.write(first[:start])
        body = first[start:end]
        while file.tell() < megabytes * 1024**2:
            file.write(body)
            text = WRITERS[name](piece, next(rows)).read_text()
            body = between + text[text.index(opening) : text.rindex(closing) if closing else len(text)]
        file.write(first[end:])
    return target


def read(path: Path) -> None:
    layout = formats.recognise("core", path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    began, found, refused = time.perf_counter(), 0, 0
    with reading.opened(path) as source:
        stretch = formats.Stretch(after=0, size=reading.ROWS_PER_CHUNK, shift=timedelta())
        for chunk in layout.chunks(source, stretch):
            found += sum(len(batch.records) for batch in chunk.batches)
            refused += len(chunk.refusals)
    seconds, peak = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = path.stat().st_size / 1024**2
    print(
        f"{layout.name:16} {size:6.0f} MB  {found:>9,} entries  {refused:>6,} refused  {size / seconds:6.1f} MB/s"
        f"  {found / seconds:>9,.0f} entries/s  {before:5.0f} MB before, {peak:5.0f} MB peak"
    )


def main(megabytes: int, names: list[str]) -> None:
    for name in names:
        with TemporaryDirectory() as folder:
            path = written(name, Path(folder), megabytes)
            subprocess.run([sys.executable, __file__, "--read", str(path)], check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--read"]:
        read(Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 100, sys.argv[2:] or list(WRITERS))
