from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from bankos.platform import clock
from sentinel import policy
from sentinel.authority import Outcome
from sentinel.cedar import EngineFailed, PolicyInvalid, PolicyText
from sentinel.models import PolicyVersion
from sentinel.policy import NotADraft, Texts, starting_set
from sentinel.policy_source import Statement, statements

from .desk import CREDIT, TRANSFER, ask, party, staff
from .policy_life import put_in_force
from .texts import EXAMPLES, POLICIES, SCHEMA, request, without

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
    assert ask(action=CREDIT, resource=late).outcome is Outcome.DENY

    put_in_force(without("no-credit-in-arrears"))

    assert ask(action=CREDIT, resource=late).outcome is Outcome.PERMIT
    assert policy.active().number == old.number + 1
    retired = PolicyVersion.objects.get(pk=old.id)
    assert (retired.state, retired.retired_at is not None) == ("retired", True)
    assert [record.state for record in retired.history.order_by("history_date")][-2:] == ["active", "retired"]


def test_going_back_is_a_new_number_with_the_old_hash(authority: None) -> None:
    first = policy.active()
    put_in_force(without("staff-own-branch"))

    put_in_force(POLICIES, examples=EXAMPLES)

    assert (policy.active().number, policy.active().sha256) == (first.number + 2, first.sha256)


def test_only_a_draft_is_activated(authority: None) -> None:
    with pytest.raises(NotADraft):
        policy.activate(policy.active().id, at=clock.now(), decision_id=None)


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
        (f"{NOTES} permit (principal, action, resource);", "this policy lacks @id"),
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


def test_the_files_are_tried_without_a_database() -> None:
    said = StringIO()

    call_command("policies", "--check", stdout=said)

    assert "examples hold" in said.getvalue()


def test_files_that_do_not_hold_are_told_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "starting_set", lambda: Texts(without("no-credit-in-arrears"), SCHEMA, EXAMPLES))
    with pytest.raises(CommandError, match="no-credit-in-arrears: Does not hold"):
        call_command("policies", "--check")

    monkeypatch.setattr(policy, "starting_set", lambda: Texts(POLICIES, SCHEMA + "}", "{}"))
    with pytest.raises(CommandError, match="schema, line"):
        call_command("policies", "--check")


def test_a_newer_starting_set_waits_as_a_draft_while_the_bank_s_version_stays_in_force(
    authority: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, said = policy.active(), StringIO()
    monkeypatch.setattr(policy, "starting_set", lambda: Texts(without("no-credit-in-arrears"), SCHEMA, EXAMPLES))

    call_command("policies", stdout=said)

    assert policy.active() == before
    assert PolicyVersion.objects.get(number=before.number + 1).state == "draft"
    assert f"/policies/{before.number + 1}/" in said.getvalue()
    call_command("policies", stdout=said)
    assert PolicyVersion.objects.count() == before.number + 1


@pytest.mark.parametrize(
    ("policies", "schema", "line", "what", "in_schema"),
    [
        (POLICIES + "\npermit (principal, action resource);\n", SCHEMA, POLICIES.count("\n") + 2, "unexpected token `resource`", False),
        (POLICIES + "\npermit (principal, action,\n", SCHEMA, POLICIES.count("\n") + 2, "unexpected end of input", False),
        (POLICIES, SCHEMA + "\nentity Party;", SCHEMA.count("\n") + 2, "declared twice", True),
        (POLICIES, SCHEMA + "\nentity Entry = {\n  about: Nobody\n};", SCHEMA.count("\n") + 3, "Nobody", True),
    ],
    ids=["token", "end", "twice", "unknown type"],
)
def test_what_cannot_be_read_is_told_with_its_line(policies: str, schema: str, line: int, what: str, in_schema: bool) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        PolicyText.parse(policies, schema)

    [problem] = refused.value.problems
    assert (problem.line, problem.in_schema) == (line, in_schema)
    assert what in problem.what


def test_every_problem_of_a_text_is_told_at_once_in_its_order() -> None:
    text = (
        POLICIES.replace('@owner("Compliance")', "", 2)
        + f'\n@id("no-credit-in-arrears") {NOTES}\nforbid (principal is Nobody, action, resource);'
    )

    with pytest.raises(PolicyInvalid) as refused:
        PolicyText.parse(text, SCHEMA)

    lines = [problem.line for problem in refused.value.problems]
    assert len(lines) >= 4
    assert lines == sorted(lines)
    assert lines[-1] == POLICIES.count("\n") + 2


@given(st.permutations(statements(POLICIES)))
@settings(max_examples=20, deadline=None)
def test_each_policy_is_found_on_its_line_however_they_are_ordered(written: list[Statement]) -> None:
    text = "\n\n".join(one.remarks + one.source for one in written)

    found = statements(text)

    assert [one.id for one in found] == [one.id for one in written]
    lines = text.splitlines()
    assert all(lines[one.line - 1] == f'@id("{one.id}")' for one in found)


def test_what_looks_like_the_end_of_a_policy_in_a_text_or_a_remark_is_none() -> None:
    text = '// A remark; it says ";"\n@id("a;b") @sentence("One // two;") permit (principal, action, resource);\n// The end;'

    [found] = statements(text)

    assert (found.id, found.line, found.remarks) == ("a;b", 2, '// A remark; it says ";"\n')
