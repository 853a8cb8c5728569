"""Beside the published cases (`test_published`): what the certification scenario asks for in words, and more of its kind, over HTTP.

Numbers are those of https://openid.github.io/authzen/authorization-api-1_0-certification-scenario.html. Every request and every answer
is held against the JSON Schemas of the standard (see `Caller.ask`).
"""

import json
from typing import Any

import pytest

from .certification import ALICE, ARCHIVED, BOB, ONE, READ, WRITE
from .schemas import fits
from .service import Caller, deploy
from .test_messages import INCOMPLETE

pytestmark = pytest.mark.django_db

EVALUATION = {"subject": ALICE, "action": READ, "resource": ONE}
SUBJECTS = {"subject": {"type": "user"}, "action": READ, "resource": ONE}
RESOURCES = {"subject": ALICE, "action": READ, "resource": {"type": "record"}}
ACTIONS = {"subject": ALICE, "resource": ONE}
BODIES = {
    "evaluation": EVALUATION,
    "evaluations": {**EVALUATION, "evaluations": [{}]},
    "search/subject": SUBJECTS,
    "search/resource": RESOURCES,
    "search/action": ACTIONS,
}


@pytest.fixture
def app() -> Caller:
    return deploy()


def without(said: dict[str, Any], path: str) -> dict[str, Any]:
    """The message without the member at "a.b"."""
    copy = json.loads(json.dumps(said))
    *above, last = path.split(".")
    inside = copy
    for name in above:
        inside = inside[name]
    del inside[last]
    return copy


def ids(answer: dict[str, Any], kind: str) -> list[str]:
    return [result["name" if kind == "action" else "id"] for result in answer["results"]]


# ---- Basic: Core and Properties ----


def test_2_2_more_than_the_fixture_needs_is_accepted(app: Caller) -> None:
    talkative = {
        "subject": ALICE | {"properties": {"department": "Sales", "role": "manager", "tags": ["a", {"b": None}]}},
        "action": READ | {"properties": {"method": "GET"}},
        "resource": ONE | {"properties": {"status": "active", "owner": "bob"}},
        "context": {"anything": {"nested": [1.5, True]}},
        "foo": "bar",
        "futureField": {"nested": True},
    }

    assert app.ask("evaluation", talkative)["decision"] is True


def test_2_4_what_is_missing_is_a_bad_request(app: Caller) -> None:
    for missing in ("subject", "subject.type", "subject.id", "action", "action.name", "resource", "resource.type", "resource.id"):
        for endpoint in ("evaluation", "evaluations"):
            response = app.send(endpoint, json.dumps(without(EVALUATION, missing)).encode())

            assert response.status_code == 400
            assert missing.replace(".", "/") in response.content.decode()


UNREADABLE = [
    (b"", "application/json"),
    (b"   ", "application/json"),
    (b"{", "application/json"),
    (b"[]", "application/json"),
    (b"null", "application/json"),
    (b"\xff\xfe", "application/json"),
    (b"[" * 50_000, "application/json"),
    (b'{"subject": 1, "subject": 2}', "application/json"),
    (b'{"\\ud800": "\\ud800"}', "application/json"),
    (json.dumps(EVALUATION | {"subject": "alice"}).encode(), "application/json"),
    (json.dumps(EVALUATION | {"context": []}).encode(), "application/json"),
    (json.dumps(EVALUATION | {"subject": ALICE | {"type": 7}}).encode(), "application/json"),
    (json.dumps(EVALUATION).encode(), "text/plain"),
    (json.dumps(EVALUATION).encode(), "application/x-www-form-urlencoded"),
    (json.dumps(EVALUATION).encode(), ""),
]


def test_2_4_what_cannot_be_read_is_a_bad_request_everywhere(app: Caller) -> None:
    for body, content_type in UNREADABLE:
        for endpoint in BODIES:
            assert app.send(endpoint, body, content_type=content_type).status_code == 400, (endpoint, body[:40], content_type)


def test_2_4_a_charset_may_be_named(app: Caller) -> None:
    assert app.send("evaluation", json.dumps(EVALUATION).encode(), content_type="application/json; charset=utf-8").status_code == 200


@pytest.mark.parametrize("endpoint", BODIES)
def test_2_5_the_request_id_comes_back_unchanged(app: Caller, endpoint: str) -> None:
    good, bad = json.dumps(BODIES[endpoint]).encode(), b"{"
    for id in ("bfe9eb29-ab87-4ca3-be83-a1d5d8305716", "any string; even = this", "x" * 500):
        for sender, body, status in (
            (app, good, 200),
            (app, bad, 400),
            (Caller("records"), good, 401),
            (Caller("other", app.secret), good, 404),
        ):
            response = sender.send(endpoint, body, **{"X-Request-ID": id})

            assert (response.status_code, response.headers["X-Request-ID"]) == (status, id)


def test_2_5_without_a_request_id_nothing_fails(app: Caller) -> None:
    response = app.send("evaluation", json.dumps(EVALUATION).encode())

    assert response.status_code == 200
    assert len(response.headers["X-Request-ID"]) == 36


def test_2_6_the_same_request_gets_the_same_decision(app: Caller) -> None:
    assert [app.ask("evaluation", EVALUATION)["decision"] for _ in range(5)] == [True] * 5


# ---- Batch: Core and Properties ----


def test_3_3_a_semantic_ends_a_batch_early(app: Caller) -> None:
    items = [{"action": WRITE}, {"action": READ}, {"action": WRITE}, {}, {"action": READ}]
    said = {"subject": BOB, "resource": ONE, "evaluations": items}
    expected = {
        None: [False, True, False, False, True],
        "execute_all": [False, True, False, False, True],
        "deny_on_first_deny": [False],
        "permit_on_first_permit": [False, True],
    }

    for semantic, decisions in expected.items():
        options = {"options": {"evaluations_semantic": semantic}} if semantic else {}
        assert [item["decision"] for item in app.ask("evaluations", said | options)["evaluations"]] == decisions


def test_3_4_an_item_that_cannot_be_read_is_a_no_in_its_place(app: Caller) -> None:
    answer = app.ask("evaluations", {"subject": ALICE, "action": READ, "evaluations": [{"resource": ONE}, {}, {"resource": ONE}]})

    assert [item["decision"] for item in answer["evaluations"]] == [True, False, True]
    assert answer["evaluations"][1]["context"]["error"] == {"status": 400, "message": "/evaluations/1/resource is missing"}


@pytest.mark.parametrize(("item", "missing"), INCOMPLETE)
def test_3_2_7_an_entity_named_by_half_is_a_no_in_its_place_whatever_the_batch_says(
    app: Caller, item: dict[str, Any], missing: str
) -> None:
    items = [item, {}]
    endings = {"execute_all": [False, True], "deny_on_first_deny": [False], "permit_on_first_permit": [False, True]}

    for semantic, decisions in endings.items():
        response = app.send(
            "evaluations", json.dumps(EVALUATION | {"evaluations": items, "options": {"evaluations_semantic": semantic}}).encode()
        )

        answered = response.json()["evaluations"]
        assert (response.status_code, [answer["decision"] for answer in answered]) == (200, decisions)
        assert answered[0]["context"]["error"] == {"status": 400, "message": f"/evaluations/0/{missing} is missing"}
        assert "rules" not in answered[0]["context"], "no policy was asked"


def test_3_4_a_batch_that_is_wrong_as_a_whole_is_a_bad_request(app: Caller) -> None:
    for wrong in ({"evaluations": {}}, {"evaluations": [{}], "options": {"evaluations_semantic": "maybe"}}, {"evaluations": [{}] * 101}):
        assert app.send("evaluations", json.dumps(EVALUATION | wrong).encode()).status_code == 400


# ---- Search: Core and Properties ----


def test_4_6_what_nobody_heard_of_gives_exactly_no_results(app: Caller) -> None:
    stranger = {"type": "user", "id": "nonexistent-user"}

    assert app.ask("search/resource", RESOURCES | {"subject": stranger}) == {"results": []}
    assert app.ask("search/action", ACTIONS | {"subject": stranger}) == {"results": []}
    assert app.ask("search/subject", SUBJECTS | {"subject": {"type": "spaceship"}}) == {"results": []}


def test_4_7_a_search_that_lacks_something_is_a_bad_request(app: Caller) -> None:
    needed = {
        "subject": ("subject", "subject.type", "action", "action.name", "resource", "resource.type", "resource.id"),
        "resource": ("subject", "subject.type", "subject.id", "action", "action.name", "resource", "resource.type"),
        "action": ("subject", "subject.type", "subject.id", "resource", "resource.type", "resource.id"),
    }
    for kind, members in needed.items():
        for missing in members:
            said = without(BODIES[f"search/{kind}"], missing)
            assert app.send(f"search/{kind}", json.dumps(said).encode()).status_code == 400, (kind, missing)


def test_4_5_pages_follow_each_other_until_the_end(app: Caller) -> None:
    first = app.ask("search/subject", SUBJECTS | {"page": {"limit": 1}})
    second = app.ask("search/subject", SUBJECTS | {"page": {"token": first["page"]["next_token"]}})

    assert [ids(page, "subject") for page in (first, second)] == [["alice"], ["bob"]]
    assert second["page"] == {"next_token": "", "count": 1}


def test_4_5_a_token_that_is_none_is_a_bad_request(app: Caller) -> None:
    for token in ["x", "bnVsbA", "Ww" * 2_000, "WyJhIiwgIlx1MDAwMCIsIDFd", "é", "WyJhIiwgIlx1ZDgwMCIsIDFd"]:
        assert app.send("search/subject", json.dumps(SUBJECTS | {"page": {"token": token}}).encode()).status_code == 400, token


def test_4_5_a_token_is_good_for_its_search_only(app: Caller) -> None:
    token = app.ask("search/subject", SUBJECTS | {"page": {"limit": 1}})["page"]["next_token"]

    other = SUBJECTS | {"action": WRITE, "page": {"token": token}}
    assert app.send("search/subject", json.dumps(other).encode()).status_code == 400


def test_what_a_search_finds_is_permitted_when_it_is_asked(app: Caller) -> None:
    for resource in (ONE, ARCHIVED):
        for action in (READ, WRITE):
            for result in app.ask("search/subject", {"subject": {"type": "user"}, "action": action, "resource": resource})["results"]:
                assert app.ask("evaluation", {"subject": result, "action": action, "resource": resource})["decision"] is True


# ---- Discovery ----


@pytest.mark.parametrize(
    "address", ["/.well-known/authzen-configuration/authzen/records", "/authzen/records/.well-known/authzen-configuration"]
)
def test_6_metadata_names_the_endpoints_to_anybody(app: Caller, address: str) -> None:
    response = Caller("records").http.get(address, secure=True, headers={"X-Request-ID": "7"})

    assert (response.status_code, response.headers["Content-Type"], response.headers["X-Request-ID"]) == (200, "application/json", "7")
    said = response.json()
    assert fits("metadata", said)
    assert said.pop("policy_decision_point") == "https://bank.example/authzen/records"
    assert said == {
        "access_evaluation_endpoint": "https://bank.example/authzen/records/access/v1/evaluation",
        "access_evaluations_endpoint": "https://bank.example/authzen/records/access/v1/evaluations",
        "search_subject_endpoint": "https://bank.example/authzen/records/access/v1/search/subject",
        "search_resource_endpoint": "https://bank.example/authzen/records/access/v1/search/resource",
        "search_action_endpoint": "https://bank.example/authzen/records/access/v1/search/action",
    }


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "bank.example:8443"},
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"},
        {"Forwarded": "host=evil.example;proto=http"},
        {"Accept-Language": "de", "Cookie": "sessionid=x"},
    ],
    ids=str,
)
def test_6_metadata_say_the_configured_address_whoever_asks_and_however(app: Caller, headers: dict[str, str]) -> None:
    address = "/.well-known/authzen-configuration/authzen/records"
    usual = app.http.get(address, secure=True)

    for secure in (True, False):
        response = Caller("records").http.get(address, secure=secure, headers=headers)

        assert response.content == usual.content
        assert {*response.headers["Cache-Control"].split(", ")} == {"public", "max-age=300"}
        assert {*response.headers["Vary"].split(", ")} <= {"Accept-Encoding", "Cookie"}, "which change no word of it"


def test_6_every_endpoint_that_is_named_answers(app: Caller) -> None:
    said = app.http.get("/.well-known/authzen-configuration/authzen/records").json()
    for name, endpoint in (
        ("access_evaluation_endpoint", "evaluation"),
        ("access_evaluations_endpoint", "evaluations"),
        ("search_subject_endpoint", "search/subject"),
        ("search_resource_endpoint", "search/resource"),
        ("search_action_endpoint", "search/action"),
    ):
        address = said[name].removeprefix("https://bank.example")
        headers = {"Authorization": f"Bearer {app.secret}"}
        assert app.http.post(address, json.dumps(BODIES[endpoint]), content_type="application/json", headers=headers).status_code == 200


def test_6_of_a_store_that_does_not_exist_there_is_nothing_to_say(app: Caller) -> None:
    assert app.http.get("/.well-known/authzen-configuration/authzen/nowhere").status_code == 404
