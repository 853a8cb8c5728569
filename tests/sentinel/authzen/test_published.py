"""What the AuthZEN working group publishes for implementers, as it is published (data/README.md), asked over HTTP.

`pytest -s tests/sentinel/authzen/test_published.py` prints the score by level.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse

from sentinel.authzen.metadata import EVALUATING, SEARCHING

from .certification import CASES, PUBLISHED
from .schemas import fits
from .service import Caller, client_of, deploy, make
from .test_messages import INCOMPLETE
from .worked_example import WORKED

pytestmark = pytest.mark.django_db

DATA = Path(__file__).parent / "data"
LEVELS = ["Basic Core", "Basic Properties", "Batch Core", "Batch Properties", "Search Core", "Search Properties"]

Check = tuple[str, Callable[[], str]]  # a name, and what is wrong ("" when nothing is)


def read(name: str) -> Any:
    return json.loads((DATA / name).read_text())


# ---- the certification scenario ----


def certification(level: str) -> Iterator[Check]:
    """The cases of a level, each asked of the same store."""
    app = deploy()
    for case in CASES:
        if case["level"] == level:
            yield case["id"], lambda case=case: wrong_with(app, case)


def wrong_with(app: Caller, case: dict[str, Any]) -> str:
    answers = [answered(app, case) for _ in range(case.get("times", 1))]
    return next(filter(None, (_wrong(app, case, answer) for answer in answers)), "")


def answered(app: Caller, case: dict[str, Any]) -> HttpResponse:
    request = case.get("request")
    if before := case.get("page_of"):
        first = answered(app, by_id(before)).json()
        request = request | {"page": {"token": first["page"]["next_token"]}}
    body = case.get("body", json.dumps(request)).encode()
    headers = {"Authorization": f"Bearer {app.secret}", **case.get("headers", {})}
    address = f"/authzen/{app.store}/access/v1/{case['endpoint']}"
    send = getattr(app.http, case.get("method", "POST").lower())
    if case.get("method") == "GET":
        return send(address, headers=headers)
    return send(address, body, content_type=case.get("content_type", "application/json"), headers=headers)


def by_id(id: str) -> dict[str, Any]:
    return next(case for case in CASES if case["id"] == id)


def _wrong(app: Caller, case: dict[str, Any], response: HttpResponse) -> str:
    expected = case["expected"]
    statuses = expected["status"] if isinstance(expected["status"], list) else [expected["status"]]
    if response.status_code not in statuses:
        return f"status {response.status_code}"
    asked_as = case.get("headers", {}).get("X-Request-ID")
    if asked_as is not None and response.headers.get("X-Request-ID") != asked_as:
        return "another X-Request-ID"
    if response.status_code != 200:
        return ""
    if response.headers["Content-Type"] != "application/json":
        return response.headers["Content-Type"]
    answer = response.json()
    searched = case["endpoint"].startswith("search")
    schema = "search-response" if searched else "evaluations-response" if "evaluations" in answer else "evaluation-response"
    if not fits(schema, answer):
        return "does not fit the standard's schema"
    if "decision" in expected:
        return "" if answer.get("decision") is expected["decision"] and "evaluations" not in answer else f"{answer}"
    if "decisions" in expected:
        came = [item["decision"] for item in answer["evaluations"]]
        fitting = len(came) == len(expected["decisions"]) and all(
            isinstance(one, bool) and wanted in (None, one) for one, wanted in zip(came, expected["decisions"], strict=True)
        )
        return "" if fitting else f"decisions {came}"
    return _wrong_results(app, case, answer)


def _wrong_results(app: Caller, case: dict[str, Any], answer: dict[str, Any]) -> str:
    expected, results = case["expected"], answer["results"]
    kind = case["endpoint"].removeprefix("search/")
    members = {"name"} if kind == "action" else {"type", "id"}
    if any(not members <= result.keys() for result in results):
        return f"results {results}"
    if kind != "action" and any(result["type"] != case["request"][kind]["type"] for result in results):
        return f"results of another type: {results}"
    if "results" in expected and results != expected["results"]:
        return f"results {results}"
    if missing := [result for result in expected.get("at_least", []) if result not in results]:
        return f"{missing} is missing"
    if "page_of" in case:
        return "" if isinstance(answer.get("page"), dict) and answer["page"].get("next_token") == "" else f"page {answer.get('page')}"
    if (same := expected.get("same_as")) and answered(app, by_id(same)).json()["results"] != results:
        return f"not the results of {same}"
    return ""


def merging() -> Iterator[Check]:
    """The clause of case 3.2.7, with every entity named by half: the default may never complete it."""
    app, whole = deploy(), by_id("2.2.1")["request"]
    for item, missing in INCOMPLETE:

        def check(item: dict[str, Any] = item) -> str:
            answers = app.send("evaluations", json.dumps(whole | {"evaluations": [item, {}]}).encode()).json()["evaluations"]
            return "" if [answer["decision"] for answer in answers] == [False, True] else f"{answers}"

        yield f"{json.dumps(item)} lacks {missing}", check


def discovery() -> Iterator[Check]:
    """Section 6: the metadata name the decision point they were asked of, and endpoints that answer, all of them https."""
    app, point = deploy(), "https://bank.example/authzen/records"
    response = app.http.get("/.well-known/authzen-configuration/authzen/records", secure=True)
    said = response.json()
    yield (
        "status and content type",
        lambda: "" if (response.status_code, response.headers["Content-Type"]) == (200, "application/json") else "?",
    )
    yield "schema", lambda: "" if fits("metadata", said) else f"{said}"
    yield "policy_decision_point", lambda: "" if said["policy_decision_point"] == point else said["policy_decision_point"]
    for name, path in (EVALUATING | SEARCHING).items():
        yield name, lambda name=name, path=path: "" if said[name] == f"{point}{path}" else f"{said.get(name)}"
        address = path.removeprefix("/access/v1/")
        yield f"{name} answers", lambda address=address: "" if app.send(address, b"").status_code == 400 else "does not answer"


# ---- the interoperability scenarios ----


def evaluations_of(app: Caller, cases: list[dict[str, Any]]) -> Iterator[Check]:
    for place, case in enumerate(cases):

        def check(case: dict[str, Any] = case) -> str:
            decision = app.ask("evaluation", case["request"])["decision"]
            return "" if decision is case["expected"] else f"{decision} for {case['request']}"

        yield str(place), check


def todo() -> Iterator[Check]:
    """With the store docs/authzen.md builds: its policies are meant to be these rules."""
    app, published = WORKED.deploy("todo"), read("todo.json")
    yield from evaluations_of(app, published["evaluation"])
    for place, case in enumerate(published["evaluations"]):

        def check(case: dict[str, Any] = case) -> str:
            answers = app.ask("evaluations", case["request"])["evaluations"]
            decisions = [{"decision": answer["decision"]} for answer in answers]
            return "" if decisions == case["expected"] else f"{decisions}"

        yield f"batch {place}", check


def noted(id: str) -> str:
    return f'@id("{id}") @sentence("{id} applies.") @customer("Ask the owner.") @owner("Tests") @basis("Interoperability")'


def filled(store: str, schema: str, policies: str, entities: list[dict[str, Any]]) -> Caller:
    make(store)
    manager = client_of(store, manages=True)
    for address, said in (("policies/", {"policies": policies, "schema": schema}), ("entities/", {"entities": entities})):
        answer = manager.manage("put", address, said)
        assert answer.status_code == 200, answer.content
    return client_of(store)


def gateway() -> Iterator[Check]:
    cases = read("gateway.json")["evaluation"]
    schema = """
        entity group; entity identity in [group]; entity route;
        action GET, POST, PUT, DELETE appliesTo { principal: [identity], resource: [route], context: {} };
    """
    policies = f"""
        {noted("everybody-reads")} permit (principal, action == Action::"GET", resource);
        {noted("editors-change")} permit (principal in group::"editors", action, resource);
    """
    people = list(dict.fromkeys(case["request"]["subject"]["id"] for case in cases))
    editors = people[:3]  # Rick, Morty and Summer
    entities = [{"type": "identity", "id": id, "parents": [{"type": "group", "id": "editors"}] * (id in editors)} for id in people]
    return evaluations_of(filled("gateway", schema, policies, entities), cases)


def searches() -> Iterator[Check]:
    published = read("search.json")
    schema = """
        entity user = { role: String, department: String };
        entity record = { title: String, department: String, owner: user };
        action view, edit, delete appliesTo { principal: [user], resource: [record], context: {} };
    """
    policies = f"""
        {noted("owners")} permit (principal, action, resource) when {{ resource.owner == principal }};
        {noted("managers-view")} permit (principal, action == Action::"view", resource) when {{ principal.role == "manager" }};
        {noted("department-views")} permit (principal, action == Action::"view", resource)
          when {{ principal.department == resource.department }};
        {noted("managers-edit")} permit (principal, action == Action::"edit", resource)
          when {{ principal.role == "manager" && principal.department == resource.department }};
    """
    users, records = published["users"], published["records"]
    entities = [
        *({"type": "user", "id": one["name"], "attributes": {name: one[name] for name in ("role", "department")}} for one in users),
        *(
            {
                "type": "record",
                "id": str(one["id"]),
                "attributes": {
                    "title": one["title"],
                    "department": one["department"],
                    "owner": {"__entity": {"type": "user", "id": one["owner"]}},
                },
            }
            for one in records
        ),
    ]
    app = filled("search", schema, policies, entities)
    may = {
        (case["request"]["subject"]["id"], case["request"]["action"]["name"], result["id"])
        for case in published["resource"]
        for result in case["expected"]["results"]
    }

    def compared(endpoint: str, request: dict[str, Any], expected: list[dict[str, str]]) -> Check:
        def check() -> str:
            found = app.ask(endpoint, request)["results"]
            return "" if {tuple(one.values()) for one in found} == {tuple(one.values()) for one in expected} else f"{found}"

        return f"{endpoint} {json.dumps(request)}", check

    for case in published["resource"]:
        yield compared("search/resource", case["request"], case["expected"]["results"])
    # The other two searches read the same table by its columns and its cells.
    for record in (str(one["id"]) for one in records):
        resource = {"type": "record", "id": record}
        for action in ("view", "edit", "delete"):
            asked = {"subject": {"type": "user"}, "action": {"name": action}, "resource": resource}
            able = [{"type": "user", "id": one["name"]} for one in users if (one["name"], action, record) in may]
            yield compared("search/subject", asked, able)
        for one in users:
            asked = {"subject": {"type": "user", "id": one["name"]}, "resource": resource}
            able = [{"name": action} for action in ("view", "edit", "delete") if (one["name"], action, record) in may]
            yield compared("search/action", asked, able)


SETS: dict[str, Callable[[], Iterator[Check]]] = {
    **{f"Certification, {level}": lambda level=level: certification(level) for level in LEVELS},
    "Certification, Discovery": discovery,
    "Certification, clause of 3.2.7": merging,
    "Todo: evaluations and batches": todo,
    "API gateway": gateway,
    "Search: resources, subjects, actions": searches,
}
# How many there are: a case that is no longer asked would not fail.
SIZES = dict(zip(SETS, [27, 8, 7, 3, 18, 3, 13, 11, 43, 25, 198], strict=True))


@pytest.mark.parametrize("name", SETS)
def test_everything_published_is_answered_as_published(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    results = {case: check() for case, check in SETS[name]()}

    failed = {case: wrong for case, wrong in results.items() if wrong}
    with capsys.disabled():
        sys.stdout.write(f"\n  {name}: {len(results) - len(failed)} of {len(results)} ")
    assert not failed
    assert len(results) == SIZES[name]


def test_every_case_has_its_level_and_its_own_number() -> None:
    assert {case["level"] for case in CASES} == {*LEVELS}
    assert len({case["id"] for case in CASES}) == len(CASES) == 66
    assert PUBLISHED["source"]["licence"].startswith("MIT")


@pytest.mark.parametrize("id", ["1.4 rule 4", "2.4.1 subject", "3.2.2", "3.2.7", "4.2.1", "4.6.1"])
def test_a_wrong_answer_is_noticed(id: str) -> None:
    """The comparison itself, held against a store that permits everything and knows nobody."""
    app = filled("lax", LAX, f"{noted('all')} permit (principal, action, resource);", [])
    case = by_id(id)
    if id == "2.4.1 subject":
        case = case | {"request": by_id("2.2.1")["request"]}
    if id == "4.6.1":
        case = case | {"expected": {"status": 200, "results": [{"name": "read"}]}}

    assert wrong_with(app, case)


LAX = """
entity user = { role?: String }; entity record = { status?: String };
action read, write, delete appliesTo { principal: [user], resource: [record], context: {} };
"""
