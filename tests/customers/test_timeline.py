"""Everything that happened, the newest first."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bankos.platform import clock
from bankos.platform.actors import Actor, Role
from bankos.platform.ids import uuid7
from customers import timeline
from customers.ingestion.feeds import meridian
from tests.bank import Bank

from .ingestion.extracts import send


def whole(party: UUID, actor: Actor, *, limit: int, kinds: tuple[str, ...] = ()) -> list[timeline.Entry]:
    entries: list[timeline.Entry] = []
    before: str | None = None
    for _ in range(100):
        page = timeline.entries_of(party, actor=actor, kinds=kinds, before=before, limit=limit)
        entries += page.entries
        before = page.next_cursor
        if before is None:
            return entries
    raise AssertionError("the timeline has no end")


def test_money_contacts_consents_and_signals_stand_in_one_list(ines: UUID, in_galway: Actor) -> None:
    entries = timeline.entries_of(ines, actor=in_galway, limit=100).entries

    assert {entry.kind for entry in entries} == {"money", "contact", "consent", "signal"}
    assert [entry.occurred_at for entry in entries] == sorted((entry.occurred_at for entry in entries), reverse=True)
    assert {entry.source for entry in entries} == {"Core banking", "CRM", "Digital channels"}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limit=st.integers(1, 40), kinds=st.sets(st.sampled_from(timeline.KINDS)))
def test_pages_put_together_are_the_whole_list(ines: UUID, in_galway: Actor, limit: int, kinds: set[str]) -> None:
    chosen = tuple(sorted(kinds))

    paged = whole(ines, in_galway, limit=limit, kinds=chosen)

    assert paged == list(timeline.entries_of(ines, actor=in_galway, kinds=chosen, limit=200).entries)
    assert len({entry.id for entry in paged}) == len(paged)
    assert not kinds or {entry.kind for entry in paged} <= kinds


def test_a_late_page_costs_what_the_first_costs(ines: UUID, folder: Path, in_galway: Actor, django_assert_num_queries: object) -> None:
    send(folder, meridian.TRANSACTIONS, *({"entry_id": f"x{place}", "booked_on": "2026-10-01"} for place in range(300)))
    cursor: str | None = None
    for _ in range(10):
        with django_assert_num_queries(7):  # type: ignore[operator]
            cursor = timeline.entries_of(ines, actor=in_galway, before=cursor, limit=20).next_cursor
        assert cursor is not None


@pytest.mark.parametrize("cursor", ["", "x", "W10=", "WyJub3ciLCAieCJd", "é"])
def test_a_cursor_nobody_can_read_means_the_first_page(ines: UUID, in_galway: Actor, cursor: str) -> None:
    assert timeline.entries_of(ines, actor=in_galway, before=cursor) == timeline.entries_of(ines, actor=in_galway)


def test_an_act_is_written_once_however_often_it_is_told(ines: UUID, in_galway: Actor) -> None:
    decision, at = uuid7(), clock.now()
    for _ in range(2):
        timeline.record_act(
            party_id=ines, kind="act", channel="console", summary="Moved €120", actor=in_galway, decision_id=decision, at=at, key="effect:1"
        )

    (entry,) = timeline.entries_of(ines, actor=in_galway, kinds=("decision",)).entries
    assert (entry.title, entry.decision_id, entry.actor_name, entry.source) == ("Moved €120", decision, "Siobhán Keane", "bankos")
    assert entry.occurred_at >= at - timedelta(seconds=1)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [("rent", {"money"}), ("COFFEE", {"money"}), ("proof of address", {"contact"}), ("no such thing", set()), ("%", set()), ("_x_", set())],
)
def test_an_entry_is_found_by_its_words(bank: Bank, text: str, kinds: set[str]) -> None:
    ines = bank.customer("Ines Byrne", consents=["marketing"])
    account = bank.current_account(ines)
    bank.transactions(account, [(clock.today(), "-4.20", "Coffee Corner"), (clock.today(), "-900.00", "Eyre Residential")], purpose="rent")
    bank.contact(ines, "Uploaded proof of address", at=clock.now())
    entries = timeline.entries_of(ines.id, actor=bank.staff(Role.CONTACT_CENTRE), text=text).entries
    assert {entry.kind for entry in entries} == kinds


def test_words_are_looked_for_page_by_page(bank: Bank) -> None:
    ines = bank.customer("Ines Byrne")
    shops = [(clock.today() - timedelta(days=day), "-1.00", "Coffee" if day % 3 else "Tea") for day in range(30)]
    bank.transactions(bank.current_account(ines), shops)
    actor, cursor, found = bank.staff(Role.CONTACT_CENTRE), None, []
    while True:
        page = timeline.entries_of(ines.id, actor=actor, text="tea", before=cursor, limit=4)
        found += [entry.title for entry in page.entries]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == ["Tea"] * 10
