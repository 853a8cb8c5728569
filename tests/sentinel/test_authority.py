from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from bankos.platform import clock
from sentinel import authority, autonomy, catalogue, decisions, policy, tokens
from sentinel.authority import BadRequest, ModelRef, Outcome, Refused, Resource, UnknownAction, authorize, canonical, parameters_hash
from tests import machines

from . import desk
from .desk import CREDIT, MOVE_DATE, TRANSFER, ask, compliance, insights, party, staff

pytestmark = pytest.mark.usefixtures("authority")


def recorded(decision_id: Any) -> decisions.DecisionView:
    return decisions.decision_of(decision_id, actor=compliance())


def test_a_permit_names_its_rule_its_policy_and_its_end() -> None:
    at = clock.now()

    decision = ask(at=at)

    assert decision.outcome is Outcome.PERMIT
    assert [rule.id for rule in decision.rules] == ["staff-serve-customers"]
    assert decision.rules[0].sentence.startswith("Branch staff")
    assert decision.policy_version == policy.active().number
    assert timedelta(minutes=14, seconds=59) < decision.expires_at - at <= timedelta(minutes=15)


def test_a_refusal_is_signed_and_kept_like_a_permit() -> None:
    decision = ask(action=CREDIT, resource=party(days_past_due=3))

    kept = recorded(decision.id)
    assert (kept.outcome, [rule.id for rule in kept.rules]) == (Outcome.DENY, ["no-credit-in-arrears"])
    assert kept.rules[0].customer_sentence.startswith("A payment of yours is overdue.")
    assert tokens.read(decision.token)["outcome"] == "deny"


def test_the_token_carries_what_the_decision_rests_on_and_names_nobody() -> None:
    actor, consent, model = insights(), uuid4(), ModelRef("cashflow", "3", "ab" * 32)

    decision = ask(actor, purposes=["payment_insight"], consents=[consent], model=model)

    claims = tokens.read(decision.token)
    assert claims["jti"] == str(decision.id)
    assert claims["act"] == {"kind": "system", "sub": "insights.cashflow", "roles": []}
    [asked] = claims["authorization_details"]
    assert (asked["type"], asked["resource"]) == (TRANSFER, {"type": "Party", "id": "party-1"})
    assert asked["parameters_hash"] == parameters_hash(decision.parameters)
    assert claims["policy"]["determining"] == ["system-suggests"]
    assert claims["policy"]["sha256"] == policy.active().sha256
    assert claims["autonomy_level"] == "suggest"
    assert claims["model"] == {"name": "cashflow", "version": "3", "sha256": "ab" * 32}
    assert (claims["purposes"], claims["consents"]) == (["payment_insight"], [str(consent)])
    assert "Somebody" not in str(tokens.read(ask(staff()).token))


def test_the_facts_of_the_asker_are_kept_with_the_decision() -> None:
    decision = ask(context={"channel": "branch"})

    assert recorded(decision.id).context["context"]["facts"] == {"channel": "branch"}


def test_the_level_of_autonomy_decides_what_a_system_may_do_alone() -> None:
    assert ask(insights()).outcome is Outcome.NEEDS_APPROVAL

    machines.let(subject="insights.cashflow", action=TRANSFER, level=autonomy.Level.ACT_ALONE, reason="earned", at=clock.now())

    assert ask(insights()).outcome is Outcome.PERMIT


@pytest.mark.parametrize(("actor", "queries"), [(staff(), 2), (insights(), 2)], ids=["a person", "a system"])
def test_a_decision_takes_few_queries(actor: Any, queries: int) -> None:
    ask(actor)  # the policy text is parsed once

    with CaptureQueriesContext(connection) as captured:
        ask(actor)

    assert len(captured) == queries, [query["sql"] for query in captured]


def refused(error: type[authority.AuthorityError], rule: str, **changed: Any) -> authority.AuthorityError:
    """The error, after making sure that the refusal was kept, signed, permits nothing and still verifies."""
    asked: dict[str, Any] = {
        "actor": staff(),
        "action": TRANSFER,
        "resource": party(),
        "parameters": desk.parameters(TRANSFER),
        "at": clock.now(),
    } | changed
    with pytest.raises(error) as caught:
        authorize(**asked)
    assert caught.value.decision_id is not None
    kept = recorded(caught.value.decision_id)
    assert (kept.outcome, [known.id for known in kept.rules]) == (Outcome.DENY, [rule])
    assert decisions.verify(kept.id, actor=compliance()).ok
    return caught.value


def test_an_unknown_action_is_refused_and_kept() -> None:
    refused(UnknownAction, "unknown-action", action="money.print", parameters={})


def test_an_action_the_policies_do_not_know_is_refused_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    newer = catalogue.ActionType("loan.forgive", "Forgive a loan", "Party", {}, catalogue.RiskTier.HIGH)
    monkeypatch.setitem(catalogue._registered, newer.name, newer)

    refused(BadRequest, "request-not-understood", action="loan.forgive", parameters={})


@pytest.mark.parametrize(
    "attributes",
    [
        {"age_years": "17"},
        {"age_years": 17.5},
        {"age_years": True},
        {"days_past_due": 2**70},
        {"consents": "payment_insight"},
        {"consents": [1]},
        {"branch": 7},
        {"kind": "person\x00"},
        {"kind": "\ud800"},
        {"kind": object()},
        {"horoscope": "lion"},
        {"branch": "B" * 40_000},
    ],
)
def test_a_fact_of_the_wrong_type_is_refused_and_kept(attributes: dict[str, Any]) -> None:
    refused(BadRequest, "request-not-understood", resource=Resource("Party", "party-1", attributes))


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": "-5.00"},
        {"amount": "5"},
        {"amount": "5.001"},
        {"amount": "05.00"},
        {"amount": "5,00"},
        {"amount": 5},
        {"amount": "922337203685477.00"},
        {"amount": "٥.00"},
        {"currency": "eur"},
        {"from_arrangement": "not-a-uuid"},
        {"from_arrangement": str(desk.FROM).upper() + " "},
        {"surprise": "1"},
    ],
    ids=str,
)
def test_a_parameter_of_the_wrong_form_is_refused_and_kept(changed: dict[str, Any]) -> None:
    refused(BadRequest, "request-not-understood", parameters={**desk.parameters(TRANSFER), **changed})


def test_a_missing_parameter_is_refused_and_kept() -> None:
    error = refused(BadRequest, "request-not-understood", action=MOVE_DATE, parameters={"from_day": 1, "to_day": 2})

    assert str(error) == "payment.move_date needs arrangement"


def test_the_largest_amount_is_still_understood() -> None:
    assert ask(amount=catalogue.LARGEST_AMOUNT).outcome is Outcome.DENY


@pytest.mark.parametrize(
    "resource", [Resource("Branch", "B1"), Resource("Party", ""), Resource("Party", "x" * 121), Resource("Party", "a\nb")], ids=str
)
def test_a_resource_of_another_kind_or_without_a_usable_id_is_refused(resource: Resource) -> None:
    refused(BadRequest, "request-not-understood", resource=resource)


def test_a_fact_the_policies_do_not_declare_is_refused() -> None:
    refused(BadRequest, "request-not-understood", context={"moon": "full"})


def test_without_a_policy_in_force_everything_is_refused(past_the_guards: Callable[[], Any]) -> None:
    with past_the_guards(), connection.cursor() as cursor:
        cursor.execute("UPDATE sentinel_policyversion SET state = 'retired'")

    refused(Refused, "not-decided")


def test_a_policy_text_that_was_changed_decides_nothing(past_the_guards: Callable[[], Any]) -> None:
    policy.text_of.cache_clear()
    with past_the_guards(), connection.cursor() as cursor:
        cursor.execute("UPDATE sentinel_policyversion SET policies = replace(policies, 'forbid', 'permit')")

    refused(Refused, "not-decided")


def test_an_action_cannot_be_registered_twice_differently() -> None:
    with pytest.raises(ValueError, match="twice"):
        catalogue.register(catalogue.ActionType(TRANSFER, "Another", "Party", {}, catalogue.RiskTier.LOW))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3),
    max_leaves=12,
)


@given(entries=st.dictionaries(st.text(st.characters(codec="utf-8")), JSON, max_size=6), data=st.data())
def test_the_hash_does_not_depend_on_the_order_of_keys(entries: dict[str, Any], data: st.DataObject) -> None:
    shuffled = dict(data.draw(st.permutations(list(entries.items()))))

    assert canonical(shuffled) == canonical(entries)
    assert parameters_hash(shuffled) == parameters_hash(entries)


@given(amounts=st.lists(st.decimals("0", catalogue.LARGEST_AMOUNT, places=2), min_size=2, max_size=2))
def test_every_amount_has_one_spelling_and_one_hash(amounts: list[Any]) -> None:
    spelled = [f"{amount:.2f}" for amount in amounts]

    for text in spelled:
        desk.ACTION_TYPES[TRANSFER].check(desk.parameters(TRANSFER, amount=text))
    assert (parameters_hash({"amount": spelled[0]}) == parameters_hash({"amount": spelled[1]})) is (amounts[0] == amounts[1])
