"""Customers opened twice: found at once, joined as far as a machine may, and asked about otherwise."""

from collections.abc import Callable

import pytest

from bankos.platform import clock
from bankos.platform.actors import Actor
from customers import identity
from customers.linkage import review
from customers.linkage.joining import LINKAGE, MODEL
from customers.models import LinkVerdict, PartyAct, PartyLink
from sentinel import autonomy
from sentinel.models import Decision
from tests import machines
from tests.bank import Bank, Branch, Customer

from .conftest import BORN

Resolve = Callable[..., PartyLink | None]
State = PartyLink.State


def one_customer(*customers: Customer) -> bool:
    return len(set(identity.golden_of([customer.id for customer in customers]).values())) == 1


def test_the_same_person_is_joined_by_a_machine_that_may_act_alone(
    mary: Customer, again: Customer, brother: Customer, resolved: Resolve, act_alone: None
) -> None:
    link = resolved(mary, again)

    assert link is not None
    assert link.state == State.JOINED
    assert one_customer(mary, again)
    assert not one_customer(mary, brother)
    (act,) = PartyAct.objects.all()
    decision = Decision.objects.get(pk=act.decision_id)
    assert (decision.actor_id, decision.action, decision.outcome) == (LINKAGE.id, "party.join", "permit")


@pytest.mark.parametrize("level", [autonomy.Level.OFF, autonomy.Level.WATCH, autonomy.Level.SUGGEST, autonomy.Level.ACT_WITH_APPROVAL])
def test_a_machine_that_may_not_act_alone_leaves_it_to_a_person(
    level: autonomy.Level, mary: Customer, again: Customer, resolved: Resolve, policies: None, adviser: Actor
) -> None:
    machines.let(subject=LINKAGE.id, action="party.join", level=level, reason="Just begun", at=clock.now())

    resolved(mary, again)

    assert not one_customer(mary, again)
    assert [pair.left.name for pair in review.waiting(adviser, at=clock.now())] == ["Mary Considine"]


def test_where_nobody_let_the_machine_act_alone_nothing_is_asked(
    mary: Customer, again: Customer, resolved: Resolve, policies: None
) -> None:
    resolved(mary, again)

    assert not Decision.objects.filter(actor_id=LINKAGE.id).exists()


@pytest.mark.parametrize(
    ("settings", "allowed"),
    [
        ([], False),
        ([("", "", "act_alone")], True),
        ([("", "party.join", "act_with_approval")], False),
        ([(LINKAGE.id, "party.join", "act_alone")], True),
        ([(LINKAGE.id, "party.part", "act_alone")], False),
        ([("insights.offers", "party.join", "act_alone")], False),
    ],
    ids=str,
)
def test_a_machine_asks_where_any_customer_might_be_left_to_it(settings: list[tuple[str, str, str]], allowed: bool, db: None) -> None:
    for subject, action, level in settings:
        machines.let(subject=subject, action=action, level=autonomy.Level(level), reason="A test", at=clock.now())

    assert autonomy.may_act_alone(subjects=(LINKAGE.id, MODEL), action="party.join") is allowed


def test_twins_are_never_joined_by_a_machine(mary: Customer, brother: Customer, resolved: Resolve, act_alone: None) -> None:
    resolved(mary, brother)

    assert not one_customer(mary, brother)


def test_contradicting_birth_dates_are_left_to_people_whatever_the_level(
    mary: Customer, born_otherwise: Customer, resolved: Resolve, act_alone: None, adviser: Actor
) -> None:
    link = resolved(mary, born_otherwise)

    assert link is not None
    assert link.state == State.OPEN
    assert review.pair(link.pk, adviser).contradicts == "birth_date"


def test_a_pair_told_apart_is_never_asked_about_again(
    mary: Customer, again: Customer, resolved: Resolve, policies: None, adviser: Actor
) -> None:
    link = resolved(mary, again)
    assert link is not None
    review.decide(link.pk, LinkVerdict.Verdict.DIFFERENT, reason="Mother and daughter, both were here", actor=adviser, at=clock.now())

    resolved(mary, again)

    assert PartyLink.objects.get().state == State.APART
    assert review.waiting(adviser, at=clock.now()) == []
    decision = Decision.objects.get(pk=LinkVerdict.objects.get().decision_id)
    assert (decision.action, decision.outcome, decision.consumption is not None) == ("party.tell_apart", "permit", True)


def test_unless_one_of_the_records_says_something_new(
    bank: Bank, mary: Customer, again: Customer, resolved: Resolve, policies: None, adviser: Actor
) -> None:
    link = resolved(mary, again)
    assert link is not None
    review.decide(link.pk, LinkVerdict.Verdict.DIFFERENT, reason="Both were here", actor=adviser, at=clock.now())

    bank.moves(again, street="40 Bridge Street")
    resolved(mary, again)

    assert [pair.id for pair in review.waiting(adviser, at=clock.now())] == [link.pk]


def test_whoever_was_told_apart_is_not_joined_by_way_of_a_third(
    bank: Bank, galway: Branch, mary: Customer, again: Customer, resolved: Resolve, adviser: Actor, policies: None
) -> None:
    link = resolved(mary, again)
    assert link is not None
    review.decide(link.pk, LinkVerdict.Verdict.DIFFERENT, reason="Both were here", actor=adviser, at=clock.now())
    machines.let(subject=LINKAGE.id, action="party.join", level=autonomy.Level.ACT_ALONE, reason="No merge was undone", at=clock.now())

    bank.customer("Mary Considine", born=BORN, branch=galway, street="12 Shop Street", phone="+353 88 900 4417")
    resolved(mary, again)

    assert not one_customer(mary, again)


def test_resolving_twice_changes_nothing(mary: Customer, again: Customer, resolved: Resolve, act_alone: None) -> None:
    resolved(mary, again)
    before = list(PartyLink.objects.values()), PartyAct.objects.count()

    resolved(mary, again)

    assert (list(PartyLink.objects.values()), PartyAct.objects.count()) == before
