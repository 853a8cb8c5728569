"""Who finds which work, in which order, and that nobody does what another has taken."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from bankos.platform import clock
from bankos.platform.actors import Actor, Role
from bankos.platform.ids import uuid7
from journeys import work
from journeys.models import WorkItem
from journeys.work import AlreadyClaimed, NotVisible
from tests.bank import Bank, Branch

from .household import Household

pytestmark = pytest.mark.django_db


def suggest(home: Household, *, hours: float = 24, harm: str = "0", title: str = "Move EUR 120 from savings", **given: Any) -> UUID:
    at = clock.now()
    return work.add(
        **{
            "kind": "suggestion",
            "party_id": home.party_id,
            "title": title,
            "why": "The account goes below zero on Thursday.",
            "due_at": at + timedelta(hours=hours),
            "branch_code": home.branch,
            "subject_id": uuid7(),
            "at": at,
            "harm": Decimal(harm),
            **given,
        }
    )


def ids(actor: Actor, view: str = "team") -> list[UUID]:
    return [row.id for row in work.open_items(actor=actor, view=view, at=clock.now())]


def test_a_row_says_all_the_list_shows(home: Household, staff: Actor) -> None:
    subject, due_at = uuid7(), clock.now() + timedelta(hours=1)
    item = suggest(home, subject_id=subject, due_at=due_at)
    [row] = work.open_items(actor=staff, view="team", at=clock.now())
    assert row == work.WorkRow(
        id=item,
        kind="suggestion",
        title="Move EUR 120 from savings",
        party_id=home.party_id,
        party_name=home.name,
        why="The account goes below zero on Thursday.",
        due_at=due_at,
        owner_name="",
        mine=False,
        subject_id=subject,
        overdue=False,
    )


def test_the_order_is_time_left_and_then_harm(home: Household, staff: Actor) -> None:
    due_at: datetime = clock.now() + timedelta(days=2)
    later = suggest(home, hours=72, harm="9000")
    small = suggest(home, due_at=due_at, harm="10")
    great = suggest(home, due_at=due_at, harm="500")
    late = suggest(home, hours=-1)
    assert ids(staff) == [late, great, small, later]
    assert [row.overdue for row in work.open_items(actor=staff, at=clock.now())] == [True, False, False, False]


def test_a_subject_is_on_the_list_once(home: Household, staff: Actor) -> None:
    subject = uuid7()
    assert suggest(home, subject_id=subject) == suggest(home, subject_id=subject, title="Again")
    assert len(ids(staff)) == 1


def test_what_is_closed_is_off_the_list(home: Household, staff: Actor) -> None:
    subject = uuid7()
    item = suggest(home, subject_id=subject)
    work.close(subject)
    work.close(subject)
    assert ids(staff) == []
    with pytest.raises(NotVisible):
        work.claim(item, actor=staff, at=clock.now())


def test_staff_find_the_work_of_their_branch_only(home: Household, neighbours: Household, staff: Actor, staff_elsewhere: Actor) -> None:
    ours, theirs = suggest(home), suggest(neighbours)
    assert ids(staff) == [ours]
    assert ids(staff_elsewhere) == [theirs]
    for item, stranger in ((ours, staff_elsewhere), (theirs, staff)):
        with pytest.raises(NotVisible):
            work.claim(item, actor=stranger, at=clock.now())
        with pytest.raises(NotVisible):
            work.item(item, actor=stranger, at=clock.now())
    assert work.take_next(actor=staff_elsewhere, at=clock.now()).id == theirs  # type: ignore[union-attr]


def test_the_contact_centre_finds_the_work_of_every_branch(home: Household, neighbours: Household, contact_centre: Actor) -> None:
    everywhere = {suggest(home), suggest(neighbours)}
    assert set(ids(contact_centre)) == everywhere


def test_those_who_oversee_have_no_work_of_those_who_serve(home: Household, compliance: Actor) -> None:
    item = suggest(home)
    assert ids(compliance) == []
    assert set(work.counts(actor=compliance, at=clock.now()).values()) == {0}
    assert work.take_next(actor=compliance, at=clock.now()) is None
    with pytest.raises(NotVisible):
        work.claim(item, actor=compliance, at=clock.now())


def test_work_for_a_role_is_found_by_that_role_and_never_by_who_asked(home: Household, staff: Actor, colleague: Actor, lead: Actor) -> None:
    item = suggest(home, kind="approval", for_roles=["team_lead"], asked_by=staff.id)
    own = suggest(home, kind="approval", for_roles=["team_lead"], asked_by=lead.id)
    assert ids(lead, "approvals") == [item]
    assert ids(staff) == ids(colleague) == []
    with pytest.raises(NotVisible):
        work.claim(own, actor=lead, at=clock.now())


def test_views_and_their_counts_agree(home: Household, lead: Actor) -> None:
    suggestion, approval = suggest(home), suggest(home, kind="approval", for_roles=["team_lead"])
    work.claim(approval, actor=lead, at=clock.now())
    expected = {"team": {suggestion, approval}, "mine": {approval}, "suggestions": {suggestion}, "approvals": {approval}}
    assert {view: set(ids(lead, view)) for view in expected} == expected
    assert work.counts(actor=lead, at=clock.now()) == {view: len(found) for view, found in expected.items()}


def test_what_is_taken_is_taken(home: Household, staff: Actor, colleague: Actor) -> None:
    item = suggest(home)
    row = work.claim(item, actor=staff, at=clock.now())
    assert (row.owner_name, row.mine) == (staff.name, True)
    assert work.claim(item, actor=staff, at=clock.now()) == row, "again, by the same person"
    with pytest.raises(AlreadyClaimed, match=f"{staff.name} has taken this"):
        work.claim(item, actor=colleague, at=clock.now())
    assert work.take_next(actor=colleague, at=clock.now()) is None
    [seen] = work.open_items(actor=colleague, at=clock.now())
    assert (seen.owner_name, seen.mine) == (staff.name, False)


def test_take_next_gives_the_most_urgent_that_nobody_has(home: Household, staff: Actor, colleague: Actor) -> None:
    second, first = suggest(home, hours=5), suggest(home, hours=2)
    assert [work.take_next(actor=person, at=clock.now()).id for person in (staff, colleague)] == [first, second]  # type: ignore[union-attr]
    assert work.take_next(actor=staff, at=clock.now()) is None


PEOPLE, ROUNDS, THREADS = 20, 5, 8  # a hundred takers, as many at once as the machine bears


def all_at_once(take: Callable[[Actor, int], UUID | None], people: list[Actor]) -> list[UUID]:
    """What `take(person, round)` gave, of every person in every round, on connections of their own."""
    start = threading.Barrier(THREADS, timeout=60)

    def shift(first: int) -> list[UUID | None]:
        try:
            start.wait()
            return [take(person, turn) for turn in range(ROUNDS) for person in people[first::THREADS]]
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return [item for taken in pool.map(shift, range(THREADS)) for item in taken if item]


@pytest.fixture
def people(bank: Bank, galway: Branch) -> list[Actor]:
    return [bank.staff(Role.BRANCH_STAFF, branch=galway, name=f"Taker {number}") for number in range(PEOPLE)]


@pytest.mark.django_db(transaction=True)
def test_a_hundred_who_take_the_next_at_once_never_share_one(home: Household, people: list[Actor]) -> None:
    items = [suggest(home, hours=number) for number in range(60)]

    def take(person: Actor, turn: int) -> UUID | None:
        row = work.take_next(actor=person, at=clock.now())
        return row.id if row else None

    taken = all_at_once(take, people)

    assert Counter(taken) == Counter(items), "each once: 0 double claims, nothing left lying"
    assert not WorkItem.objects.filter(owner_id=None).exists()


@pytest.mark.django_db(transaction=True)
def test_of_all_who_claim_one_item_at_once_one_gets_it(home: Household, people: list[Actor]) -> None:
    items = [suggest(home, hours=number) for number in range(ROUNDS)]

    def take(person: Actor, turn: int) -> UUID | None:
        try:
            return work.claim(items[turn], actor=person, at=clock.now()).id
        except AlreadyClaimed:
            return None

    assert Counter(all_at_once(take, people)) == Counter(items)


def test_a_list_takes_as_many_queries_for_many_as_for_one(
    home: Household, staff: Actor, queries_of: Callable[[Callable[[], object]], int]
) -> None:
    suggest(home)
    one = queries_of(lambda: work.open_items(actor=staff, at=clock.now()))
    for _ in range(20):
        suggest(home)
    assert queries_of(lambda: work.open_items(actor=staff, at=clock.now())) == one
