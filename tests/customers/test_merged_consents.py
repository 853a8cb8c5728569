"""A merge never widens a consent, whatever was said before, in between and after."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bankos.platform import clock
from bankos.platform.actors import Actor, Role
from customers import consents, identity, state
from sentinel import policy
from tests.bank import Bank

PURPOSE = "payment_insight"
WHO = st.integers(0, 2)
STEPS = st.lists(st.tuples(st.sampled_from(["join", "join", "undo", "yes", "no"]), WHO, WHO), max_size=8)


@dataclass
class Lives:
    """Three customers, two of whom agreed to a use of their data."""

    parties: list[UUID]
    clerk: Actor
    joined: list[UUID] = field(default_factory=list)

    def agreed(self, at: datetime) -> dict[UUID, bool]:
        return {party: PURPOSE in state.facts_for_decision(party, at=at).consents for party in self.parties}

    def customer(self, number: int) -> UUID:
        return identity.golden_of(self.parties)[self.parties[number]]

    def join(self, one: int, other: int, at: datetime) -> None:
        keep, absorb = self.customer(one), self.customer(other)
        if keep != absorb:
            self.joined.append(identity.join_parties(keep=keep, absorb=absorb, at=at))

    def undo(self, at: datetime) -> None:
        if self.joined:
            identity.undo_move(self.joined.pop(), at=at)

    def say(self, number: int, given: bool, at: datetime) -> None:
        consents.change_consent(self.parties[number], purpose=PURPOSE, given=given, channel="phone", actor=self.clerk, at=at)

    def same_customer_as(self, number: int) -> set[UUID]:
        customer = self.customer(number)
        return {party for party, golden in identity.golden_of(self.parties).items() if golden == customer}


@pytest.fixture
def lives(bank: Bank) -> Lives:
    policy.load_starting_set(at=clock.now())
    people = [bank.customer(consents={PURPOSE: given}) for given in (True, True, False)]
    return Lives([one.id for one in people], bank.staff(Role.CONTACT_CENTRE))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_a_merge_never_widens_a_consent(lives: Lives, steps: list[tuple[str, int, int]]) -> None:
    start = clock.now()
    with transaction.atomic():
        lives.joined.clear()
        for number, (act, one, other) in enumerate(steps):
            at = start + timedelta(seconds=number + 1)
            before = lives.agreed(at)
            if act == "join":
                lives.join(one, other, at)
                assert all(before[party] for party, given in lives.agreed(at).items() if given)
            elif act == "undo":
                lives.undo(at)
            else:
                lives.say(one, act == "yes", at)
                # Said to the customer as they are made up now, it counts for all they are made of.
                now = lives.agreed(at)
                assert {now[party] for party in lives.same_customer_as(one)} == {act == "yes"}
        transaction.set_rollback(True)


def test_undoing_a_merge_brings_back_what_each_said(lives: Lives) -> None:
    at = clock.now()
    before = lives.agreed(at)
    lives.join(0, 2, at)
    assert lives.agreed(at) == {**before, lives.parties[0]: False}
    lives.say(0, True, at + timedelta(seconds=1))
    assert all(lives.agreed(at + timedelta(seconds=1)).values())

    lives.undo(at + timedelta(seconds=2))

    assert lives.agreed(at + timedelta(seconds=2)) == before
