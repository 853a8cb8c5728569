"""Who is independent enough to be a second person: by the hand that answers, and by whose authority it uses."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as some

from bankos.platform import actors, clock
from bankos.platform.actors import Actor, Role
from bankos.platform.ids import uuid7
from bankos.platform.models import User
from sentinel import actions, approvals, mandate_changes
from sentinel.actions import Ran
from sentinel.approvals import MakerIsChecker, NotEligible, State
from sentinel.authority import Outcome
from sentinel.models import Delegation, PolicyVersion
from tests import people

from . import policy_life
from .desk import ask

pytestmark = pytest.mark.usefixtures("authority")


def hire(*roles: Role, under: Actor | None = None, branch: str = "") -> Actor:
    user = User.objects.create(username=str(uuid7()), name="Somebody", branch_code=branch, manager_id=under.id if under else None)
    people.give(user, *roles)
    return actors.employee(user)


def lend(giver: Actor, receiver: Actor, role: Role) -> None:
    """Lent, by whatever way it came to be so: who lends is no matter of the way."""
    people.lend(giver.id, receiver.id, role)


def mandate_for(person: Actor, asker: Actor) -> Ran:
    return mandate_changes.grant(
        person_id=UUID(person.id),
        action="fee.waive",
        amount=Decimal(800),
        currency="EUR",
        until=clock.today() + timedelta(days=10),
        reason="Complaints desk",
        actor=asker,
        at=clock.now(),
    )


def refused(asked: Ran, actor: Actor) -> None:
    assert asked.request_id is not None, asked.sentence
    assert actor.kind == "employee"
    for answer in (actions.approve, actions.refuse):
        with pytest.raises(NotEligible):
            answer(asked.request_id, actor=actor, at=clock.now())
    assert approvals.pending(actor=actor, at=clock.now()) == []
    assert approvals.view(asked.request_id, at=clock.now()).state is State.OPEN


# --- policies: who wrote them


@pytest.fixture
def proposed(author: Actor) -> tuple[PolicyVersion, Ran]:
    """A text one person wrote, and another asks for."""
    version = policy_life.ready(author)
    return version, policy_life.propose(version, hire(Role.ADMINISTRATOR))


def test_the_role_the_author_lent_does_not_approve_the_text(author: Actor, proposed: tuple[PolicyVersion, Ran]) -> None:
    adviser = hire(Role.BRANCH_STAFF)
    lend(author, adviser, Role.COMPLIANCE)

    refused(proposed[1], adviser)


def test_who_has_the_role_from_somebody_independent_too_may_approve(author: Actor, proposed: tuple[PolicyVersion, Ran]) -> None:
    adviser, officer = hire(Role.BRANCH_STAFF), hire(Role.COMPLIANCE)
    lend(author, adviser, Role.COMPLIANCE)
    lend(officer, adviser, Role.COMPLIANCE)

    assert policy_life.approve(proposed[1].request_id, adviser).done


def test_the_lines_of_the_author_do_not_approve_the_text(author: Actor, proposed: tuple[PolicyVersion, Ran]) -> None:
    below = hire(Role.COMPLIANCE, under=author)
    refused(proposed[1], below)
    refused(proposed[1], hire(Role.COMPLIANCE, under=below))
    above = hire(Role.COMPLIANCE)
    people.report_to(author.id, above.id)
    refused(proposed[1], above)


def test_the_lines_of_the_author_lend_nothing(author: Actor, proposed: tuple[PolicyVersion, Ran]) -> None:
    adviser = hire(Role.BRANCH_STAFF)
    lend(hire(Role.COMPLIANCE, under=author), adviser, Role.COMPLIANCE)

    refused(proposed[1], adviser)


def test_a_text_stays_its_authors_when_somebody_drafts_it_again(author: Actor, second: Actor) -> None:
    policy_life.draft(author)
    copied = policy_life.ready(second)

    refused(policy_life.propose(copied, hire(Role.ADMINISTRATOR)), author)


def test_a_new_manager_is_still_in_the_line_of_a_request_that_waits(author: Actor, second: Actor) -> None:
    """Leaving a line while a request waits makes nobody independent of it."""
    boss = hire(Role.COMPLIANCE)
    people.report_to(author.id, boss.id)
    asked = policy_life.propose(policy_life.ready(second), actors.employee(User.objects.get(pk=author.id)))
    people.report_to(author.id, None)

    refused(asked, boss)


# --- powers: who gets them


def test_who_gets_a_mandate_neither_agrees_nor_lends_the_role_that_does() -> None:
    officer, adviser = hire(Role.COMPLIANCE), hire(Role.BRANCH_STAFF)
    asked = mandate_for(officer, hire(Role.ADMINISTRATOR))
    lend(officer, adviser, Role.COMPLIANCE)

    refused(asked, officer)
    refused(asked, adviser)
    refused(asked, hire(Role.COMPLIANCE, under=officer))


@pytest.mark.parametrize("role", [Role.COMPLIANCE, Role.ADMINISTRATOR])
def test_a_role_that_oversees_is_lent_with_a_second_person(role: Role) -> None:
    giver, receiver = hire(role), hire(Role.COMPLIANCE)
    asked = mandate_changes.delegate(
        giver=giver, receiver_id=UUID(receiver.id), role=role, until=clock.today() + timedelta(days=3), reason="Leave", at=clock.now()
    )

    assert asked.decision.outcome is Outcome.NEEDS_APPROVAL
    assert asked.request_id is not None
    with pytest.raises(MakerIsChecker):
        actions.approve(asked.request_id, actor=giver, at=clock.now())
    refused(asked, receiver)
    assert not Delegation.objects.exists()
    assert actions.approve(asked.request_id, actor=hire(Role.ADMINISTRATOR), at=clock.now()).done
    assert Delegation.objects.get().role == role


# --- serving customers: the line of command stays, upwards only


def test_a_lead_agrees_for_their_people_and_nobody_agrees_for_their_boss() -> None:
    lead = hire(Role.TEAM_LEAD, branch="B1")
    below = hire(Role.TEAM_LEAD, Role.BRANCH_STAFF, under=lead, branch="B1")
    of_lead = approvals.request(ask(lead, "fee.waive", amount="200.00"), at=clock.now())
    of_below = approvals.request(ask(below, "fee.waive", amount="200.00"), at=clock.now())

    with pytest.raises(NotEligible):
        approvals.approve(of_lead.id, actor=below, at=clock.now())
    assert approvals.approve(of_below.id, actor=lead, at=clock.now()).state is State.APPROVED


def test_a_role_lent_by_who_reports_to_the_asker_gives_nothing() -> None:
    lead, colleague = hire(Role.TEAM_LEAD, branch="B1"), hire(Role.BRANCH_STAFF, branch="B1")
    lend(hire(Role.TEAM_LEAD, under=lead, branch="B1"), colleague, Role.TEAM_LEAD)
    waiting = approvals.request(ask(lead, "fee.waive", amount="200.00"), at=clock.now())

    with pytest.raises(NotEligible):
        approvals.approve(waiting.id, actor=colleague, at=clock.now())


# --- any house, any hand


@some.composite
def houses(draw: Any) -> tuple[list[int | None], int, int, int, list[int], bool]:
    """Who reports to whom (the place of the manager, always an earlier one), who asks, who gets the power, who answers, who lends."""
    size = draw(some.integers(4, 7))
    managers = [draw(some.none() | some.integers(0, place - 1)) if place else None for place in range(size)]
    person = some.integers(0, size - 1)
    asker, gets = draw(person), draw(person)
    hand = draw(person)
    lenders = draw(some.lists(person.filter(lambda one: one != hand), max_size=2, unique=True))
    return managers, asker, gets, hand, lenders, draw(some.booleans())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(house=houses())
def test_a_power_is_agreed_to_only_by_who_is_independent_in_hand_and_authority(
    house: tuple[list[int | None], int, int, int, list[int], bool],
) -> None:
    managers, asker, gets, hand, lenders, own_role = house
    if asker == gets:
        return

    def line(place: int) -> set[int]:
        above = managers[place]
        return set() if above is None else {above} | line(above)

    def independent(place: int) -> bool:
        return all(place != one and place not in line(one) and one not in line(place) for one in (asker, gets))

    expected = independent(hand) and (own_role or any(independent(lender) for lender in lenders))
    with transaction.atomic():
        staff: list[Actor] = []
        for place, manager in enumerate(managers):
            role = Role.ADMINISTRATOR if place == asker else Role.COMPLIANCE
            roles = [Role.BRANCH_STAFF] if place == hand and place != asker and not own_role else [role]
            staff.append(hire(*roles, under=staff[manager] if manager is not None else None))
        for lender in lenders:
            # A lender holds what is lent.
            people.give(User.objects.get(pk=staff[lender].id), Role.COMPLIANCE)
            lend(staff[lender], staff[hand], Role.COMPLIANCE)
        asked = mandate_for(staff[gets], staff[asker])
        assert asked.request_id is not None, asked.sentence

        error = approvals.hindrance(asked.request_id, actor=staff[hand], at=clock.now())

        event("may" if expected else "may not")
        assert (error is None) is expected
        transaction.set_rollback(True)
