from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from bankos.platform import clock
from bankos.platform.actors import Actor, Role
from bankos.platform.ids import uuid7
from bankos.platform.models import User
from sentinel import actions, approvals, policy, policy_changes, tokens
from sentinel.actions import NotPossible
from sentinel.authority import Outcome
from sentinel.cedar import moment
from sentinel.example_text import ExamplesInvalid
from sentinel.models import Decision, PolicyVersion
from sentinel.policy import PolicyInvalid
from sentinel.policy_changes import ImpactNotKnown, NotInCharge
from sentinel.verification import verify_row

from . import policy_life as life
from .texts import EXAMPLES, POLICIES, SCHEMA, without

pytestmark = pytest.mark.usefixtures("authority")

LATER = timedelta(hours=3)


def state(version: PolicyVersion) -> str:
    version.refresh_from_db()
    return version.state


def steps(version: PolicyVersion) -> list[tuple[str, str]]:
    return list(version.steps.order_by("id").values_list("kind", "actor_name"))


def test_a_version_is_written_tried_looked_at_proposed_and_approved_by_another_before_it_decides(author: Actor, second: Actor) -> None:
    before = PolicyVersion.objects.get(pk=policy.active().id)
    version = life.draft(author)
    life.tried(version)
    policy_changes.see_impact(version.pk, author, clock.now())

    asked = life.propose(version, author)

    assert not asked.done
    assert asked.request_id is not None
    assert policy.active().number == before.number
    done = life.approve(asked.request_id, second)
    assert done.done
    assert policy.active().id == version.pk
    assert steps(version) == [
        ("drafted", "Paula"),
        ("examples", "bankos"),
        ("impact_seen", "Paula"),
        ("proposed", "Paula"),
        ("approved", "Niamh"),
        ("activated", "Paula"),
    ]
    assert steps(before)[-1] == ("retired", "Paula")
    approved = version.steps.get(kind="approved")
    assert (approved.detail, approved.decision_id) == ("Read and compared", done.decision.id)


def test_the_author_cannot_be_the_second_person(author: Actor, second: Actor) -> None:
    version = life.ready(author)
    asked = life.propose(version, second)

    with pytest.raises(approvals.NotEligible):
        life.approve(asked.request_id, author)

    assert state(version) == "draft"


def test_who_asked_cannot_approve(author: Actor) -> None:
    asked = life.propose(life.ready(author), author)

    with pytest.raises(approvals.MakerIsChecker):
        life.approve(asked.request_id, author)


def test_an_administrator_may_propose_but_not_be_the_second_person(author: Actor) -> None:
    administrator = life.employee("orla", Role.ADMINISTRATOR)
    version = life.ready(author)
    asked = life.propose(version, administrator)
    assert asked.request_id is not None
    other = life.employee("adam", Role.ADMINISTRATOR)

    with pytest.raises(approvals.NotEligible):
        life.approve(asked.request_id, other)


def test_neither_of_the_two_may_report_to_the_other(author: Actor) -> None:
    head = User.objects.get(pk=author.user_id)
    reporting = life.officer("rita", manager=head)
    asked = life.propose(life.ready(author), author)

    with pytest.raises(approvals.NotEligible):
        life.approve(asked.request_id, reporting)


def test_a_version_whose_examples_fail_is_kept_but_never_proposed(author: Actor) -> None:
    version = life.ready(author, policies=without("no-credit-in-arrears"))

    assert not policy_changes.examples_hold(version)
    assert "do not hold" in version.steps.get(kind="examples").detail
    asked = life.propose(version, author)
    assert asked.decision.outcome is Outcome.DENY
    assert [rule.id for rule in asked.decision.rules] == ["policy-proved-first"]
    assert "proposed" not in dict(steps(version))


def test_a_version_nobody_looked_at_the_impact_of_is_not_proposed(author: Actor) -> None:
    version = life.draft(author)
    life.tried(version)

    assert life.propose(version, author).decision.outcome is Outcome.DENY


def test_the_impact_is_seen_only_once_this_very_version_was_tried_to_its_end(author: Actor) -> None:
    version, other = life.draft(author), life.draft(author)
    life.tried(other)
    with pytest.raises(ImpactNotKnown):
        policy_changes.see_impact(version.pk, author, clock.now())
    run = life.tried(version)
    run.state = "running"
    run.save()
    with pytest.raises(ImpactNotKnown):
        policy_changes.see_impact(version.pk, author, clock.now())
    run.state = "done"
    run.save()

    for _ in range(2):
        policy_changes.see_impact(version.pk, author, clock.now())

    assert [kind for kind, _ in steps(version)].count("impact_seen") == 1


def test_an_impact_looked_at_before_another_version_came_into_force_no_longer_counts(author: Actor, second: Actor) -> None:
    version = life.ready(author)
    life.in_force(author, second, policies=POLICIES + "\n// A remark.\n")

    with pytest.raises(NotPossible, match="since its impact was looked at"):
        life.propose(version, author)
    with pytest.raises(ImpactNotKnown, match="Try it again"):
        policy_changes.see_impact(version.pk, author, clock.now())

    life.tried(version)
    policy_changes.see_impact(version.pk, author, clock.now())
    assert life.propose(version, author).request_id is not None


def test_a_request_that_became_stale_cannot_be_approved_and_stays_open(author: Actor, second: Actor) -> None:
    version = life.ready(author)
    asked = life.propose(version, author)
    life.in_force(author, second, policies=POLICIES + "\n// A remark.\n")

    with pytest.raises(NotPossible, match="since its impact was looked at"):
        life.approve(asked.request_id, second)

    assert approvals.view(asked.request_id, at=clock.now()).state is approvals.State.OPEN
    assert state(version) == "draft"


def test_a_refusal_leaves_a_draft_with_its_reason_and_it_may_be_proposed_again(author: Actor, second: Actor) -> None:
    version = life.ready(author)
    asked = life.propose(version, author)

    actions.refuse(asked.request_id, actor=second, at=clock.now(), note="The wording is unclear")

    assert state(version) == "draft"
    refused = version.steps.get(kind="refused")
    assert (refused.actor_name, refused.detail) == ("Niamh", "The wording is unclear")
    assert life.propose(version, author).request_id not in (None, asked.request_id)


def test_a_version_waits_for_one_answer_at_a_time(author: Actor, second: Actor) -> None:
    version = life.ready(author)
    life.propose(version, author)

    with pytest.raises(NotPossible, match="waits for an answer already"):
        life.propose(version, second)


def test_what_was_in_force_cannot_be_proposed_again(author: Actor, second: Actor) -> None:
    version = life.in_force(author, second)

    with pytest.raises(NotPossible, match="no draft any more"):
        life.propose(version, author)


def test_branch_staff_neither_write_nor_propose(author: Actor) -> None:
    clerk = life.employee("anna", Role.BRANCH_STAFF)
    with pytest.raises(NotInCharge):
        life.draft(clerk)
    version = life.ready(author)
    with pytest.raises(NotInCharge):
        policy_changes.see_impact(version.pk, clerk, clock.now())

    assert life.propose(version, clerk).decision.outcome is Outcome.DENY


def test_an_approved_version_takes_over_at_its_moment_and_not_before(author: Actor, second: Actor) -> None:
    now, before = clock.now(), policy.active().number
    version = life.ready(author)
    asked = life.propose(version, author, from_=now + LATER)
    assert life.approve(asked.request_id, second).done
    assert state(version) == "scheduled"

    assert policy_changes.activate_due(now + LATER - timedelta(seconds=1)) == []
    assert policy.active().number == before
    assert [one.pk for one in policy_changes.activate_due(now + LATER)] == [version.pk]
    assert policy_changes.activate_due(now + LATER) == []

    assert policy.active().id == version.pk
    assert steps(version)[-1] == ("activated", "bankos")


def test_a_moment_that_passed_while_the_request_waited_means_at_once(author: Actor, second: Actor) -> None:
    version = life.ready(author)
    asked = life.propose(version, author, from_=clock.now() + timedelta(minutes=5))

    life.approve(asked.request_id, second, at=clock.now() + timedelta(minutes=5))

    assert state(version) == "active"


def test_a_moment_in_the_past_is_sent_back(author: Actor) -> None:
    with pytest.raises(NotPossible, match="passed"):
        life.propose(life.ready(author), author, from_=clock.now() - timedelta(minutes=1))


def test_of_two_versions_due_at_the_same_time_the_newer_one_wins(author: Actor, second: Actor) -> None:
    now = clock.now()
    older, newer = life.ready(author), life.ready(author)
    for version in (newer, older):
        life.approve(life.propose(version, author, from_=now + LATER).request_id, second)

    policy_changes.activate_due(now + LATER)

    assert policy.active().id == newer.pk
    assert state(older) == "retired"


def test_a_scheduled_version_does_not_take_over_from_a_newer_one_that_came_into_force_meanwhile(author: Actor, second: Actor) -> None:
    now = clock.now()
    scheduled = life.ready(author)
    life.approve(life.propose(scheduled, author, from_=now + LATER).request_id, second)
    newer = life.in_force(author, second)

    assert policy_changes.activate_due(now + LATER) == []

    assert policy.active().id == newer.pk
    assert state(scheduled) == "refused"
    assert f"version {newer.number} came into force" in scheduled.steps.get(kind="refused").detail


def test_an_older_draft_approved_while_a_newer_version_is_in_force_may_take_over(author: Actor, second: Actor) -> None:
    now = clock.now()
    older = life.draft(author)
    life.in_force(author, second)
    life.tried(older)
    policy_changes.see_impact(older.pk, author, clock.now())
    life.approve(life.propose(older, author, from_=now + LATER).request_id, second)

    assert [one.pk for one in policy_changes.activate_due(now + LATER)] == [older.pk]


def test_going_back_drafts_the_old_text_which_goes_the_same_way_as_any_other(author: Actor, second: Actor) -> None:
    first = PolicyVersion.objects.get(pk=policy.active().id)
    life.in_force(author, second)

    again = policy_changes.roll_back_to(first.pk, author, clock.now())

    assert (again.state, again.sha256, again.number) == ("draft", first.sha256, first.number + 2)
    assert life.propose(again, author).decision.outcome is Outcome.DENY
    life.tried(again)
    policy_changes.see_impact(again.pk, author, clock.now())
    life.approve(life.propose(again, author).request_id, second)
    assert policy.active().sha256 == first.sha256


def test_only_what_was_in_force_before_can_be_gone_back_to(author: Actor) -> None:
    for version in (PolicyVersion.objects.get(pk=policy.active().id), life.draft(author)):
        with pytest.raises(NotPossible):
            policy_changes.roll_back_to(version.pk, author, clock.now())


def test_a_text_that_cannot_be_read_is_not_kept(author: Actor) -> None:
    before = PolicyVersion.objects.count()

    with pytest.raises(PolicyInvalid):
        policy_changes.draft_text(author, "permit (principal, action, resource);", SCHEMA, EXAMPLES, "", clock.now())
    with pytest.raises(ExamplesInvalid):
        policy_changes.draft_text(author, POLICIES, SCHEMA, "{}", "", clock.now())

    assert PolicyVersion.objects.count() == before


# --- each version in force names who let it be so


def permits(version: PolicyVersion) -> Decision:
    return Decision.objects.select_related("policy_version").get(pk=PolicyVersion.objects.get(pk=version.pk).activation_decision_id)


def test_a_version_in_force_names_the_decision_of_two_people(author: Actor, second: Actor) -> None:
    version = life.in_force(author, second)

    row = permits(version)
    [agreed] = tokens.read(row.token)["approvals"]
    answered = Decision.objects.get(pk=agreed["decision"])
    assert (row.action, row.resource_id, row.outcome, row.actor_id) == ("policy.activate", str(version.pk), "permit", author.id)
    assert (answered.action, answered.actor_id) == ("approval.answer", second.id)
    assert answered.parameters["decision"] == str(Decision.objects.get(action="policy.activate", outcome="needs_approval").pk)
    assert version.steps.get(kind="activated").decision_id == row.pk


def test_a_version_that_comes_into_force_later_names_what_was_decided_before(author: Actor, second: Actor) -> None:
    version, later = life.ready(author), clock.now() + timedelta(days=2)
    life.approve(life.propose(version, author, from_=later).request_id, second)
    decided = permits(version)

    assert policy_changes.activate_due(later) == [version]

    assert permits(version) == decided
    assert tokens.read(decided.token)["authorization_details"][0]["parameters"]["from"] == moment(later)
    assert version.steps.get(kind="activated").decision_id == decided.pk


def test_the_banks_first_policies_name_a_decision_of_bankos_itself() -> None:
    row = permits(PolicyVersion.objects.get(number=1))

    assert (row.actor_kind, row.rules, row.policy_version) == ("system", ["first-policies"], None)
    assert row.consumption is not None
    assert verify_row(row).ok


@pytest.mark.parametrize("by", ["nobody", "what is no decision", "a decision on another text", "a no", "a permit that was not used"])
def test_no_row_alone_puts_a_version_in_force(author: Actor, second: Actor, by: str) -> None:
    """A version that says of itself that it was approved, and its moment has come: the database takes it from nobody but its owner."""
    asked = life.propose(life.ready(author), author)
    version = life.draft(author, policies=life.REWORDED.replace("serve the customers", "look after the customers"))
    named = {
        "nobody": lambda: None,
        "what is no decision": uuid7,
        "a decision on another text": lambda: life.approve(asked.request_id, second).decision.id,
        "a no": lambda: asked.decision.id,
        "a permit that was not used": lambda: life.unused(version).id,
    }[by]()
    version.state, version.active_from, version.activation_decision_id = "scheduled", clock.now(), named
    refusal = r"no decision puts|not signed by the bank"
    with pytest.raises(DatabaseError, match=refusal), transaction.atomic():
        version.save()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE; SET LOCAL session_replication_role = replica")
        version.save()
        cursor.execute("SET LOCAL session_replication_role = origin; SET LOCAL ROLE bankos_app")
    before = policy.active()

    assert policy_changes.activate_due(clock.now() + timedelta(seconds=1)) == []

    version.refresh_from_db()
    assert (version.state, policy.active().id) == ("refused", before.id)
    assert "Set aside" in version.steps.get(kind="refused").detail


def test_a_permit_for_later_does_not_put_a_version_in_force_at_once(author: Actor, second: Actor) -> None:
    version, later = life.ready(author), clock.now() + timedelta(days=2)
    life.approve(life.propose(version, author, from_=later).request_id, second)

    with pytest.raises(policy.NotDecided):
        policy.activate(version.pk, at=clock.now(), decision_id=permits(version).pk)
