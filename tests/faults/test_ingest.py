"""Killed at fifty random points of reading files: resumed, they are the same state as read undisturbed.

Each kill is SIGKILL to a real process while it reads: it dies before a statement, or behind one whose work is not committed yet. The
processes are forked from one that has everything imported, so that fifty of them cost seconds.
"""

import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection, transaction

from customers import ingestion
from customers.ingestion import reading
from customers.ingestion.feeds import meridian
from tests.customers.ingestion import exporters
from tests.customers.ingestion.extracts import AT, rows, rows_of, send_one_customer, write
from tests.customers.state_hash import table_hashes

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
KILLS = 50
ENTRIES = 320
CHUNK = 20
LONGEST = 120.0


def files(folder: Path) -> list[Path]:
    """Entries in four formats, a chunk of each holding rows that are rejected, and changes of entries read before."""
    folder.mkdir()
    pieces = [
        rows_of(
            meridian.TRANSACTIONS,
            *(
                {"entry_id": str(number), "booked_on": f"2026-11-{1 + number // 50:02d}", "amount": "1.00", "balance_after": f"{number}.00"}
                for number in range(1 + piece * ENTRIES, 1 + (piece + 1) * ENTRIES)
            ),
        )
        for piece in range(3)
    ]
    changed = [row | {"purpose": "corrected"} for row in pieces[0][:30]]
    broken = [*pieces[1][:25], pieces[1][25] | {"booked_on": "2026-02-30"}, *pieces[1][26:]]
    return [
        write(folder / "1.csv", meridian.TRANSACTIONS, pieces[0]),
        exporters.json_lines(folder / "2.jsonl", broken),
        exporters.camt053(folder / "3.xml", pieces[2]),
        exporters.debezium(folder / "4.json", meridian.TRANSACTIONS, changed),
    ]


def read_all(paths: list[Path]) -> None:
    for path in paths:
        ingestion.ingest("core", [path], at=AT)


def in_a_process(work: Callable[[], None]) -> int:
    """Run it in a child with a connection of its own. Returns the signal that ended it, 0 if none did."""
    connection.close()
    connection.close_pool()  # its threads would not live on in the child
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert not (os.WIFEXITED(status) and os.WEXITSTATUS(status)), "the child failed; see its traceback"
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


class Steps:
    """Counts the steps of reading in this process, and kills it in the middle of step `last`."""

    def __init__(self, last: int | None) -> None:
        self.done, self._last = 0, last

    def __enter__(self) -> "Steps":
        self._wrapped = connection.execute_wrapper(self._statement)
        self._wrapped.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._wrapped.__exit__(*error)

    def _statement(self, execute: Callable, sql: str, params: object, many: bool, context: dict) -> object:
        self.done += 1
        if self.done == self._last:
            # Half of them die before the statement, half behind it with its work done and nothing committed.
            if self.done % 2:
                execute(sql, params, many, context)
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)


def test_killed_at_fifty_points_it_ends_as_if_undisturbed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "ROWS_PER_CHUNK", CHUNK)
    send_one_customer(tmp_path / "before")
    paths = files(tmp_path / "files")
    points = random.Random(22)
    undisturbed = state_behind(paths)
    started, kills, seen = time.monotonic(), 0, set()

    # Each child goes on where the one before it was killed: so the points lie all over the four files.
    while kills < KILLS and time.monotonic() - started < LONGEST:

        def work(last: int = points.randint(8, 30)) -> None:
            with Steps(last):
                read_all(paths)

        if in_a_process(work) == 0:
            break
        kills += 1
        seen.add(tuple(rows("SELECT name, lines_read FROM customers_sourcefile ORDER BY id")))
    read_all(paths)

    print(f"\n{kills} kills, {len(seen)} different places, {time.monotonic() - started:.0f} s", file=sys.stderr)  # noqa: T201
    assert kills == KILLS
    assert len(seen) > KILLS // 4
    assert (table_hashes(), rows(KEPT)) == undisturbed


def state_behind(paths: list[Path]) -> tuple[dict[str, str], list[tuple]]:
    """What an undisturbed run leaves, forgotten again."""
    with transaction.atomic():
        read_all(paths)
        found = table_hashes(), rows(KEPT)
        transaction.set_rollback(True)
    return found


KEPT = """
SELECT f.name, f.state, f.lines_read, f.rows_read, f.rows_added, f.rows_rejected,
       (SELECT count(*) FROM customers_rejectedrow r WHERE r.file_id = f.id),
       (SELECT md5(string_agg(c.first_line || ' ' || md5(c.raw), ',' ORDER BY c.first_line))
          FROM customers_sourcechunk c WHERE c.file_id = f.id),
       (SELECT count(*) FROM customers_touchedparty t WHERE t.file_id = f.id)
  FROM customers_sourcefile f WHERE f.name ~ '^[1-4]' ORDER BY f.name
"""
