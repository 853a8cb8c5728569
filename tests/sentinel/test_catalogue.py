"""The catalogue and the policies speak about the same actions with the same parameters."""

from typing import Any

import pytest

from sentinel import catalogue
from sentinel.authority import Resource
from sentinel.catalogue import ParameterKind
from sentinel.cedar import Outcome

from .desk import ACTION_TYPES, PARAMETERS, compliance, insights, party
from .texts import POLICIES, parsed, request

RESOURCES = {
    "Party": party("party-1"),
    "PolicyVersion": Resource("PolicyVersion", "1", {"store": "bank", "examples_hold": True, "impact_seen": True}),
    "Automation": Resource("Automation", "a", {"subject": "a", "action": "b", "segment": "", "level": "suggest"}),
    "Staff": Resource("Staff", "1", {}),
    "ApprovalRequest": Resource("ApprovalRequest", "1", {"action": "fee.waive", "eligible": True, "own": False, "open": True}),
    "ApiClient": Resource("ApiClient", "1", {"kind": "app", "scopes": [], "reach": "every", "protected": False, "widens": False}),
    "PolicyStore": Resource("PolicyStore", "records", {"gives": False}),
    "AccessList": Resource("AccessList", "1", {"kind": "branch"}),
    "Masking": Resource("Masking", "national_id", {"field": "national_id"}),
    "Linkage": Resource("Linkage", "customers"),
    "Source": Resource("Source", "crm", {"code": "crm"}),
    "SourceMapping": Resource("SourceMapping", "1", {"source": "crm", "tried_out": True}),
}
MACHINES_ONLY = ("automation.drill", "customer.erase_due", "person.first_administrator")
SAMPLES: dict[ParameterKind, Any] = {
    ParameterKind.TEXT: "words",
    ParameterKind.UUID: "00000000-0000-0000-0000-000000000001",
    ParameterKind.MONEY: "1.00",
    ParameterKind.CURRENCY: "EUR",
    ParameterKind.INTEGER: 7,
    ParameterKind.DATE: "2026-12-01",
    ParameterKind.CODE: "a_code",
    ParameterKind.NAME: "insights.cashflow",
}


@pytest.mark.parametrize("action_type", [*catalogue.all_types(), *ACTION_TYPES.values()], ids=lambda action_type: action_type.name)
def test_every_action_of_the_catalogue_can_be_decided(action_type: catalogue.ActionType, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {name: SAMPLES[kind] for name, kind in action_type.parameters.items()}
    action_type.check(given)
    monkeypatch.setitem(PARAMETERS, action_type.name, given)  # type: ignore[arg-type]

    # Only machines can be tried by a drill, erase what is due or let in the first administrator: of people the schema takes no such thing.
    actor = insights() if action_type.name in MACHINES_ONLY else compliance()
    verdict = parsed(POLICIES).decide(request(actor, action_type.name, RESOURCES[action_type.resource_type]))

    assert verdict.outcome in Outcome


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (ParameterKind.TEXT, "x" * 501),
        (ParameterKind.TEXT, "zero \x00"),
        (ParameterKind.TEXT, 7),
        (ParameterKind.UUID, "00000000000000000000000000000001"),
        (ParameterKind.UUID, "0000000A-0000-0000-0000-000000000001"),
        (ParameterKind.MONEY, "1.0"),
        (ParameterKind.MONEY, "+1.00"),
        (ParameterKind.MONEY, "1.00\n"),
        (ParameterKind.CURRENCY, "EURO"),
        (ParameterKind.INTEGER, True),
        (ParameterKind.INTEGER, 2**53),
        (ParameterKind.INTEGER, "7"),
        (ParameterKind.DATE, "2026-02-30"),
        (ParameterKind.DATE, "20261201"),
        (ParameterKind.CODE, "Code"),
        (ParameterKind.CODE, ""),
        (ParameterKind.CODE, "a" * 41),
        (ParameterKind.NAME, "two words"),
    ],
    ids=repr,
)
def test_a_value_has_one_spelling(kind: ParameterKind, wrong: Any) -> None:
    action_type = catalogue.ActionType("test.one", "One", "Party", {"value": kind}, catalogue.RiskTier.LOW)
    action_type.check({"value": SAMPLES[kind]})

    with pytest.raises(catalogue.WrongParameters, match="value must be"):
        action_type.check({"value": wrong})
