"""The certification scenario's requests, decided by Cedar over the fixture: Basic, Batch and Search, Core and Properties.

Numbers are those of https://openid.github.io/authzen/authorization-api-1_0-certification-scenario.html.
"""

import json
from typing import Any

import pytest

from sentinel.authzen import messages
from sentinel.authzen.messages import Batch, Evaluation
from sentinel.authzen.metadata import EVALUATING, SEARCHING, metadata
from sentinel.authzen.semantics import answer_each, answer_one, evaluations_response

from .certification import ARCHIVED, BOB, CASES, ONE, READ, store
from .schemas import fits


def sent(said: Any) -> Any:
    return messages.read(json.dumps(said).encode())


def decided(**said: Any) -> bool:
    response = answer_one(messages.evaluation(sent(said)), store().evaluate).as_json()
    assert fits("evaluation-request", said)
    assert fits("evaluation-response", response)
    return response["decision"]


def decisions(**said: Any) -> Any:
    read = messages.evaluations(sent(said))
    if isinstance(read, Evaluation):
        return answer_one(read, store().evaluate).decision
    assert isinstance(read, Batch)
    response = evaluations_response(answer_each(read, store().evaluate))
    assert fits("evaluations-request", said)
    assert fits("evaluations-response", response)
    return [item["decision"] for item in response["evaluations"]]


def found(kind: str, **said: Any) -> list[str]:
    reader = {"subject": messages.subject_search, "resource": messages.resource_search, "action": messages.action_search}[kind]
    response = store().find(reader(sent(said))).as_json()
    assert fits(f"{kind}-search-request", said)
    assert fits("search-response", response)
    return [result["name" if kind == "action" else "id"] for result in response["results"]]


def cases(endpoint: str, expected: str) -> Any:
    """The published cases of an endpoint that are answered with this, in memory; those about HTTP are `test_published`'s."""
    chosen = [case for case in CASES if case["endpoint"].startswith(endpoint) and expected in case["expected"] and "request" in case]
    return pytest.mark.parametrize("case", chosen, ids=lambda case: case["id"])


@cases("evaluation", "decision")
def test_2_decisions_are_those_published_whatever_the_context(case: dict[str, Any]) -> None:
    said = case["request"]
    assert decisions(**said) is case["expected"]["decision"]
    assert decisions(**{"context": {"time": "2025-06-27T18:03-07:00", "ip": "192.168.1.1"}, **said}) is case["expected"]["decision"]


@cases("evaluations", "decisions")
def test_3_batches(case: dict[str, Any]) -> None:
    for came, published in zip(decisions(**case["request"]), case["expected"]["decisions"], strict=True):
        assert published in (None, came)


@cases("search", "at_least")
def test_4_searches_find_what_is_published(case: dict[str, Any]) -> None:
    kind = case["endpoint"].removeprefix("search/")
    assert {result["name" if kind == "action" else "id"] for result in case["expected"]["at_least"]} <= {*found(kind, **case["request"])}


@cases("search", "results")
def test_4_6_what_nobody_heard_of_is_not_found(case: dict[str, Any]) -> None:
    assert found(case["endpoint"].removeprefix("search/"), **case["request"]) == case["expected"]["results"]


def test_4_5_2_the_next_page_takes_the_token_alone() -> None:
    said = {"subject": {"type": "user"}, "action": READ, "resource": ONE}

    first = store().find(messages.subject_search(sent(said | {"page": {"limit": 1}})))
    second = store().find(messages.subject_search(sent(said | {"page": {"token": first.next_token}})))

    assert second.as_json() == {"page": {"next_token": "", "count": 1}, "results": [BOB]}


def test_what_a_search_finds_is_permitted_when_it_is_asked() -> None:
    for action in ("read", "write"):
        search = messages.subject_search(sent({"subject": {"type": "user"}, "action": {"name": action}, "resource": ARCHIVED}))
        for result in store().find(search).results:
            assert decided(subject=result, action={"name": action}, resource=ARCHIVED)


def test_6_metadata_names_every_endpoint_below_the_decision_point() -> None:
    said = metadata("https://bank.example/authzen/records", EVALUATING | SEARCHING)

    assert fits("metadata", said)
    assert said["policy_decision_point"] == "https://bank.example/authzen/records"
    assert said["search_action_endpoint"] == "https://bank.example/authzen/records/access/v1/search/action"
    assert len(said) == 6
