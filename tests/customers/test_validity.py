"""What is true when: facts hold from and to a day, and take effect on it by themselves."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from bankos.platform import actors, clock
from bankos.platform.actors import Actor
from bankos.platform.models import DomainEvent
from customers import ingestion, search, state, turning
from customers.models import Party, PartyFact
from customers.state import CustomerState
from customers.values import Field
from tests.bank import Bank, Branch, Customer

DAY = timedelta(days=1)


@pytest.fixture
def ines(bank: Bank, galway: Branch) -> Customer:
    return bank.customer("Ines Byrne", branch=galway, street="1 Quay Street")


@pytest.fixture
def today() -> date:
    return clock.today()


def seen(
    customer: Customer, actor: Actor, *, on: date | None = None, at: datetime | None = None, known_at: datetime | None = None
) -> CustomerState:
    party = customer.id
    return state.state_of(party, actor=actor, at=at or clock.now(), valid_on=on, known_at=known_at)


def address_on(customer: Customer, actor: Actor, day: date | None = None) -> str:
    found = seen(customer, actor, on=day).address
    return found.value if found else ""


def facts_of(customer: Customer, attribute: str) -> int:
    return PartyFact.objects.filter(party__golden=customer.id, attribute=attribute).count()


@pytest.fixture
def clear() -> Actor:
    """Somebody who sees addresses whole."""
    return actors.system("tests.validity")


def test_an_address_from_next_month_is_shown_as_such_and_takes_effect_on_its_day(
    bank: Bank, ines: Customer, clear: Actor, today: date
) -> None:
    bank.detail(ines, "address", "7 Dock Road", since=today + 30 * DAY)

    found = seen(ines, clear)
    assert found.address is not None
    assert found.address.value.startswith("1 Quay Street")
    assert [(one.attribute, one.field.value, one.field.valid_from) for one in found.to_come] == [
        ("address", "7 Dock Road", today + 30 * DAY)
    ]
    moved = seen(ines, clear, at=clock.now() + 30 * DAY)
    assert (moved.address and moved.address.value, moved.to_come) == ("7 Dock Road", ())


def test_what_the_source_still_says_every_night_does_not_hold_a_move_up(bank: Bank, ines: Customer, clear: Actor, today: date) -> None:
    bank.detail(ines, "address", "7 Dock Road", since=today + DAY)
    bank.deliver()
    bank.restate(ines, "crm", language="ga")  # a whole line again, with the old address
    bank.deliver()
    assert address_on(ines, clear, today + DAY) == "7 Dock Road"


def test_a_word_after_the_move_counts_again(bank: Bank, ines: Customer, clear: Actor, today: date) -> None:
    bank.detail(ines, "address", "7 Dock Road", since=today - 9 * DAY)
    assert address_on(ines, clear) == "7 Dock Road"
    with clock.stopped_at(clock.now() + DAY):
        bank.restate(ines, "crm", street="3 Bridge Street")
        bank.deliver()
        assert address_on(ines, clear).startswith("3 Bridge Street")


def test_each_day_has_the_address_of_its_time(bank: Bank, ines: Customer, clear: Actor) -> None:
    for street, since, until in (("A", 2010, 2015), ("B", 2015, 2020), ("A", 2020, 2024)):
        bank.detail(ines, "address", street, since=date(since, 3, 1), until=date(until, 2, 27))
    read = [address_on(ines, clear, date(year, 6, 1)) for year in (2012, 2016, 2022)]
    assert read == ["A", "B", "A"]
    assert address_on(ines, clear).startswith("1 Quay Street")


@pytest.mark.parametrize(("day", "holds"), [(-1, False), (0, True), (5, True), (6, False)])
def test_both_days_named_are_included(bank: Bank, ines: Customer, clear: Actor, today: date, day: int, holds: bool) -> None:
    bank.detail(ines, "address", "Sea View", since=today, until=today + 5 * DAY)
    assert (address_on(ines, clear, today + day * DAY) == "Sea View") is holds


def test_a_move_that_is_put_off_takes_the_place_of_the_one_told_first(bank: Bank, ines: Customer, clear: Actor, today: date) -> None:
    bank.detail(ines, "address", "7 Dock Road", since=today + 5 * DAY)
    bank.deliver()
    bank.detail(ines, "address", "7 Dock Road", since=today + 20 * DAY)
    assert [one.field.valid_from for one in seen(ines, clear).to_come] == [today + 20 * DAY]
    assert address_on(ines, clear, today + 10 * DAY).startswith("1 Quay Street")
    assert address_on(ines, clear, today + 20 * DAY) == "7 Dock Road"


def test_the_same_history_delivered_again_adds_nothing(bank: Bank, ines: Customer) -> None:
    for night in range(3):
        for street, since, until in (("A", 2010, 2015), ("B", 2015, 2020), ("A", 2020, 2024)):
            bank.detail(ines, "address", street, since=date(since, 3, 1), until=date(until, 2, 27))
        bank.detail(ines, "nationality", "IE")
        bank.detail(ines, "occupation", f"Job {night}")  # other bytes, so that the file is read
        bank.deliver()
    assert (facts_of(ines, "address"), facts_of(ines, "nationality"), facts_of(ines, "occupation")) == (4, 1, 3)


def test_a_former_name_ends_with_the_marriage_and_is_still_found(bank: Bank, ines: Customer, adviser: Actor, today: date) -> None:
    bank.restate(ines, "core", name="MARCHETTI INES")
    bank.restate(ines, "crm", last_name="Marchetti")
    bank.detail(ines, "name", "Ines Marchetti", since=today - 4000 * DAY, until=today - DAY)
    bank.detail(ines, "name", "Ines Byrne", since=today)
    assert seen(ines, adviser).name == "Ines Byrne"
    assert seen(ines, adviser, on=today - DAY).name == "Ines Marchetti"
    assert [one.party_id for one in search.find("Marchetti", actor=adviser)] == [ines.id]


def test_what_was_known_of_a_day_is_rebuilt(bank: Bank, ines: Customer, clear: Actor, today: date) -> None:
    assert ines.id
    before = clock.now()
    bank.detail(ines, "address", "7 Dock Road", since=today - 9 * DAY)
    bank.deliver()
    later = clock.now() + DAY
    day = today - 3 * DAY

    def then(known_at: datetime) -> Field | None:
        return seen(ines, clear, on=day, at=later, known_at=known_at).address

    assert [(found := then(moment)) and found.value for moment in (before, clock.now())] == ["1 Quay Street, H91 B00Z", "7 Dock Road"]


def test_a_name_takes_effect_in_lists_on_its_day_and_is_told_once(bank: Bank, ines: Customer, adviser: Actor, today: date) -> None:
    bank.detail(ines, "name", "Ines Quill", since=today + DAY)
    assert seen(ines, adviser).name == "Ines Byrne"
    midnight = clock.start_of_day(today + DAY)
    last = DomainEvent.objects.latest("id").pk

    assert turning.turn_day(at=midnight - timedelta(seconds=1)) == 0
    assert [turning.turn_day(at=midnight + timedelta(minutes=minutes)) for minutes in (1, 61)] == [1, 0]
    assert Party.objects.get(pk=ines.id).name == "Ines Quill"
    told = DomainEvent.objects.filter(type="customers.state.changed", pk__gt=last)
    assert [(event.subject, event.data["changed"]) for event in told] == [(str(ines.id), ["party"])]


def test_an_end_takes_effect_the_day_after(bank: Bank, ines: Customer, today: date) -> None:
    bank.detail(ines, "occupation", "Student", until=today)
    assert ines.id
    assert turning.turn_day(at=clock.start_of_day(today + DAY) - timedelta(seconds=1)) == 0
    assert turning.turn_day(at=clock.start_of_day(today + DAY)) == 1


def test_nobody_is_left_without_a_name(bank: Bank, galway: Branch, adviser: Actor, today: date) -> None:
    tom = bank.customer("Tom Okafor", branch=galway)
    bank.restate(tom, "core", name="Tom Okafor")
    assert tom.id
    # Whoever says nothing else but that it has ended has not said what the name is now.
    bank.detail(tom, "name", "Tom Okafor", until=today - DAY)
    assert seen(tom, adviser).name == "Tom Okafor"


def test_a_period_that_ends_before_it_begins_is_rejected_with_its_reason(bank: Bank, ines: Customer, tmp_path: Path) -> None:
    assert ines.id
    path = tmp_path / "details.csv"
    path.write_text(
        "client_id,detail,value,valid_from,valid_to\n"
        f"{ines.client},address,7 Dock Road,2026-03-02,2026-03-01\n"
        f"{ines.client},nationality,Ireland,,\n"
        f"{ines.client},birth_date,13 June 1986,,\n"
        "CL404,address,7 Dock Road,,\n"
        f"{ines.client},shoe_size,38,,\n"
    )
    ingestion.ingest("crm", [path], at=clock.now())
    assert {reject.line: reject.code for reject in ingestion.open_rejects("crm")} == {
        2: "bad_period",
        3: "bad_value",
        4: "bad_value",
        5: "unknown_customer",
        6: "unknown_word",
    }


def test_the_page_and_the_api_tell_what_is_to_come(bank: Bank, ines: Customer, adviser: Actor, today: date) -> None:
    bank.detail(ines, "town", "Sligo", since=today + 12 * DAY)
    party: UUID = ines.id
    page = bank.desk(adviser).get(f"/customers/{party}/").content.decode()
    assert "From a later day" in page
    assert "Sligo" in page
    answer = bank.desk(adviser).get(f"/api/v1/customers/{party}/").json()
    assert (answer["town"]["value"], answer["to_come"][0]["field"]["valid_from"]) == ("Galway", (today + 12 * DAY).isoformat())
    answer = bank.desk(adviser).get(f"/api/v1/customers/{party}/", {"valid_on": (today + 12 * DAY).isoformat()}).json()
    assert answer["town"]["value"] == "Sligo"


def test_what_is_to_come_is_masked_like_what_counts(bank: Bank, ines: Customer, adviser: Actor, today: date) -> None:
    bank.detail(ines, "address", "7 Dock Road", since=today + 12 * DAY)
    [coming] = seen(ines, adviser).to_come
    assert coming.field.masked
    assert "Dock" not in coming.field.value


def test_dates_cost_no_query_more(
    bank: Bank, ines: Customer, adviser: Actor, today: date, queries_of: Callable[[Callable[[], object]], int]
) -> None:
    for number in range(9):
        bank.detail(ines, "address", f"{number} Dock Road", since=today + number * DAY)
    assert ines.id
    assert queries_of(lambda: seen(ines, adviser)) <= 10
