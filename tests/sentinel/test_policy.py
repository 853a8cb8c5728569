from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from bankos.platform import clock
from sentinel import policy
from sentinel.authority import Outcome
from sentinel.cedar import EngineFailed, PolicyInvalid, PolicyText
from sentinel.models import PolicyVersion
from sentinel.policy import NotADraft, starting_set

from .desk import CREDIT, TRANSFER, ask, party, staff
from .test_examples import POLICIES, SCHEMA, parsed, request, without

NOTES = '@sentence("S.") @customer("C.") @owner("O") @basis("B")'


def test_the_command_loads_the_starting_set_once(db: None) -> None:
    before = PolicyVersion.objects.count()
    said = [StringIO(), StringIO()]
    for out in said:
        call_command("policies", stdout=out)

    assert PolicyVersion.objects.count() == max(before, 1)
    assert "nothing changed" in said[1].getvalue()
    in_force = policy.active()
    assert in_force.sha256 == policy.text_hash(*starting_set())


def test_a_new_version_decides_from_its_activation_on_and_the_old_one_is_retired(authority: None) -> None:
    old = policy.active()
    late = party(days_past_due=9)
    drafted = policy.draft(policies=without("no-credit-in-arrears"), schema=SCHEMA, note="Offer credit in arrears", at=clock.now())
    assert ask(action=CREDIT, resource=late).outcome is Outcome.DENY

    policy.activate(drafted.pk, at=clock.now())

    assert ask(action=CREDIT, resource=late).outcome is Outcome.PERMIT
    assert policy.active().number == old.number + 1
    retired = PolicyVersion.objects.get(pk=old.id)
    assert (retired.state, retired.retired_at is not None) == ("retired", True)
    assert [record.state for record in retired.history.order_by("history_date")][-2:] == ["active", "retired"]


def test_going_back_is_a_new_number_with_the_old_hash(authority: None) -> None:
    first = policy.active()
    other = policy.draft(policies=without("staff-own-branch"), schema=SCHEMA, note="", at=clock.now())
    policy.activate(other.pk, at=clock.now())

    again = policy.draft(policies=POLICIES, schema=SCHEMA, note="Back", at=clock.now())
    policy.activate(again.pk, at=clock.now())

    assert (policy.active().number, policy.active().sha256) == (first.number + 2, first.sha256)


def test_only_a_draft_is_activated(authority: None) -> None:
    with pytest.raises(NotADraft):
        policy.activate(policy.active().id, at=clock.now())


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE sentinel_policyversion SET policies = policies || ' '",
        "UPDATE sentinel_policyversion SET schema = schema || ' '",
        "UPDATE sentinel_policyversion SET sha256 = repeat('0', 64)",
        "UPDATE sentinel_policyversion SET number = number + 100",
        "UPDATE sentinel_policyversion SET state = 'draft'",
        "DELETE FROM sentinel_policyversion",
    ],
)
def test_the_text_of_a_version_cannot_be_changed(authority: None, change: str) -> None:
    with pytest.raises(DatabaseError, match=r"fixed|cannot go|permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("permit (principal, action resource);", "unexpected token"),
        (f'@id("a") {NOTES} permit (principal, action, resource) when {{ principal.roles.contains("x") }};', "a.*roles"),
        (f'@id("a") {NOTES} permit (principal, action, resource) when {{ resource.age_years < 18 }};', "a.*age_years"),
        ('@id("a") @sentence("S.") permit (principal, action, resource);', "a lacks @customer, @owner, @basis"),
        (f"{NOTES} permit (principal, action, resource);", "policy0 lacks @id"),
        (f'@id("a") {NOTES} permit (principal, action, resource); @id("a") {NOTES} forbid (principal, action, resource);', "twice"),
        (f'@id("no-rule-permits") {NOTES} permit (principal, action, resource);', "twice"),
    ],
    ids=["syntax", "type", "missing fact", "annotations", "no id", "same id", "reserved id"],
)
def test_a_text_that_cannot_be_used_is_refused_with_rule_and_reason(text: str, problem: str) -> None:
    with pytest.raises(PolicyInvalid, match=problem):
        PolicyText.parse(text, SCHEMA)


def test_a_schema_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(PolicyInvalid):
        PolicyText.parse(POLICIES, "entity Party = {")


def test_rules_are_named_in_the_order_they_stand_in_the_text() -> None:
    text = "".join(f'@id("r{number}") {NOTES} permit (principal, action, resource);' for number in range(12))

    verdict = PolicyText.parse(text, SCHEMA).decide(request(staff(), TRANSFER, party()))

    assert verdict.rule_ids == tuple(f"r{number}" for number in range(12))


def test_a_policy_that_fails_while_it_is_evaluated_permits_nothing() -> None:
    """Cedar leaves a failing policy out; a forbid left out would be a permit."""
    failing = f"""
        @id("a") {NOTES} permit (principal, action, resource);
        @id("b") {NOTES} forbid (principal, action, resource)
        when {{ resource has age_years && resource.age_years * 9223372036854775807 < 0 }};
    """

    with pytest.raises(EngineFailed):
        PolicyText.parse(failing, SCHEMA).decide(request(staff(), TRANSFER, party(age_years=2)))


def test_obligations_come_from_the_rules_that_permit() -> None:
    text = f'@id("a") @obligation("disclose-costs second-look") {NOTES} permit (principal, action, resource);'

    assert PolicyText.parse(text, SCHEMA).decide(request(staff(), TRANSFER, party())).obligations == ("disclose-costs", "second-look")


def test_the_starting_set_is_complete() -> None:
    assert len(parsed(POLICIES).rules) == 14
