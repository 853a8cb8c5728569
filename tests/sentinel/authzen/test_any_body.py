"""Whatever a caller sends is answered with 200 or 400, and permitted only if the policies permit it: no accident is a yes."""

import json
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentinel.authzen.merging import with_defaults
from sentinel.authzen.messages import IDENTIFYING

from .service import REQUESTS, Caller, deploy

SETTINGS = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)

NAMES = [
    "subject",
    "action",
    "resource",
    "context",
    "evaluations",
    "options",
    "page",
    "type",
    "id",
    "name",
    "properties",
    "role",
    "status",
    "soft",
]
WORDS = [
    "user",
    "alice",
    "bob",
    "record",
    "record-1",
    "record-2",
    "read",
    "write",
    "delete",
    "admin",
    "archived",
    "execute_all",
    "",
    "\0",
    "é" * 600,
]
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.sampled_from(WORDS)
    | st.text(st.characters(exclude_categories=()), max_size=8)
)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=4), inner, max_size=5)
        | st.fixed_dictionaries({"__entity": st.fixed_dictionaries({"type": inner, "id": inner})})
        | st.fixed_dictionaries({"__extn": st.fixed_dictionaries({"fn": st.sampled_from(["decimal", "ip", "x"]), "arg": inner})})
    ),
    max_leaves=20,
)
properties = {"properties": st.dictionaries(st.sampled_from(NAMES), anything, max_size=3)}
entity = st.fixed_dictionaries(
    {"type": st.sampled_from(["user", "record", "team", "ledger", "x"]), "id": st.sampled_from(WORDS)}, optional=properties
)
action = st.fixed_dictionaries({"name": st.sampled_from(["read", "write", "delete", "fly"])}, optional=properties)
members = {"subject": entity | anything, "action": action | anything, "resource": entity | anything, "context": anything, "page": anything}
nearly = st.fixed_dictionaries({}, optional=members | {"options": anything})
whole = st.fixed_dictionaries({"subject": entity, "action": action, "resource": entity}, optional={"context": anything})
likely = st.fixed_dictionaries(
    {
        "subject": st.fixed_dictionaries({"type": st.just("user"), "id": st.sampled_from(["alice", "bob", "eve"])}, optional=properties),
        "action": st.fixed_dictionaries(
            {"name": st.sampled_from(["read", "write", "delete"])}, optional={"properties": st.fixed_dictionaries({"soft": st.booleans()})}
        ),
        "resource": st.fixed_dictionaries(
            {"type": st.just("record"), "id": st.sampled_from(["record-1", "record-2"])}, optional=properties
        ),
    },
    optional={"context": st.dictionaries(st.sampled_from(NAMES), anything, max_size=2)},
)
said_by_anybody = likely | whole | nearly | anything
batch = st.fixed_dictionaries({"evaluations": st.lists(said_by_anybody, max_size=5)}, optional=members)


@pytest.fixture
def app(db: None) -> Caller:
    return deploy()


def sent(caller: Caller, endpoint: str, said: Any) -> tuple[int, Any]:
    with transaction.atomic():  # what one request leaves behind is nothing to the next
        response = caller.send(endpoint, json.dumps(said).encode())
        transaction.set_rollback(True)
    assert response.status_code in (200, 400), (response.status_code, response.content)
    return response.status_code, response.json() if response.status_code == 200 else response.content.decode()


def may_be_permitted(said: Any) -> bool:
    """By the policies' words alone: a user reads; alice writes and deletes; an admin writes."""
    subject, action, resource = (said.get(member) for member in ("subject", "action", "resource"))
    named = all(isinstance(said.get(member), dict) and {*parts} <= said[member].keys() for member, parts in IDENTIFYING.items())
    if not (named and subject["type"] == "user" and resource["type"] in ("record", "ledger")):
        return False
    role = subject.get("properties", {}).get("role", "admin" if subject["id"] == "bob" else None)
    soft = action.get("properties", {}).get("soft")
    return {
        "read": True,
        "write": subject["id"] == "alice" or role == "admin",
        "delete": subject["id"] == "alice" and soft is True,
    }.get(action["name"], False)


@SETTINGS
@given(said=said_by_anybody)
def test_any_json_is_one_evaluation_or_none(app: Caller, said: Any) -> None:
    status, answer = sent(app, "evaluation", said)

    assert status == 400 or not answer["decision"] or may_be_permitted(said)


@SETTINGS
@given(said=batch | anything)
def test_any_json_is_a_batch_or_none(app: Caller, said: Any) -> None:
    status, answer = sent(app, "evaluations", said)

    if status == 200 and "evaluations" in answer:
        for item, answered in zip(said["evaluations"], answer["evaluations"], strict=False):
            assert not answered["decision"] or may_be_permitted(with_defaults(item, said))


@SETTINGS
@given(said=said_by_anybody, endpoint=st.sampled_from([endpoint for endpoint in REQUESTS if endpoint.startswith("search")]))
def test_any_json_is_a_search_or_none(app: Caller, said: Any, endpoint: str) -> None:
    status, answer = sent(app, endpoint, said)

    if status == 200:
        known = {"alice", "bob", "record-1", "record-2", "read", "write", "delete"}
        assert {result.get("id") or result["name"] for result in answer["results"]} <= known


@SETTINGS
@given(body=st.binary(max_size=60), endpoint=st.sampled_from(list(REQUESTS)))
def test_any_bytes_are_a_bad_request(app: Caller, body: bytes, endpoint: str) -> None:
    with transaction.atomic():
        assert app.send(endpoint, body).status_code == 400
        transaction.set_rollback(True)
