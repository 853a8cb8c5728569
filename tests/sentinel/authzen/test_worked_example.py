"""The worked example of docs/authzen.md does what the document says, and needs what it says it needs."""

import json

import pytest

from .service import client_of, make
from .worked_example import WORKED

pytestmark = pytest.mark.django_db


def test_what_the_document_asks_is_answered_as_it_says() -> None:
    app = WORKED.deploy("todo")
    assert WORKED.asked()

    for request, answer in WORKED.asked():
        came = app.ask("evaluation", request)
        came["context"] = {name: value for name, value in came["context"].items() if name not in ("decision", "token")}
        assert came == answer


def test_an_actions_properties_and_an_entity_reference_are_what_the_answer_turns_on() -> None:
    app = WORKED.deploy("todo")
    request, answer = WORKED.asked()[0]
    to = request["action"]["properties"]["to"]
    without = request | {"action": {"name": request["action"]["name"]}}
    elsewhere = without | {"context": {"action_properties": {"to": to}}}

    assert answer["decision"] is True
    assert app.ask("evaluation", without)["decision"] is False
    assert app.ask("evaluation", elsewhere)["decision"] is False, "the context of a caller cannot take that name"
    for wrong in ("summer", {"type": "todo", "id": "t"}, {"__entity": {"type": "role", "id": "editor"}}, 7):
        asked = request | {"action": request["action"] | {"properties": {"to": wrong}}}
        assert app.send("evaluation", json.dumps(asked).encode()).status_code == 400, wrong


def test_an_example_that_does_not_hold_keeps_the_policies_out_of_force() -> None:
    WORKED.deploy("todo")
    [policies], [schema], [examples] = (WORKED.texts[kind] for kind in ("cedar", "cedarschema", "json examples"))
    said = json.loads(examples)

    for place in range(len(said["evaluations"])):
        wrong = json.loads(examples)
        wrong["evaluations"][place]["decision"] = not wrong["evaluations"][place]["decision"]
        put = client_of("todo", manages=True).manage(
            "put", "policies/", {"policies": policies + "\n", "schema": schema, "examples": json.dumps(wrong)}
        )
        assert put.status_code == 422
        assert put.json()["errors"][0]["pointer"] == f"/evaluations/{place}"


# One attribute of each type a schema can give, and how the document says that it is written.
VALUES = {
    "String": ("x", 7),
    "Bool": (True, "true"),
    "Long": (7, 7.5),
    "decimal": ({"__extn": {"fn": "decimal", "arg": "12.50"}}, 12.5),
    "ipaddr": ({"__extn": {"fn": "ip", "arg": "192.0.2.0/24"}}, "somewhere"),
    "ipaddr ": ("192.0.2.0/24", 3_221_225_984),
    "decimal ": ("12.50", "much"),
    "datetime": ({"__extn": {"fn": "datetime", "arg": "2026-11-30T12:00:00Z"}}, 1_764_504_000),
    "Set<String>": (["a", "b"], "a"),
    "{ inner: String }": ({"inner": "x"}, "x"),
    "user ": ({"type": "user", "id": "morty"}, {"type": "doc", "id": "d"}),
    "user": ({"__entity": {"type": "user", "id": "morty"}}, "morty"),
}


@pytest.mark.parametrize("type", VALUES)
def test_values_are_written_as_the_document_says(type: str) -> None:
    good, bad = VALUES[type]
    schema = f"entity user; entity doc = {{ it: {type} }}; action read appliesTo {{ principal: user, resource: doc, context: {{}} }};"
    noted = '@id("a") @sentence("s") @customer("c") @owner("o") @basis("b")'
    policies = f"{noted} permit (principal, action, resource) when {{ [resource.it].contains(resource.it) }};"
    make("values")
    put = client_of("values", manages=True).manage("put", "policies/", {"policies": policies, "schema": schema})
    assert put.status_code == 200, put.content
    app = client_of("values")

    def asked(value: object) -> int:
        resource = {"type": "doc", "id": "d", "properties": {"it": value, "not_declared": value}}
        said = {"subject": {"type": "user", "id": "u"}, "action": {"name": "read"}, "resource": resource}
        response = app.send("evaluation", json.dumps(said).encode())
        assert response.status_code != 200 or response.json()["decision"] is True
        return response.status_code

    assert (asked(good), asked(bad)) == (200, 400)
