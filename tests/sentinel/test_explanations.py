"""What is said about a decision is true: every proposal, asked again, leads where it says, and nothing of it can be left out."""

import json
from dataclasses import replace
from decimal import Decimal
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import cedarpy
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bankos.platform.actors import Role
from sentinel import cedar
from sentinel.cedar import Approval, Entity, Outcome, PolicyText, Request, RequestInvalid, somebody
from sentinel.explaining.changes import Bound, Change, changed, value_at
from sentinel.explaining.mutable import FACTS, fact_of
from sentinel.explaining.reading import readings
from sentinel.explanations import (
    Audience,
    Bank,
    Status,
    customer_letter,
    data_used,
    principal_reasons,
    rules_checked,
    smallest_changes,
    summary,
)
from sentinel.rules import AUTOMATION_STOPPED, NOTHING_PERMITS, Effect

POLICIES = Path(cedar.__file__).parent / "policies"
SCHEMA = (POLICIES / "bank.cedarschema").read_text(encoding="utf-8")
PARSED_SCHEMA = cedarpy.Schema.from_str(SCHEMA)
STARTING_SET = PolicyText.parse("\n".join(path.read_text(encoding="utf-8") for path in sorted(POLICIES.glob("*.cedar"))), SCHEMA)

TRANSFER, CREDIT, PRODUCT, CONTACT, FEE = "transfer.between_own_accounts", "credit.offer", "product.offer", "contact.send", "fee.waive"
PARAMETERS: dict[str, dict[str, Any]] = {
    TRANSFER: {"from_arrangement": "a1", "to_arrangement": "a2", "amount": "120.00", "currency": "EUR"},
    CREDIT: {"product": "overdraft", "amount": "500.00", "currency": "EUR"},
    PRODUCT: {"product": "savings"},
    CONTACT: {"channel": "email", "purpose": "service", "template": "t1"},
    FEE: {"arrangement": "a1", "amount": "20.00", "currency": "EUR", "reason": "goodwill"},
    "payment.move_date": {"arrangement": "a1", "from_day": 27, "to_day": 3},
    "customer.unmask": {"field": "phone", "reason": "call back"},
    "customer.break_glass": {"minutes": 10, "reason": "call back"},
    "customer.end_emergency": {"access": "access-1", "asked_by": "anna"},
    "customer.review_emergency": {"access": "access-1", "asked_by": "anna", "verdict": "justified", "note": ""},
}
KNOWN = {
    "kind": "person",
    "age_years": 41,
    "days_past_due": 0,
    "consents": ["marketing", "payment_insight"],
    "channels": ["email"],
    "branch": "B1",
}
STAFF = Entity("Employee", "e1", {"person": "e1", "roles": ["branch_staff"], "line": [], "branch": "B1"})
SYSTEM = Entity("System", "insights", {})
CUSTOMER = Entity("Customer", "party-1", {"party": {"__entity": {"type": "Party", "id": "party-1"}}})
LEAD = Approval("e2", frozenset({Role.TEAM_LEAD}), "B1")
BANK = Bank("Meridian Bank", "on 0800 100 200", "the Financial Ombudsman")


def request(principal: Entity, action: str, known: dict[str, Any] | None = None, **given: Any) -> Request:
    """A question on a Tuesday at ten about a customer without troubles; a fact given as None is not known."""
    asked = {name: given.pop(name) for name in list(given) if name not in PARAMETERS[action]}
    attributes = {name: value for name, value in {**KNOWN, **(known or {})}.items() if value is not None}
    defaults = {"facts": {}, "purposes": (), "at": "2026-11-24T10:00:00.000Z", "hour": 10, "weekday": 2}
    parameters = {**PARAMETERS[action], **given}
    return Request(principal, action, Entity("Party", "party-1", attributes), parameters, **{**defaults, **asked})


def small(*conditions: str, action: str = TRANSFER) -> PolicyText:
    """A text of a permit for everything and a forbid for each condition, r0, r1 …, with its sentences."""
    notes = '@owner("O") @basis("B")'
    rules = [f'@id("all") @sentence("All may.") @customer("You may.") {notes} permit (principal, action, resource);']
    for number, condition in enumerate(conditions):
        said = f'@id("r{number}") @sentence("Rule {number}.") @customer("For you {number}.")'
        rules.append(f'{said} {notes} forbid (principal, action == Action::"{action}", resource) {condition};')
    return PolicyText.parse("\n".join(rules), SCHEMA)


def sentences(text: PolicyText, asked: Request, **how: Any) -> list[str]:
    return [found.sentence for found in smallest_changes(text, asked, **how)]


# --- any question to the starting set

PEOPLE = st.builds(
    lambda roles, branch, mandate: Entity(
        "Employee",
        "e1",
        {"person": "e1", "roles": roles, "line": ["e7"]}
        | ({"branch": branch} if branch else {})
        | ({"mandate": {"amount": mandate, "currency": "EUR"}} if mandate else {}),
    ),
    st.lists(st.sampled_from([str(role) for role in Role]), min_size=1, max_size=2, unique=True),
    st.sampled_from([None, "B1", "B2"]),
    st.sampled_from([None, "500.00", "5000.00"]),
)
PRINCIPALS = st.one_of(PEOPLE, st.just(SYSTEM), st.just(Entity("Agent", "a7", {"roles": []})), st.just(CUSTOMER))
FACTS_OF_PARTY = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(["person", "organisation"]),
        "age_years": st.sampled_from([12, 17, 20, 41]),
        "days_past_due": st.sampled_from([0, 1, 40]),
        "consents": st.sampled_from([[], ["marketing"], ["marketing", "payment_insight"]]),
        "channels": st.sampled_from([[], ["email"]]),
        "branch": st.sampled_from(["B1", "B2"]),
        "contacts_7_days": st.sampled_from([0, 2, 3, 9]),
        "needs": st.sampled_from([[], ["low_vision"], ["bereavement"]]),
        "life_events": st.sampled_from([[], ["job_loss"]]),
        "suitability": st.sampled_from(["none", "balanced"]),
        "is_staff": st.booleans(),
        "protected": st.booleans(),
    },
)


@st.composite
def questions(draw: st.DrawFn) -> Request:
    principal = draw(PRINCIPALS)
    action = draw(st.sampled_from(sorted(PARAMETERS)))
    choices = {
        "amount": st.sampled_from(["10.00", "60.00", "999.99", "1500.00", "20000.00"]),
        "currency": st.sampled_from(["EUR", "EUR", "CZK", "USD"]),
        "product": st.sampled_from(["savings", "overdraft", "mortgage", "investment", "student_account", "business_loan"]),
        "purpose": st.sampled_from(["service", "marketing", "security"]),
        "channel": st.sampled_from(["email", "sms"]),
        "minutes": st.sampled_from([10, 60]),
        "field": st.sampled_from(["phone", "national_id"]),
    }
    given = {name: draw(choices[name]) for name in PARAMETERS[action] if name in choices}
    if principal.type in ("System", "Agent"):
        given["autonomy"] = draw(st.sampled_from(["off", "suggest", "act_alone"]))
        given["within_limits"] = draw(st.sampled_from([None, True, False]))
    given["purposes"] = draw(st.sampled_from([(), ("payment_insight",)]))
    given["hour"], given["weekday"] = draw(st.sampled_from([3, 10, 22])), draw(st.sampled_from([2, 7]))
    given["approval"] = draw(st.sampled_from([None, None, LEAD, Approval("e3", frozenset({Role.BRANCH_STAFF}), "B2")]))
    resource = Entity("Party", "party-1", draw(FACTS_OF_PARTY))
    asked = replace(request(principal, action, **given), resource=resource)
    try:
        STARTING_SET.decide(asked)
    except RequestInvalid:
        assume(False)
    return asked


anything = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


def elements(change: Change) -> list[Change]:
    """A changed set as single changes of one element; any other change as itself."""
    if not isinstance(change.after, tuple):
        return [change]
    before = change.before or ()
    added = [replace(change, after=(*before, element)) for element in change.added]
    return added + [replace(change, after=tuple(kept for kept in before if kept != element)) for element in change.removed]


@anything
@given(asked=questions(), audience=st.sampled_from(Audience))
def test_every_proposal_leads_where_it_says_and_nothing_of_it_can_be_left_out(asked: Request, audience: Audience) -> None:
    was = STARTING_SET.decide(asked).outcome

    for found in smallest_changes(STARTING_SET, asked, audience=audience):
        assert STARTING_SET.decide(found.request).outcome is found.outcome
        assert (found.outcome is Outcome.PERMIT) is (was is not Outcome.PERMIT)
        assert found.request == changed(asked, found.changes)
        for few in chain.from_iterable(combinations(found.changes, size) for size in range(1, len(found.changes))):
            assert (STARTING_SET.decide(changed(asked, few)).outcome is Outcome.PERMIT) is (was is Outcome.PERMIT)
        for change in found.changes:
            others = [other for other in found.changes if other is not change]
            for element in elements(change) if len(elements(change)) > 1 else []:
                left_out = changed(asked, [*others, element])
                assert (STARTING_SET.decide(left_out).outcome is Outcome.PERMIT) is (was is Outcome.PERMIT)


@anything
@given(asked=questions(), audience=st.sampled_from(Audience))
def test_what_nobody_should_change_is_never_proposed(asked: Request, audience: Audience) -> None:
    fixed = ("age_years", "kind", "is_staff", "branch", "guardians", "needs", "protected", "segment", "products")

    for found in smallest_changes(STARTING_SET, asked, audience=audience, limit=10):
        then = found.request
        assert [then.resource.attributes.get(name) for name in fixed] == [asked.resource.attributes.get(name) for name in fixed]
        without_mandate = [{name: value for name, value in one.principal.attributes.items() if name != "mandate"} for one in (asked, then)]
        assert without_mandate[0] == without_mandate[1]
        assert (then.principal.uid, then.resource.uid, then.at, then.action, then.purposes) == (
            asked.principal.uid,
            asked.resource.uid,
            asked.at,
            asked.action,
            asked.purposes,
        )
        assert then.parameters.get("currency") == asked.parameters.get("currency")
        assert then.parameters.get("purpose") == asked.parameters.get("purpose")
        if audience is Audience.CUSTOMER:
            assert (then.approval, then.autonomy, then.within_limits) == (asked.approval, asked.autonomy, asked.within_limits)
            assert then.principal == asked.principal
            assert then.resource.attributes.get("life_events") == asked.resource.attributes.get("life_events")


@anything
@given(asked=questions())
def test_what_a_second_person_could_permit_names_the_second_person(asked: Request) -> None:
    assume(STARTING_SET.decide(asked).outcome is Outcome.NEEDS_APPROVAL)

    found = smallest_changes(STARTING_SET, asked, limit=10)

    assert any([change.fact.path for change in one.changes] == [("context", "request", "approval")] for one in found)


@anything
@given(asked=questions(), part=st.integers(1, 99))
def test_or_less_and_or_more_hold_for_what_lies_beyond(asked: Request, part: int) -> None:
    was = STARTING_SET.decide(asked).outcome

    for found in smallest_changes(STARTING_SET, asked):
        for change in found.changes:
            if change.bound is Bound.EXACTLY:
                continue
            least, factor = Decimal("0.01"), Decimal(part) / 100
            after = Decimal(change.after)
            beyond: Any = after * factor if change.bound is Bound.AT_MOST else after / factor
            beyond = f"{max(beyond, least):.2f}" if isinstance(change.after, str) else max(int(beyond), change.fact.lowest or 0)
            others = [other for other in found.changes if other is not change]
            then = changed(asked, [*others, replace(change, after=beyond)])
            assert (STARTING_SET.decide(then).outcome is Outcome.PERMIT) is (was is not Outcome.PERMIT)


@anything
@given(asked=questions())
def test_each_rule_is_reported_as_it_answers_when_asked_alone(asked: Request) -> None:
    def holds(id: str, of: Request) -> bool:
        policy = STARTING_SET.policy_json(id)
        assert policy is not None
        everything = {"effect": "permit", "principal": {"op": "All"}, "action": {"op": "All"}, "resource": {"op": "All"}, "conditions": []}
        alone = {"policy0": policy} | ({"policy1": everything} if policy["effect"] == "forbid" else {})
        question = {
            "principal": of.principal.uid,
            "action": {"type": "Action", "id": of.action},
            "resource": of.resource.uid,
            "context": of.context,
        }
        answer = cedarpy.is_authorized(
            question,
            cedarpy.PolicySet.from_json_str(json.dumps({"staticPolicies": alone, "templates": {}, "templateLinks": []})),
            json.dumps([entity.as_json() for entity in of.question().entities]),
            schema=PARSED_SCHEMA,
        )
        return (answer.decision is cedarpy.Decision.Allow) is (policy["effect"] == "permit")

    verdict = STARTING_SET.decide(asked)
    checked = rules_checked(STARTING_SET, asked)

    for one in (one for one in checked if one.rule is not NOTHING_PERMITS):
        match one.status:
            case Status.PERMITS:
                assert one.rule.effect is Effect.PERMIT and holds(one.rule.id, asked)  # noqa: PT018
            case Status.FORBIDS:
                assert holds(one.rule.id, asked) and holds(one.rule.id, replace(asked, approval=somebody(asked)))  # noqa: PT018
            case Status.ASKS_FOR_A_PERSON:
                assert holds(one.rule.id, asked) and not holds(one.rule.id, replace(asked, approval=somebody(asked)))  # noqa: PT018
            case Status.NOT_CONCERNED:
                assert not holds(one.rule.id, asked)
    assert {one.rule for one in checked if one.decided} == set(verdict.rules)


@anything
@given(asked=questions())
def test_the_same_question_gets_the_same_proposals(asked: Request) -> None:
    assert smallest_changes(STARTING_SET, asked) == smallest_changes(STARTING_SET, asked)


# --- proposals in words


def test_an_amount_above_the_limit_names_the_lead_then_the_limit() -> None:
    assert sentences(STARTING_SET, request(STAFF, TRANSFER, amount="1500.00"))[:2] == [
        "It would be permitted with the agreement of a team lead.",
        "It would be permitted for €1,000.00 or less.",
    ]


def test_two_changes_are_proposed_where_one_comes_less_near() -> None:
    found = sentences(STARTING_SET, request(STAFF, TRANSFER, amount="20000.00"))

    assert found[:2] == [
        "It would be permitted for €1,000.00 or less.",
        "It would be permitted for €10,000.00 or less and with the agreement of a team lead.",
    ]


@pytest.mark.parametrize(
    ("facts", "staff", "customer"),
    [
        ({"days_past_due": 9}, "if no payment were overdue", "if none of your payments were overdue"),
        ({"days_past_due": None}, "if it were known that no payment is overdue", "if it were known that no payment of yours is overdue"),
    ],
)
def test_arrears_are_said_as_people_say_them(facts: dict[str, Any], staff: str, customer: str) -> None:
    asked = request(STAFF, CREDIT, facts)

    assert sentences(STARTING_SET, asked) == [f"It would be permitted {staff}."]
    assert sentences(STARTING_SET, asked, audience=Audience.CUSTOMER) == [f"This would be possible {customer}."]


def test_three_reasons_at_once_take_three_changes() -> None:
    asked = request(STAFF, CONTACT, {"consents": [], "channels": [], "contacts_7_days": 5}, purpose="marketing")

    [found] = smallest_changes(STARTING_SET, asked)

    assert [".".join(change.fact.path) for change in found.changes] == [
        "resource.consents",
        "resource.channels",
        "resource.contacts_7_days",
    ]
    assert found.sentence.endswith("if the bank had contacted the customer at most 2 times in 7 days.")


def test_what_was_permitted_says_what_would_have_stopped_it() -> None:
    assert sentences(STARTING_SET, request(STAFF, TRANSFER, amount="1500.00", approval=LEAD)) == [
        "It would not have been permitted at once without the agreement that was given.",
        "It would not have been permitted for €10,000.01 or more.",
    ]


def test_the_limits_of_staff_are_not_told_to_customers() -> None:
    asked = request(STAFF, TRANSFER, amount="1500.00")

    assert smallest_changes(STARTING_SET, asked, audience=Audience.CUSTOMER) == ()


def test_a_minors_own_limit_is_told_to_the_minor() -> None:
    asked = request(CUSTOMER, TRANSFER, {"age_years": 17}, amount="150.00")

    assert sentences(STARTING_SET, asked, audience=Audience.CUSTOMER) == ["This would be possible for €100.00 or less."]


def test_a_stop_leaves_nothing_to_propose_and_is_a_rule_of_its_own() -> None:
    asked = request(SYSTEM, TRANSFER, autonomy="act_alone", stopped="Everything")

    assert smallest_changes(STARTING_SET, asked) == ()
    last = rules_checked(STARTING_SET, asked)[-1]
    assert (last.rule, last.status, last.decided) == (AUTOMATION_STOPPED, Status.FORBIDS, True)


MOVE_DATE = "payment.move_date"
FEW_CONTACTS = "if the bank had contacted the customer at most 2 times in 7 days"
INSIDE_LIMITS = "if it stayed inside the limits of its autonomy level"
BOTH_PURPOSES = 'resource has consents && resource.consents.containsAll(["a", "b"])'
LATE = "context.request.hour < 8 || context.request.hour >= 20"
LONG_MOVE = "context.parameters.to_day - context.parameters.from_day > 7 && context.parameters.from_day < 5"


@pytest.mark.parametrize(
    ("rule", "asked", "said"),
    [
        (
            'when { context.facts has channel && context.facts.channel == "kiosk" }',
            request(STAFF, TRANSFER, facts={"channel": "kiosk"}),
            "if it were asked through another channel",
        ),
        ("unless { context.facts has recommendation }", request(STAFF, TRANSFER), None),
        ("unless { context.facts has reason }", request(STAFF, TRANSFER), "with a reason"),
        ('when { context.parameters.reason == "" }', request(STAFF, FEE, reason=""), "with a reason"),
        ('when { context.parameters.reason == "goodwill" }', request(STAFF, FEE), None),
        (f"when {{ {LATE} }}", request(STAFF, TRANSFER, hour=21), "at another hour of the day (at 8:00, for example)"),
        ("when { context.request.weekday == 7 }", request(STAFF, TRANSFER, weekday=7), "on another day (on Monday, for example)"),
        (
            "when { context.request has within_limits && !context.request.within_limits }",
            request(SYSTEM, TRANSFER, within_limits=False),
            INSIDE_LIMITS,
        ),
        ('unless { context.parameters.amount.greaterThan(decimal("500.00")) }', request(STAFF, TRANSFER), "for €500.01 or more"),
        ('unless { decimal("500.00") == context.parameters.amount }', request(STAFF, TRANSFER), "for €500.00"),
        ('unless { context.parameters.amount.lessThan(decimal("99.995")) }', request(STAFF, TRANSFER), "for €99.99 or less"),
        (
            "when { resource has contacts_7_days && 2 < resource.contacts_7_days }",
            request(STAFF, TRANSFER, {"contacts_7_days": 5}),
            FEW_CONTACTS,
        ),
        (
            'unless { resource has suitability && ["growth", "balanced"].contains(resource.suitability) }',
            request(STAFF, TRANSFER, {"suitability": "none"}),
            "if the customer’s risk profile were assessed as balanced",
        ),
        (f"unless {{ {BOTH_PURPOSES} }}", request(STAFF, TRANSFER), "if the customer agreed to the use of data for a and b"),
        (
            "when { resource has channels && !resource.channels.isEmpty() }",
            request(STAFF, TRANSFER),
            "if the customer did not agree to be contacted by email",
        ),
        ("when { resource has age_years && resource.age_years > 18 }", request(STAFF, TRANSFER), None),
        ('when { resource has kind && resource.kind == "person" }', request(STAFF, TRANSFER), None),
        ("when { context.parameters.from_day > 20 }", request(STAFF, MOVE_DATE), "if the from day were 20 or less"),
        (f"when {{ {LONG_MOVE} }}", request(STAFF, MOVE_DATE, from_day=1, to_day=20), "if the from day were 5"),
    ],
)
def test_each_way_of_reading_a_fact_has_its_proposal(rule: str, asked: Request, said: str | None) -> None:
    found = sentences(small(rule, action=asked.action), asked, limit=1)

    assert found == ([f"It would be permitted {said}."] if said else [])


def test_a_set_that_should_be_empty_loses_no_more_than_it_has_to() -> None:
    asked = request(STAFF, TRANSFER, {"consents": ["a", "b", "c", "d"]})
    text = small('when { resource has consents && !resource.consents.isEmpty() && resource.consents.containsAny(["a", "b", "c"]) }')

    [found] = smallest_changes(text, asked)

    assert found.request.resource.attributes["consents"] == ["d"]


def test_elements_of_a_set_are_found_two_at_a_time() -> None:
    asked = request(STAFF, TRANSFER, {"consents": ["a", "b"]})
    text = small('when { resource has consents && resource.consents.containsAny(["a", "b"]) }')

    assert sentences(text, asked) == ["It would be permitted if the customer did not agree to the use of data for a or b."]


def test_a_person_with_two_roles_is_named_where_no_single_role_is_enough() -> None:
    approved_by = "unless {{ context.request has approval && context.request.approval.roles.contains({}) }}"
    both = [approved_by.format(role) for role in ('"team_lead"', '"compliance_officer"')]

    assert sentences(small(*both), request(STAFF, TRANSFER)) == [
        "It would be permitted with the agreement of a person who is a team lead and a compliance officer."
    ]


def test_amounts_are_proposed_up_to_the_mandate_of_the_asker() -> None:
    rule = (
        "unless { principal is Employee && principal has mandate && context.parameters.amount.lessThanOrEqual(principal.mandate.amount) }"
    )
    asker = replace(STAFF, attributes={**STAFF.attributes, "mandate": {"amount": "80.00", "currency": "EUR"}})

    assert "It would be permitted for €80.00 or less." in sentences(small(rule), request(asker, TRANSFER))


# --- what is read, and the letter


def test_every_attribute_the_starting_set_reads_has_words_of_its_own() -> None:
    read = {reading.path for rule in STARTING_SET.rules.values() for reading in readings(STARTING_SET.policy_json(rule.id) or {})}
    attributes = {path for path in read if path[0] in ("resource", "principal") and len(path) > 1}

    assert {fact_of(path).path for path in attributes} <= {fact.path for fact in FACTS}


def test_the_data_used_is_what_the_deciding_rules_read_with_its_values() -> None:
    asked = request(STAFF, TRANSFER, amount="1500.00")
    verdict = STARTING_SET.decide(asked)

    staff = {one.path: one.said for one in data_used(STARTING_SET, verdict, asked)}
    customer = {one.path: one.said for one in data_used(STARTING_SET, verdict, asked, audience=Audience.CUSTOMER)}

    assert staff["context.parameters.amount"] == "€1,500.00"
    assert (staff["principal.roles"], staff["context.request.approval"]) == ("branch staff", "none")
    assert customer == {"context.parameters.currency": "EUR", "context.parameters.amount": "€1,500.00"}


def test_where_no_rule_permits_the_data_is_what_the_permits_read() -> None:
    asked = request(replace(STAFF, attributes={**STAFF.attributes, "roles": ["administrator"]}), TRANSFER)
    verdict = STARTING_SET.decide(asked)

    assert verdict.rules == (NOTHING_PERMITS,)
    assert "principal.roles" in {one.path for one in data_used(STARTING_SET, verdict, asked)}


def test_reasons_are_at_most_four_each_once_in_the_order_of_the_text() -> None:
    text = small(*["when { true }"] * 6)
    verdict = text.decide(request(STAFF, TRANSFER))
    same = replace(verdict, rules=(verdict.rules[0], replace(verdict.rules[1], customer_sentence="For you 0."), *verdict.rules[2:]))

    assert principal_reasons(verdict) == ("For you 0.", "For you 1.", "For you 2.", "For you 3.")
    assert principal_reasons(same) == ("For you 0.", "For you 2.", "For you 3.", "For you 4.")
    assert principal_reasons(small().decide(request(STAFF, TRANSFER))) == ()


def letter(asked: Request) -> Any:
    return customer_letter(STARTING_SET, STARTING_SET.decide(asked), asked, subject="an overdraft of €500.00", bank=BANK)


def test_the_letter_says_who_decided_why_on_what_data_and_what_to_do() -> None:
    said = letter(request(SYSTEM, CREDIT, {"days_past_due": 9}, autonomy="act_alone", purposes=("payment_insight",)))

    assert (said.outcome, said.automated) == (Outcome.DENY, True)
    assert said.opening == "Meridian Bank decided about an overdraft of €500.00: the answer is no."
    assert "No person took part." in said.who_decided
    assert said.reasons == ("A payment of yours is overdue. Until it is settled we do not offer you new credit.",)
    assert ("days a payment of yours is overdue", "9") in [(one.label, one.said) for one in said.data]
    assert "payment insight" in said.consents
    assert said.changes == ("This would be possible if none of your payments were overdue.",)
    assert "ask that a person looks at this decision" in said.rights[0]
    assert "on 0800 100 200" in said.rights[0]
    assert "the Financial Ombudsman" in said.rights[-1]
    assert said.paragraphs[0] == said.opening


def test_the_letter_says_when_a_person_took_part_and_when_one_still_has_to() -> None:
    by_person = letter(request(STAFF, CREDIT, {"days_past_due": 9}))
    waiting = letter(request(SYSTEM, CREDIT, autonomy="suggest"))
    agreed = letter(request(SYSTEM, CREDIT, autonomy="suggest", approval=LEAD))

    assert (by_person.automated, waiting.automated, agreed.automated) == (False, True, False)
    assert "A person of Meridian Bank took part" in by_person.who_decided
    assert "A person decides before anything happens." in waiting.who_decided
    assert agreed.opening.endswith("the answer is yes.")


@anything
@given(asked=questions())
def test_no_letter_tells_how_the_bank_divides_its_powers(asked: Request) -> None:
    said = letter(asked)

    for one in said.data:
        assert not one.path.startswith(("principal.roles", "principal.mandate", "context.request.a", "context.request.within_limits"))
    written = " ".join((*said.changes, *(one.label for one in said.data))).lower()
    assert not any(word in written for word in ("mandate", "team lead", "autonomy", "compliance officer", "second person"))


def test_the_rules_checked_are_summed_up_in_words() -> None:
    checked = rules_checked(STARTING_SET, request(STAFF, TRANSFER, amount="1500.00"))

    assert summary(checked) == f"{sum(one.passed for one in checked)} passed, 1 asks for a person"
    assert [one.rule.id for one in checked if one.status is Status.ASKS_FOR_A_PERSON] == ["staff-transfer-mandate"]
    assert all(one.rule.id != "agent-transfer-limit" for one in checked), "rules for agents do not concern a person"


def test_values_are_read_and_changed_at_the_same_place() -> None:
    asked = request(STAFF, TRANSFER, approval=LEAD)

    for path in [
        ("resource", "days_past_due"),
        ("context", "parameters", "amount"),
        ("context", "request", "hour"),
        ("principal", "branch"),
    ]:
        then = changed(asked, [Change(fact_of(path), value_at(asked, path), 3)])
        assert value_at(then, path) == 3
