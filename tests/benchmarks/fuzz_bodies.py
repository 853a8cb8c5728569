# ruff: noqa: T201
"""10,000 hostile bodies over every address, as every role, program and nobody, against running processes.

    tests/benchmarks/fuzz_bodies.py http://localhost:8010 [--requests 10000] [--seed 1] [--pid PID …]

Start a bank of its own before (`BANKOS_VAR=/tmp/fuzz BANKOS_PORT=8010 bin/start`, with the demo's people). Signs in the demo's people,
sends the bodies of `tests.hostile` over real connections, some cut off, some without their length, and now and then a deadly policy or
file. Prints how often each status came, the most memory of each process (VmHWM), and whether one died. Fails if an answer was a fault
(5xx other than 503), a process died, or one took more than 500 MB.

What the bodies do in that bank is not undone.
"""

import argparse
import gzip
import http.client
import os
import random
import re
import sys
from collections import Counter
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bankos.settings.embedded")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
django.setup()

from django.conf import settings  # noqa: E402

from demobank.staff import LOGINS  # noqa: E402
from tests import hostile  # noqa: E402
from tests.hostile import FORM, JSON, Body  # noqa: E402
from tests.leaks.addresses import every_address  # noqa: E402
from tests.test_leaks import PLAIN, ROWS  # noqa: E402

SOME_ID = "01a22eec-3467-7d57-add8-350061f1502f"
MOST_MEMORY = 500_000  # KB
DEEP_RULE = "permit(principal, action, resource) when {{ {} }};".format("(" * 1_000 + "true" + ")" * 1_000)


class Sender:
    def __init__(self, address: str, cookies: str = "", csrf: str = "") -> None:
        self._where = urlsplit(address)
        self.cookies, self.csrf = cookies, csrf

    def send(self, method: str, path: str, body: Body, *, chunked: bool = False) -> tuple[int, bytes, SimpleCookie]:
        connection = http.client.HTTPConnection(self._where.hostname or "", self._where.port or 80, timeout=90)
        headers = {**body.headers}
        if body.content_type:
            headers["Content-Type"] = body.content_type
        if self.cookies:
            headers |= {"Cookie": self.cookies, "X-CSRFToken": self.csrf}
        try:
            content = iter([body.content[:1_000], body.content[1_000:]]) if chunked else body.content
            connection.request(method, path, body=content, headers=headers, encode_chunked=chunked)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, text, SimpleCookie("; ".join(answer.headers.get_all("Set-Cookie") or []))
        finally:
            connection.close()


def signed_in(address: str, name: str) -> Sender:
    nobody = Sender(address)
    _, page, cookies = nobody.send("GET", "/accounts/login/", Body("", "", b""))
    token = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    jar = {key: morsel.value for key, morsel in cookies.items()}
    first = Sender(address, "; ".join(f"{key}={value}" for key, value in jar.items()))
    form = {"login": name, "password": settings.DEMO_PASSWORD, "csrfmiddlewaretoken": token[1].decode() if token else ""}
    status, _, cookies = first.send("POST", "/accounts/login/", Body("", FORM, urlencode(form).encode()))
    if status != 302:
        raise SystemExit(f"{name} could not sign in: {status}")
    jar |= {key: morsel.value for key, morsel in cookies.items()}
    csrf = next((value for key, value in jar.items() if "csrf" in key), "")
    return Sender(address, "; ".join(f"{key}={value}" for key, value in jar.items()), csrf)


def memory(pid: int) -> int | None:
    """The most a process ever had, in KB; None if it is gone."""
    try:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return None
    return int(found[1]) if found else None


def deadly(chance: random.Random) -> tuple[str, str, Body]:
    """What ended or filled a process before there were bounds."""
    edge = hostile.EDGE
    sent = gzip.compress(b"[" * chance.choice([100_000, 30_000_000]))
    part = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="sent{chance.random()}.json"\r\n\r\n'.encode()
    draft = {"note": "n", "policies": DEEP_RULE, "schema": "entity U;", "examples": "{}", "do": "check"}
    return chance.choice(
        [
            ("POST", "/policies/new/", Body("policy", FORM, urlencode(draft).encode())),
            ("POST", "/sources/core/files/new/", Body("file", hostile.MULTIPART, part + sent + f"\r\n--{edge}--\r\n".encode())),
            ("PUT", "/api/v1/stores/bank/policies/", Body("store", JSON, ('{"policies": "%s", "schema": ""}' % ("(" * 100_000)).encode())),
            ("POST", "/nope", Body("huge", JSON, b"x" * 3_000_000)),
        ]
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address")
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pid", type=int, nargs="*", default=[])
    given = parser.parse_args()
    chance = random.Random(given.seed)
    senders = {login.username: signed_in(given.address, login.username) for login in LOGINS}
    senders |= {"nobody": Sender(given.address), "a made-up session": Sender(given.address, "sessionid=made-up; csrftoken=x", "x")}
    ways = [
        (method.upper(), address.path({name: PLAIN.get(name, SOME_ID if name in ROWS else 1) for name in address.arguments}))
        for address in every_address()
        if "logout" not in address.template
        for method in ("get", *address.methods)
    ]
    statuses: Counter[int | str] = Counter()
    faults = []
    for number in range(given.seed, given.seed + given.requests):
        who = chance.choice(list(senders))
        method, path = chance.choice(ways)
        body = hostile.body(number)
        if chance.random() < 0.01:
            method, path, body = deadly(chance)
        try:
            status, _, _ = senders[who].send(method, path, body, chunked=method != "GET" and chance.random() < 0.1)
        except (OSError, http.client.HTTPException) as error:
            statuses[type(error).__name__] += 1
            if isinstance(error, ConnectionRefusedError):
                faults.append(f"no answer any more behind {method} {path} by {who}: body {number} ({body.name})")
                break
            continue
        statuses[status] += 1
        if status >= 500 and status not in (501, 503):
            faults.append(f"{status} {method} {path} by {who}: body {number} ({body.name})")
    for kind, count in sorted(statuses.items(), key=str):
        print(f"{kind}: {count:,}")
    most = {pid: memory(pid) for pid in given.pid}
    for pid, peak in most.items():
        print(f"process {pid}: {'gone' if peak is None else f'{peak / 1000:,.0f} MB at most'}")
    for fault in faults:
        print(fault)
    if faults or any(peak is None or peak > MOST_MEMORY for peak in most.values()):
        sys.exit("not held")


if __name__ == "__main__":
    main()
