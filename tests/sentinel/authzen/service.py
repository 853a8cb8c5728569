"""A store as its users see it: over HTTP. Filled by its managing client, asked by another client."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.test import Client

from bankos.platform import clock
from bankos.platform.actors import Role
from bankos.platform.models import User
from tests import arranging, people

from . import certification
from .schemas import fits

# The schema an answer has to fit, by the last part of an endpoint's address.
REQUESTS = {
    "evaluation": "evaluation-request",
    "evaluations": "evaluations-request",
    "search/subject": "subject-search-request",
    "search/resource": "resource-search-request",
    "search/action": "action-search-request",
}


@dataclass(frozen=True)
class Caller:
    """A program with a secret (none: somebody unknown)."""

    store: str
    secret: str | None = None
    http: Client = field(default_factory=lambda: Client(enforce_csrf_checks=True))

    def send(self, endpoint: str, body: bytes, *, content_type: str = "application/json", **headers: str) -> HttpResponse:
        """POST to an endpoint of the store, whatever the body is."""
        if self.secret is not None:
            headers = {"Authorization": f"Bearer {self.secret}"} | headers
        return self.http.post(f"/authzen/{self.store}/access/v1/{endpoint}", body, content_type=content_type, headers=headers)

    def ask(self, endpoint: str, said: Mapping[str, Any]) -> dict[str, Any]:
        """A request that is answered with 200: both fit the schemas of the standard."""
        response = self.send(endpoint, json.dumps(said).encode())
        assert response.status_code == 200, response.content
        assert response.headers["Content-Type"] == "application/json"
        answer = response.json()
        one = endpoint == "evaluations" and not said.get("evaluations")
        assert fits("evaluation-request" if one else REQUESTS[endpoint], said), said
        answered = "search-response" if endpoint.startswith("search") else f"{'evaluation' if one else endpoint}-response"
        assert fits(answered, answer), answer
        return answer

    def manage(self, method: str, address: str = "", said: Any = None) -> HttpResponse:
        """A request to the store's management."""
        headers = {"Authorization": f"Bearer {self.secret}"} if self.secret is not None else {}
        body = None if said is None else json.dumps(said)
        return getattr(self.http, method)(f"/api/v1/stores/{self.store}/{address}", body, content_type="application/json", headers=headers)


def person(username: str, *roles: Role) -> User:
    user = User.objects.create(username=username, name=username.title())
    people.give(user, *roles)
    return user


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def administrator() -> User:
    return User.objects.filter(username="ada").first() or person("ada", Role.ADMINISTRATOR)


def make(store: str, *, owner: User | None = None) -> None:
    arranging.make_store(store, owner=owner, at=clock.now())


def client_of(store: str, *, manages: bool = False) -> Caller:
    name = "manager" if manages else "records app"
    return Caller(store, arranging.let_ask(store, name=name, manages=manages, at=clock.now())[1])


def entity_json(entity: Any) -> dict[str, Any]:
    parents = [{"type": type, "id": id} for type, id in entity.parents]
    return {"type": entity.type, "id": entity.id, "attributes": dict(entity.attributes), "parents": parents}


def deploy(store: str = "records", *, policies: str = certification.POLICIES, schema: str = certification.SCHEMA, **more: Any) -> Caller:
    """The certification scenario (or other texts) as a store of its own; returns a client that may ask."""
    make(store)
    manager = client_of(store, manages=True)
    put = manager.manage("put", "policies/", {"policies": policies, "schema": schema, **more})
    assert put.status_code == 200, put.content
    written = manager.manage("put", "entities/", {"entities": [entity_json(entity) for entity in certification.ENTITIES]})
    assert written.status_code == 200, written.content
    return client_of(store)
