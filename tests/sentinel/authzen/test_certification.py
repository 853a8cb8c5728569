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

from .certification import ALICE, ARCHIVED, BATCHES, BOB, DECISIONS, ONE, READ, SEARCHES, store
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


@pytest.mark.parametrize(("subject", "action", "resource", "decision"), DECISIONS)
def test_1_4_the_eight_required_decisions(subject: Any, action: Any, resource: Any, decision: bool) -> None:
    for context in ({}, {"context": {"time": "2025-06-27T18:03-07:00", "ip": "192.168.1.1"}}):
        assert decided(subject=subject, action=action, resource=resource, **context) is decision


def test_2_2_8_and_9_more_than_the_fixture_needs_is_accepted() -> None:
    assert decided(
        subject=ALICE | {"properties": {"department": "Sales", "role": "manager"}},
        action=READ | {"properties": {"method": "GET"}},
        resource=ONE | {"properties": {"status": "active", "owner": "bob"}},
        foo="bar",
        futureField={"nested": True},
    )


@pytest.mark.parametrize(("said", "expected"), BATCHES.values(), ids=BATCHES)
def test_3_batches(said: Any, expected: Any) -> None:
    assert decisions(**said) == expected


@pytest.mark.parametrize(("kind", "said", "expected"), SEARCHES.values(), ids=SEARCHES)
def test_4_searches(kind: str, said: Any, expected: list[str]) -> None:
    assert found(kind, **said) == expected


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
