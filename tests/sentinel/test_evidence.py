import pytest
from django.db import DatabaseError, connection, transaction

from bankos.platform import clock
from sentinel import approvals
from sentinel.authority import Outcome, consume

from .desk import ask, lead, staff, use_of

EVIDENCE = [
    "sentinel_decision",
    "sentinel_consumption",
    "sentinel_approvalrequest",
    "sentinel_approvalanswer",
    "sentinel_approvaluse",
]


@pytest.fixture
def evidence(authority: None) -> None:
    """At least one row in every table."""
    asker = staff()
    waiting = approvals.request(ask(asker, amount="5000.00"), at=clock.now())
    approvals.approve(waiting.id, actor=lead(), at=clock.now())
    permit = ask(asker, amount="5000.00", approval=waiting.id)
    assert permit.outcome is Outcome.PERMIT
    consume(permit.token, **use_of(permit))


@pytest.mark.usefixtures("evidence")
@pytest.mark.parametrize("table", EVIDENCE)
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
@pytest.mark.parametrize("role", ["bankos_app", "NONE"], ids=["the application", "the owner"])
def test_evidence_cannot_be_changed(table: str, statement: str, role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # nothing pending stands in the way of a TRUNCATE
        cursor.execute(f"SET LOCAL ROLE {role}")
        with pytest.raises(DatabaseError, match=r"append-only|permission denied"), transaction.atomic():
            cursor.execute(statement.format(table))
        cursor.execute("SET LOCAL ROLE bankos_app")
