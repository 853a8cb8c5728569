"""A process killed at any moment: the next ingest goes on behind its last chunk and ends where an undisturbed one does."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings

from customers import ingestion
from customers.ingestion.feeds import meridian
from customers.ingestion.reading import ROWS_PER_CHUNK
from tests.customers.ingestion.extracts import AT, count, rows, rows_of, send_one_customer, state, write
from tests.processes import environment

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

ROWS = 4 * ROWS_PER_CHUNK + 2_000
KILLS = 6


def ingest_in_a_process(path: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "ingest", "core", str(path)],
        cwd=settings.BASE_DIR,
        env={**os.environ, **environment()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def lines_read(path: Path) -> int:
    found = rows("SELECT lines_read FROM customers_sourcefile WHERE name = %s", [path.name])
    return found[0][0] if found else 0


def kill_after(process: subprocess.Popen[bytes], path: Path, lines: int, pause: float) -> None:
    """SIGKILL some moment after so many lines are in: between two chunks, or inside one."""
    while lines_read(path) < lines and process.poll() is None:
        time.sleep(0.005)
    time.sleep(pause)
    process.kill()
    process.wait(timeout=30)


def test_killed_again_and_again_it_ends_as_if_undisturbed(tmp_path: Path) -> None:
    send_one_customer(tmp_path / "before")
    lines = ({"entry_id": str(number), "balance_after": f"{number}.00"} for number in range(1, ROWS + 1))
    path = write(tmp_path / "transactions.csv", meridian.TRANSACTIONS, rows_of(meridian.TRANSACTIONS, *lines))
    moments = random.Random(7)
    seen = set()
    for kill in range(KILLS):
        kill_after(
            ingest_in_a_process(path), path, lines=min(ROWS_PER_CHUNK * (kill + 1), ROWS - ROWS_PER_CHUNK), pause=moments.uniform(0, 0.2)
        )
        seen.add(lines_read(path))
    assert len(seen) > 1

    last = ingest_in_a_process(path)
    _, complaints = last.communicate(timeout=300)
    assert last.returncode == 0, complaints.decode()

    chunks = rows("""SELECT c.first_line, c.line_count FROM customers_sourcechunk c JOIN customers_sourcefile f ON f.id = c.file_id
                      WHERE f.name = 'transactions.csv' ORDER BY c.first_line""")
    assert chunks == [(2 + start, min(ROWS_PER_CHUNK, ROWS - start)) for start in range(0, ROWS, ROWS_PER_CHUNK)]
    assert rows("SELECT rows_read, rows_added, rows_rejected, state FROM customers_sourcefile WHERE name = 'transactions.csv'") == [
        (ROWS, ROWS, 0, "done")
    ]
    assert rows("SELECT balance, balance_sequence FROM customers_arrangement") == [(ROWS, ROWS)]
    ((party,),) = rows("SELECT id FROM customers_party WHERE golden_id = id")
    told = "SELECT count(*) FROM platform_domainevent WHERE subject = %s AND data -> 'changed' ? 'transactions'"
    assert (rows(told, [str(party)]), count("touchedparty")) == ([(1,)], 0)

    disturbed = state()
    again = tmp_path / "again.csv"
    again.write_bytes(path.read_bytes() + b"\n")
    assert ingestion.ingest("core", [again], at=AT).added == 0
    assert state() == disturbed
