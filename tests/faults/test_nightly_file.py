"""A night's file is read by a real worker, which has hands free for nothing else: the bank stays ready, as balancers see it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from bankos.platform import clock
from bankos.platform.actors import Role, employee
from bankos.platform.models import Job, User
from customers.ingestion.feeds import meridian
from customers.sources import receiving
from tests import people
from tests.customers.ingestion.extracts import count, rows_of, send_one_customer, write
from tests.processes import Background, Recoveries, WaitUntil

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
ENTRIES = 30_000


def test_the_bank_stays_ready_while_a_file_of_the_night_is_read(
    transactional_db: None,
    tmp_path: Path,
    client: Client,
    start_worker: Callable[..., Background],
    start_beat: Callable[[], Background],
    wait_until: WaitUntil,
    recoveries: Recoveries,
) -> None:
    call_command("policies", verbosity=0)
    user = User.objects.create(username="orla", name="Orla Tierney")
    people.give(user, Role.ADMINISTRATOR)
    send_one_customer(tmp_path / "before")
    entries = [{"entry_id": str(n), "booked_on": f"2026-{1 + n % 10:02d}-{1 + n % 28:02d}"} for n in range(1, ENTRIES + 1)]
    path = write(tmp_path / "transactions.csv", meridian.TRANSACTIONS, rows_of(meridian.TRANSACTIONS, *entries))
    start_worker(concurrency=1)
    start_beat()
    wait_until(lambda: client.get("/readyz").status_code == 200)

    began = clock.now()
    job = receiving.receive("core", path, name=path.name, actor=employee(user), at=began)
    seen: list[tuple[str, int]] = []

    def read() -> bool:
        state = Job.objects.values_list("state", flat=True).get(pk=job)
        seen.append((state, client.get("/readyz").status_code))
        return state == "done"

    wait_until(read)
    assert {status for _, status in seen} == {200}
    assert sum(state == "running" for state, _ in seen) > 3, "it was looked at while the worker read"
    assert count("transaction") == ENTRIES
    recoveries(f"a file of {ENTRIES:,} lines read while ready at each of {len(seen)} looks", (clock.now() - began).total_seconds())
