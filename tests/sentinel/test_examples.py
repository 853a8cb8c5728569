"""Each rule of the starting set both ways, and proof that each is needed: without it one of its examples fails."""

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest

from bankos.platform.actors import Actor, Role
from sentinel.authority import Resource, principal_of
from sentinel.cedar import Approval, Entity, Outcome, PolicyText, Request, moment
from sentinel.policy import starting_set

from .desk import (
    CONSENT,
    CREDIT,
    DECLINE,
    MOVE_DATE,
    POSTPONE,
    PRODUCT,
    SOME_DAY,
    TRANSFER,
    agent,
    compliance,
    contact_centre,
    customer,
    insights,
    lead,
    parameters,
    party,
    person,
    staff,
)

PERMIT, NEEDS, DENY = Outcome.PERMIT, Outcome.NEEDS_APPROVAL, Outcome.DENY

POLICIES, SCHEMA = starting_set()
ACTIONS = (TRANSFER, MOVE_DATE, CREDIT, PRODUCT, POSTPONE, DECLINE, CONSENT)


@dataclass(frozen=True)
class Example:
    """An answer that must come out. `decided` says whether `rule` is among the rules it rests on."""

    rule: str
    says: str
    outcome: Outcome
    request: Request
    decided: bool

    def __str__(self) -> str:
        return f"{self.rule}: {self.says}"

    def holds(self, text: PolicyText) -> bool:
        verdict = text.decide(self.request)
        return verdict.outcome is self.outcome and (self.rule in verdict.rule_ids) is self.decided


def request(actor: Actor, action: str, resource: Resource, **given: Any) -> Request:
    kept = {name: given.pop(name) for name in ("purposes", "autonomy", "approval", "facts") if name in given}
    made = Request(
        principal=principal_of(actor),
        action=action,
        resource=Entity(resource.type, resource.id, resource.attributes),
        parameters=parameters(action, **given),
        facts=kept.get("facts", {}),
        purposes=kept.get("purposes", ()),
        at=moment(SOME_DAY),
        autonomy=kept.get("autonomy"),
        approval=kept.get("approval"),
    )
    # As `authorize` does: what has no setting of its own may suggest.
    return replace(made, autonomy="suggest") if made.autonomy is None and made.principal.type in ("System", "Agent") else made


def decides(rule: str, says: str, outcome: Outcome, *args: Any, **given: Any) -> Example:
    return Example(rule, says, outcome, request(*args, **given), decided=True)


def leaves(rule: str, says: str, outcome: Outcome, *args: Any, **given: Any) -> Example:
    return Example(rule, says, outcome, request(*args, **given), decided=False)


def approved_by(*roles: Role, branch: str | None = "B1") -> Approval:
    return Approval("employee-9", frozenset(roles), branch)


LEAD, STAFF = Role.TEAM_LEAD, Role.BRANCH_STAFF
INSIGHT = ("payment_insight",)

EXAMPLES = [
    # --- who may ask at all
    *(decides("staff-serve-customers", f"branch staff: {action}", PERMIT, staff(), action, party()) for action in ACTIONS),
    decides("staff-serve-customers", "contact centre", PERMIT, contact_centre(), TRANSFER, party()),
    decides("staff-serve-customers", "team lead", PERMIT, lead(), TRANSFER, party()),
    leaves("staff-serve-customers", "an administrator serves nobody", DENY, person(Role.ADMINISTRATOR), TRANSFER, party()),
    leaves("staff-serve-customers", "compliance moves no money", DENY, compliance(), TRANSFER, party()),
    decides("compliance-correct-consents", "compliance corrects a consent", PERMIT, compliance(), CONSENT, party()),
    decides("compliance-correct-consents", "compliance stops a suggestion", PERMIT, compliance(), DECLINE, party()),
    leaves("compliance-correct-consents", "compliance sells nothing", DENY, compliance(), PRODUCT, party()),
    decides("customers-act-for-themselves", "one's own account", PERMIT, customer("party-1"), TRANSFER, party("party-1")),
    decides("customers-act-for-themselves", "of any amount", PERMIT, customer("party-1"), TRANSFER, party("party-1"), amount="50000.00"),
    leaves("customers-act-for-themselves", "somebody else's account", DENY, customer("party-2"), TRANSFER, party("party-1")),
    leaves("customers-act-for-themselves", "no credit for oneself", DENY, customer("party-1"), CREDIT, party("party-1")),
    decides("systems-propose", "alone, if it was given leave", PERMIT, insights(), TRANSFER, party(), autonomy="act_alone"),
    leaves("systems-propose", "a system changes no consent", DENY, insights(), CONSENT, party(), autonomy="act_alone"),
    # --- systems and agents
    decides("system-suggests", "a proposal waits for a person", NEEDS, insights(), TRANSFER, party(), purposes=INSIGHT),
    decides("system-suggests", "an agent's too", NEEDS, agent(), TRANSFER, party()),
    decides("system-suggests", "act with approval is not alone", NEEDS, insights(), TRANSFER, party(), autonomy="act_with_approval"),
    leaves("system-suggests", "a person agreed", PERMIT, insights(), TRANSFER, party(), approval=approved_by(STAFF)),
    leaves("system-suggests", "it may act alone", PERMIT, insights(), TRANSFER, party(), autonomy="act_alone"),
    leaves("system-suggests", "people are no systems", PERMIT, staff(), TRANSFER, party()),
    decides("system-switched-off", "off", DENY, insights(), TRANSFER, party(), autonomy="off"),
    decides("system-switched-off", "only watching", DENY, insights(), TRANSFER, party(), autonomy="watch"),
    decides(
        "system-switched-off", "an approval changes nothing", DENY, agent(), TRANSFER, party(), autonomy="off", approval=approved_by(LEAD)
    ),
    leaves("system-switched-off", "suggest", NEEDS, insights(), TRANSFER, party(), autonomy="suggest"),
    # --- mandates
    leaves("staff-transfer-mandate", "EUR 1,000.00 at once", PERMIT, staff(), TRANSFER, party(), amount="1000.00"),
    decides("staff-transfer-mandate", "EUR 1,000.01 with a team lead", NEEDS, staff(), TRANSFER, party(), amount="1000.01"),
    decides("staff-transfer-mandate", "contact centre too", NEEDS, contact_centre(), TRANSFER, party(), amount="1000.01"),
    leaves("staff-transfer-mandate", "agreed", PERMIT, staff(), TRANSFER, party(), amount="10000.00", approval=approved_by(LEAD)),
    decides("staff-transfer-mandate", "by the wrong one", NEEDS, staff(), TRANSFER, party(), amount="1000.01", approval=approved_by(STAFF)),
    leaves("staff-transfer-mandate", "a lead to EUR 10,000.00", PERMIT, lead(), TRANSFER, party(), amount="10000.00"),
    decides("staff-transfer-mandate", "above nobody", DENY, lead(), TRANSFER, party(), amount="10000.01"),
    decides("staff-transfer-mandate", "even agreed", DENY, staff(), TRANSFER, party(), amount="10000.01", approval=approved_by(LEAD)),
    leaves("staff-transfer-mandate", "CZK 25,000.00", PERMIT, staff(), TRANSFER, party(), amount="25000.00", currency="CZK"),
    decides("staff-transfer-mandate", "CZK 25,000.01", NEEDS, staff(), TRANSFER, party(), amount="25000.01", currency="CZK"),
    decides("staff-transfer-mandate", "other currencies", DENY, lead(), TRANSFER, party(), amount="1.00", currency="JPY"),
    decides("staff-transfer-mandate", "systems", DENY, insights(), TRANSFER, party(), amount="10000.01", autonomy="act_alone"),
    # --- branches
    leaves("staff-own-branch", "one's own branch", PERMIT, staff("B1"), TRANSFER, party(branch="B1")),
    decides("staff-own-branch", "another branch", DENY, staff("B1"), TRANSFER, party(branch="B2")),
    decides("staff-own-branch", "no branch known", DENY, staff("B1"), TRANSFER, party(branch=None)),
    decides("staff-own-branch", "a lead too", DENY, lead("B1"), TRANSFER, party(branch="B2")),
    leaves("staff-own-branch", "contact centre serves all", PERMIT, person(Role.CONTACT_CENTRE, branch="B1"), TRANSFER, party(branch="B2")),
    leaves("staff-own-branch", "compliance sees to all", PERMIT, person(Role.COMPLIANCE, branch="B1"), CONSENT, party(branch="B2")),
    leaves("staff-own-branch", "head office has no branch", PERMIT, staff(None), TRANSFER, party(branch="B2")),
    decides(
        "approval-own-branch",
        "a lead of elsewhere",
        NEEDS,
        contact_centre(),
        TRANSFER,
        party(branch="B1"),
        amount="2000.00",
        approval=approved_by(LEAD, branch="B2"),
    ),
    decides(
        "approval-own-branch",
        "no branch known",
        NEEDS,
        contact_centre(),
        TRANSFER,
        party(branch=None),
        amount="2000.00",
        approval=approved_by(LEAD, branch="B1"),
    ),
    leaves(
        "approval-own-branch",
        "a lead of this branch",
        PERMIT,
        contact_centre(),
        TRANSFER,
        party(branch="B1"),
        amount="2000.00",
        approval=approved_by(LEAD, branch="B1"),
    ),
    leaves(
        "approval-own-branch",
        "a lead of head office",
        PERMIT,
        contact_centre(),
        TRANSFER,
        party(branch="B1"),
        amount="2000.00",
        approval=approved_by(LEAD, branch=None),
    ),
    # --- credit
    decides("no-credit-in-arrears", "one day late", DENY, staff(), CREDIT, party(days_past_due=1)),
    *(
        decides("no-credit-in-arrears", f"a {product} is credit", DENY, staff(), PRODUCT, party(days_past_due=1), product=product)
        for product in ("credit_card", "overdraft", "personal_loan")
    ),
    decides("no-credit-in-arrears", "whoever proposes it", DENY, insights(), CREDIT, party(days_past_due=30), autonomy="act_alone"),
    leaves("no-credit-in-arrears", "nothing overdue", PERMIT, staff(), CREDIT, party(days_past_due=0)),
    leaves("no-credit-in-arrears", "savings are no credit", PERMIT, staff(), PRODUCT, party(days_past_due=90), product="savings"),
    decides("arrears-unknown-no-credit", "not known", DENY, staff(), CREDIT, party(days_past_due=None)),
    decides("arrears-unknown-no-credit", "not known, a card", DENY, staff(), PRODUCT, party(days_past_due=None), product="credit_card"),
    leaves("arrears-unknown-no-credit", "known", PERMIT, staff(), CREDIT, party(days_past_due=0)),
    leaves("arrears-unknown-no-credit", "no credit asked for", PERMIT, staff(), PRODUCT, party(days_past_due=None), product="savings"),
    decides("minors-hold-no-credit", "17", DENY, staff(), CREDIT, party(age_years=17)),
    *(
        decides("minors-hold-no-credit", f"17, a {product}", DENY, staff(), PRODUCT, party(age_years=17), product=product)
        for product in ("credit_card", "overdraft", "personal_loan", "investment")
    ),
    leaves("minors-hold-no-credit", "18", PERMIT, staff(), CREDIT, party(age_years=18)),
    leaves("minors-hold-no-credit", "17, savings", PERMIT, staff(), PRODUCT, party(age_years=17), product="savings"),
    decides("age-unknown-no-credit", "a person", DENY, staff(), CREDIT, party(age_years=None)),
    decides("age-unknown-no-credit", "kind unknown as well", DENY, staff(), CREDIT, party(age_years=None, kind=None)),
    decides("age-unknown-no-credit", "an investment", DENY, staff(), PRODUCT, party(age_years=None), product="investment"),
    leaves("age-unknown-no-credit", "an organisation has none", PERMIT, staff(), CREDIT, party(age_years=None, kind="organisation")),
    leaves("age-unknown-no-credit", "savings", PERMIT, staff(), PRODUCT, party(age_years=None), product="savings"),
    # --- consent
    decides("nothing-without-consent", "not given", DENY, insights(), TRANSFER, party(consents=[]), purposes=INSIGHT),
    decides("nothing-without-consent", "not known", DENY, insights(), TRANSFER, party(consents=None), purposes=INSIGHT),
    decides("nothing-without-consent", "for people too", DENY, staff(), TRANSFER, party(consents=[]), purposes=INSIGHT),
    decides("nothing-without-consent", "one of two", DENY, staff(), TRANSFER, party(), purposes=("payment_insight", "marketing")),
    leaves("nothing-without-consent", "given", PERMIT, staff(), TRANSFER, party(), purposes=INSIGHT),
    leaves("nothing-without-consent", "no data used", PERMIT, staff(), TRANSFER, party(consents=[])),
]


@cache
def parsed(policies: str) -> PolicyText:
    return PolicyText.parse(policies, SCHEMA)


def without(rule: str) -> str:
    """The text with one policy cut out."""
    text, found = re.subn(rf'@id\("{rule}"\).*?\n\}};\n', "", POLICIES, flags=re.DOTALL)
    assert found == 1, rule
    return text


RULES = [rule.id for rule in parsed(POLICIES).rules.values()]


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_the_rule_answers_as_its_example_says(example: Example) -> None:
    assert example.holds(parsed(POLICIES)), parsed(POLICIES).decide(example.request)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_tried_both_ways(rule: str) -> None:
    assert {example.decided for example in EXAMPLES if example.rule == rule} == {True, False}


@pytest.mark.parametrize("rule", RULES)
def test_without_the_rule_another_answer_comes_out(rule: str) -> None:
    mutant = parsed(without(rule))
    own = [example for example in EXAMPLES if example.rule == rule]

    assert any(mutant.decide(example.request).outcome is not example.outcome for example in own)


@pytest.mark.parametrize("rule", parsed(POLICIES).rules.values(), ids=lambda rule: rule.id)
def test_a_rule_speaks_to_staff_and_to_the_customer_in_sentences(rule: Any) -> None:
    for sentence in (rule.sentence, rule.customer_sentence):
        assert sentence[0].isupper()
        assert sentence.endswith(".")


def test_what_no_rule_permits_is_refused_and_says_so() -> None:
    verdict = parsed(POLICIES).decide(request(person(Role.ADMINISTRATOR), TRANSFER, party()))

    assert (verdict.outcome, verdict.rule_ids) == (DENY, ("no-rule-permits",))
