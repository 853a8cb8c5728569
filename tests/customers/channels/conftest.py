"""Programs with keys, and what they ask."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from bankos.platform import clock
from bankos.platform.actors import Actor, Role
from customers.channels.clients import Described
from customers.ingestion.systems import system_of
from customers.models import ApiClient
from tests import programs
from tests.bank import Bank, Customer

EVERYTHING = (
    "state.read", "timeline.read", "consents.read", "consents.write", "signals.write", "events.write", "webhooks.manage", "search",
)  # fmt: skip


class Program:
    """A program of another system, as it asks over HTTP. `for_` is the customer it speaks for."""

    def __init__(self, client: ApiClient, secret: str) -> None:
        self.client, self.secret, self.for_ = client, secret, None
        self._http = Client()

    def ask(self, method: str, path: str, data: Any = None, *, for_: Customer | None = None, **headers: str) -> HttpResponse:
        sent = {"Authorization": f"Bearer {self.secret}", **{name.replace("_", "-"): value for name, value in headers.items()}}
        if for_ is not None:
            sent["X-On-Behalf-Of"] = str(for_.id)
        body = {} if data is None else {"data": data, "content_type": sent.pop("Content-Type", "application/json")}
        return getattr(self._http, method)(f"/api/v1/{path}", headers=sent, **body)

    def get(self, path: str, **more: Any) -> HttpResponse:
        return self.ask("get", path, **more)

    def post(self, path: str, data: Any, **more: Any) -> HttpResponse:
        return self.ask("post", path, data, **more)


Deploy = Callable[..., Program]


@pytest.fixture
def administrator(bank: Bank, policies: None) -> Actor:
    return bank.staff(Role.ADMINISTRATOR, name="Niamh Regan")


@pytest.fixture
def officer(bank: Bank, policies: None) -> Actor:
    return bank.staff(Role.COMPLIANCE, name="Maeve Costello")


@pytest.fixture
def deploy(administrator: Actor, officer: Actor) -> Deploy:
    """`deploy(kind="agent", scopes=["state.read"])`: a program with a key. It may do everything and knows every customer, if not told
    otherwise."""
    made = 0

    def deployed(**said: Any) -> Program:
        nonlocal made
        made += 1
        system_of("digital", at=clock.now())
        kind = said.pop("kind", "channel")
        usual = [scope for scope in EVERYTHING if not (kind == "agent" and scope == "consents.write")]
        described = Described(
            name=said.pop("name", f"program {made}"),
            kind=kind,
            scopes=tuple(said.pop("scopes", usual)),
            reach=said.pop("reach", "listed" if said.get("branches") or said.get("portfolios") else "everybody"),
            system="digital",
            **said,
        )
        at = clock.now()
        client = programs.made(described, by=administrator, officer=officer, at=at)
        key = programs.key_of(client.pk, by=administrator, officer=officer, at=at)
        return Program(client, key.secret)

    return deployed


@pytest.fixture
def ines(bank: Bank) -> Customer:
    return _known(bank.customer("Ines Byrne", branch=bank.branch("Galway"), consents=["payment_insight"]))


@pytest.fixture
def sean(bank: Bank) -> Customer:
    return _known(bank.customer("Seán Brady", branch=bank.branch("Cork")))


def _known(customer: Customer) -> Customer:
    """Let in: the bank knows them."""
    assert customer.id
    return customer
