from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import RequestFactory
from rest_framework.test import APIRequestFactory, force_authenticate

from bankos.platform import clock
from bankos.platform.actors import Actor, Role, employee
from bankos.platform.ids import uuid7
from sentinel import api
from tests import people

from .desk import CREDIT, TRANSFER, ask, party, staff

pytestmark = pytest.mark.usefixtures("authority")


@pytest.fixture
def officer() -> Actor:
    user = get_user_model().objects.create(username="cora", name="Cora Lane")
    people.give(user, Role.COMPLIANCE)
    return employee(user)


def call(view: Any, actor: Actor | None, method: str = "get", data: dict[str, Any] | None = None, **kwargs: Any) -> Any:
    """Through the view, as the middleware hands the request on."""
    request = getattr(APIRequestFactory(), method)("/", data or {}, **({"format": "json"} if method == "post" else {}))
    request.now, request.actor = clock.now(), actor
    if actor is not None:
        force_authenticate(request, get_user_model().objects.filter(pk=actor.id).first() or get_user_model()(pk=actor.id))
    return view.as_view()(request, **kwargs).render()


def test_the_list_is_paged_and_filtered(officer: Actor) -> None:
    ask()
    refused = ask(action=CREDIT, resource=party(days_past_due=1))

    all_of_them = call(api.DecisionList, officer)
    only_refused = call(api.DecisionList, officer, data={"outcome": "deny", "limit": 1})

    assert [line["action"] for line in all_of_them.data["decisions"]] == [CREDIT, TRANSFER, "policy.activate"]
    assert [line["id"] for line in only_refused.data["decisions"]] == [str(refused.id)]
    assert only_refused.data["decisions"][0]["rules"][0]["id"] == "no-credit-in-arrears"


@pytest.mark.parametrize("wrong", [{"outcome": "maybe"}, {"limit": 0}, {"limit": "x"}, {"after": "x"}], ids=str)
def test_a_wrong_filter_is_a_problem(officer: Actor, wrong: dict[str, Any]) -> None:
    answer = call(api.DecisionList, officer, data=wrong)

    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_a_decision_carries_its_token_and_facts(officer: Actor) -> None:
    decision = ask()

    answer = call(api.DecisionDetail, officer, decision_id=decision.id)

    assert (answer.data["token"], answer.data["claims"]["jti"]) == (decision.token, str(decision.id))
    assert answer.data["facts"]["resource"]["uid"] == {"type": "Party", "id": "party-1"}


@pytest.mark.parametrize(
    ("wanted", "number"),
    [
        ({"rule": "no-credit-in-arrears"}, 1),
        ({"version": 1, "store": "bank"}, 2),
        ({"machines": "true"}, 1),  # which put the first policies in force
        ({"used": "false"}, 1),
        ({"until": "2020-01-01T00:00:00Z"}, 0),
        ({"party": "0198c2a5-0000-7000-8000-000000000001"}, 1),
    ],
    ids=str,
)
def test_the_list_is_filtered_as_on_the_screen(officer: Actor, wanted: dict[str, Any], number: int) -> None:
    ask()
    ask(action=CREDIT, resource=party("0198c2a5-0000-7000-8000-000000000001", days_past_due=1))

    assert len(call(api.DecisionList, officer, data=wanted).data["decisions"]) == number


def test_a_decision_is_explained(officer: Actor) -> None:
    refused = ask(action=CREDIT, resource=party(days_past_due=1))

    told = call(api.ExplainDecision, officer, decision_id=refused.id).data

    assert [rule["id"] for rule in told["rules"] if rule["decided"]] == ["no-credit-in-arrears"]
    assert "overdue" in told["changes"][0]["sentence"]
    assert {"path": "resource.days_past_due", "label": "days past due", "said": "1"} in told["data"]
    assert (told["today"]["outcome"], told["same_today"], told["erased_at"]) == ("deny", True, None)


def test_what_may_not_be_seen_does_not_exist() -> None:
    decision = ask()

    for view in (api.DecisionDetail, api.VerifyDecision, api.ExplainDecision):
        hidden, missing = (call(view, staff(), decision_id=id) for id in (decision.id, uuid7()))
        assert (hidden.status_code, hidden.content) == (missing.status_code, missing.content)
        assert (hidden.status_code, hidden["Content-Type"]) == (404, "application/problem+json")
    assert call(api.DecisionList, staff()).data["decisions"] == []


def test_nobody_unknown_is_answered() -> None:
    assert call(api.DecisionList, None).status_code in (401, 403)


def test_a_decision_and_a_pasted_token_are_verified(officer: Actor) -> None:
    decision = ask()
    broken = decision.token[:-3] + ("AAA" if decision.token[-3:] != "AAA" else "BBB")

    kept = call(api.VerifyDecision, officer, decision_id=decision.id).data
    pasted = call(api.VerifyToken, officer, "post", {"token": decision.token}).data
    changed = call(api.VerifyToken, officer, "post", {"token": broken}).data

    assert (kept["ok"], pasted["ok"], changed["ok"]) == (True, True, False)
    assert [check["name"] for check in kept["checks"]] == ["signature", "record", "context", "policy", "replay", "log", "use"]


def test_the_public_keys_are_published_without_their_secret_parts() -> None:
    answer = api.jwks(RequestFactory().get("/.well-known/jwks.json"))

    assert answer["Content-Type"] == "application/jwk-set+json"
    assert b'"kid"' in answer.content
    assert b'"d"' not in answer.content
