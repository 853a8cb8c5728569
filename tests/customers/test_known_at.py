"""What was known when: every past moment is read back as it was read then."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Model

from bankos.platform import clock, history
from bankos.platform.actors import Actor, Role
from customers import consents, identity, state
from customers.models import Consent, Interaction, Party, PartyFact, Signal, Transaction
from customers.models.landing import Changing
from customers.state import CustomerState
from customers.visibility import NotVisible
from sentinel import policy
from tests.bank import Bank, Branch

MOMENTS, CHANGES = 100, 1_000
TOWNS = ("Galway", "Cork", "Sligo")


class World:
    """Four customers whose lives go on, one moment after the other."""

    def __init__(self, bank: Bank, actor: Actor) -> None:
        self.bank, self.actor, self.dice = bank, actor, random.Random(20_261_124)
        self.start = clock.now()
        self.customers = [bank.customer(f"Person {letter}", branch=bank.branch(TOWNS[place % 3])) for place, letter in enumerate("ABCD")]
        self.accounts = [bank.current_account(customer) for customer in self.customers]
        for customer, account in zip(self.customers, self.accounts, strict=True):
            bank.loan(customer)
            bank.card(customer)
            bank.standing_order(customer)
            bank.signal(customer, at=self.start)
            bank.transactions(account, [(clock.today() - timedelta(days=1), -1, "Shop")])
        bank.deliver(at=self.start)
        self.parties = [customer.id for customer in self.customers]
        self.joined: list[UUID] = []
        self.changes = 0

    def moment(self, number: int) -> datetime:
        return self.start + timedelta(seconds=1 + number)

    def live(self, at: datetime) -> None:
        """Some ten changes of all kinds, at one moment."""
        for _ in range(self.dice.randint(8, 12)):
            self.dice.choice((self._spend, self._spend, self._move, self._speak, self._hold, self._guard, self._rename))(at)
            self.changes += 1
        self.bank.deliver(at=at)
        for act in (self._agree, self._identify):
            act(at)
            self.changes += 1

    def _spend(self, at: datetime) -> None:
        day = clock.today() - timedelta(days=self.dice.choice([0, 0, 1, 5, 80]))
        self.bank.transactions(self.dice.choice(self.accounts), [(day, Decimal(self.dice.randint(-90, 90) or 1), "Shop")])

    def _move(self, at: datetime) -> None:
        self.bank.restate(
            self.dice.choice(self.customers), self.dice.choice(["core", "crm"]), branch_code=self.bank.branch(self.dice.choice(TOWNS)).code
        )

    def _rename(self, at: datetime) -> None:
        self.bank.restate(self.dice.choice(self.customers), "crm", last_name=self.dice.choice("QRSTUV"))

    def _speak(self, at: datetime) -> None:
        self.bank.says(
            self.dice.choice(self.customers), "marketing", self.dice.random() < 0.5, at=at + timedelta(microseconds=self.changes)
        )

    def _hold(self, at: datetime) -> None:
        self.bank.hold(
            self.dice.choice(self.accounts), self.dice.choice(self.customers), role=self.dice.choice(["joint", "authorised", "owner"])
        )

    def _guard(self, at: datetime) -> None:
        guardian, ward = self.dice.sample(self.customers, 2)
        self.bank.guardian(guardian, of=ward)

    def _agree(self, at: datetime) -> None:
        consents.change_consent(
            self.dice.choice(self.parties),
            purpose="payment_insight",
            given=self.dice.random() < 0.5,
            channel="phone",
            actor=self.actor,
            at=at,
        )

    def _identify(self, at: datetime) -> None:
        if self.joined and self.dice.random() < 0.5:
            identity.undo_move(self.joined.pop(), at=at)
            return
        golden = list(Party.objects.customers().filter(pk__in=self.parties).order_by("pk").values_list("pk", flat=True))
        if len(golden) > 2:
            keep, absorb = self.dice.sample(golden, 2)
            self.joined.append(identity.join_parties(keep=keep, absorb=absorb, at=at))

    def seen(self, at: datetime, known_at: datetime | None = None) -> list[CustomerState]:
        return [state.state_of(party, actor=self.actor, at=at, known_at=known_at) for party in self.parties]


def different(one: CustomerState, other: CustomerState) -> dict[str, tuple[object, object]]:
    pairs = {name: (getattr(one, name), getattr(other, name)) for name in CustomerState.__slots__}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def test_each_past_moment_is_rebuilt_as_it_was_seen_then(bank: Bank) -> None:
    policy.load_starting_set(at=clock.now())
    world = World(bank, bank.staff(Role.CONTACT_CENTRE))
    snapshots = {}
    for number in range(MOMENTS):
        world.live(at=world.moment(number))
        snapshots[world.moment(number)] = world.seen(at=world.moment(number))
    assert world.changes >= CHANGES
    assert len({repr(seen) for seen in snapshots.values()}) == MOMENTS

    for moment, seen in snapshots.items():
        for rebuilt, then in zip(world.seen(at=world.moment(MOMENTS), known_at=moment), seen, strict=True):
            assert different(rebuilt, then) == {}


def test_a_customer_not_known_yet_is_said_to_be_that(bank: Bank, galway: Branch, adviser: Actor) -> None:
    before = clock.now()
    ines = bank.customer(branch=galway)
    with pytest.raises(state.NotKnownThen):
        state.state_of(ines.id, actor=adviser, at=clock.now(), known_at=before)


def test_the_past_is_seen_by_todays_rights(bank: Bank, galway: Branch, cork: Branch, adviser: Actor) -> None:
    ines = bank.customer(branch=galway)
    known = state.state_of(ines.id, actor=adviser, at=clock.now())
    moment = clock.now()
    bank.restate(ines, "core", branch_code=cork.code)
    bank.deliver()

    with pytest.raises(NotVisible):
        state.state_of(ines.id, actor=adviser, at=clock.now(), known_at=moment)
    in_cork = bank.staff(branch=cork)
    found = state.state_of(ines.id, actor=in_cork, at=clock.now(), known_at=moment)
    assert (found.branch_code, found.name) == (galway.code, known.name)


def test_who_was_one_customer_with_somebody_hidden_today_is_hidden(bank: Bank, galway: Branch, cork: Branch, adviser: Actor) -> None:
    ines, tom = bank.customer(branch=galway), bank.customer(branch=cork)
    act = identity.join_parties(keep=ines.id, absorb=tom.id, at=clock.now())
    merged = clock.now()
    identity.undo_move(act, at=clock.now())

    assert state.state_of(ines.id, actor=adviser, at=clock.now()).party_id == ines.id
    with pytest.raises(NotVisible):
        state.state_of(ines.id, actor=adviser, at=clock.now(), known_at=merged)


def test_a_moment_of_the_past_takes_as_many_queries_however_large_the_customer(
    bank: Bank, galway: Branch, adviser: Actor, queries_of: Callable[[Callable[[], object]], int]
) -> None:
    small, large = bank.customer(branch=galway), bank.customer(branch=galway)
    for customer, size in ((small, 1), (large, 5)):
        for _ in range(size):
            bank.hold(bank.current_account(customer), bank.customer(branch=galway))
    assert small.id != large.id
    moment, now = clock.now(), clock.now() + timedelta(seconds=1)
    asked = [queries_of(lambda: state.state_of(one.id, actor=adviser, at=now, known_at=moment)) for one in (small, large)]  # noqa: B023
    assert asked[0] == asked[1] <= 17


def test_nothing_can_be_changed_in_the_past(bank: Bank) -> None:
    party = bank.customer().id
    with history.as_known_at(clock.now()), pytest.raises(DatabaseError, match="cannot update view"), transaction.atomic():
        Party.objects.filter(pk=party).update(name="Somebody")
    assert Party.objects.filter(pk=party).update(name="Somebody") == 1


def test_only_the_database_writes_what_was(bank: Bank) -> None:
    bank.customer()
    bank.deliver()
    for statement in ("DELETE FROM past.customers_party", "INSERT INTO past.customers_party SELECT *, now() FROM customers_party"):
        with connection.cursor() as cursor, pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            cursor.execute(statement)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute("UPDATE past.customers_party SET name = ''")
        cursor.execute(f"SET LOCAL ROLE {settings.APPLICATION_ROLE}")


@pytest.mark.django_db
def test_every_table_whose_rows_change_keeps_what_they_were() -> None:
    """A table with `changed_at` or `recorded_at` is read as it was known, with every column it has."""
    changing = [model for model in apps.get_models() if issubclass(model, Changing) or model is Party]
    assert len(changing) >= 10
    for model in changing:
        assert columns("public", model) == columns("known", model), model
    for evidence in (PartyFact, Transaction, Consent, Interaction, Signal):
        assert columns("public", evidence) == columns("known", evidence), evidence


def columns(schema: str, model: type[Model]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY 1",
            [f"{schema}.{model._meta.db_table}"],
        )
        return [name for (name,) in cursor.fetchall()]
