"""Where messages land, asked at the broker: a route that only looks right in the settings promises nothing."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery, current_app
from django.conf import settings
from kombu import Connection

from bankos.platform import bell, events, tasks
from bankos.platform.embedded import Server
from bankos.settings import broker as travelling
from bankos.settings.broker import APPS, HEART, QUEUES

LIGHT = {"bankos.platform.tasks.beat_heart"}


@pytest.fixture(scope="module")
def rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """A RabbitMQ of this module's own."""
    server = shutil.which("rabbitmq-server")
    if server is None:
        pytest.skip("no RabbitMQ on this machine")
    folder = tmp_path_factory.mktemp("rabbit")
    ports = []
    for _ in range(2):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            ports.append(probe.getsockname()[1])
    (folder / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{ports[0]}\n")
    environment = {
        **os.environ,
        "HOME": str(folder),
        "RABBITMQ_NODENAME": f"test{os.getpid()}@localhost",
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_DIST_PORT": str(ports[1]),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
    }
    if os.getuid() == 0:
        # Debian's wrapper would step down to an account that cannot write here.
        server = next(map(str, Path("/usr/lib/rabbitmq").glob("lib/rabbitmq_server-*/sbin/rabbitmq-server")), server)
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen([server], env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    url, deadline = f"amqp://guest:guest@127.0.0.1:{ports[0]}//", time.monotonic() + 90
    while True:
        try:
            with Connection(url, connect_timeout=2) as connection:
                connection.connect()
                break
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                pytest.skip("RabbitMQ did not start: " + (folder / "output").read_text()[-300:])
            time.sleep(0.5)
    yield url, process.pid
    os.killpg(process.pid, 9)
    process.wait()


@pytest.fixture(params=["valkey", "rabbit"])
def broker_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def app(broker_kind: str, request: pytest.FixtureRequest) -> Iterator[Celery]:
    """The bank's Celery, on an empty broker nobody listens to."""
    url = settings.CELERY_BROKER_URL if broker_kind == "valkey" else request.getfixturevalue("rabbit")[0]
    changed = {"broker_write_url": url, "broker_transport_options": travelling.transport_options(url)}
    before = {name: current_app.conf[name] for name in changed}
    current_app.conf.update(changed)
    # Pools of connections are kept by address; these two only remember which one is in use.
    current_app._pool = current_app.amqp._producer_pool = None
    current_app.loader.import_default_modules()  # every task is registered, as in a worker
    landed(current_app)
    yield current_app
    landed(current_app)
    current_app.conf.update(before)
    current_app._pool = current_app.amqp._producer_pool = None


def landed(app: Celery) -> dict[str, list[str]]:
    """What lies in each queue, by the broker's own word; takes it out."""
    found: dict[str, list[str]] = {}
    with app.connection_for_write() as connection, connection.channel() as channel:
        for queue in travelling.queues():
            bound = queue(channel)
            bound.declare()
            while message := bound.get(no_ack=True):
                found.setdefault(queue.name, []).append(str(message.headers["task"]))
    return found


def app_of(task: str) -> str:
    return "platform" if task.startswith("bankos.platform.") else task.partition(".")[0]


def is_light(task: str) -> bool:
    return task in LIGHT or task.rpartition(".")[2].startswith("sweep_")


def test_every_task_lands_in_the_queue_of_its_app_and_what_only_looks_in_the_hearts(app: Celery) -> None:
    known = sorted(name for name in app.tasks if name.partition(".")[0] in {"bankos", *APPS})
    assert len(known) > 20
    for task in known:
        app.send_task(task, args=("x",))
    expected: dict[str, list[str]] = {}
    for task in known:
        expected.setdefault(HEART if is_light(task) else app_of(task), []).append(task)
    assert landed(app) == expected


def test_every_bell_lands_in_the_queue_of_its_subscribers_app(app: Celery) -> None:
    # Those of the tests of faults, which may run in the same process, belong to no app.
    for subscriber in sorted(name for name in events.subscribers() if not name.startswith("faults.")):
        bell.ring(subscriber)
        assert landed(app) == {app_of(subscriber): ["bankos.platform.tasks.drain_events"]}, subscriber
    assert {app_of(subscriber) for subscriber in events.subscribers()} >= {"customers", "journeys", "insights"}


def test_a_bell_of_a_subscriber_without_a_queue_lands_in_the_platforms(app: Celery) -> None:
    bell.ring("elsewhere.subscriber")
    assert landed(app) == {"platform": ["bankos.platform.tasks.drain_events"]}


def test_a_queue_that_is_named_wins_over_the_route(app: Celery) -> None:
    for queue in QUEUES:
        app.send_task("sentinel.tasks.drill_canary", args=("x", "y"), queue=queue)
        tasks.drain_events.apply_async(("x",), queue=queue)
        assert landed(app) == {queue: ["sentinel.tasks.drill_canary", "bankos.platform.tasks.drain_events"]}


def test_what_the_scheduler_sends_and_the_first_wake_up_land_where_they_belong(app: Celery) -> None:
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        app.tasks[entry["task"]].apply_async(**entry["options"])
    sent = landed(app)
    assert all(queue == (HEART if is_light(task) else app_of(task)) for queue, tasks in sent.items() for task in tasks)
    assert "bankos.platform.tasks.sweep_events" in sent[HEART]
    bell.wake_worker()
    assert set(landed(app)) == {HEART}


@pytest.fixture
def group(broker_kind: str, request: pytest.FixtureRequest, embedded_servers: dict[str, Server]) -> int:
    """The broker's processes, which a test may stop."""
    if broker_kind == "rabbit":
        return int(request.getfixturevalue("rabbit")[1])
    if "valkey" not in embedded_servers or embedded_servers["valkey"].process is None:
        pytest.skip("CELERY_BROKER_URL names a broker that is not ours to stop")
    return embedded_servers["valkey"].process.pid


def test_nobody_waits_for_a_broker_that_hangs_and_it_is_rung_again_afterwards(
    app: Celery, group: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bell, "_quiet_until", 0.0)
    bell.ring("customers.linkage")
    assert landed(app) == {"customers": ["bankos.platform.tasks.drain_events"]}
    os.killpg(group, signal.SIGSTOP)
    try:
        began = time.monotonic()
        for _ in range(20):
            bell.ring("customers.linkage")  # a connection that is open
        assert time.monotonic() - began < 3.5, "one is waited for, and the others not"
        monkeypatch.setattr(bell, "_quiet_until", 0.0)
        began = time.monotonic()
        assert not bell.call("bankos.platform.tasks.beat_heart"), "and a new connection"
        assert time.monotonic() - began < 6
    finally:
        os.killpg(group, signal.SIGCONT)
    monkeypatch.setattr(bell, "_quiet_until", 0.0)
    landed(app)  # the broker may have taken what it did not confirm
    for _ in range(2):
        assert bell.call("bankos.platform.tasks.beat_heart")
    assert landed(app) == {HEART: ["bankos.platform.tasks.beat_heart"] * 2}
