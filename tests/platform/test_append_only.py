import pytest
from django.db import ProgrammingError, connection, transaction

from bankos.platform import clock
from bankos.platform.models import DomainEvent

pytestmark = pytest.mark.django_db

CHANGES = [
    "UPDATE platform_domainevent SET type = 'changed'",
    "DELETE FROM platform_domainevent",
    "TRUNCATE platform_domainevent CASCADE",
]


@pytest.fixture(autouse=True)
def event() -> DomainEvent:
    return DomainEvent.objects.create(type="test.happened", source="tests", subject="1", occurred_at=clock.now())


def attempt(change: str, *, as_login: bool = False) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        if as_login:
            cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute(change)


def test_tests_act_as_the_application_and_not_as_the_owner() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, session_user <> current_user")
        assert cursor.fetchone() == ("bankos_app", True)


@pytest.mark.parametrize("change", CHANGES)
def test_the_application_has_no_right_to_change_evidence(change: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        attempt(change)


@pytest.mark.parametrize("change", CHANGES)
def test_even_the_owner_cannot_change_evidence(change: str) -> None:
    with pytest.raises(ProgrammingError, match="platform_domainevent is append-only"):
        attempt(change, as_login=True)


def test_the_application_cannot_switch_the_rule_off() -> None:
    with pytest.raises(ProgrammingError, match="must be owner"):
        attempt("ALTER TABLE platform_domainevent DISABLE TRIGGER append_only")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_a_committing_test_leaves_the_database_as_migrated(turn: int) -> None:
    from django.contrib.auth.models import Permission

    assert DomainEvent.objects.count() == 1, "what the turn before committed is gone"
    assert Permission.objects.filter(codename="add_domainevent").exists(), "what migrations filled is back"
