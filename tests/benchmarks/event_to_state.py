# ruff: noqa: T201
"""How soon an event of a channel is in a customer's state, at 200 events a second.

    DATABASE_URL=postgres://… python tests/benchmarks/event_to_state.py [SECONDS [EVENTS_A_REQUEST]]

On an empty, migrated database: fills 2,000 customers, serves the application with uvicorn in a process of its own, and sends track events
about them over HTTP, 10 in a request, at their moments whether or not those before are answered. What counts is from the moment a request
is due until another connection reads its event in the customer's timeline table. Prints p50, p95 and the rate reached.
"""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from queue import Empty, Queue
from tempfile import TemporaryDirectory

import shared_keys  # noqa: F401 - first of all: Django reads the environment when it is set up

import big_bank  # isort: skip - it sets Django up
import psycopg
from clerk import milliseconds
from django.conf import settings

from bankos.platform import clock, roles
from bankos.platform.actors import Role, employee
from bankos.platform.models import User
from customers.channels.clients import Described
from customers.ingestion.systems import system_of
from sentinel import policy
from tests import people, programs

CUSTOMERS, RATE, SENDERS = 2_000, 200, 8


def key_of_a_channel() -> str:
    policy.load_starting_set(at=clock.now())
    user = User.objects.create(username="administrator", name="Niamh Regan")
    with roles.as_owner():
        people.make_functions()
    people.give(user, Role.ADMINISTRATOR)
    system_of("digital", at=clock.now())
    described = Described(name="app", kind="channel", scopes=("events.write",), reach="everybody", system="digital", per_minute=60_000)
    officer = User.objects.create(username="officer", name="Maeve Costello")
    people.give(officer, Role.COMPLIANCE)
    by = {"by": employee(user), "officer": employee(officer), "at": clock.now()}
    client = programs.made(described, **by)
    return programs.key_of(client.pk, **by).secret


def serve(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "bankos.asgi:application", "--port", str(port), "--log-level", "warning"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "bankos.settings.test"}
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, stdout=log, stderr=log)
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return server, port
    raise SystemExit((folder / "server.log").read_text())


def watch(seen: dict[datetime, float], done: threading.Event) -> None:
    """When each event was first read, by a connection of its own."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as other:
        while not done.is_set():
            rows = other.execute("SELECT occurred_at FROM customers_signal ORDER BY id DESC LIMIT 1000").fetchall()
            now = time.perf_counter()
            for (moment,) in rows:
                seen.setdefault(moment, now)
            time.sleep(0.01)


def send(port: int, secret: str, work: "Queue[tuple[float, list[dict[str, object]]]]") -> None:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    while True:
        try:
            due, batch = work.get_nowait()
        except Empty:
            return
        time.sleep(max(0.0, due - time.perf_counter()))
        line.request("POST", "/api/v1/events/", json.dumps({"batch": batch}), headers)
        answer = line.getresponse()
        body = answer.read()
        assert answer.status == 202, (answer.status, body[:500])


def main(seconds: int = 20, size: int = 10) -> None:
    with TemporaryDirectory() as folder:
        big_bank.fill_people(Path(folder), CUSTOMERS)
        secret = key_of_a_channel()
        server, port = serve(Path(folder))
        people = list(big_bank._people(CUSTOMERS))
        work: Queue[tuple[float, list[dict[str, object]]]] = Queue()
        due_of: dict[datetime, float] = {}
        said = clock.now() - timedelta(minutes=5)
        start = time.perf_counter() + 2
        for place in range(0, seconds * RATE, size):
            due, batch = start + place / RATE, []
            for number in range(place, place + size):
                person, first, last, _, _ = people[number % CUSTOMERS]
                occurred_at = said + timedelta(microseconds=number)  # tells the events apart
                due_of[occurred_at] = due
                batch.append(
                    {
                        "type": "track",
                        "event": "Travel Notice",
                        "messageId": f"bench-{number}",
                        "traits": {"email": f"{first}.{last}.{person}@posteo.example".lower()},
                        "timestamp": occurred_at.isoformat(),
                        "properties": {"country": "PT"},
                    }
                )
            work.put((due, batch))
        seen: dict[datetime, float] = {}
        done = threading.Event()
        watcher = threading.Thread(target=watch, args=(seen, done))
        watcher.start()
        try:
            with ThreadPoolExecutor(SENDERS) as senders:
                for sent in [senders.submit(send, port, secret, work) for _ in range(SENDERS)]:
                    sent.result()
            time.sleep(2)
        finally:
            done.set()
            watcher.join()
            server.terminate()
            server.wait()
        waits = [seen[moment] - due for moment, due in due_of.items() if moment in seen]
        assert waits, "no event arrived"
        milliseconds(f"{len(waits):,} of {len(due_of):,} events, {size} in a request, from due to read", waits)
        print(f"{len(waits) / (max(seen.values()) - start):,.0f} events/s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
