"""People and steps of a policy version's life, for its tests: each step through its own face."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bankos.platform import actors, clock
from bankos.platform.actors import Actor, Role
from bankos.platform.models import Job, User
from sentinel import actions, approvals, authority, impact, policy, policy_changes
from sentinel.actions import Ran
from sentinel.decision import Resource
from sentinel.models import PolicyVersion
from tests import people

from .texts import EXAMPLES, POLICIES, SCHEMA

# The starting set in other words: its examples hold as before.
REWORDED = POLICIES.replace(
    "Staff of a branch act for the customers of that branch", "Staff of a branch serve the customers of that branch"
)
assert REWORDED != POLICIES


def employee(username: str, role: Role, *, manager: User | None = None) -> Actor:
    """Somebody who works at the bank and can sign in."""
    user = User.objects.create(username=username, name=username.capitalize(), manager=manager)
    people.give(user, role)
    return actors.employee(user)


def officer(username: str, *, manager: User | None = None) -> Actor:
    return employee(username, Role.COMPLIANCE, manager=manager)


def draft(author: Actor, *, policies: str = REWORDED, examples: str = EXAMPLES, at: datetime | None = None) -> PolicyVersion:
    return policy_changes.draft_text(author, policies, SCHEMA, examples, "Say it more simply", at or clock.now())


def tried(version: PolicyVersion, *, at: datetime | None = None) -> Job:
    """A finished run of past decisions with this version: none lay in its days."""
    moment = at or clock.now()
    return Job.objects.create(
        kind=impact.REPLAY.name,
        subject=impact.subject_of(version.pk),
        given={"since": (moment - timedelta(days=30)).isoformat(), "until": moment.isoformat()},
        state=Job.State.DONE,
        asked_at=moment,
        alive_at=moment,
        finished_at=moment,
    )


def ready(author: Actor, **given: str) -> PolicyVersion:
    """A draft whose impact its author has looked at."""
    version = draft(author, **given)
    tried(version)
    policy_changes.see_impact(version.pk, author, clock.now())
    return version


def propose(version: PolicyVersion, actor: Actor, *, from_: datetime | None = None, at: datetime | None = None) -> Ran:
    return policy_changes.propose(version.pk, from_=from_, actor=actor, at=at or clock.now(), note="Easier to read")


def approve(request_id: UUID | None, actor: Actor, *, at: datetime | None = None) -> Ran:
    assert request_id is not None
    return actions.approve(request_id, actor=actor, at=at or clock.now(), note="Read and compared")


def put_in_force(policies: str, schema: str = SCHEMA, *, examples: str = "") -> PolicyVersion:
    """A text in force by two people's decision, whatever its examples: they are said to hold."""
    version = policy.draft(policies=policies, schema=schema, examples=examples, note="", at=clock.now())
    permit = unused(version)
    authority.consume_permit(permit, at=clock.now())
    return policy.activate(version.pk, at=clock.now(), decision_id=permit.id)


def unused(version: PolicyVersion) -> authority.Decision:
    """Two people's permit to put a version in force, not used yet."""
    asker, second = employee(f"asker-{version.pk}", Role.ADMINISTRATOR), officer(f"second-{version.pk}")
    resource = Resource("PolicyVersion", str(version.pk), {"store": policy.BANK, "examples_hold": True, "impact_seen": True})
    parameters = {"version": str(version.pk), "sha256": version.sha256, "from": ""}

    def ask(**given: Any) -> authority.Decision:
        return authority.authorize(actor=asker, action="policy.activate", resource=resource, parameters=parameters, at=clock.now(), **given)

    waiting = approvals.request(ask(), at=clock.now())
    approvals.approve(waiting.id, actor=second, at=clock.now())
    return ask(approval=waiting.id)


def in_force(author: Actor, second: Actor, **given: str) -> PolicyVersion:
    """A version that went the whole way."""
    version = ready(author, **given)
    assert approve(propose(version, author).request_id, second).done
    version.refresh_from_db()
    return version
