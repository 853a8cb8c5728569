"""Whatever body comes to whatever address from whomever: it is answered or refused, and is nobody's fault.

The bodies are those of `tests.hostile`, the addresses all there are. More of them, against running processes whose memory is watched:
`tests/benchmarks/fuzz_bodies.py`.
"""

import os
import random
import resource
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client

from bankos.platform import clock
from bankos.platform.actors import Role
from customers.channels import clients
from customers.ingestion.systems import system_of
from customers.models.clients import Scope
from tests import arranging, hostile, programs
from tests.bank import Bank, Branch
from tests.hostile import Body
from tests.leaks.addresses import Address, every_address
from tests.leaks.planted import Planted, decoy
from tests.test_leaks import PLAIN, ROWS, planted

__all__ = ["planted"]
REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "700"))
SEED = int(os.environ.get("FUZZ_SEED", "20261130"))
MORE_MEMORY = 200_000  # KB


@dataclass
class Sender:
    session: Client = field(default_factory=Client)
    headers: Mapping[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, body: Body) -> int:
        """The answer's status; whatever was done is undone."""
        client = Client(raise_request_exception=False)
        client.cookies = SimpleCookie(self.session.cookies.output(header="", sep=";"))
        with transaction.atomic():
            answer = client.generic(method, path, body.content, body.content_type, headers={**self.headers, **body.headers})
            b"".join(answer)  # a page that is made while it is sent, too
            transaction.set_rollback(True)
        return answer.status_code


def _program(bank: Bank, *, kind: str, reach: str, branches: tuple[str, ...] = ()) -> dict[str, str]:
    administrator = bank.staff(Role.ADMINISTRATOR, name="Niamh Regan")
    system_of("digital", at=clock.now())
    scopes = tuple(scope for scope in Scope.values if kind == "channel" or scope != Scope.CONSENTS_WRITE)
    described = clients.Described(
        name=kind, kind=kind, scopes=scopes, reach=reach, system="digital", branches=branches, per_minute=6_000,
        owner=bank.staff(Role.TEAM_LEAD, name="Oskar Owner").user_id,
    )  # fmt: skip
    by: dict[str, Any] = {"by": administrator, "officer": bank.staff(Role.COMPLIANCE, name="Cora Compliance"), "at": clock.now()}
    client = programs.made(described, **by)
    return {"Authorization": f"Bearer {programs.key_of(client.pk, **by).secret}"}


@pytest.fixture
def senders(bank: Bank, galway: Branch, planted: Planted) -> dict[str, Sender]:
    at = clock.now()
    arranging.make_store("todo", at=at)
    known = {role.value: Sender(bank.desk(bank.staff(role, branch=galway))) for role in Role}
    _, secret = arranging.let_ask("todo", name="Manager", manages=True, at=at)
    return known | {
        "program": Sender(headers=_program(bank, kind="agent", reach="listed", branches=(galway.code,))),
        "app": Sender(headers={**_program(bank, kind="channel", reach="spoken_for"), "X-On-Behalf-Of": str(planted.id)}),
        "store": Sender(headers={"Authorization": f"Bearer {secret}"}),
        "nobody": Sender(),
    }


def _paths(address: Address, planted: Planted) -> Iterator[str]:
    """An address about the planted customer, and about nobody; of another store, where it is about one."""
    plain = {name: PLAIN.get(name, 1) for name in address.arguments}
    rows = {name: apps.get_model(ROWS[name]) for name in address.arguments if name in ROWS}
    yield address.path({**plain, **{name: planted.key_of(model) or decoy(model) for name, model in rows.items()}})
    if rows:
        yield address.path({**plain, **{name: decoy(model) for name, model in rows.items()}})
    if "store" in address.arguments:
        yield address.path({**plain, "store": "todo"})


def test_form_to_where_events_are_taken_is_of_a_kind_nobody_reads(bank: Bank, galway: Branch) -> None:
    desk = Client(enforce_csrf_checks=True)
    desk.cookies = bank.desk(bank.staff(Role.BRANCH_STAFF, branch=galway)).cookies

    assert desk.post("/api/v1/events/", {"a": "1"}).status_code in (403, 415)
    assert Client(enforce_csrf_checks=True).post("/api/v1/events/", "a=1", content_type=hostile.FORM).status_code in (401, 403, 415)


def test_no_body_to_any_address_by_anybody_is_a_fault(senders: dict[str, Sender], planted: Planted) -> None:
    ways = [(method, path) for address in every_address() for method in ("get", *address.methods) for path in _paths(address, planted)]
    # What reads bodies itself is met often enough: a sample of everything, and every way of the interfaces.
    interfaces = [way for way in ways if way[0] != "get" and way[1].startswith(("/api/", "/authzen/"))]
    chance, faults = random.Random(SEED), []
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    for number in range(SEED, SEED + REQUESTS):
        method, path = chance.choice(ways if number % 2 else interfaces)
        who = chance.choice(list(senders))
        body = hostile.body(number)
        if method == "get":
            path += "?" + chance.choice([f"{name}={chance.choice(hostile.QUERIES)}" for name in hostile.FIELDS])
        status = senders[who].send(method, path, body)
        if status >= 500 and status not in (501, 503):
            faults.append(f"{status} {method} {path[:150]} by {who}: body {number} ({body.name})")

    assert not faults, "\n".join(faults)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MORE_MEMORY
