"""What customers say of their life and wishes counts at once, rests on a decision, and is never overwritten."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from bankos.platform import actors, clock
from bankos.platform.actors import Actor, Role
from bankos.platform.models import DomainEvent
from bankos.platform.money import Money
from customers import state, timeline
from customers.life.reading import Life, life_of
from customers.life.recording import EventSaid, GoalSaid, NeedSaid, NotSayable, NotVisible, PreferenceSaid, Said, record
from customers.models import Goal, LifeEvent, Need, Preference
from sentinel.authority import NotPermitted
from tests.bank import Bank, Customer

pytestmark = pytest.mark.usefixtures("policies")

LAST_WEEK = clock.today() - timedelta(days=7)
LOST_JOB = EventSaid("job_loss", LAST_WEEK, "confirmed")
HARD_OF_HEARING = NeedSaid("hearing", present=True, agreed=True, help="offer text, face the customer")
A_BOAT = GoalSaid("A boat", Money(Decimal("3000.00"), "EUR"), by_date=date(2027, 6, 1))
BY_LETTER = PreferenceSaid("contact_channel", "letter")


@pytest.fixture
def ines(bank: Bank) -> Customer:
    return bank.customer("Ines Byrne")


def say(customer: Customer, said: Said, actor: Actor) -> None:
    record(customer.id, said=said, channel="phone", actor=actor, at=clock.now())


def life(customer: Customer, actor: Actor) -> Life:
    return life_of(customer.id, actor=actor, at=clock.now())


def facts(customer: Customer) -> dict[str, object]:
    return state.facts_for_decision(customer.id, at=clock.now()).attributes


def test_what_is_said_is_read_with_who_said_it_and_where(ines: Customer, adviser: Actor) -> None:
    for said in (HARD_OF_HEARING, LOST_JOB, A_BOAT, BY_LETTER):
        say(ines, said, adviser)
    known = life(ines, adviser)
    assert [(need.label, need.help) for need in known.needs] == [("hard of hearing", "offer text, face the customer")]
    assert [(event.label, event.happened_on, event.confirmed) for event in known.events] == [("loss of a job", LAST_WEEK, True)]
    assert [(goal.name, goal.amount) for goal in known.goals] == [("A boat", Money(Decimal("3000.00"), "EUR"))]
    assert [(preference.label, preference.value) for preference in known.preferences] == [("prefers to be reached by", "letter")]
    assert {(word.saying.by, word.saying.channel) for word in (*known.needs, *known.events, *known.goals)} == {(adviser.name, "phone")}


def test_newest_word_counts_and_the_earlier_one_is_kept(ines: Customer, adviser: Actor) -> None:
    say(ines, HARD_OF_HEARING, adviser)
    say(ines, NeedSaid("hearing", present=False, agreed=False), adviser)
    say(ines, A_BOAT, adviser)
    say(ines, GoalSaid("A boat", A_BOAT.amount, Goal.Standing.REACHED, goal_id=A_BOAT.goal_id), adviser)
    say(ines, BY_LETTER, adviser)
    say(ines, PreferenceSaid("contact_channel", ""), adviser)
    say(ines, LOST_JOB, adviser)
    say(ines, EventSaid("job_loss", LAST_WEEK, "wrong"), adviser)
    assert life(ines, adviser) == Life((), (), (), ())
    assert [model.objects.filter(party_id=ines.id).count() for model in (Need, Goal, Preference, LifeEvent)] == [2, 2, 2, 2]


def test_two_events_of_a_kind_on_two_days_are_two(ines: Customer, adviser: Actor) -> None:
    say(ines, EventSaid("birth", date(2020, 5, 1), "confirmed"), adviser)
    say(ines, EventSaid("birth", date(2024, 5, 1), "confirmed"), adviser)
    assert [event.happened_on.year for event in life(ines, adviser).events] == [2024, 2020]


def test_policies_read_needs_and_recent_confirmed_events(ines: Customer, adviser: Actor) -> None:
    say(ines, HARD_OF_HEARING, adviser)
    say(ines, LOST_JOB, adviser)
    say(ines, EventSaid("marriage", LAST_WEEK, "asserted"), adviser)
    say(ines, EventSaid("birth", clock.today() - timedelta(days=400), "confirmed"), adviser)
    assert (facts(ines)["needs"], facts(ines)["life_events"]) == (["hearing"], ["job_loss"])


def test_each_word_rests_on_a_decision_that_was_used(ines: Customer, adviser: Actor) -> None:
    say(ines, HARD_OF_HEARING, adviser)
    with connection.cursor() as cursor:
        of_customers = "SELECT id FROM sentinel_decision WHERE resource_type = 'Party'"
        cursor.execute(f"SELECT decision_id FROM sentinel_consumption WHERE decision_id IN ({of_customers})")
        assert cursor.fetchall() == [(Need.objects.get().decision_id,)]


def test_health_is_written_down_only_if_the_customer_agrees(ines: Customer, adviser: Actor) -> None:
    with pytest.raises(NotPermitted, match="only if the customer agrees"):
        say(ines, NeedSaid("hearing", present=True, agreed=False, help="offer text"), adviser)
    assert not Need.objects.exists()


def test_a_machine_may_notice_and_never_confirm(ines: Customer, adviser: Actor) -> None:
    machine = actors.system("insights.events")
    with pytest.raises(NotPermitted):
        say(ines, LOST_JOB, machine)
    with pytest.raises(NotPermitted, match="needs a person's agreement"):
        say(ines, EventSaid("job_loss", LAST_WEEK, "asserted"), machine)
    assert not LifeEvent.objects.exists()


def test_what_has_not_happened_cannot_be_confirmed(ines: Customer, adviser: Actor) -> None:
    with pytest.raises(NotSayable, match="not happened yet"):
        say(ines, EventSaid("retirement", clock.today() + timedelta(days=30), "confirmed"), adviser)


@pytest.mark.parametrize("said", [NeedSaid("levitation", present=True, agreed=True), PreferenceSaid("contact_time", "x" * 81)])
def test_what_makes_no_sense_is_refused_before_anybody_decides(ines: Customer, adviser: Actor, said: Said) -> None:
    with pytest.raises(NotSayable):
        say(ines, said, adviser)


def test_whoever_may_not_see_the_customer_neither_reads_nor_writes(bank: Bank, ines: Customer) -> None:
    stranger = bank.staff(Role.BRANCH_STAFF, branch=bank.branch("Cork"))
    with pytest.raises(NotVisible):
        life(ines, stranger)
    with pytest.raises(NotVisible):
        say(ines, HARD_OF_HEARING, stranger)


def test_other_floors_hear_of_it_without_what_was_said(ines: Customer, adviser: Actor) -> None:
    say(ines, HARD_OF_HEARING, adviser)
    event = DomainEvent.objects.filter(type="customers.state.changed", subject=str(ines.id)).latest("id")
    assert event.data["changed"] == ["needs"]
    assert "hearing" not in str(event.data)


def test_it_stands_in_the_timeline(ines: Customer, adviser: Actor) -> None:
    for said in (HARD_OF_HEARING, LOST_JOB, A_BOAT, BY_LETTER):
        say(ines, said, adviser)
    titles = [entry.title for entry in timeline.entries_of(ines.id, actor=adviser, kinds=["life"]).entries]
    assert titles == [
        "Prefers to be reached by: letter",
        "Goal open: A boat",
        "Loss of a job (confirmed)",
        "To take care of: hard of hearing",
    ]


def test_words_are_never_changed(ines: Customer, adviser: Actor) -> None:
    for said in (HARD_OF_HEARING, LOST_JOB, A_BOAT, BY_LETTER):
        say(ines, said, adviser)
    for model in (Need, LifeEvent, Goal, Preference):
        with pytest.raises(DatabaseError, match=f"permission denied for table {model._meta.db_table}"), transaction.atomic():
            model.objects.update(channel="app")
        with pytest.raises(DatabaseError, match=f"permission denied for table {model._meta.db_table}"), transaction.atomic():
            model.objects.all().delete()


def test_reading_costs_five_queries(ines: Customer, adviser: Actor, django_assert_num_queries) -> None:
    for said in (HARD_OF_HEARING, LOST_JOB, A_BOAT, BY_LETTER):
        say(ines, said, adviser)
    with django_assert_num_queries(5):
        life(ines, adviser)
