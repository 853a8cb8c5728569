"""What the database refuses by itself, whoever writes: here straight by SQL, as the application's role."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, transaction

from bankos.platform import clock
from bankos.platform.actors import Actor, ActorKind
from bankos.platform.ids import uuid7
from sentinel.authority import Decision, Outcome, Resource, authorize, canonical, consume

pytestmark = pytest.mark.django_db

LEAD = Actor(ActorKind.EMPLOYEE, str(uuid7()), "Lena Ahrens", frozenset({"team_lead"}), "B1")
COLLEAGUE = Actor(ActorKind.EMPLOYEE, str(uuid7()), "Omar Reid", frozenset({"compliance_officer"}), None)
ACTION = "payment.move_date"
PARAMETERS = {"arrangement": str(uuid7()), "from_day": 27, "to_day": 3}


@dataclass
class Row:
    """A row for the ledger; a test changes one thing of it."""

    consumption_id: UUID
    decision_id: UUID
    action: str
    resource_type: str
    resource_id: str
    parameters: str
    token: str
    executed_at: datetime


def ask(*, actor: Actor = LEAD, party_id: UUID | None = None, at: datetime | None = None) -> Decision:
    resource = Resource("Party", str(party_id or uuid7()), {"kind": "person", "branch": "B1"})
    return authorize(actor=actor, action=ACTION, resource=resource, parameters=PARAMETERS, at=at or clock.now())


def used(decision: Decision) -> Row:
    """The honest row for a permit, which is used up."""
    consumption = consume(
        decision.token,
        action=decision.action,
        resource_type=decision.resource.type,
        resource_id=decision.resource.id,
        parameters=decision.parameters,
        at=clock.now(),
    )
    return Row(
        consumption_id=consumption.id,
        decision_id=decision.id,
        action=decision.action,
        resource_type=decision.resource.type,
        resource_id=decision.resource.id,
        parameters=canonical(decision.parameters),
        token=decision.token,
        executed_at=consumption.consumed_at,
    )


def insert(row: Row) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO journeys_effect"
            " (id, consumption_id, decision_id, action, resource_type, resource_id, parameters, system, token, executed_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, 'core', %s, %s)",
            [
                uuid7(),
                row.consumption_id,
                row.decision_id,
                row.action,
                row.resource_type,
                row.resource_id,
                row.parameters,
                row.token,
                row.executed_at,
            ],
        )


def number_of_effects() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM journeys_effect")
        return cursor.fetchone()[0]


@pytest.fixture
def row() -> Iterator[Row]:
    """After the test, there is no effect."""
    yield used(ask())
    assert number_of_effects() == 0


def test_an_effect_that_rests_on_its_used_permit_is_accepted_once() -> None:
    row = used(ask())
    insert(row)
    with pytest.raises(IntegrityError, match="unique"):
        insert(row)
    assert number_of_effects() == 1


def test_an_effect_without_a_consumption_is_refused(row: Row) -> None:
    row.consumption_id = None
    with pytest.raises(IntegrityError, match="rests on no consumed decision"):
        insert(row)


def test_an_effect_with_an_invented_consumption_is_refused(row: Row) -> None:
    row.consumption_id = uuid4()
    with pytest.raises(IntegrityError, match="rests on no consumed decision"):
        insert(row)


def test_an_effect_with_the_consumption_of_another_permit_is_refused(row: Row) -> None:
    row.consumption_id = used(ask()).consumption_id
    with pytest.raises(IntegrityError, match="rests on no consumed decision"):
        insert(row)


@pytest.mark.parametrize(
    ("column", "value"),
    [("action", "transfer.between_own_accounts"), ("resource_type", "Account"), ("resource_id", str(uuid4()))],
    ids=["action", "type", "id"],
)
def test_an_effect_other_than_the_permitted_one_is_refused(row: Row, column: str, value: str) -> None:
    setattr(row, column, value)
    with pytest.raises(IntegrityError, match="permits another action or resource"):
        insert(row)


@pytest.mark.parametrize(
    "parameters",
    [
        canonical({**PARAMETERS, "to_day": 4}),
        canonical(PARAMETERS) + " ",
        "{}",
        "",
    ],
    ids=["another day", "a space", "no parameters", "nothing"],
)
def test_an_effect_with_other_parameters_is_refused_to_the_byte(row: Row, parameters: str) -> None:
    row.parameters = parameters
    with pytest.raises(IntegrityError, match="permits other parameters"):
        insert(row)


def test_an_effect_with_another_token_is_refused(row: Row) -> None:
    row.token = ask().token
    with pytest.raises(IntegrityError, match="bears another token"):
        insert(row)


def test_an_effect_is_not_dated_back(row: Row) -> None:
    row.executed_at -= timedelta(seconds=1)
    with pytest.raises(IntegrityError, match="another moment"):
        insert(row)


@pytest.mark.parametrize("outcome", [Outcome.DENY, Outcome.NEEDS_APPROVAL])
def test_a_decision_that_is_no_permit_cannot_be_consumed(outcome: Outcome) -> None:
    """And so no effect can rest on it."""
    actor = COLLEAGUE if outcome is Outcome.DENY else Actor(ActorKind.SYSTEM, "tests", "tests")
    decision = ask(actor=actor)
    assert decision.outcome is outcome
    with pytest.raises(IntegrityError, match="is not a permit"):
        insert_consumption(decision.id)


def test_an_expired_permit_cannot_be_consumed() -> None:
    with pytest.raises(IntegrityError, match="has expired"):
        insert_consumption(ask(at=clock.now() - timedelta(hours=1)).id)


def insert_consumption(decision_id: UUID) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sentinel_consumption (id, decision_id, consumed_at) VALUES (%s, %s, %s)", [uuid7(), decision_id, clock.now()]
        )


def test_a_temporary_table_cannot_stand_in_for_the_evidence(row: Row) -> None:
    """PostgreSQL looks into temporary tables first, and anybody may make some."""
    row.parameters = canonical({**PARAMETERS, "to_day": 4})
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE sentinel_decision ON COMMIT DROP AS SELECT * FROM sentinel_decision")
        forged = sha256(row.parameters.encode()).hexdigest()
        cursor.execute("UPDATE pg_temp.sentinel_decision SET parameters_hash = %s WHERE id = %s", [forged, row.decision_id])
    with pytest.raises(IntegrityError, match="permits other parameters"):
        insert(row)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE pg_temp.sentinel_decision")


TABLES = ["journeys_effect", "journeys_effectdelivery"]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("change", ["UPDATE {} SET action = 'other'", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_ledger_is_not_changed_by_the_application(table: str, change: str) -> None:
    change = change.replace("action", "reference") if table == "journeys_effectdelivery" else change
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change.format(table))


@pytest.mark.parametrize(
    "change", ["UPDATE journeys_effect SET action = 'other'", "DELETE FROM journeys_effect", "TRUNCATE journeys_effect CASCADE"]
)
def test_the_ledger_is_not_changed_by_the_owner_either(change: str) -> None:
    insert(used(ask()))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        with pytest.raises(ProgrammingError, match="append-only"):
            cursor.execute(change)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE journeys_effect DISABLE TRIGGER effect_rests_on_a_permit",
        "ALTER TABLE journeys_effect DISABLE TRIGGER ALL",
        "DROP TRIGGER effect_rests_on_a_permit ON journeys_effect",
        "CREATE OR REPLACE FUNCTION journeys_check_effect() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "DROP TABLE journeys_effect",
        "SET session_replication_role = replica",
    ],
)
def test_the_application_cannot_switch_the_rules_off(change: str) -> None:
    with pytest.raises(DatabaseError, match=r"must be owner|permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
