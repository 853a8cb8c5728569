# ruff: noqa: T201
"""10,000 hostile bodies over every address, as every role, program, store's client and nobody, against running processes.

    BANKOS_VAR=/tmp/fuzz BANKOS_PORT=8010 bin/start                     # a bank of its own, with the demo's people
    BANKOS_VAR=/tmp/fuzz tests/benchmarks/fuzz_bodies.py http://localhost:8010 --start PID [--requests 10000] [--seed 1] [--lanes 3]

Signs in the demo's people, gives a key to a program of each right and kind, and a secret to clients of a store; two of them then arrange
everything in that bank's own database, so `BANKOS_VAR` has to be that bank's. Sends the bodies of `tests.hostile` over real connections, to
addresses of rows that are there and of rows that are not, some cut off, some without their length, and now and then a deadly policy, file
or hierarchy. PID is that of `bin/start`: all processes below it are watched.

Prints who got which answers and the slowest, the most memory (VmHWM) of a process of each kind, and which processes died. Fails if an
answer was a fault (5xx) or took longer than 10 s, a process died, or one took more than 500 MB.

What the bodies do in that bank is not undone.
"""

import argparse
import gzip
import http.client
import json
import os
import random
import re
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bankos.settings.embedded")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
django.setup()

from django.apps import apps  # noqa: E402
from django.conf import settings  # noqa: E402

from bankos.platform import actors, clock  # noqa: E402
from bankos.platform.models import User  # noqa: E402
from customers.channels import clients  # noqa: E402
from customers.models import Branch, Party  # noqa: E402
from customers.models.clients import Scope  # noqa: E402
from demobank.staff import LOGINS  # noqa: E402
from sentinel import actions  # noqa: E402
from sentinel.authzen import access, granting  # noqa: E402
from sentinel.models import PolicyStore  # noqa: E402
from tests import hostile, programs  # noqa: E402
from tests.hostile import FORM, JSON, Body  # noqa: E402
from tests.leaks.addresses import Address, every_address  # noqa: E402
from tests.test_leaks import PLAIN, ROWS  # noqa: E402

MOST_MEMORY = 500_000  # KB
SLOWEST_S = 10.0
NOTHING = Body("", "", b"")
DEEP_RULE = "permit(principal, action, resource) when {{ {} }};".format("(" * 1_000 + "true" + ")" * 1_000)

MISTAKES = json.dumps(
    {"moment": {}, "actors": {n: {"type": "X"} for n in range(16_000)}, "resources": {}, "parameters": {}, "examples": [1]}
)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    text: bytes
    headers: http.client.HTTPMessage


class Sender:
    """Somebody who sends: with a session, with the secret of a program, or with neither."""

    def __init__(self, address: str, role: str, *, login: str = "", headers: Mapping[str, str] | None = None) -> None:
        self.role, self._login = role, login
        self.program = "Authorization" in (headers or {})
        self._address, self._where = address, urlsplit(address)
        self._headers = dict(headers or {})
        if login:
            self.sign_in()

    def sign_in(self) -> None:
        """What was sent may have ended the session before."""
        if not self._login:
            return
        nobody = Sender(self._address, "")
        page = nobody.send("GET", "/accounts/login/", NOTHING)
        token = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        jar = _cookies(page)
        nobody._headers = {"Cookie": _joined(jar)}
        form = {"login": self._login, "password": settings.DEMO_PASSWORD, "csrfmiddlewaretoken": token[1].decode() if token else ""}
        answer = nobody.send("POST", "/accounts/login/", Body("", FORM, urlencode(form).encode()))
        if answer.status != 302:
            raise SystemExit(f"{self._login} could not sign in: {answer.status}")
        jar |= _cookies(answer)
        csrf = next((value for key, value in jar.items() if "csrf" in key), "")
        self._headers = {"Cookie": _joined(jar), "X-CSRFToken": csrf}

    def send(self, method: str, path: str, body: Body, *, chunked: bool = False) -> Answer:
        connection = http.client.HTTPConnection(self._where.hostname or "", self._where.port or 80, timeout=90)
        headers = {**body.headers, **self._headers} | ({"Content-Type": body.content_type} if body.content_type else {})
        try:
            content = iter([body.content[:1_000], body.content[1_000:]]) if chunked else body.content
            connection.request(method, path, body=content, headers=headers, encode_chunked=chunked)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read(), answer.headers)
        finally:
            connection.close()


def _cookies(answer: Answer) -> dict[str, str]:
    return {key: morsel.value for key, morsel in SimpleCookie("; ".join(answer.headers.get_all("Set-Cookie") or [])).items()}


def _joined(jar: Mapping[str, str]) -> str:
    return "; ".join(f"{key}={value}" for key, value in jar.items())


def staff(address: str) -> list[Sender]:
    return [Sender(address, login.role.value, login=login.username) for login in LOGINS]


def strangers(address: str) -> list[Sender]:
    session = {"Cookie": "sessionid=made-up; csrftoken=x", "X-CSRFToken": "x"}
    return [
        Sender(address, "nobody"),
        Sender(address, "made-up session", headers=session),
        Sender(address, "made-up secret", headers={"Authorization": "Bearer bc_" + "A" * 43}),
    ]


def programs_of(address: str) -> list[Sender]:
    """A program of each right alone, and of each kind with all the rights it may have."""
    people = {login.username: actors.employee(User.objects.get(username=login.username)) for login in LOGINS}
    by: dict[str, Any] = {"by": people["admin"], "officer": people["maeve"]}
    owner = people["ruairi"].user_id
    branch = Branch.objects.order_by("code").values_list("code", flat=True)[0]
    party = {"X-On-Behalf-Of": str(Party.objects.order_by("pk").values_list("pk", flat=True)[0])}
    reaches: Mapping[str, tuple[str, dict[str, Any], dict[str, str]]] = {
        "system": ("everybody", {}, {}),
        "agent": ("listed", {"branches": (branch,)}, {}),
        "channel": ("spoken_for", {}, party),
    }
    asked: list[tuple[str, tuple[str, ...]]] = [
        ("channel" if scope == Scope.CONSENTS_WRITE else "system", (scope,)) for scope in Scope.values
    ]
    asked += [(kind, tuple(scope for scope in Scope.values if kind == "channel" or scope != Scope.CONSENTS_WRITE)) for kind in reaches]
    made = []
    for kind, scopes in asked:
        reach, more, headers = reaches[kind]
        role = f"{kind}: {scopes[0] if len(scopes) == 1 else 'all rights'}"
        described = clients.Described(
            f"{role} {uuid4().hex[:6]}", kind, scopes, reach, system="digital", per_minute=6_000, owner=owner, **more
        )
        client = programs.made(described, **by, at=clock.now())
        secret = programs.key_of(client.pk, **by, at=clock.now()).secret
        made.append(Sender(address, role, headers={"Authorization": f"Bearer {secret}", **headers}))
    return made


def clients_of_stores(address: str) -> list[Sender]:
    people = {login.username: actors.employee(User.objects.get(username=login.username)) for login in LOGINS}
    by: dict[str, Any] = {"actor": people["admin"], "reason": "To be fuzzed"}
    if not PolicyStore.objects.filter(name="fuzz").exists():
        granting.assign("fuzz", title="To be fuzzed", owner=None, **by, at=clock.now())
    made = []
    for role, may_manage in (("store: manages", True), ("store: asks", False)):
        asked = granting.let_ask("fuzz", name=role, manages=may_manage, per_minute=access.MOST_PER_MINUTE, **by, at=clock.now())
        if asked.carried.request_id:
            actions.approve(asked.carried.request_id, actor=people["maeve"], at=clock.now())
        _, secret = granting.make_secret("fuzz", asked.client_id, actor=people["admin"], at=clock.now())
        made.append(Sender(address, role, headers={"Authorization": f"Bearer {secret}"}))
    schema = "entity U in [U] { x?: Long }; action a appliesTo { principal: U, resource: U };"
    notes = '@id("r") @sentence("s") @customer("c") @owner("o") @basis("b")'
    rule = f"{notes} permit(principal, action, resource) when {{ principal has x && principal.x > 1 }};"
    said = Body("", JSON, json.dumps({"policies": rule, "schema": schema}).encode())
    answer = made[0].send("PUT", "/api/v1/stores/fuzz/policies/", said)
    if answer.status not in (200, 201):
        raise SystemExit(f"the store took no policies: {answer.status} {answer.text[:300]!r}")
    return made


class Addresses:
    """Every address with a method; half of the paths are about rows the bank holds, half about none."""

    def __init__(self) -> None:
        self._ways = [(method.upper(), one) for one in every_address() if "logout" not in one.template for method in ("get", *one.methods)]
        self._interfaces = [way for way in self._ways if way[1].template.startswith(("api/", "authzen/"))]
        self._known = {
            name: list(map(str, apps.get_model(model).objects.order_by("pk").values_list("pk", flat=True)[:20]))
            for name, model in ROWS.items()
        }

    def any(self, chance: random.Random, *, interfaces: bool) -> tuple[str, str]:
        method, address = chance.choice(self._interfaces if interfaces else self._ways)
        return method, self._path(address, chance)

    def _path(self, address: Address, chance: random.Random) -> str:
        known = chance.random() < 0.5
        values: dict[str, object] = {}
        for name in address.arguments:
            if name in ROWS:
                values[name] = chance.choice(self._known[name]) if known and self._known[name] else uuid4()
            elif name == "store":
                values[name] = chance.choice(["bank", "fuzz"])
            else:
                values[name] = PLAIN.get(name, 1)
        return address.path(values)


def deadly(chance: random.Random) -> tuple[str, str, Body]:
    """What ended or filled a process before there were bounds."""
    number, piece = chance.randrange(10**9), 400 * chance.randrange(20)
    draft = {"note": "n", "policies": DEEP_RULE, "schema": "entity U;", "examples": "{}", "do": "check"}
    # Piece by piece a chain of 8,000.
    chain = [{"type": "U", "id": str(piece + n), "parents": [{"type": "U", "id": str(piece + n + 1)}]} for n in range(401)]
    circle = [*chain[:-1], {"type": "U", "id": str(piece + 400), "parents": [{"type": "U", "id": str(piece)}]}]
    asked = {"subject": {"type": "U", "id": str(piece)}, "action": {"name": "a"}, "resource": {"type": "U", "id": "7999"}}
    return chance.choice(
        [
            ("POST", "/policies/new/", Body("policy", FORM, urlencode(draft).encode())),
            ("POST", "/policies/new/", Body("examples", FORM, urlencode({**draft, "policies": "", "examples": "[" * 400_000}).encode())),
            ("POST", "/policies/new/", Body("mistakes", FORM, urlencode({**draft, "policies": "", "examples": MISTAKES}).encode())),
            ("POST", "/sources/core/files/new/", _packed("brackets.json", b"[" * chance.choice([100_000, 30_000_000]), number)),
            ("POST", "/sources/core/files/new/", _packed("deep.xml", b"<a>" * 1_000_000, number)),
            ("POST", "/sources/core/files/new/", _packed("long.csv", b'"' + b"a," * 20_000_000, number)),
            ("POST", "/sources/core/files/new/", _packed("long.sta", b":20:x\n" * 300_000 + b":25:" + b":" * 5_000_000, number)),
            ("PUT", "/api/v1/stores/bank/policies/", _json({"policies": "(" * 100_000, "schema": ""})),
            ("PUT", "/api/v1/stores/fuzz/policies/", _json({"policies": DEEP_RULE, "schema": "entity U;"})),
            ("PUT", "/api/v1/stores/fuzz/policies/", _json({"policies": DEEP_RULE, "schema": "entity U;", "examples": "[" * 100_000})),
            ("PUT", "/api/v1/stores/fuzz/entities/", _json({"entities": chain})),
            ("PUT", "/api/v1/stores/fuzz/entities/", _json({"entities": circle})),
            ("POST", "/authzen/fuzz/access/v1/evaluation", _json(asked)),
            ("POST", "/authzen/fuzz/access/v1/search/resource", _json({**asked, "resource": {"type": "U"}})),
            ("POST", "/nope", Body("huge", JSON, b"x" * 3_000_000)),
            ("POST", "/programs/new/", Body("escapes", FORM, b"name=" + b"%41" * 800_000)),
        ]
    )  # fmt: skip


def _json(said: object) -> Body:
    return Body("deadly", JSON, json.dumps(said).encode())


def _packed(name: str, content: bytes, number: int) -> Body:
    edge = hostile.EDGE
    head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{number}-{name}"\r\n\r\n'.encode()
    return Body(name, hostile.MULTIPART, head + gzip.compress(content) + f"\r\n--{edge}--\r\n".encode())


class Watch(threading.Thread):
    """The processes below one, looked at twice a second: what each is, the most memory it ever had, and which of them are gone."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self._root = root
        self.kinds: dict[int, str] = {}
        self.most: dict[int, int] = {}
        self._over = threading.Event()

    def begin(self) -> None:
        """What filled the bank before is not what is measured: the kernel counts the most memory anew."""
        self.look()
        for pid in self.kinds:
            with suppress(OSError):
                Path(f"/proc/{pid}/clear_refs").write_text("5")
        self.most = dict.fromkeys(self.kinds, 0)
        self.start()

    def run(self) -> None:
        while not self._over.wait(0.5):
            self.look()

    def end(self) -> None:
        self._over.set()
        self.join()
        self.look()

    def look(self) -> None:
        parents, commands = {}, {}
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                    commands[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                except OSError:
                    continue
        for pid in parents:
            line = [pid]
            while line[-1] in parents and line[-1] != self._root:
                line.append(parents[line[-1]])
            if line[-1] == self._root and (peak := memory(pid)) is not None:
                self.kinds.setdefault(pid, _kind([commands.get(one, "") for one in line]))
                self.most[pid] = max(peak, self.most.get(pid, 0))

    def died(self) -> list[str]:
        """Readers and the database's own processes come and go; whoever else is gone has died."""
        lasting = {pid: kind for pid, kind in self.kinds.items() if kind not in ("reader", "database")}
        return [f"process {pid} ({kind}) is gone" for pid, kind in lasting.items() if memory(pid) is None]


def _kind(line: Sequence[str]) -> str:
    """What a process is, by its command and those above it."""
    marks = {"apart_child": "reader", "postgres": "database", "valkey": "broker", " beat ": "scheduler", "--queues heart": "heart"}
    marks |= {"celery": "worker", "uvicorn": "web", "manage.py start": "start"}
    return next((kind for command in line for mark, kind in marks.items() if mark in command), "other")


def memory(pid: int) -> int | None:
    """The most memory a process ever had, in KB; None if it is gone."""
    try:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return None
    return int(found[1]) if found else None


class Told:
    """Who got which answers."""

    COLUMNS = ("2xx", "3xx", "4xx", "429", "5xx", "cut")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, Counter[str]] = defaultdict(Counter)
        self._slowest: dict[str, tuple[float, str]] = defaultdict(lambda: (0.0, ""))
        self.faults: list[str] = []

    def note(self, role: str, status: int | None, took: float, what: str) -> None:
        column = "cut" if status is None else "429" if status == 429 else f"{status // 100}xx"
        with self._lock:
            self._counts[role][column] += 1
            self._slowest[role] = max(self._slowest[role], (took, what))
            if status is not None and status >= 500:
                self.faults.append(f"{status} {what}")
            if took > SLOWEST_S:
                self.faults.append(f"{took:.1f} s {what}")

    def table(self) -> str:
        rows = [f"{'':24} {'sent':>6} " + " ".join(f"{column:>6}" for column in self.COLUMNS) + "  slowest"]
        for role, counts in sorted(self._counts.items()):
            took, what = self._slowest[role]
            told = " ".join(f"{counts[column]:6,}" for column in self.COLUMNS)
            rows.append(f"{role:24} {counts.total():6,} {told} {took:6.2f} s  {what[:110]}")
        return "\n".join(rows)


def send_one(number: int, senders: Sequence[Sender], addresses: Addresses, told: Told) -> None:
    """The request of this number: always the same one to the same bank."""
    chance = random.Random(number)
    sender = chance.choice(senders)
    # Of the pages a program gets to see little more than that they are none of its business.
    method, path = addresses.any(chance, interfaces=sender.program and chance.random() < 0.8)
    body = hostile.body(number)
    if chance.random() < 0.03:
        method, path, body = deadly(chance)
        if chance.random() < 0.7:  # from who is heard there
            heard = "store: manages" if "/fuzz/" in path else "compliance_officer" if "policies" in path else "administrator"
            sender = next(one for one in senders if one.role == heard)
    elif method == "GET":
        path += "?" + chance.choice([f"{name}={chance.choice(hostile.QUERIES)}" for name in hostile.FIELDS])
    what = f"{method} {path[:120]} by {sender.role}: body {number} ({body.name})"
    began, status = time.monotonic(), None
    try:
        answer = sender.send(method, path, body, chunked=method != "GET" and chance.random() < 0.1)
    except (OSError, http.client.HTTPException) as error:
        what += f": {type(error).__name__}"
        if isinstance(error, ConnectionRefusedError | TimeoutError):
            told.faults.append(f"no answer to {what}")
    else:
        status = answer.status
        if "/accounts/login/" in answer.headers.get("Location", ""):
            sender.sign_in()
    told.note(sender.role, status, time.monotonic() - began, what)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address")
    parser.add_argument("--start", type=int, required=True, metavar="PID")
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lanes", type=int, default=3, help="requests at the same time")
    given = parser.parse_args()
    told, addresses, watch = Told(), Addresses(), Watch(given.start)
    groups = [staff(given.address), programs_of(given.address), clients_of_stores(given.address), strangers(given.address)]
    senders = [sender for group in groups for sender in group]
    watch.begin()
    began = time.monotonic()
    with ThreadPoolExecutor(given.lanes) as lanes:
        for done, _ in enumerate(
            lanes.map(lambda number: send_one(number, senders, addresses, told), range(given.seed, given.seed + given.requests)), 1
        ):
            if done % 500 == 0:
                print(f"{done:,} sent in {time.monotonic() - began:,.0f} s, {len(told.faults)} faults", flush=True)
    time.sleep(10)  # for what the workers do with what was taken
    watch.end()
    print(told.table())
    for kind in sorted(set(watch.kinds.values())):
        peaks = sorted((watch.most[pid] for pid, one in watch.kinds.items() if one == kind), reverse=True)
        print(f"{kind:10} {len(peaks):3} processes, {peaks[0] / 1000:,.0f} MB at most")
    too_large = [f"process {pid} ({watch.kinds[pid]}) took {peak / 1000:,.0f} MB" for pid, peak in watch.most.items() if peak > MOST_MEMORY]
    wrong = [*told.faults, *watch.died(), *too_large]
    print("\n".join(wrong) or "nothing wrong")
    if wrong:
        sys.exit("not held")


if __name__ == "__main__":
    main()
