# ruff: noqa: T201
"""A whole bank under load, whose servers and processes are killed and stopped at random: is everything done once, and how soon is it back?

    python tests/benchmarks/outages.py SEED SECONDS

Starts a bank of its own in a temporary folder (`manage.py start`, 120 demo customers, loopback only, a minute or more to fill). For so
many seconds people sign in, read pages and accept suggestions, a program sends events and repeats what was not acknowledged, and an
extract is read; beside it one fault after the other, in an order that the seed decides. Then it waits until the bank has drained (three
minutes at most) and looks whether

- each effect has the one use of its permit, one receipt and one file with the bytes of the receipt, and there is no file besides;
- whoever was told "done" finds the effect, and each acknowledged event arrived once and was made use of;
- each line of the extract is booked once;
- no delivery is open, the bank is ready, and the exported log holds (sentinel/verify.py);
- nothing that was answered shows a stack trace.

Printed is for each fault how long a page and /readyz failed after it ended (a process killed, a stopped one let go on), or how long the
slowest answer took if none failed. Exit 1: something
did not hold, and what.
"""

import csv
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent.parent
SETTINGS = "tests.faults.small_bank_settings"
PEOPLE = ("jonas", "aoife")
STOPPED = ("valkey", "postgres", "worker", "heart", "web")
KILLED = (*STOPPED, "beat")
FILL = 420.0
"""Seconds that starting and filling may take."""
DRAIN = 180.0
PAUSE = 3.0  # seconds between a recovery and the next fault
LONGEST_RECOVERY = 60.0
EVENTS_A_POST = 5
LINES = 8_000
TRACE = re.compile(r'Traceback \(most recent call last\)|File "/[^"]+", line \d+')


class Poll(NamedTuple):
    """One look: when its answer came, whether it was 200, and how long it took."""

    moment: float
    good: bool
    took: float


@dataclass
class Seen:
    """What everybody saw, told by several threads."""

    answers: Counter[str] = field(default_factory=Counter)
    traces: list[str] = field(default_factory=list)
    done: dict[str, str] = field(default_factory=dict)
    """Of the suggestions that were told "done": the decision."""
    events: set[str] = field(default_factory=set)
    """Ids that were acknowledged."""
    repeated: int = 0
    ingests: list[int] = field(default_factory=list)
    """Exit codes of the command that reads the extract."""
    polls: dict[str, list["Poll"]] = field(default_factory=lambda: {"page": [], "readyz": []})


class Browser:
    """One client: its cookies, and a note of every answer."""

    def __init__(self, port: int, seen: Seen) -> None:
        self._port, self._seen = port, seen
        self.cookies: dict[str, str] = {}

    def ask(self, who: str, method: str, path: str, body: bytes = b"", *, seconds: float = 15, **headers: str) -> tuple[int, str]:
        """Status and text; status 0 for none."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if "csrftoken" in self.cookies:
            sent["X-CSRFToken"] = self.cookies["csrftoken"]
        connection = HTTPConnection("127.0.0.1", self._port, timeout=seconds)
        try:
            connection.request(method, path, body=body or None, headers=sent)
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        except (OSError, HTTPException):
            self._seen.answers[f"{who} no answer"] += 1
            return 0, ""
        finally:
            connection.close()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        self._seen.answers[f"{who} {answer.status}"] += 1
        if TRACE.search(text):
            self._seen.traces.append(f"{method} {path}: {answer.status}")
        return answer.status, text

    def sign_in(self, username: str, password: str) -> bool:
        self.cookies.clear()
        if self.ask("sign-in", "GET", "/accounts/login/")[0] != 200:
            return False
        token = self.cookies.get("csrftoken", "")
        form = urlencode({"login": username, "password": password, "csrfmiddlewaretoken": token}).encode()
        status, _ = self.ask("sign-in", "POST", "/accounts/login/", form, Content_Type="application/x-www-form-urlencoded")
        return status == 302


class Load:
    """The threads that use the bank until they are told to end."""

    def __init__(self, port: int, seen: Seen, *, password: str, secret: str, email: str, extract: Path, seed: int) -> None:
        self.port, self.seen, self.password, self.secret, self.email, self.extract = port, seen, password, secret, email, extract
        self.seed = seed
        self.over = threading.Event()
        jobs = [self._poll_page, self._poll_readiness, self._send, self._ingest, self._read, self._answer]
        self._threads = [threading.Thread(target=job, daemon=True) for job in jobs]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.over.set()
        for thread in self._threads:
            thread.join(timeout=90)

    def _poll_page(self) -> None:
        browser = Browser(self.port, self.seen)
        while not (self.over.is_set() or browser.sign_in(PEOPLE[0], self.password)):
            self.over.wait(0.5)
        while not self.over.wait(0.25):
            self._look(browser, "page", "/suggestions/")

    def _poll_readiness(self) -> None:
        browser = Browser(self.port, self.seen)
        while not self.over.wait(0.25):
            self._look(browser, "readyz", "/readyz")

    def _look(self, browser: Browser, kind: str, path: str) -> None:
        began = time.monotonic()
        status, _ = browser.ask(kind, "GET", path, seconds=10)
        now = time.monotonic()
        self.seen.polls[kind].append(Poll(now, status == 200, now - began))

    def _read(self) -> None:
        """Somebody who signs in anew every few pages."""
        browser, dice = Browser(self.port, self.seen), random.Random(self.seed)
        while not self.over.is_set():
            if not browser.sign_in(PEOPLE[1], self.password):
                self.over.wait(1)
                continue
            _, text = browser.ask("reading", "GET", "/suggestions/")
            links = sorted(set(re.findall(r'href="(/(?:suggestions|customers)/[0-9a-f-]{36}/)"', text)))
            for path in dice.sample(links, min(4, len(links))):
                browser.ask("reading", "GET", path)
                self.over.wait(0.5)
            self.over.wait(1)

    def _answer(self) -> None:
        """Accepts what is open; what got no answer, again."""
        browser, settled = Browser(self.port, self.seen), set[str]()
        while not self.over.is_set():
            if "sessionid" not in browser.cookies and not browser.sign_in(PEOPLE[0], self.password):
                self.over.wait(1)
                continue
            status, text = browser.ask("list", "GET", "/api/v1/recommendations/")
            if status == 401 or status == 403:
                browser.cookies.clear()
            listed = json.loads(text) if status == 200 else []
            lines = listed["results"] if isinstance(listed, dict) else listed
            for line in [line for line in lines if line["id"] not in settled][:3]:
                path = f"/api/v1/recommendations/{line['id']}/accept/"
                status, text = browser.ask("accept", "POST", path, b"{}", Content_Type="application/json")
                if status == 200:
                    told = json.loads(text)
                    if told["outcome"] == "done":
                        self.seen.done[line["id"]] = told["decision_id"]
                if status and status < 500:
                    settled.add(line["id"])
                self.over.wait(1)
            self.over.wait(1)

    def _send(self) -> None:
        """Events, each request until it is acknowledged: also after the load is over."""
        browser, number = Browser(self.port, self.seen), 0
        while not self.over.wait(0.4):
            ids = [f"o-{number + place}" for place in range(EVENTS_A_POST)]
            number += EVENTS_A_POST
            moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            batch = [
                {
                    "type": "track",
                    "event": "Travel Notice",
                    "messageId": name,
                    "timestamp": moment,
                    "context": {"traits": {"email": self.email}},
                }
                for name in ids
            ]
            body = json.dumps({"batch": batch}).encode()
            for attempt in range(60):
                status, text = browser.ask(
                    "events", "POST", "/api/v1/events/", body, Content_Type="application/json", Authorization=f"Bearer {self.secret}"
                )
                if status == 202:
                    self.seen.events.update(ids)
                    self.seen.repeated += attempt > 0
                    break
                if 400 <= status < 500 and status != 429:
                    self.seen.answers[f"events refused: {text[:200]}"] += 1
                    break
                time.sleep(1)

    def _ingest(self) -> None:
        """Reads the extract, and again until it is read."""
        self.over.wait(5)
        for _ in range(20):
            done = subprocess.run(
                [sys.executable, "manage.py", "ingest", "core", str(self.extract)], capture_output=True, timeout=240, check=False
            )
            self.seen.ingests.append(done.returncode)
            if done.returncode == 0:
                return
            time.sleep(2)


class Faults:
    """What is done to the bank. Each returns when it is over, and lasts a few seconds at most."""

    def __init__(self, bank: "Bank", dice: random.Random, effects: Path) -> None:
        self.bank, self.dice, self.effects = bank, dice, effects
        self.all: dict[str, Callable[[], None]] = {
            **{f"{name} kill -9": partial(self._kill_named, name) for name in KILLED},
            **{f"{name} SIGSTOP": partial(self._stop_named, name) for name in STOPPED},
            "a backend kill -9": lambda: self._kill(self._backend()),
            "a worker's child kill -9": lambda: self._kill(self._child()),
            "a worker's child SIGSTOP": lambda: self._stop(self._child()),
            "a web process kill -9": lambda: self._kill(self._web_process()),
            "a web process SIGSTOP": lambda: self._stop(self._web_process()),
            "valkey FLUSHALL": self._flush,
            "effects folder unwritable": self._no_folder,
        }

    def in_order(self) -> Iterator[str]:
        while True:
            yield from self.dice.sample(sorted(self.all), len(self.all))

    def pid(self, name: str) -> int:
        if name != "beat":
            return self.bank.pid(name)
        supervisor = self.bank.terminal.process.pid
        [found] = [pid for pid in children_of(supervisor, self.bank) if " beat " in _command(pid)]
        return found

    def _backend(self) -> int:
        """A connection of the bank's processes: a backend in a transaction or at rest."""
        children = children_of(self.bank.pid("postgres"), self.bank)
        return self.dice.choice([pid for pid in children if "[local]" in _command(pid)])

    def _child(self) -> int:
        return self.dice.choice(children_of(self.bank.pid("worker"), self.bank))

    def _web_process(self) -> int:
        """One of those that answer, below the one that looks after them."""
        return self.dice.choice([pid for pid in children_of(self.bank.pid("web"), self.bank) if "spawn_main" in _command(pid)])

    def _kill_named(self, name: str) -> None:
        self._kill(self.pid(name))

    def _stop_named(self, name: str) -> None:
        self._stop(self.pid(name))

    def _kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)

    def _stop(self, pid: int) -> None:
        os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(self.dice.uniform(2, 6))
        finally:
            os.kill(pid, signal.SIGCONT)

    def _flush(self) -> None:
        with Connection(settings.CELERY_BROKER_URL, transport_options=settings.CELERY_BROKER_TRANSPORT_OPTIONS) as broker:
            broker.default_channel.client.flushall()

    def _no_folder(self) -> None:
        away = self.effects.with_name("effects-away")
        self.effects.mkdir(parents=True, exist_ok=True)
        self.effects.rename(away)
        self.effects.touch()
        try:
            time.sleep(self.dice.uniform(2, 6))
        finally:
            self.effects.unlink()
            away.rename(self.effects)


def children_of(parent: int, bank: "Bank") -> list[int]:
    from tests.platform.test_start import _parent

    return sorted(pid for pid in bank.terminal.descendants() if _parent(Path(f"/proc/{pid}")) == parent)


def back_after(polls: list[Poll], since: float, ended: float) -> str:
    """How long after the fault the first answer came behind the last bad one, or how long the slowest took if none was bad."""
    seen = [poll for poll in polls if poll.moment >= since]
    bad = [poll.moment for poll in seen if not poll.good]
    if not bad:
        return f"slowest {max(poll.took for poll in seen):.1f} s" if seen else "never"
    good = [poll.moment for poll in seen if poll.good and poll.moment > bad[-1]]
    return f"{max(good[0] - ended, 0):.1f} s" if good else "never"


def try_faults(faults: Faults, seen: Seen, *, seconds: float) -> list[tuple[str, str, str]]:
    rows, until = [], time.monotonic() + seconds
    for name in faults.in_order():
        if time.monotonic() >= until:
            break
        since = time.monotonic()
        try:
            faults.all[name]()
        except (ValueError, IndexError, ProcessLookupError):
            continue  # it is not back from the last fault
        ended = time.monotonic()
        time.sleep(PAUSE)
        while not all(_calm(list(polls), ended) for polls in seen.polls.values()) and time.monotonic() < ended + LONGEST_RECOVERY:
            time.sleep(0.2)
        page, ready = (back_after(list(seen.polls[kind]), since, ended) for kind in ("page", "readyz"))
        rows.append((name, page, ready))
        print(f"{name:28} {page:>15} {ready:>15}", flush=True)
    return rows


def _calm(polls: list[Poll], ended: float) -> bool:
    last = [poll.good for poll in polls if poll.moment > ended][-3:]
    return len(last) == 3 and all(last)


@contextmanager
def prepared() -> "Iterator[tuple[str, str]]":
    """A program's key, and the e-mail address of a customer it speaks of."""
    staff = {name: employee(User.objects.get(username=name)) for name in ("admin", "maeve")}
    described = Described(name="Outages", kind="channel", scopes=("events.write",), reach="everybody", system="digital")
    client = programs.made(described, by=staff["admin"], officer=staff["maeve"], at=clock.now())
    key = programs.key_of(client.pk, by=staff["admin"], officer=staff["maeve"], at=clock.now())
    email = PartyFact.objects.filter(attribute="email").order_by("normalised").values_list("normalised", flat=True)[0]
    connections.close_all()
    yield key.secret, email


def make_extract(folder: Path, demo: Path) -> Path:
    """Small bookings of today on accounts that are there: a file of a whole, and so the demo's own lines with them."""
    with (demo / "core" / "transactions.csv").open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        columns, rows = list(reader.fieldnames or ()), list(reader)
    last: dict[str, dict[str, str]] = {row["account_no"]: row for row in rows}
    accounts = sorted(last)
    file = folder / "transactions.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        for number in range(LINES):
            row = last[accounts[number % len(accounts)]]
            balance = f"{float(row['balance_after']) - 0.01:.2f}" if row["balance_after"] else ""
            row.update(entry_id=str(90_000_000 + number), booked_on=clock.today().isoformat(), amount="-0.01", balance_after=balance)
            writer.writerow(row)
    return file


def wait_until_drained() -> float:
    began = time.monotonic()
    while time.monotonic() - began < DRAIN:
        try:
            waiting = EventDelivery.objects.filter(delivered_at__isnull=True).exists() or WaitingArrival.objects.exists()
            if not waiting and not Effect.objects.filter(delivery__isnull=True).exists():
                break
        except DatabaseError:
            connections.close_all()
        time.sleep(0.5)
    return time.monotonic() - began


def faults_of_effects(effects: Path, seen: Seen) -> Iterator[str]:
    files = {file.stem: file for file in effects.rglob("*") if file.is_file()}
    uses = Counter(Consumption.objects.values_list("decision_id", flat=True))
    rows = list(Effect.objects.all())
    receipts = dict(EffectDelivery.objects.values_list("effect_id", "sha256"))
    for effect in rows:
        file = files.pop(str(effect.decision_id), None)
        if uses[effect.decision_id] != 1 or not Consumption.objects.filter(pk=effect.consumption_id, decision=effect.decision_id).exists():
            yield f"effect {effect.pk} has {uses[effect.decision_id]} uses of its permit"
        if effect.pk not in receipts:
            yield f"effect {effect.pk} was not handed over"
        elif file is None or sha256(file.read_bytes()).hexdigest() != receipts[effect.pk]:
            yield f"effect {effect.pk} has no file with the bytes of its receipt"
    for file in files.values():
        yield f"{file} belongs to no effect"
    decisions = {str(effect.decision_id) for effect in rows}
    for suggestion, decision in seen.done.items():
        if decision not in decisions:
            yield f"suggestion {suggestion} was told done and has no effect"
    for answer in RecommendationAnswer.objects.filter(answer="accepted", outcome="done"):
        if str(answer.decision_id) not in decisions:
            yield f"answer {answer.pk} is done and has no effect"
    print(f"{len(rows)} effects, {len(seen.done)} told done")


def faults_of_events(seen: Seen) -> Iterator[str]:
    arrived = Counter(EventArrival.objects.filter(event_id__startswith="o-").values_list("event_id", flat=True))
    for name in sorted(seen.events):
        if arrived[name] != 1:
            yield f"event {name} was acknowledged and arrived {arrived[name]} times"
    if waiting := WaitingArrival.objects.count():
        yield f"{waiting} events wait"
    if still_open := EventDelivery.objects.filter(delivered_at__isnull=True).count():
        yield f"{still_open} deliveries are open"
    print(f"{len(seen.events)} events acknowledged, {seen.repeated} requests after a repetition")


def faults_of_extract(seen: Seen) -> Iterator[str]:
    booked = Counter(Transaction.objects.filter(source_key__startswith="9000", amount="-0.01").values_list("source_key", flat=True))
    wrong = [key for key, times in booked.items() if times != 1]
    if not seen.ingests or seen.ingests[-1] != 0:
        yield f"the extract was not read: {seen.ingests}"
    elif len(booked) != LINES or wrong:
        yield f"{len(booked)} of {LINES} lines are booked, {len(wrong)} of them more than once"
    print(f"{len(booked)} lines booked in {len(seen.ingests)} runs")


def faults_of_log(folder: Path) -> Iterator[str]:
    bundle = folder / "log.jsonl"
    for command in (
        ["manage.py", "log", "export", str(bundle)],
        ["sentinel/verify.py", str(bundle)],
    ):
        done = subprocess.run([sys.executable, *command], capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            yield f"{command[0]}: {(done.stdout + done.stderr)[-1500:]}"
            return
    print(done.stdout.strip().splitlines()[0])


def main(seed: int, seconds: float, folder: Path, port: int) -> list[str]:
    print(f"seed {seed}, {seconds:.0f} s, load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors", flush=True)
    began = time.monotonic()
    terminal = Terminal(Path(os.environ["BANKOS_VAR"]), port, settings_module=SETTINGS)
    seen = Seen()
    try:
        terminal.wait_for("sign in as", seconds=FILL)
        print(f"filled and ready after {time.monotonic() - began:.0f} s", flush=True)
        bank, effects = Bank(terminal), Path(settings.EFFECTS_DIR)
        extract = make_extract(folder, Path(settings.VAR_DIR) / "demo")
        print(f"{'fault':28} {'page back':>15} {'readyz back':>15}")
        with (
            prepared() as (secret, email),
            Load(port, seen, password=settings.DEMO_PASSWORD, secret=secret, email=email, extract=extract, seed=seed) as load,
        ):
            load.over.wait(3)
            rows = try_faults(Faults(bank, random.Random(seed), effects), seen, seconds=seconds)
        print(f"drained after {wait_until_drained():.1f} s")
        bank.wait_until_ready()
        print(", ".join(f"{what} {times}" for what, times in sorted(seen.answers.items())))
        found = [f"{name}: did not come back" for name, page, ready in rows if "never" in (page, ready)]
        found += [f"stack trace in {where}" for where in seen.traces]
        return [
            *found,
            *faults_of_effects(effects, seen),
            *faults_of_events(seen),
            *faults_of_extract(seen),
            *faults_of_log(folder),
        ]
    finally:
        connections.close_all()
        if os.environ.get("OUTAGES_KEEP"):
            shutil.copy(terminal.printed, os.environ["OUTAGES_KEEP"])
        terminal.press_ctrl_c()


@contextmanager
def bank_of_its_own(prefix: str) -> "Iterator[tuple[Path, int]]":
    """A temporary folder and a free port, with settings for a bank there and Django set up by them; its servers' folders go afterwards."""
    os.chdir(ROOT)
    with TemporaryDirectory(prefix=prefix) as made, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
        probe.close()
        for name in ("DATABASE_URL", "CELERY_BROKER_URL"):
            os.environ.pop(name, None)
        os.environ |= {"DJANGO_SETTINGS_MODULE": SETTINGS, "BANKOS_VAR": f"{made}/var", "BANKOS_PORT": str(free)}
        os.environ["BANKOS_LOG_LEVEL"] = "WARNING"
        import django

        django.setup()
        from bankos.platform.embedded import Layout

        layout = Layout(Path(made) / "var")
        try:
            yield Path(made), free
        finally:
            for left in {layout.data, layout.sockets}:
                shutil.rmtree(left, ignore_errors=True)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.path.insert(0, str(ROOT))
    with bank_of_its_own("bankos-outages-") as (folder, free):
        from django.conf import settings
        from django.db import DatabaseError, connections
        from kombu.connection import Connection

        from bankos.platform import clock
        from bankos.platform.actors import employee
        from bankos.platform.models import EventDelivery, User
        from customers.channels.clients import Described
        from customers.models import EventArrival, PartyFact, Transaction, WaitingArrival
        from insights.models import RecommendationAnswer
        from journeys.models import Effect, EffectDelivery
        from sentinel.models import Consumption
        from tests import programs
        from tests.faults.test_outages import Bank
        from tests.platform.test_start import Terminal, _command

        broken = main(int(sys.argv[1]), float(sys.argv[2]), folder, free)
    print("\n".join(f"BROKEN: {one}" for one in broken) or "everything holds")
    sys.exit(bool(broken))
