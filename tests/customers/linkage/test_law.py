"""Merge, work on the merged customer, undo: both are what they would have been without the merge.

The law. Let two customers be merged, anything be told by the sources of either's records, and the merge be undone. Then the state of
each is equal, field by field, to what it is when the same was told and no merge was ever made – but for the counter of changes and
the moment of the last one. What bankos itself was told of the merged customer as such (a permission given at the desk) was said to the
customer whose number stayed: it stays there, and the other one has nothing of it. While they are one, a permission holds only if each
of them gave it, or the merged customer did.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bankos.platform import clock
from bankos.platform.actors import Actor
from customers import consents, state, timeline
from customers.linkage import merging
from customers.models import PartyAct
from tests.bank import Bank, Branch, Customer

# The same in both lives. Each piece has its own minute: ingestion refuses a yes and a no of one moment.
BEFORE = datetime(2026, 11, 20, 9, tzinfo=UTC)
DURING = datetime(2026, 11, 20, 10, tzinfo=UTC)
BOTH = st.integers(0, 1)
PURPOSES = ("marketing", "payment_insight")
WORK = st.lists(
    st.one_of(
        st.tuples(st.just("saves"), BOTH, st.integers(1, 500)),
        st.tuples(st.just("says"), BOTH, st.sampled_from(PURPOSES), st.booleans()),
        st.tuples(st.just("calls"), BOTH),
        st.tuples(st.just("moves"), BOTH, st.integers(1, 99)),
        st.tuples(st.just("looks"), BOTH),
    ),
    min_size=1,
    max_size=4,
)


def do(bank: Bank, customers: tuple[Customer, Customer], pieces: list[tuple], since: datetime) -> None:
    for minute, piece in enumerate(pieces):
        do_one(bank, customers, piece, since + timedelta(minutes=minute))


def do_one(bank: Bank, customers: tuple[Customer, Customer], piece: tuple, at: datetime) -> None:
    what, which, *more = piece
    customer = customers[which]
    match what:
        case "saves":
            bank.savings(customer, f"{more[0]}.00")
        case "says":
            bank.says(customer, more[0], more[1], at=at)
        case "calls":
            bank.contact(customer, "Called about a card", at=at)
        case "moves":
            bank.moves(customer, street=f"{more[0]} Bridge Street")
        case _:
            bank.signal(customer, at=at)


def seen(customer: Customer, actor: Actor) -> dict[str, object]:
    """Everything a person sees of the customer, but what tells one life from the other by its id, file or moment only."""
    found = state.state_of(customer.id, actor=actor, at=clock.now())
    told = {field.name: _bare(getattr(found, field.name)) for field in fields(found) if field.name not in _OF_THE_MOMENT}
    entries = timeline.entries_of(customer.id, actor=actor).entries
    return told | {"timeline": sorted((entry.kind, entry.title, entry.detail) for entry in entries)}


_OF_THE_MOMENT = ("version", "freshness", "alerts")
_OF_THIS_LIFE = ("provenance", "id", "record_id", "occurred_at", "balance_provenance", "recorded_at", "at")


def _bare(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _bare(getattr(value, field.name)) for field in fields(value) if field.name not in _OF_THIS_LIFE}
    return [_bare(one) for one in value] if isinstance(value, tuple | list) else str(value)


@contextmanager
def copied(bank: Bank) -> Iterator[None]:
    """What the builder remembers of the systems of record is taken back with the transaction."""
    kept = {name: deepcopy(value) for name, value in vars(bank).items() if name in ("_rows", "_counted", "_delivered")}
    try:
        yield
    finally:
        vars(bank).update(kept)


class _Back(Exception):
    """Takes a life back."""


@pytest.fixture
def two(bank: Bank, galway: Branch, policies: None) -> tuple[Customer, Customer]:
    one = bank.customer("Mary Considine", branch=galway, street="12 Shop Street", consents={"marketing": True})
    other = bank.customer(
        "Molly Considine",
        branch=galway,
        street="12 Shop Street",
        consents={"payment_insight": True},
        national_id=one.national_id,
    )
    for customer in (one, other):
        bank.current_account(customer, None)
    bank.deliver()
    return one, other


@settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(before=WORK, during=WORK)
def test_a_merge_undone_leaves_what_would_have_been_without_it(
    before: list[tuple], during: list[tuple], bank: Bank, two: tuple[Customer, Customer], adviser: Actor
) -> None:
    def life(*, merged: bool) -> list[object]:
        """In a transaction that is taken back, so that both lives begin at the same moment."""
        found: list[object] = []
        with suppress(_Back), transaction.atomic(), copied(bank):
            do(bank, two, before, BEFORE)
            bank.deliver()
            if merged:
                merging.ask_to_join(two[0].id, two[1].id, actor=adviser, reason="The same", at=clock.now())
            do(bank, two, during, DURING)
            bank.deliver()
            if merged:
                assert state.state_of(two[1].id, actor=adviser, at=clock.now()).party_id == two[0].id
                merging.ask_to_undo(PartyAct.objects.get().pk, actor=adviser, reason="Not the same", at=clock.now())
            found = [seen(customer, adviser) for customer in two]
            raise _Back
        return found

    with_merge, without = life(merged=True), life(merged=False)
    for ours, theirs in zip(with_merge, without, strict=True):
        assert ours == theirs


def test_what_was_said_to_the_merged_customer_stays_where_it_was_said(two: tuple[Customer, Customer], adviser: Actor) -> None:
    one, other = two
    merging.ask_to_join(one.id, other.id, actor=adviser, reason="The same", at=clock.now())
    consents.change_consent(one.id, purpose="marketing", given=True, channel="phone", actor=adviser, at=clock.now())

    merging.ask_to_undo(PartyAct.objects.get().pk, actor=adviser, reason="Not the same", at=clock.now())

    assert agreed(one, adviser) == {"marketing": True}
    assert agreed(other, adviser) == {"payment_insight": True}


def test_no_door_widens_a_permission_by_a_merge(bank: Bank, two: tuple[Customer, Customer], adviser: Actor) -> None:
    one, other = two
    bank.says(one, "payment_insight", True)
    bank.says(other, "marketing", False)
    bank.deliver()

    merging.ask_to_join(one.id, other.id, actor=adviser, reason="The same", at=clock.now())

    assert agreed(one, adviser) == {"payment_insight": True, "marketing": False}
    assert state.facts_for_decision(one.id, at=clock.now()).attributes["consents"] == ["payment_insight"]


def test_one_yes_is_not_a_yes_of_both(two: tuple[Customer, Customer], adviser: Actor) -> None:
    merging.ask_to_join(two[0].id, two[1].id, actor=adviser, reason="The same", at=clock.now())

    assert not any(agreed(two[0], adviser).values())
    assert state.facts_for_decision(two[0].id, at=clock.now()).attributes["consents"] == []


def agreed(customer: Customer, actor: Actor) -> dict[str, bool]:
    found = state.state_of(customer.id, actor=actor, at=clock.now())
    return {consent.purpose: consent.given for consent in found.consents if consent.given is not None}
